import type { Observable, Subscriber } from 'rxjs'
import { during, type Token } from '../claims.ts'
import { ConfigError } from '../errors.ts'
import { Delivery, tokenOf } from '../record.ts'
import { Job, type JobHost, type JobSettings } from './job.ts'
import { Lanes } from './lanes.ts'
import { operate } from './operate.ts'

export interface HandlingSettings<R, O> extends JobSettings<R, O> {
  readonly concurrency: number
  readonly key: ((record: R) => string | undefined) | undefined
}

/** One subscription of `handle`. */
export class Handling<R extends Delivery<unknown>, O> implements JobHost<R, O> {
  readonly settings: HandlingSettings<R, O>
  closed = false
  readonly #out: Subscriber<O>
  readonly #upstream: Subscriber<R>
  /** All whose claim is not settled. */
  readonly #jobs = new Set<Job<R, O>>()
  readonly #lanes: Lanes<Job<R, O>>
  #starting = false
  /** The source is complete. */
  #ended = false

  constructor(settings: HandlingSettings<R, O>, out: Subscriber<O>) {
    this.settings = settings
    this.#out = out
    this.#lanes = new Lanes(settings.concurrency)
    this.#upstream = operate<R>(out, {
      next: record => this.#accept(record),
      error: error => this.abort(error),
      complete: () => {
        this.#ended = true
        this.#advance()
      },
    })
    out.add(() => this.#shut())
  }

  run(source: Observable<R>): void {
    source.subscribe(this.#upstream)
  }

  /** Results belong to their record: what is below may hold it. */
  emit(token: Token, value: O): void {
    if (!this.closed) during(token, () => this.#out.next(value))
  }

  finished(job: Job<R, O>, how: 'done' | 'given back'): void {
    this.#jobs.delete(job)
    if (job.started) this.#lanes.done(job)
    else this.#lanes.remove(job)
    if (how === 'done') this.#advance()
    else queueMicrotask(() => this.#advance())
  }

  abort(error: unknown): void {
    this.#shut()
    this.#out.error(error)
  }

  #accept(record: R): void {
    const token = tokenOf(delivery(record))
    const claim = token.take()
    let job: Job<R, O>
    try {
      job = new Job(this, record, token, claim, this.settings.key?.(record))
    } catch (error) {
      job = new Job(this, record, token, claim, undefined)
      this.#jobs.add(job)
      job.giveUp(error)
      return
    }
    this.#jobs.add(job)
    this.#lanes.add(job)
    this.#advance()
    if (this.closed) job.shut()
    else if (!job.started) job.park()
  }

  #advance(): void {
    // Work that ends within start() comes by again: a loop instead of a recursion as deep as the queue.
    if (this.#starting || this.closed) return
    this.#starting = true
    for (let job = this.#lanes.next(); job; job = this.closed ? undefined : this.#lanes.next()) job.start()
    this.#starting = false
    if (this.#ended && this.#jobs.size === 0) this.#out.complete()
  }

  /** First from the source, so that it knows of its end; then what is given back comes again. */
  #shut(): void {
    if (this.closed) return
    this.closed = true
    this.#upstream.unsubscribe()
    for (const job of this.#jobs) job.shut()
  }
}

/** The types demand one; JavaScript, and a cast, do not. */
function delivery(record: Delivery<unknown> | object): Delivery<unknown> {
  if (record instanceof Delivery) return record
  throw new ConfigError('handle() got a value that is no Delivery: its claims are lost', {
    mend: 'Put handle() above map(r => r.payload), and change payloads with mapPayload() or record.with()',
  })
}
