import type { Clock } from '../../../../src/clock.ts'

interface Timer {
  readonly at: number
  readonly fn: () => void
}

/** Time that stands still until it is told to go on. */
export class ManualClock implements Clock {
  #time = 0
  #timers: Timer[] = []

  now(): number {
    return 1_700_000_000_000 + Math.floor(this.#time)
  }

  tick(): number {
    return this.#time
  }

  after(ms: number, fn: () => void): () => void {
    const timer = { at: this.#time + ms, fn }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter(other => other !== timer)
    }
  }

  /** Timers that are armed. */
  get armed(): number {
    return this.#timers.length
  }

  /** Lets `ms` pass: each timer fires at its time, with turns of the event loop before and after it. */
  async pass(ms: number): Promise<void> {
    await this.#run(this.#time + ms, () => false)
  }

  /** Lets time pass until `condition` holds. Throws if it does not within `limit` ms. */
  async until(condition: () => boolean, limit = 600_000): Promise<void> {
    await this.#run(this.#time + limit, condition)
    if (!condition()) throw new Error(`not so within ${limit} ms: ${condition}`)
  }

  async #run(end: number, isEnough: () => boolean): Promise<void> {
    for (await turns(); !isEnough(); await turns()) {
      const next = this.#timers.reduce<Timer | undefined>((first, timer) => (first && first.at <= timer.at ? first : timer), undefined)
      if (!next || next.at > end) {
        this.#time = end
        return
      }
      this.#timers = this.#timers.filter(timer => timer !== next)
      this.#time = Math.max(this.#time, next.at)
      next.fn()
    }
  }
}

/** Turns of the event loop: enough for whatever needs no time to come to rest. */
export async function turns(count = 100): Promise<void> {
  for (; count > 0; count--) await new Promise(resolve => setImmediate(resolve))
}
