import { isObservable, type Observable, type SchedulerLike, Subscription } from 'rxjs'
import type { Claim, Token } from '../claims.ts'
import { AlertError } from '../errors.ts'
import { type Delivery, placeOf } from '../record.ts'
import type { Laned } from './lanes.ts'
import { after, type RetryDelay, retryTime } from './timing.ts'

/** What a handler gives back: nothing (it is done), a promise, or an Observable. */
// biome-ignore lint/suspicious/noConfusingVoidType: a handler without a return statement has this type
export type Work<O> = Observable<O> | PromiseLike<O> | void

export interface JobSettings<R, O> {
  readonly fn: (record: R) => Work<O>
  /** After the first try. */
  readonly retries: number
  readonly delay: RetryDelay
  /** ms for one try. */
  readonly timeout: number
  readonly deadLetter: (record: R, error: unknown) => unknown
  readonly onFailure: 'deadLetter' | 'error'
  readonly scheduler: SchedulerLike
}

/** What a job is part of: one subscription of `handle`. */
export interface JobHost<R extends Delivery<unknown>, O> {
  readonly settings: JobSettings<R, O>
  /** The chain is gone: nothing is emitted or begun any more. */
  readonly closed: boolean
  emit(token: Token, value: O): void
  /** The claim is settled. `given back`: others may be given back at the same moment, so none of them may start within the call. */
  finished(job: Job<R, O>, how: 'done' | 'given back'): void
  /** Ends the stream with this error. */
  abort(error: unknown): void
}

/** One record on its way through `handle`: its tries, the waits between them, and its claim, which it settles once. */
export class Job<R extends Delivery<unknown>, O> implements Laned {
  readonly key: string | undefined
  started = false
  readonly #host: JobHost<R, O>
  readonly #record: R
  readonly #token: Token
  readonly #claim: Claim
  #over = false
  #tries = 0
  /** Moves on when a try ends or is called off: what comes of it later no longer counts. */
  #turn = 0
  /** The Observable of the try, or the wait for the next one. */
  #subscription: Subscription | undefined
  #limit: Subscription | undefined
  /** The handler itself, or a promise, is under way: nothing can call it off. */
  #runsOut = false
  #unpark: (() => void) | undefined

  constructor(host: JobHost<R, O>, record: R, token: Token, claim: Claim, key: string | undefined) {
    this.#host = host
    this.#record = record
    this.#token = token
    this.#claim = claim
    this.key = key
  }

  /** Nothing of it runs: it is given back as soon as its partition leaves or the source ends. */
  park(): void {
    this.#unpark = this.#token.onLeave(() => this.#giveBack())
  }

  start(): void {
    this.started = true
    this.#unpark?.()
    if (this.#token.state === 'fenced') this.#giveBack()
    else this.#try()
  }

  /** The chain is gone: what can be called off is given back, what runs out settles itself. */
  shut(): void {
    if (this.#runsOut) this.#limit?.unsubscribe()
    else this.#giveBack()
  }

  /** It cannot be handled: no further try. */
  giveUp(error: unknown): void {
    const { onFailure, deadLetter } = this.#host.settings
    this.#unpark?.()
    if (onFailure === 'error') {
      this.#host.abort(error)
      return
    }
    this.#runsOut = true
    try {
      const told = deadLetter(this.#record, error)
      if (told === undefined) this.#succeed()
      else
        Promise.resolve(told).then(
          () => this.#succeed(),
          thrown => this.#undeliverable(thrown),
        )
    } catch (thrown) {
      this.#undeliverable(thrown)
    }
  }

  #try(): void {
    const { fn, timeout, scheduler } = this.#host.settings
    this.#tries++
    this.#runsOut = true
    let work: Work<O>
    try {
      work = fn(this.#record)
    } catch (error) {
      this.#failed(error)
      return
    }
    if (work === undefined) {
      this.#succeed()
      return
    }
    if (timeout !== Number.POSITIVE_INFINITY && !this.#host.closed) this.#limit = after(timeout, scheduler).subscribe(() => this.#expired())
    if (isObservable(work)) this.#subscribe(work)
    else this.#await(work)
  }

  /** Any other value, which the types keep out, is taken as what an async function would have returned. */
  #await(work: PromiseLike<O> | O): void {
    const turn = this.#turn
    Promise.resolve(work).then(
      value => {
        if (turn !== this.#turn) return
        this.#host.emit(this.#token, value)
        this.#succeed()
      },
      error => {
        if (turn === this.#turn) this.#failed(error)
      },
    )
  }

  #subscribe(work: Observable<O>): void {
    this.#runsOut = false
    if (this.#host.closed) {
      this.#giveBack()
      return
    }
    const subscription = new Subscription()
    this.#subscription = subscription
    const { signal } = this.#record
    const stop = (): void => this.#giveBack()
    signal.addEventListener('abort', stop)
    subscription.add(() => signal.removeEventListener('abort', stop))
    subscription.add(
      work.subscribe({
        next: value => this.#host.emit(this.#token, value),
        error: error => this.#failed(error),
        complete: () => this.#succeed(),
      }),
    )
  }

  #expired(): void {
    const { timeout } = this.#host.settings
    const text = `${placeOf(this.#record)}: the handler did not end within ${timeout} ms`
    this.#failed(new AlertError('ALERT_TIMEOUT', text, { mend: "Raise handle's timeout, or look for what the handler waits for" }))
  }

  #failed(error: unknown): void {
    const { retries, delay, scheduler } = this.#host.settings
    this.#endTry()
    if (this.#host.closed || this.#token.state === 'fenced') this.#giveBack()
    else if (this.#tries > retries) this.giveUp(error)
    else {
      try {
        const time = retryTime(delay, error, this.#tries, scheduler)
        this.park()
        this.#subscription = time.subscribe({ next: () => this.start(), error: thrown => this.giveUp(thrown) })
      } catch (thrown) {
        this.giveUp(thrown)
      }
    }
  }

  #undeliverable(error: unknown): void {
    this.#runsOut = false
    this.#host.abort(error)
    this.#giveBack()
  }

  #endTry(): void {
    this.#runsOut = false
    this.#turn++
    this.#subscription?.unsubscribe()
    this.#limit?.unsubscribe()
  }

  #succeed(): void {
    this.#settle('done')
  }

  #giveBack(): void {
    this.#settle('given back')
  }

  #settle(how: 'done' | 'given back'): void {
    // What emits within subscribe goes on after it was called off, and may end as well.
    if (this.#over) return
    this.#over = true
    this.#endTry()
    this.#unpark?.()
    if (how === 'done') this.#claim.ack()
    else this.#claim.release()
    this.#host.finished(this, how)
  }
}
