import { EMPTY, type Observable, type Subscription } from 'rxjs'
import { Counters } from '../../src/client/Counters.ts'
import { DEFAULT_LIMITS } from '../../src/limits.ts'
import type { Delivery } from '../../src/record.ts'
import type { AlertStream } from '../../src/sources/AlertStream.ts'
import { type LiveReading, LiveReadings } from '../../src/sources/LiveReadings.ts'
import type { ConsumerGroupOptions, SourceOptions, SourceTimes } from '../../src/sources/options.ts'
import { source } from '../../src/sources/source.ts'
import { type Logger, type Status, silentLogger } from '../../src/status.ts'
import { VirtualClock } from '../../src/testing/VirtualClock.ts'
import { MemoryLog, type TopicOptions } from '../../src/transports/memory/MemoryLog.ts'
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
  ackTimeout: 60_000,
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
  readonly logged: { level: keyof Logger; message: string; fields: object }[] = []
  readonly readings: LiveReading[] = []

  constructor({ brokers = 1, batchRecords = 500, latency = 0 }: { brokers?: number; batchRecords?: number; latency?: number } = {}) {
    this.log = new MemoryLog({ clock: this.clock, brokers })
    this.transport = new MemoryTransport({ log: this.log, clock: this.clock, batchRecords, latency })
  }

  /** With one topic, `t`, and these values in it. */
  static holding(values: readonly (number | string)[], options: ConstructorParameters<typeof Rig>[0] & TopicOptions = {}): Rig {
    const rig = new Rig(options)
    rig.log.createTopic('t', options)
    rig.append('t', values)
    return rig
  }

  /** Records whose values are the numbers that follow, or the given ones. */
  append(topic: string, values: readonly (number | string)[], partition = 0): void {
    for (const value of values) this.log.append(topic, { value: String(value), partition, timestamp: this.clock.now() })
  }

  stream(setup: StreamSetup = {}): AlertStream<Delivery> {
    return source(() => this.optionsOf(setup))
  }

  optionsOf(setup: StreamSetup): SourceOptions {
    const { topics = ['t'], times, changed$ = EMPTY, names = () => topics, ...rest } = setup
    return {
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
      counters: new Counters(),
      onOpen: reading => this.readings.push(reading),
      ...rest,
    }
  }

  /** A subscription, and what it heard. */
  hear(setup: StreamSetup = {}): Heard {
    return new Heard(this.stream(setup))
  }

  /** What should be nothing once everything has ended. */
  get left(): { readings: number; readers: number; timers: number; members: number } {
    const { readers } = this.transport.open
    return { readings: this.live.size, readers, timers: this.clock.pending, members: this.log.members().length }
  }

  get logger(): Logger {
    const note =
      (level: keyof Logger) =>
      (fields: object, message: string): void => {
        this.logged.push({ level, message, fields })
      }
    return { ...silentLogger, info: note('info'), warn: note('warn'), error: note('error') }
  }

  /** Lets everything happen that happens without time. */
  settle(): Promise<void> {
    return this.clock.advance(0)
  }

  /** Lets things happen without time until it is so. */
  async until(condition: () => boolean): Promise<void> {
    for (let tries = 0; !condition(); tries++) {
      if (tries > 1_000) throw new Error(`never came true: ${condition}`)
      await this.settle()
    }
  }

  said<T extends Status['type']>(type: T): Extract<Status, { type: T }>[] {
    return this.statuses.filter((status): status is Extract<Status, { type: T }> => status.type === type)
  }
}

/** What one subscription heard, as text. */
export class Heard {
  readonly got: string[] = []
  readonly errors: unknown[] = []
  done = false
  readonly #subscription: Subscription

  constructor(stream: Observable<Delivery | string>) {
    this.#subscription = stream.subscribe({
      next: value => this.got.push(typeof value === 'string' ? value : textOf(value)),
      error: error => this.errors.push(error),
      complete: () => {
        this.done = true
      },
    })
  }

  stop(): void {
    this.#subscription.unsubscribe()
  }
}

export const NOTHING_LEFT = { readings: 0, readers: 0, timers: 0, members: 0 }

const text = new TextDecoder()

export const textOf = (record: Delivery): string => (record.payload ? text.decode(record.payload) : 'null')
