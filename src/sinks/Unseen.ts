import type { PublishError } from '../errors.ts'

/** A front that nobody flushes keeps no more errors than this; all are counted. */
const KEPT = 1000

/** The failures of a front that nobody has been told of. */
export class Unseen {
  #errors: PublishError[] = []
  #count = 0

  add(error: PublishError): void {
    this.#count++
    if (this.#errors.length < KEPT) this.#errors.push(error)
  }

  /** All of them as one error, undefined if there is none. */
  peek(): AggregateError | undefined {
    const [first] = this.#errors
    if (first === undefined) return undefined
    const others = this.#count > 1 ? ` (and ${this.#count - 1} more)` : ''
    return new AggregateError(
      this.#errors,
      `${this.#count} ${this.#count > 1 ? 'messages' : 'message'} not published: ${first.message}${others}`,
    )
  }

  /** As `peek`, and forgets them. */
  take(): AggregateError | undefined {
    const all = this.peek()
    this.#errors = []
    this.#count = 0
    return all
  }
}
