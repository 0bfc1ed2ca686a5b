import type { Clock } from '../clock.ts'

/** Ends what is under way when its time is up, or when an outer signal ends it. */
export class Deadline {
  readonly #abort = new AbortController()
  readonly #outer: AbortSignal | undefined
  readonly #cancel: () => void
  readonly #stop = (): void => this.#abort.abort(this.#outer?.reason)
  #expired = false

  /** @param ms Infinity: only the outer signal ends it */
  constructor(clock: Clock, ms: number, outer?: AbortSignal) {
    this.#outer = outer
    this.#cancel = clock.after(ms, () => {
      this.#expired = !this.signal.aborted
      this.#abort.abort()
    })
    outer?.addEventListener('abort', this.#stop, { once: true })
    if (outer?.aborted) this.#stop()
  }

  get signal(): AbortSignal {
    return this.#abort.signal
  }

  /** Its time was up before anything else ended it. */
  get expired(): boolean {
    return this.#expired
  }

  /** What it was for is done. */
  clear(): void {
    this.#cancel()
    this.#outer?.removeEventListener('abort', this.#stop)
  }
}
