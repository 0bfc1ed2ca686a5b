import type { Observable } from 'rxjs'
import { onTestFinished } from 'vitest'
import type { AlertError } from '../../src/errors.ts'
import {
  type ClientOptions,
  ConfigError,
  type Delivery,
  IgwnAlertClient,
  type ListenCallback,
  type ListenHandle,
  type ListenOptions,
  type Logger,
  type Status,
  type StreamOptions,
} from '../../src/index.ts'
import { MemoryLog, MemoryTransport, VirtualClock } from '../../src/testing.ts'

export interface Logged {
  readonly level: keyof Logger
  readonly message: string
  readonly fields: object
}

/** A log in memory under a clock that only the test moves, and clients of it. */
export class ClientRig {
  readonly clock = new VirtualClock()
  readonly log = new MemoryLog({ clock: this.clock })
  readonly transport = new MemoryTransport({ log: this.log, clock: this.clock })
  readonly logged: Logged[] = []
  /** The messages of level debug. */
  readonly whispered: string[] = []
  readonly statuses: Status[] = []

  /** @param topics full names */
  constructor(...topics: readonly string[]) {
    for (const topic of topics) this.log.createTopic(topic)
  }

  /** Closed when the test ends. */
  client(options: ClientOptions = {}): IgwnAlertClient {
    const { transport, clock, logger } = this
    const client = new IgwnAlertClient({ transport, clock, logger, ...options })
    client.status$.subscribe(status => this.statuses.push(status))
    onTestFinished(async () => {
      const closed = client.close()
      await clock.advance(200_000)
      await closed
    })
    return client
  }

  /** Values as JSON, on partition 0. */
  append(topic: string, ...values: readonly unknown[]): void {
    for (const value of values) this.log.append(topic, { value: JSON.stringify(value), timestamp: this.clock.now() })
  }

  /** Lets everything happen that happens without time. */
  settle(): Promise<void> {
    return this.clock.advance(0)
  }

  said<T extends Status['type']>(type: T): Extract<Status, { type: T }>[] {
    return this.statuses.filter((status): status is Extract<Status, { type: T }> => status.type === type)
  }

  get logger(): Logger {
    const note =
      (level: keyof Logger) =>
      (fields: object, message: string): void => {
        this.logged.push({ level, message, fields })
      }
    return { debug: (_fields, message) => void this.whispered.push(message), info: note('info'), warn: note('warn'), error: note('error') }
  }
}

/** The ConfigError that it throws. */
export function configError(run: () => unknown): ConfigError {
  try {
    run()
  } catch (error) {
    if (error instanceof ConfigError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

/** What a promise rejects with. */
export async function rejection<E = AlertError>(promise: Promise<unknown>): Promise<E> {
  return promise.then(
    value => {
      throw new Error(`it resolved with ${String(value)}`)
    },
    (error: E) => error,
  )
}

const text = new TextDecoder()

const textOf = ({ payload }: Delivery): string => (payload ? text.decode(payload) : 'null')

export interface Collected {
  /** `topic@offset value` */
  readonly got: string[]
  readonly errors: unknown[]
  readonly isDone: () => boolean
  readonly stop: () => void
}

/** What a stream gives from now on. */
export function collect(stream: Observable<Delivery>): Collected {
  const got: string[] = []
  const errors: unknown[] = []
  let done = false
  const subscription = stream.subscribe({
    next: record => got.push(`${record.topic}@${record.offset} ${textOf(record)}`),
    error: error => errors.push(error),
    complete: () => {
      done = true
    },
  })
  return { got, errors, isDone: () => done, stop: () => subscription.unsubscribe() }
}

/** What it gives without time. */
export async function recordsOf(rig: ClientRig, stream: Observable<Delivery>): Promise<Delivery[]> {
  const records: Delivery[] = []
  stream.subscribe({ next: record => records.push(record), error: () => {} })
  await rig.settle()
  return records
}

/** A handler that ends when it is told to. */
export function slow(): { work: (record: Delivery) => Promise<void>; started: number[]; done: number[]; release: () => void } {
  const waiting: (() => void)[] = []
  const started: number[] = []
  const done: number[] = []
  const work = async ({ offset }: Delivery): Promise<void> => {
    started.push(offset)
    await new Promise<void>(resolve => waiting.push(resolve))
    done.push(offset)
  }
  return { work, started, done, release: () => waiting.splice(0).forEach(resolve => void resolve()) }
}

/** A listener at `gracedb.t` from its beginning, and what its callback was called with. */
export function listening(
  rig: ClientRig,
  { callback = () => {}, ...options }: StreamOptions & ListenOptions & { callback?: ListenCallback } = {},
): { handle: ListenHandle; calls: unknown[][] } {
  const calls: unknown[][] = []
  const handle = rig.client({ from: 'earliest' }).listen(
    (...args) => {
      calls.push(args)
      return callback(...args)
    },
    't',
    options,
  )
  return { handle, calls }
}
