import { DEFAULT_LIMITS } from '../limits.ts'
import type { ConsumerGroupOptions, SourceOptions, SourceTimes } from '../sources/options.ts'
import type { ClientOptions, StreamOptions } from './options.ts'

export const DEFAULT_GROUP = 'gracedb'
export const DEFAULT_DELIVERY_TIMEOUT = 120_000
/** Bytes of one fetch over all partitions of a leader, as Kafka's `fetch.max.bytes`. */
const MAX_FETCH_BYTES = 50_000_000

/** What options say of a source; the rest of it is the client's. */
export type Settings = Omit<SourceOptions, 'transport' | 'topics' | 'clock' | 'logger' | 'report' | 'counters' | 'live' | 'onOpen'>

/** The client's options, those of one stream over them. Given as undefined: not given. A stream's own end displaces the client's other one. */
export function withOwn(client: ClientOptions, own: StreamOptions): ClientOptions {
  const { until = own.untilEnd ? undefined : client.until, untilEnd = own.until ? undefined : client.untilEnd } = own
  const maxUnhandled = { ...given(client.maxUnhandled ?? {}), ...given(own.maxUnhandled ?? {}) }
  return { ...client, ...given(own), until, untilEnd, maxUnhandled }
}

export const groupOf = ({ group }: Pick<ClientOptions, 'group'>): string | null => (group === undefined ? DEFAULT_GROUP : group)

export function settingsOf(options: ClientOptions): Settings {
  return {
    group: groupOf(options),
    from: options.from ?? 'latest',
    until: options.untilEnd ? 'end' : options.until,
    tests: options.tests ?? 'exclude',
    delivery: options.delivery ?? 'auto',
    missing: options.missing ?? 'error',
    onOffsetLost: options.onOffsetLost ?? 'earliest',
    onGap: options.onGap ?? 'continue',
    maxUnhandled: { records: 1000, bytes: 64_000_000, ...given(options.maxUnhandled ?? {}) },
    batchSize: options.batchSize ?? 500,
    consumerGroup: options.consumerGroup === undefined ? undefined : consumerGroupOf(options.consumerGroup, options),
    times: timesOf(options),
    maxBytes: MAX_FETCH_BYTES,
    checkCrcs: options.checkCrcs ?? false,
    limits: { ...DEFAULT_LIMITS, ...given(options.limits ?? {}) },
  }
}

/** ms */
export const groupTimesOf = (options: ClientOptions): Pick<ConsumerGroupOptions, 'sessionTimeout' | 'heartbeatInterval'> => ({
  sessionTimeout: options.sessionTimeout ?? 45_000,
  heartbeatInterval: options.heartbeatInterval ?? 3_000,
})

function consumerGroupOf(id: string, options: ClientOptions): ConsumerGroupOptions {
  return { id, instanceId: options.instanceId, ...groupTimesOf(options), revokeTimeout: options.revokeTimeout ?? 3_000 }
}

function timesOf(options: ClientOptions): SourceTimes {
  return {
    connectTimeout: options.connectTimeout ?? 30_000,
    refusalTimeout: options.refusalTimeout ?? 600_000,
    drainTimeout: options.drainTimeout ?? 10_000,
    ackTimeout: options.ackTimeout ?? 60_000,
    autoCommitInterval: options.autoCommitInterval ?? 5_000,
    refresh: options.refresh ?? 60_000,
    batchTimeout: options.batchTimeout ?? 200,
  }
}

/** Those that are given: undefined is not. */
export function given<T extends object>(options: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
  }
}
