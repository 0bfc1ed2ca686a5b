import { EMPTY, type Observable } from 'rxjs'
import { DEFAULT_LIMITS } from '../../src/limits.ts'
import type { Delivery } from '../../src/record.ts'
import type { AlertStream } from '../../src/sources/AlertStream.ts'
import { type LiveReading, LiveReadings } from '../../src/sources/LiveReadings.ts'
import type { ConsumerGroupOptions, SourceOptions, SourceTimes } from '../../src/sources/options.ts'
import { source } from '../../src/sources/source.ts'
import { type Logger, type Status, silentLogger } from '../../src/status.ts'
import { VirtualClock } from '../../src/testing/VirtualClock.ts'
import { MemoryLog } from '../../src/transports/memory/MemoryLog.ts'
import { MemoryTransport } from '../../src/transports/memory/MemoryTransport.ts'

export interface StreamSetup extends Partial<Omit<SourceOptions, 'times' | 'topics'>> {
  readonly topics?: readonly string[] | undefined
  readonly times?: Partial<SourceTimes> | undefined
  readonly changed$?: Observable<unknown> | undefined
  readonly names?: (() => readonly string[] | undefined) | undefined
}

const TIMES: SourceTimes = {
  connectTimeout: 30_000,
  refusalTimeout: 600_000,
  drainTimeout: 10_000,
  autoCommitInterval: 5_000,
  refresh: 60_000,
  batchTimeout: 200,
}

export const groupOf = (id: string, options: Partial<ConsumerGroupOptions> = {}): ConsumerGroupOptions => ({
  id,
  instanceId: undefined,
  sessionTimeout: 45_000,
  heartbeatInterval: 3_000,
  revokeTimeout: 3_000,
  ...options,
})

/** A log in memory under a clock that only the test moves, and streams of it. */
export class Rig {
  readonly clock = new VirtualClock()
  readonly log: MemoryLog
  readonly transport: MemoryTransport
  readonly live = new LiveReadings()
  readonly statuses: Status[] = []
  readonly logged: { level: keyof Logger; message: string }[] = []
  readonly readings: LiveReading[] = []

  constructor({ brokers = 1, batchRecords = 500 }: { brokers?: number; batchRecords?: number } = {}) {
    this.log = new MemoryLog({ clock: this.clock, brokers })
    this.transport = new MemoryTransport({ log: this.log, clock: this.clock, batchRecords })
  }

  /** Records whose values are the numbers that follow, or the given ones. */
  append(topic: string, values: readonly (number | string)[], partition = 0): void {
    for (const value of values) this.log.append(topic, { value: String(value), partition, timestamp: this.clock.now() })
  }

  stream(setup: StreamSetup = {}): AlertStream<Delivery> {
    const { topics = ['t'], times, changed$ = EMPTY, names = () => topics, ...rest } = setup
    return source(() => ({
      transport: this.transport,
      topics: { names, includes: name => names()?.includes(name) ?? true, changed$ },
      group: null,
      from: 'earliest',
      until: undefined,
      tests: 'exclude',
      delivery: 'auto',
      missing: 'error',
      onOffsetLost: 'earliest',
      onGap: 'continue',
      maxUnhandled: { records: 1000, bytes: 64_000_000 },
      batchSize: 500,
      consumerGroup: undefined,
      times: { ...TIMES, ...times },
      maxBytes: 50_000_000,
      checkCrcs: false,
      limits: DEFAULT_LIMITS,
      clock: this.clock,
      logger: this.logger,
      report: status => this.statuses.push(status),
      live: this.live,
      onOpen: reading => this.readings.push(reading),
      ...rest,
    }))
  }

  get logger(): Logger {
    const note =
      (level: keyof Logger) =>
      (_fields: object, message: string): void => {
        this.logged.push({ level, message })
      }
    return { ...silentLogger, info: note('info'), warn: note('warn'), error: note('error') }
  }

  /** Lets everything happen that happens without time. */
  settle(): Promise<void> {
    return this.clock.advance(0)
  }

  said<T extends Status['type']>(type: T): Extract<Status, { type: T }>[] {
    return this.statuses.filter((status): status is Extract<Status, { type: T }> => status.type === type)
  }
}

const text = new TextDecoder()

export const textOf = (record: Delivery): string => (record.payload ? text.decode(record.payload) : 'null')
