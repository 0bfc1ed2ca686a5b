import type { Clock } from '../clock.ts'
import { AlertError, asFatal, ConfigError } from '../errors.ts'
import { checkedOptions, type TopicSinkOptions } from '../sinks/compose.ts'
import type { Outgoing } from '../sinks/outgoing.ts'
import type { Stored } from '../sinks/results.ts'
import { TopicSink } from '../sinks/TopicSink.ts'
import { TopicWriter } from '../sinks/TopicWriter.ts'
import { nearest, seesTopics } from '../sources/nearest.ts'
import type { Logger, Status, StatusEvent } from '../status.ts'
import { type Compression, isFaulty, type Transport, type WriteOutcome, type Writer } from '../transports/transport.ts'
import type { Counters, TopicCounts } from './Counters.ts'
import { closedError } from './closed.ts'
import { type PublishEvent, tellPublish } from './diagnostics.ts'
import { fullTopicOf } from './naming.ts'

export interface PublishingOptions {
  readonly transport: Transport
  readonly group: string | null
  readonly clock: Clock
  readonly logger: Logger
  readonly report: (status: Status) => void
  readonly counters: Counters
  readonly sender: () => string | undefined
  /** Why records cannot be compressed so; undefined if they can. */
  readonly unwritable: (compression: Compression) => ConfigError | undefined
  /** ms */
  readonly deliveryTimeout: number
}

interface Connected {
  readonly writer: TopicWriter
  /** The front of `publish` and `publishToTopic`. */
  readonly own: TopicSink
}

/** The writing half of a client: one writer a topic, made when it is first needed. */
export class Publishing {
  readonly #options: PublishingOptions
  readonly #connected = new Map<string, Connected>()
  #writer: Writer | undefined
  #closed = false

  constructor(options: PublishingOptions) {
    this.#options = options
  }

  /** @throws AlertError when one of the topics is unknown or cannot be described: before the first alert, not at it */
  async connect(topics: readonly string[]): Promise<void> {
    const { transport, group } = this.#options
    const full = topics.map(topic => fullTopicOf(group, topic))
    const described = await transport.describe(full)
    for (const name of full) {
      const answer = described.get(name)
      if (!answer || isFaulty(answer)) throw await this.#notConnectable(name, answer?.fault)
    }
    for (const topic of topics) this.#of(topic)
  }

  sink<T>(topic: string, options: TopicSinkOptions<T> = {}): TopicSink<T> {
    const { compression } = checkedOptions(options)
    const error = compression && this.#options.unwritable(compression)
    if (error) throw error
    return new TopicSink<T>(this.#of(topic).writer, options)
  }

  async publish<T>(topic: string, message: T | Outgoing<T>): Promise<Stored> {
    return this.#of(topic).own.send(message)
  }

  /** @throws AggregateError of the failures, once all are settled */
  async publishToAll<T>(topics: readonly string[], message: T | Outgoing<T>): Promise<Stored[]> {
    const sinks = topics.map(topic => this.#of(topic).own)
    const settled = await Promise.allSettled(sinks.map(sink => sink.send(message)))
    const failures = settled.filter(one => one.status === 'rejected').map(({ reason }): unknown => reason)
    if (failures.length > 0) throw new AggregateError(failures, `not published to ${failures.length} of ${topics.length} topics`)
    return settled.filter(one => one.status === 'fulfilled').map(({ value }) => value)
  }

  publishToTopic<T>(topic: string, message: T | Outgoing<T>): void {
    this.#existing(topic).own.next(message)
  }

  async flushByTopic(topic: string): Promise<void> {
    return this.#existing(topic).own.flush()
  }

  /** What was given before is still sent. */
  async disconnect(topics?: readonly string[]): Promise<void> {
    const leaving = topics?.map(topic => [topic, this.#existing(topic)] as const) ?? [...this.#connected]
    for (const [topic] of leaving) this.#connected.delete(topic)
    await Promise.all(leaving.map(([, { writer }]) => writer.close(this.#options.deliveryTimeout)))
  }

  async close(deadline: number): Promise<void> {
    this.#closed = true
    const leaving = [...this.#connected.values()]
    this.#connected.clear()
    await Promise.all([...leaving.map(({ writer }) => writer.close(deadline)), this.#writer?.close(deadline)])
  }

  #of(topic: string): Connected {
    const known = this.#connected.get(topic)
    if (known) return known
    if (this.#closed) throw closedError()
    const { group, clock, logger, sender, counters } = this.#options
    const fullTopic = fullTopicOf(group, topic)
    const counts = counters.of(fullTopic)
    const writer = new TopicWriter({
      topic,
      fullTopic,
      writer: this.#open(),
      sender,
      clock,
      logger,
      report: event => this.#say(fullTopic, event),
      onSettled: (id, outcome) => this.#settled(fullTopic, counts, id, outcome),
    })
    const connected = { writer, own: new TopicSink(writer) }
    this.#connected.set(topic, connected)
    return connected
  }

  /** @throws ConfigError in the seed's words */
  #existing(topic: string): Connected {
    const known = this.#connected.get(topic)
    if (known) return known
    if (this.#closed) throw closedError()
    const text = this.#connected.size === 0 ? 'No active sessions' : `Not connected to topic ${topic}`
    throw new ConfigError(text, { mend: `Please connect before publishing to a topic: await client.connect('${topic}')` })
  }

  #open(): Writer {
    const { transport, logger, deliveryTimeout } = this.#options
    this.#writer ??= transport.write({
      deliveryTimeout,
      onPlain: error => logger.warn({ code: error.code }, `published without idempotence, a resend may double a message: ${error.message}`),
      onRetry: (error, topic) => logger.info({ topic, code: error.code }, `sending to ${topic} again: ${error.message}`),
    })
    return this.#writer
  }

  #say(fullTopic: string, event: StatusEvent): void {
    const { transport, group, clock, report } = this.#options
    report({ ...event, server: transport.server, group, topics: [fullTopic], time: clock.now() })
  }

  #settled(topic: string, counts: TopicCounts, id: string, outcome: WriteOutcome): void {
    if (outcome.error) counts.publishFailures++
    else counts.published++
    const { transport, group, clock } = this.#options
    tellPublish(() => ({ server: transport.server, group, topic, id, ...fateOf(outcome), time: clock.now() }))
  }

  async #notConnectable(fullTopic: string, fault: AlertError | undefined): Promise<AlertError> {
    const all = await this.#options.transport.describe('all').catch(() => new Map<string, unknown>())
    const near = nearest(fullTopic, all.keys())
    const mend = near.length > 0 ? `Nearest existing topics: ${near.join(', ')}` : seesTopics(all.size)
    if (!fault) return new AlertError('ALERT_TOPIC_UNKNOWN', `${fullTopic} is not known`, { mend, fatal: true })
    return asFatal(new AlertError(fault.code, fault.message, { mend, kafka: fault.kafka, cause: fault }))
  }
}

const fateOf = (outcome: WriteOutcome): Pick<PublishEvent, 'stored' | 'partition' | 'offset' | 'error'> =>
  outcome.error
    ? { stored: outcome.stored, partition: undefined, offset: undefined, error: outcome.error }
    : { stored: true, partition: outcome.partition, offset: outcome.offset, error: undefined }
