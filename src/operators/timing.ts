import {
  asapScheduler,
  from,
  NEVER,
  type Observable,
  type ObservableInput,
  type SchedulerLike,
  subscribeOn,
  take,
  throwIfEmpty,
  timer,
} from 'rxjs'
import { ConfigError } from '../errors.ts'

/**
 * How long to wait before another try: ms, or a function of the error and of how many tries have failed (1, 2, ...) that gives ms or, as
 * rxjs's `RetryConfig`, something whose first value starts the next try. If that ends without a value, no further try is made.
 */
export type RetryDelay = number | ((error: unknown, attempt: number) => number | ObservableInput<unknown>)

const FIRST_WAIT = 250
const LONGEST_WAIT = 30_000
/** A longer timer fires at once, says the platform. */
const LONGEST_TIMER = 2 ** 31 - 1

/** 250 ms, doubled each time, at most 30 s; up to half of it is taken off at random, so that many do not try at the same moment. */
export function backoff(attempt: number): number {
  const full = Math.min(FIRST_WAIT * 2 ** (attempt - 1), LONGEST_WAIT)
  return full * (1 - Math.random() / 2)
}

/** Emits once, after `ms`; Infinity: never. */
export const after = (ms: number, scheduler: SchedulerLike): Observable<unknown> =>
  ms === Number.POSITIVE_INFINITY ? NEVER : timer(Math.min(ms, LONGEST_TIMER), scheduler)

/** Emits once when it is time for the next try, never within `subscribe`; errors with `error` if there is to be none. */
export function retryTime(delay: RetryDelay, error: unknown, attempt: number, scheduler: SchedulerLike): Observable<unknown> {
  const wait = typeof delay === 'function' ? delay(error, attempt) : delay
  if (typeof wait !== 'number') {
    const none = (): unknown => error
    return from(wait).pipe(take(1), throwIfEmpty(none), subscribeOn(asapScheduler))
  }
  if (!(wait >= 0)) throw new ConfigError(`the delay after try ${attempt} is ${wait}, expected milliseconds: a number of at least 0`)
  return after(wait, scheduler)
}
