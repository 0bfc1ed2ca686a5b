import { type Observable, Subject } from 'rxjs'
import { AlertError, toAlertError } from '../errors.ts'
import type { WriteOutcome } from '../transports/transport.ts'
import { checkedOptions, compose, type Message, messageOf, type TopicSinkOptions } from './compose.ts'
import type { Outgoing } from './outgoing.ts'
import { type PublishResult, resultOf, type Stored } from './results.ts'
import type { Draft, TopicWriter } from './TopicWriter.ts'
import { Underway } from './Underway.ts'
import { Unseen } from './Unseen.ts'

/**
 * Where alerts are published: a Subject over a topic.
 *
 * In goes a payload, or `outgoing(payload, { key, headers, format, test, id })`. Out comes each message once the broker has stored it, in the
 * order in which that became known. Hot.
 *
 * A message that could not be published never ends the sink: it rejects its `send()`, is a value of `results$`, or, seen by neither, is
 * logged, told on `status$` and kept for `flush()`.
 *
 * One sink for each feeder: `complete()` and `error()` end this sink, not the other sinks of the topic.
 *
 * @example
 * alert$.subscribe(sink)
 * await sink.done
 */
export class TopicSink<T = unknown> extends Subject<Stored<T>> {
  /** What became of each message, by `ok`. Hot; completes when the sink has ended. Who subscribes answers for the failures. */
  readonly results$: Observable<PublishResult<T>>
  /**
   * Settles once the sink has ended and all of it is settled. Rejects with the error that ended it, or with an AggregateError of the failures
   * that nobody was told of. (`closed` is the boolean of every Subject.)
   */
  readonly done: Promise<void>

  readonly #writer: TopicWriter
  readonly #options: TopicSinkOptions<T>
  readonly #results = new Subject<PublishResult<T>>()
  readonly #underway = new Underway()
  readonly #unseen = new Unseen()
  #ended = false
  #finish!: (failure?: { readonly error: unknown }) => void

  /**
   * Made by `client.sink(topic)`.
   *
   * @throws ConfigError
   * @internal
   */
  constructor(writer: TopicWriter, options: TopicSinkOptions<T> = {}) {
    super()
    this.#writer = writer
    this.#options = checkedOptions(options)
    this.results$ = this.#results.asObservable()
    this.done = new Promise((resolve, reject) => {
      this.#finish = failure => (failure === undefined ? resolve() : reject(failure.error))
    })
    // Nobody has to look at `done`: what failed is logged in any case.
    const ended = this.done.catch(() => {})
    writer.attach({ complete: () => this.complete(), ended })
  }

  /** Publishes a payload, or `outgoing(payload, ...)`. Never throws: what fails is a result, also after the end. */
  override next(value: T | Outgoing<T>): void {
    this.#publish(value)
  }

  /**
   * As `next`, and tells where this message was stored.
   *
   * @throws PublishError (as a rejection), whose `stored` says whether it may be in the log
   */
  send(value: T | Outgoing<T>): Promise<Stored<T>> {
    return new Promise((resolve, reject) => {
      this.#publish(value, result => (result.ok ? resolve(result) : reject(result.error)))
    })
  }

  /** Resolves when the topic's queue (10 000 messages, 64 MB that are not yet stored) has room for one message. */
  ready(): Promise<void> {
    return this.#writer.ready()
  }

  /**
   * Waits for all that was given before.
   *
   * @throws AggregateError (as a rejection) of PublishErrors: what failed on this sink since the last call, unseen by a `send()` and `results$`
   */
  async flush(): Promise<void> {
    await this.#underway.settled()
    const failed = this.#unseen.take()
    if (failed !== undefined) throw failed
  }

  /** Ends this sink: it completes once what was given before is settled. */
  override complete(): void {
    this.#end(() => {
      if (!this.closed) super.complete()
      const error = this.#unseen.peek()
      this.#finish(error && { error })
    })
  }

  /** Ends this sink with the error of its feeder, once what was given before is settled. Logged if nobody observes the sink. */
  override error(error: unknown): void {
    if (this.#ended) this.#logUnheard(error)
    this.#end(() => {
      if (!this.observed) this.#logUnheard(error)
      if (!this.closed) super.error(error)
      this.#finish({ error })
    })
  }

  /** Ends this sink as `complete()` does, without a word to its subscribers. */
  override unsubscribe(): void {
    this.complete()
    super.unsubscribe()
  }

  #publish(value: T | Outgoing<T>, answer?: (result: PublishResult<T>) => void): void {
    const message = messageOf(value)
    const group = this.#underway.enter()
    const settle = (outcome: WriteOutcome): void => {
      this.#settle(message, outcome, answer)
      this.#underway.leave(group)
    }
    let draft: Draft
    try {
      this.#writer.check()
      if (this.#ended)
        throw new AlertError('ALERT_CLOSED', 'this sink has ended', { mend: 'Take one sink for each feeder: client.sink(topic)' })
      draft = compose(message, this.#options, this.#writer.sender)
    } catch (error) {
      queueMicrotask(() => settle({ error: toAlertError(error, 'ALERT_UNWRITABLE'), stored: false }))
      return
    }
    this.#writer.write(draft, settle)
  }

  #settle(message: Message<T>, outcome: WriteOutcome, answer: ((result: PublishResult<T>) => void) | undefined): void {
    this.#writer.settled(message.id, outcome)
    const told = answer !== undefined || this.#results.observed
    if (!told && !this.observed && outcome.error === undefined) return
    const result = resultOf(message, outcome, this.#writer)
    if (!result.ok && !told) {
      this.#unseen.add(result.error)
      this.#writer.unseen(result.error)
    }
    answer?.(result)
    if (result.ok && this.observed) super.next(result)
    this.#results.next(result)
  }

  #end(finish: () => void): void {
    if (this.#ended) return
    this.#ended = true
    void this.#underway.settled().then(() => {
      finish()
      this.#results.complete()
    })
  }

  #logUnheard(error: unknown): void {
    const { fullTopic, logger } = this.#writer
    logger.error({ topic: fullTopic, error }, `The feeder of a sink of ${fullTopic} failed: ${toAlertError(error).message}`)
  }
}
