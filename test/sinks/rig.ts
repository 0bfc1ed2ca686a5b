import { systemClock } from '../../src/clock.ts'
import { AlertError } from '../../src/errors.ts'
import type { TopicSinkOptions } from '../../src/sinks/compose.ts'
import { TopicSink } from '../../src/sinks/TopicSink.ts'
import { TopicWriter, type TopicWriterOptions } from '../../src/sinks/TopicWriter.ts'
import type { Logger, StatusEvent } from '../../src/status.ts'
import type { OutRecord, WriteOutcome, Writer } from '../../src/transports/transport.ts'

export const FULL_TOPIC = 'gracedb.superevent'

/** A transport's writer whose broker is the test: nothing settles before the test says so, or at once with `answer`. */
export class FakeWriter implements Writer {
  readonly records: OutRecord[] = []
  readonly #dones: ((outcome: WriteOutcome) => void)[] = []
  #offset = 0
  /** Answers each record in the next turn. */
  answer: ((record: OutRecord) => WriteOutcome) | undefined

  write(record: OutRecord, done: (outcome: WriteOutcome) => void): void {
    this.records.push(record)
    const { answer } = this
    if (answer === undefined) this.#dones.push(done)
    else queueMicrotask(() => done(answer(record)))
  }

  readonly stored = (): WriteOutcome => ({ partition: 0, offset: this.#offset++ })

  /** Settles the oldest `count` records under way, all in one turn. */
  store(count: number = this.#dones.length): void {
    for (const done of this.#dones.splice(0, count)) done(this.stored())
  }

  /** Settles one record under way, by its place in the line. */
  settle(at: number, outcome: WriteOutcome): void {
    const [done] = this.#dones.splice(at, 1)
    done!(outcome)
  }

  async close(): Promise<void> {}
}

export const refused: WriteOutcome = {
  stored: false,
  error: new AlertError('ALERT_TOPIC_FORBIDDEN', 'the broker said no', { kafka: 'TOPIC_AUTHORIZATION_FAILED' }),
}
export const doubtful: WriteOutcome = {
  stored: 'unknown',
  error: new AlertError('ALERT_EXPIRED', 'no answer within 120 s', { mend: 'Wait' }),
}

export interface LogLine {
  readonly fields: Readonly<Record<string, unknown>>
  readonly message: string
}

export interface Rig {
  readonly broker: FakeWriter
  readonly writer: TopicWriter
  readonly events: StatusEvent[]
  readonly errors: LogLine[]
  sink<T = unknown>(options?: TopicSinkOptions<T>): TopicSink<T>
}

/** A topic's writer over a fake broker. */
export function rig(options: Partial<TopicWriterOptions> = {}): Rig {
  const broker = new FakeWriter()
  const events: StatusEvent[] = []
  const errors: LogLine[] = []
  const unexpected = (): never => {
    throw new Error('only errors are expected')
  }
  const logger: Logger = {
    debug: unexpected,
    info: unexpected,
    warn: unexpected,
    error: (fields, message) => errors.push({ fields: { ...fields }, message }),
  }
  const writer = new TopicWriter({
    topic: 'superevent',
    fullTopic: FULL_TOPIC,
    writer: broker,
    sender: () => undefined,
    clock: systemClock,
    logger,
    report: event => events.push(event),
    ...options,
  })
  return { broker, writer, events, errors, sink: sinkOptions => new TopicSink(writer, sinkOptions) }
}

/** A rig whose broker stores everything in the next turn. */
export function storing(options: Partial<TopicWriterOptions> = {}): Rig {
  const made = rig(options)
  made.broker.answer = made.broker.stored
  return made
}

/** A rig whose broker refuses everything. */
export function refusing(outcome: WriteOutcome = refused): Rig {
  const made = rig()
  made.broker.answer = () => outcome
  return made
}

/** What a promise rejected with. */
export const rejection = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    value => {
      throw new Error(`resolved with ${String(value)}`)
    },
    (error: unknown) => error,
  )

export const text = (bytes: Uint8Array | null | undefined): string => new TextDecoder().decode(bytes ?? undefined)

/** Headers as text, those of 16 bytes as their length. */
export const headersOf = (record: OutRecord | undefined): string[] =>
  (record?.headers ?? []).map(({ name, value }) => `${name}=${value?.length === 16 ? '16 bytes' : text(value)}`)
