import type { Clock } from '../clock.ts'
import { settled } from '../transports/memory/turn.ts'

interface Timer {
  readonly at: number
  readonly fn: () => void
}

/** Time that moves when a test says so, and not otherwise. */
export class VirtualClock implements Clock {
  /** What the wall clock says at tick 0. */
  #start: number
  #elapsed = 0
  /** By time, and in the order in which they were set. */
  readonly #timers: Timer[] = []

  /** @param start what `now()` says at first, ms since 1970; default 2023-11-14T22:13:20Z */
  constructor(start = 1_700_000_000_000) {
    this.#start = start
  }

  now(): number {
    return this.#start + this.#elapsed
  }

  /** ms since the clock was made. */
  tick(): number {
    return this.#elapsed
  }

  after(ms: number, fn: () => void): () => void {
    if (ms === Number.POSITIVE_INFINITY) return () => {}
    const timer = { at: this.#elapsed + Math.max(ms, 0), fn }
    this.#timers.splice(this.#timers.findLastIndex(({ at }) => at <= timer.at) + 1, 0, timer)
    return () => {
      const index = this.#timers.indexOf(timer)
      if (index >= 0) this.#timers.splice(index, 1)
    }
  }

  /**
   * Moves time by `ms` and runs what is due on the way, in order. After each timer promises, and what a MemoryTransport has on its way, go
   * on until nothing moves; so a timer that is set by the work of another one is met too. With 0 it only lets things settle.
   */
  async advance(ms: number): Promise<void> {
    const end = this.#elapsed + ms
    await settled()
    for (let timer = this.#timers[0]; timer && timer.at <= end; timer = this.#timers[0]) {
      this.#timers.shift()
      this.#elapsed = Math.max(this.#elapsed, timer.at)
      timer.fn()
      await settled()
    }
    this.#elapsed = Math.max(this.#elapsed, end)
  }

  /** Sets the wall clock by `ms`, forwards or backwards, as a time server does: `now()` jumps; `tick()` and the timers do not. */
  jump(ms: number): void {
    this.#start += ms
  }

  /** `ms` pass in which nothing runs, as on a machine that sleeps, or behind a busy event loop. What came due runs afterwards, late. */
  async block(ms: number): Promise<void> {
    this.#elapsed += ms
    await this.advance(0)
  }

  /** Timers that are set. */
  get pending(): number {
    return this.#timers.length
  }
}
