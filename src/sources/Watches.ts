import type { ReadingContext } from './context.ts'
import { Lags } from './Lags.ts'
import type { Load, Part } from './Part.ts'
import { Stalls } from './Stalls.ts'

/** What one subscription says of itself while it reads: what is held for too long, and how far it is behind. */
export class Watches {
  readonly #load: Load
  readonly #stalls: Stalls
  readonly #lags: Lags

  constructor(context: ReadingContext, load: Load) {
    this.#load = load
    this.#stalls = new Stalls(context)
    this.#lags = new Lags(context)
  }

  /** Records were handed on, or could not be. */
  turned(): void {
    if (this.#load.records > 0) this.#stalls.watch()
    this.#lags.look()
  }

  /** The prefix of a partition moved. */
  moved(part: Part): void {
    this.#stalls.moved(part)
  }

  stop(): void {
    this.#stalls.stop()
    this.#lags.stop()
  }
}
