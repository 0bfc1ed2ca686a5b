import type { Clock } from '../clock.ts'

/** ms between two looks. */
const LOOK = 5_000
/**
 * A live reader is heard sooner, ms: a fetch is answered within `batchTimeout`, or its connection is given up after 10 s more and another
 * one opened. Less than Kafka's usual session (45 s), so that the next reader goes on with the same member of a group.
 */
const SILENCE = 35_000

export interface WatchdogHooks {
  /** An answer is due: something is read that is not paused, faulty or without a leader. */
  isDue(): boolean
  /** For too long nothing was heard; told once. */
  silent(ms: number): void
}

/**
 * Notices a reader that is open and not heard: its connections are dead and nobody told it. Counts looks without a sign of life rather than
 * time: between two of them answers had their turn, also where a look came late, after a sleep or behind a busy event loop.
 */
export class Watchdog {
  readonly #clock: Clock
  readonly #hooks: WatchdogHooks
  /** Silent looks in a row that are too many. */
  readonly #limit: number
  #silentLooks = 0
  #cancel: () => void

  /** @param maxWait the longest wait of one fetch, ms */
  constructor(clock: Clock, maxWait: number, hooks: WatchdogHooks) {
    this.#clock = clock
    this.#hooks = hooks
    this.#limit = Math.ceil((SILENCE + maxWait) / LOOK)
    this.#cancel = this.#lookLater()
  }

  /** A sign of life. */
  heard(): void {
    this.#silentLooks = 0
  }

  stop(): void {
    this.#cancel()
  }

  #lookLater(): () => void {
    return this.#clock.after(LOOK, () => this.#look())
  }

  #look(): void {
    this.#silentLooks = this.#hooks.isDue() ? this.#silentLooks + 1 : 0
    if (this.#silentLooks >= this.#limit) this.#hooks.silent(this.#silentLooks * LOOK)
    else this.#cancel = this.#lookLater()
  }
}
