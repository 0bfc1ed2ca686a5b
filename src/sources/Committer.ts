import { type Clock, pause } from '../clock.ts'

/**
 * When the handled prefix is written down, by `write`: acked records as soon as the last write is done, records handled by default every
 * `interval`. One write at a time; a failed one is said by `write` itself and tried again.
 */
export class Committer {
  readonly #clock: Clock
  readonly #interval: number
  readonly #write: () => Promise<boolean>
  #cancel: (() => void) | undefined
  #writing: Promise<void> | undefined
  #acked = false
  #stopped = false

  /** @param write writes all that is new; whether it is written */
  constructor(clock: Clock, interval: number, write: () => Promise<boolean>) {
    this.#clock = clock
    this.#interval = interval
    this.#write = write
  }

  /** A prefix moved. */
  progressed(acked: boolean): void {
    if (acked && !this.#acked) {
      this.#acked = true
      if (!this.#writing && !this.#stopped) queueMicrotask(() => void this.#run())
    }
    if (this.#cancel === undefined && !this.#stopped) this.#cancel = this.#clock.after(this.#interval, () => void this.#run())
  }

  /** Writes what is new now. */
  flush(): Promise<void> {
    return this.#run()
  }

  /** Writes what is new once more, then `last`; waits no longer than `deadline` ms, for what writes may be away. */
  async close(deadline: number, last?: () => Promise<void> | undefined): Promise<void> {
    this.#stopped = true
    this.#cancel?.()
    this.#cancel = undefined
    const written = new AbortController()
    const done = this.flush()
      .then(last)
      .finally(() => written.abort())
    await Promise.race([done, pause(this.#clock, deadline, written.signal)])
  }

  async #run(): Promise<void> {
    while (this.#writing) await this.#writing
    this.#writing = this.#once().finally(() => {
      this.#writing = undefined
    })
    await this.#writing
    if (this.#acked && !this.#stopped && this.#writing === undefined) void this.#run()
  }

  async #once(): Promise<void> {
    this.#acked = false
    this.#cancel?.()
    this.#cancel = undefined
    if (!(await this.#write())) this.progressed(false)
  }
}
