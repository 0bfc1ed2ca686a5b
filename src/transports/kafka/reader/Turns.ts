import type { ReadPartition } from './ReadPartition.ts'

/** The event loop gets its turn after so many records. */
const TURN_RECORDS = 500

/** Hands on what is held, partition by partition in turn, never within the call that asks for it: so nothing is delivered before `resume()` returned, and the next fetch is on its way first. */
export class Turns {
  readonly #deliver: (partition: ReadPartition) => number
  readonly #failed: (error: unknown) => void
  readonly #waiting = new Set<ReadPartition>()
  #soon: NodeJS.Immediate | undefined

  /**
   * @param deliver hands on the next records of one partition and gives how many
   * @param failed told of what `deliver` throws: nobody else would catch it
   */
  constructor(deliver: (partition: ReadPartition) => number, failed: (error: unknown) => void) {
    this.#deliver = deliver
    this.#failed = failed
  }

  add(partition: ReadPartition): void {
    this.#waiting.add(partition)
    this.#soon ??= setImmediate(() => this.#turn())
  }

  close(): void {
    clearImmediate(this.#soon)
    this.#waiting.clear()
  }

  #turn(): void {
    this.#soon = undefined
    try {
      this.#handOn()
    } catch (error) {
      this.#failed(error)
    }
    if (this.#waiting.size > 0) this.#soon ??= setImmediate(() => this.#turn())
  }

  #handOn(): void {
    let left = TURN_RECORDS
    for (const partition of this.#waiting) {
      this.#waiting.delete(partition)
      if (!partition.deliverable) continue
      left -= this.#deliver(partition)
      if (partition.deliverable) this.#waiting.add(partition)
      if (left <= 0) break
    }
  }
}
