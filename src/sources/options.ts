import type { Observable } from 'rxjs'
import type { Clock } from '../clock.ts'
import type { Cursor } from '../cursor.ts'
import type { Limits } from '../limits.ts'
import type { Place } from '../record.ts'
import type { Logger, Status } from '../status.ts'
import type { Transport } from '../transports/transport.ts'
import type { Checkpoint } from './Checkpoint.ts'
import type { LiveReading, LiveReadings } from './LiveReadings.ts'
import type { Start } from './Starts.ts'

/** Which topics a subscription reads, by full name. It may change while it is read. */
export interface TopicSelection {
  /** Undefined: every topic that `includes` takes, as they come. */
  names(): readonly string[] | undefined
  includes(fullTopic: string): boolean
  /** `names` gives something else now. */
  readonly changed$: Observable<unknown>
}

export interface ConsumerGroupOptions {
  readonly id: string
  readonly instanceId: string | undefined
  readonly sessionTimeout: number
  readonly heartbeatInterval: number
  readonly revokeTimeout: number
}

/** Durations in ms. */
export interface SourceTimes {
  readonly connectTimeout: number
  readonly refusalTimeout: number
  readonly drainTimeout: number
  /** A record that is held for longer is said to be stalled. */
  readonly ackTimeout: number
  readonly autoCommitInterval: number
  /** How often topics are looked at: new ones, more partitions, faulty ones again. */
  readonly refresh: number
  /** The longest wait of one fetch. */
  readonly batchTimeout: number
}

/** What is counted of one topic while it is read: whole numbers that only grow. */
export interface ReadCounts {
  delivered: number
  /** Of those delivered: by a resumed subscription, again. */
  redelivered: number
  /** Behind the handled prefix. */
  handled: number
  /** By `tests`. */
  excluded: number
}

/** Where subscriptions count; several count into the same. */
export interface ReadCounters {
  /** Asked for once a partition, not for each record. */
  of(fullTopic: string): ReadCounts
  /** Handled prefixes that were written down: to a consumer group, or to a Checkpoint's store. */
  commits: number
  commitFailures: number
}

/** Everything that a source is told, resolved and checked by the client. */
export interface SourceOptions {
  readonly transport: Transport
  readonly topics: TopicSelection
  readonly group: string | null
  readonly from: Start | Checkpoint
  readonly until: Date | Cursor | 'end' | undefined
  readonly tests: 'exclude' | 'include' | 'only'
  readonly delivery: 'auto' | 'manual'
  readonly missing: 'error' | 'wait'
  readonly onOffsetLost: 'earliest' | 'latest' | 'error'
  readonly onGap: 'continue' | 'error'
  readonly maxUnhandled: { readonly records: number; readonly bytes: number }
  readonly batchSize: number
  readonly consumerGroup: ConsumerGroupOptions | undefined
  readonly times: SourceTimes
  /** Bytes of one fetch. */
  readonly maxBytes: number
  readonly checkCrcs: boolean
  readonly limits: Limits
  readonly clock: Clock
  readonly logger: Logger
  /** Hears what `status$` says. */
  readonly report: (status: Status) => void
  readonly live: LiveReadings
  readonly counters: ReadCounters
  /** Told of each subscription. */
  readonly onOpen: ((reading: LiveReading) => void) | undefined
}

/** Whether `until` ends something by now; where offsets decide, it always does. */
export function hasCome({ until, clock }: Pick<SourceOptions, 'until' | 'clock'>): boolean {
  return until instanceof Date ? clock.now() >= until.getTime() : until !== undefined
}

/** A full topic and a partition as records name them. */
export function placeIn({ transport, group }: Pick<SourceOptions, 'transport' | 'group'>, fullTopic: string, partition: number): Place {
  const prefix = group === null ? '' : `${group}.`
  const topic = fullTopic.startsWith(prefix) ? fullTopic.slice(prefix.length) : fullTopic
  return { server: transport.server, group, topic, fullTopic, partition }
}
