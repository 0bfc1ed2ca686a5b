import type { Clock } from '../../clock.ts'

/** The timers of one owner: counted, and called off together. */
export class TimerScope implements Clock {
  readonly #clock: Clock
  readonly #cancels = new Set<() => void>()
  readonly #sleepers = new Set<() => void>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  now(): number {
    return this.#clock.now()
  }

  tick(): number {
    return this.#clock.tick()
  }

  after(ms: number, fn: () => void): () => void {
    const stop = this.#clock.after(ms, () => {
      this.#cancels.delete(cancel)
      fn()
    })
    const cancel = (): void => {
      this.#cancels.delete(cancel)
      stop()
    }
    this.#cancels.add(cancel)
    return cancel
  }

  /** Resolves after `ms`, or when the scope is cleared: who slept looks whether there is still something to do. */
  sleep(ms: number): Promise<void> {
    return new Promise(resolve => {
      const wake = (): void => {
        cancel()
        this.#sleepers.delete(wake)
        resolve()
      }
      this.#sleepers.add(wake)
      const cancel = this.after(ms, wake)
    })
  }

  /** As `sleep()`, but no longer than `work` takes. */
  async within(ms: number, work: Promise<unknown>): Promise<void> {
    const sleeping = new TimerScope(this)
    await Promise.race([work.catch(() => {}), sleeping.sleep(ms)])
    sleeping.clear()
  }

  /** Calls off all of them. */
  clear(): void {
    for (const cancel of [...this.#cancels]) cancel()
    for (const wake of [...this.#sleepers]) wake()
  }

  get pending(): number {
    return this.#cancels.size
  }
}
