import { asyncScheduler, Observable, type OperatorFunction, type SchedulerLike, type Subscriber, type Subscription } from 'rxjs'
import { withoutRecord } from '../claims.ts'
import { checkDuration } from './checks.ts'
import { operate } from './operate.ts'
import { after as timeAfter } from './timing.ts'

/** What `detectSilence` takes for a silence. */
export interface DetectSilenceOptions {
  /** ms without a value. */
  readonly after: number
  /** Whether the same silence is reported again each time it has lasted `after` longer. @default false: once */
  readonly repeat?: boolean | undefined
  /** @default rxjs's asyncScheduler */
  readonly scheduler?: SchedulerLike | undefined
}

/**
 * Nothing came for a while; see {@link detectSilence}. It is no record: `handle` does not compile below it before it is filtered out, as by
 * `filter(value => value instanceof Delivery)`.
 */
export class Silence {
  readonly type = 'silence'
  /** When the last value came, or the subscription began; ms since 1970. */
  readonly since: number
  /** ms so far. */
  readonly duration: number

  constructor(since: number, duration: number) {
    this.since = since
    this.duration = duration
  }
}

/**
 * Makes silence a value: passes all on, and emits a {@link Silence} when nothing has come for `after` ms, since the last value or since the
 * subscription. A connection that is up says little: this notices a publisher that stopped, a topic that was renamed, a wrong filter.
 *
 *     --a-b-------------c----|
 *       detectSilence({ after: 5 })
 *     --a-b----S--------c----|            repeat: true
 *     --a-b----S----S---c----|
 *
 * Lossless; records keep their claims. A source that waits for your work (`maxUnhandled`) is silent too. A stream that has completed is not
 * silent any more.
 *
 * @throws ConfigError for a wrong option
 * @example
 * ```ts
 * const alert$ = client.topic('superevent').pipe(parseJson<Alert>(), share())
 * alert$.pipe(handle(({ payload }) => page(payload))).subscribe({ error: console.error })
 * alert$.pipe(detectSilence({ after: 86_400_000 }), filter(value => value instanceof Silence)).subscribe({
 *   next: ({ since }) => console.log('no alert since', new Date(since).toISOString()),
 *   error: () => {}, // said above
 * })
 * // no alert since 2025-08-18T03:56:44.000Z
 *
 * for await (const value of client.topic('heartbeat', { group: 'gcn' }).pipe(detectSilence({ after: 10_000 }))) {
 *   if (value instanceof Silence) console.log('no heartbeat for', value.duration, 'ms')
 * }
 * // no heartbeat for 10000 ms
 * ```
 * @see {@link dropStale}
 */
export function detectSilence<T>(options: DetectSilenceOptions): OperatorFunction<T, T | Silence> {
  const { repeat = false, scheduler = asyncScheduler } = options
  const settings = { repeat, scheduler, after: checkDuration('detectSilence: after', options.after, 1) }
  return source =>
    new Observable(out => {
      const listening = new Listening<T>(settings, out)
      source.subscribe(operate<T>(out, { next: value => listening.next(value) }))
    })
}

type Settings = { readonly [K in keyof DetectSilenceOptions]-?: NonNullable<DetectSilenceOptions[K]> }

/** One subscription of `detectSilence`. A timer for each value would cost more than the rest of it: this one looks how long it was quiet. */
class Listening<T> {
  readonly #settings: Settings
  readonly #out: Subscriber<T | Silence>
  #since: number
  /** ms of silence until the next report. */
  #due: number
  #timer: Subscription | undefined

  constructor(settings: Settings, out: Subscriber<T | Silence>) {
    this.#settings = settings
    this.#out = out
    this.#since = settings.scheduler.now()
    this.#due = settings.after
    this.#wait(settings.after)
    out.add(() => this.#timer?.unsubscribe())
  }

  next(value: T): void {
    const { scheduler, after } = this.#settings
    this.#since = scheduler.now()
    this.#due = after
    if (!this.#timer) this.#wait(after)
    this.#out.next(value)
  }

  #wait(ms: number): void {
    this.#timer = timeAfter(ms, this.#settings.scheduler).subscribe(() => this.#look())
  }

  #look(): void {
    const { scheduler, after, repeat } = this.#settings
    this.#timer = undefined
    // A wall clock may be set back.
    const duration = Math.max(scheduler.now() - this.#since, 0)
    if (duration >= this.#due) {
      this.#due = repeat ? duration + after : Number.POSITIVE_INFINITY
      withoutRecord(() => this.#out.next(new Silence(this.#since, duration)))
    }
    if (!this.#timer && !this.#out.closed && this.#due < Number.POSITIVE_INFINITY) this.#wait(this.#due - duration)
  }
}
