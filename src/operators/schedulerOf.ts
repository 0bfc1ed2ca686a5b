import { type SchedulerAction, type SchedulerLike, Subscription } from 'rxjs'
import type { Clock } from '../clock.ts'

/**
 * A scheduler whose time is that of a clock: what moves a `VirtualClock` moves the timers of operators too, ours (`handle`, `retryOnFatal`,
 * `detectSilence`, `orderByTime`) and rxjs's.
 *
 * @example
 * ```ts
 * const clock = new VirtualClock()
 * client.topic('superevent').pipe(
 *   handle(({ payload }) => page(payload), { retry: 3, scheduler: schedulerOf(clock) }),
 * ).subscribe()
 * await clock.advance(30_000)
 * ```
 */
export function schedulerOf(clock: Clock): SchedulerLike {
  return {
    now: () => clock.now(),
    schedule: <T>(work: Work<T>, delay?: number, state?: T) => new ClockAction(clock, work).schedule(state, delay),
  }
}

type Work<T> = (this: SchedulerAction<T>, state?: T) => void

class ClockAction<T> extends Subscription implements SchedulerAction<T> {
  readonly #clock: Clock
  readonly #work: Work<T>
  #cancel: (() => void) | undefined

  constructor(clock: Clock, work: Work<T>) {
    super(() => this.#cancel?.())
    this.#clock = clock
    this.#work = work
  }

  schedule(state?: T, delay = 0): Subscription {
    this.#cancel?.()
    if (!this.closed) this.#cancel = this.#clock.after(delay, () => this.#work.call(this, state))
    return this
  }
}
