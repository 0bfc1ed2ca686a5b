import type { SchedulerLike, Subscriber, Subscription } from 'rxjs'
import type { AlertRecord } from '../record.ts'
import { Heap } from './heap.ts'
import { Kept } from './kept.ts'
import { after } from './timing.ts'

export interface OrderingSettings<R> {
  readonly within: number
  readonly time: (record: R) => number
  readonly scheduler: SchedulerLike
}

interface Waiting<R extends AlertRecord<unknown>> {
  readonly kept: Kept<R>
  readonly time: number
  readonly nth: number
  /** It waits no longer than to this time of the scheduler. */
  readonly due: number
}

/** One subscription of `orderByTime`. */
export class Ordering<R extends AlertRecord<unknown>> {
  readonly #settings: OrderingSettings<R>
  readonly #out: Subscriber<R>
  /** In order of arrival, which is the order in which they fall due. */
  readonly #waiting = new Set<Waiting<R>>()
  /** The same by time, besides some that are no longer waiting. */
  readonly #byTime = new Heap<Waiting<R>>((a, b) => a.time < b.time || (a.time === b.time && a.nth < b.nth))
  /** Of what was passed on: whatever is not later has nothing to wait for. */
  #passedTo = Number.NEGATIVE_INFINITY
  #count = 0
  #timer: Subscription | undefined

  constructor(settings: OrderingSettings<R>, out: Subscriber<R>) {
    this.#settings = settings
    this.#out = out
  }

  accept(record: R): void {
    const { within, scheduler } = this.#settings
    const time = this.#settings.time(record)
    if (!Number.isFinite(time) || time <= this.#passedTo || this.#out.closed) {
      this.#out.next(record)
      return
    }
    const kept = new Kept(record)
    const waiting: Waiting<R> = { kept, time, nth: this.#count++, due: scheduler.now() + within }
    kept.token?.onLeave(() => {
      if (this.#waiting.delete(waiting)) kept.giveBack()
    })
    this.#waiting.add(waiting)
    this.#byTime.push(waiting)
    this.#wait()
  }

  /** Nothing more will come. */
  flush(): void {
    this.#pass(Number.POSITIVE_INFINITY)
  }

  /** The chain is gone: nobody has seen what waits. */
  shut(): void {
    this.#timer?.unsubscribe()
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const { kept } of waiting) kept.giveBack()
  }

  #wait(): void {
    if (this.#timer || this.#out.closed) return
    const { within, scheduler } = this.#settings
    const [next] = this.#waiting
    if (!next) return
    // A wall clock may be set back.
    const ms = Math.min(next.due - scheduler.now(), within)
    this.#timer = after(ms, scheduler).subscribe(() => {
      this.#timer = undefined
      this.#passDue(Math.max(next.due, scheduler.now()))
      this.#wait()
    })
  }

  /** Those that have waited long enough, and before each of them whatever is earlier. */
  #passDue(now: number): void {
    let to = Number.NEGATIVE_INFINITY
    for (const { due, time } of this.#waiting) {
      if (due > now) break
      to = Math.max(to, time)
    }
    this.#pass(to)
  }

  #pass(to: number): void {
    for (let next = this.#byTime.first; next && next.time <= to; next = this.#byTime.first) {
      this.#byTime.shift()
      if (!this.#waiting.delete(next)) continue
      // A clock that is ahead must not make late what comes after it.
      this.#passedTo = Math.max(this.#passedTo, Math.min(next.time, this.#settings.scheduler.now()))
      if (next.kept.token?.state === 'fenced') next.kept.giveBack()
      else next.kept.pass(this.#out)
    }
  }
}
