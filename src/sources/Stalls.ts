import type { Token } from '../claims.ts'
import { sayStalled } from './complaints.ts'
import type { ReadingContext } from './context.ts'
import type { Part } from './Part.ts'

interface Said {
  readonly token: Token
  /** Said again once it is held for so long, ms. */
  readonly again: number
}

/**
 * Says which records are held for longer than `ackTimeout`: of each partition the oldest, which is the one that its position waits for; at
 * once, then each time that it is held twice as long. One timer, and only while something is unhandled.
 */
export class Stalls {
  readonly #context: ReadingContext
  readonly #timeout: number
  readonly #said = new WeakMap<Part, Said>()
  #cancel: (() => void) | undefined

  constructor(context: ReadingContext) {
    this.#context = context
    this.#timeout = context.options.times.ackTimeout
  }

  /** Something is unhandled. Nothing of it can be due before the look that is planned. */
  watch(): void {
    if (this.#cancel === undefined) this.#lookIn(this.#timeout)
  }

  /** The prefix of a partition moved: the one behind a record that was said may be due as well. */
  moved(part: Part): void {
    if (this.#said.delete(part)) this.#lookIn(0)
  }

  stop(): void {
    this.#cancel?.()
  }

  #lookIn(ms: number): void {
    if (this.#context.signal.aborted) return
    this.#cancel?.()
    this.#cancel = this.#context.options.clock.after(ms, () => this.#look())
  }

  #look(): void {
    this.#cancel = undefined
    const now = Math.floor(this.#context.options.clock.tick())
    const dues = [...this.#context.parts.values()].map(part => this.#lookAt(part, now)).filter(due => due !== undefined)
    // What is delivered meanwhile is due no earlier than after one more ackTimeout.
    if (dues.length > 0) this.#lookIn(Math.min(this.#timeout, ...dues.map(due => due - now)))
  }

  /** When its oldest record is to be said next; undefined: nothing of it is held. */
  #lookAt(part: Part, now: number): number | undefined {
    const oldest = part.window[0]
    if (!oldest || oldest.settled) return undefined
    const said = this.#said.get(part)
    const again = said?.token === oldest ? said.again : this.#timeout
    if (now < oldest.since + again) return oldest.since + again
    const held = now - oldest.since
    this.#said.set(part, { token: oldest, again: 2 * held })
    sayStalled(this.#context, oldest, held)
    return oldest.since + 2 * held
  }
}
