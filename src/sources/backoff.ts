import type { Clock } from '../clock.ts'

const FIRST = 50
/** An outage that lasts this long is not over in a moment: ask less often. */
const LONG_OUTAGE = 10 * 60_000
const CAP = 2_000
const LONG_CAP = 30_000

/** Delays between tries, for ever: full jitter, doubling to 2 s in the first ten minutes, to 30 s after them. */
export class Backoff {
  attempt = 0
  readonly #clock: Clock
  #since: number | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** ms to wait before the next try. */
  next(): number {
    const now = this.#clock.tick()
    this.#since ??= now
    this.attempt++
    const cap = now - this.#since < LONG_OUTAGE ? CAP : LONG_CAP
    return Math.random() * Math.min(cap, FIRST * 2 ** Math.min(this.attempt, 10))
  }

  /** It works again. */
  reset(): void {
    this.attempt = 0
    this.#since = undefined
  }
}
