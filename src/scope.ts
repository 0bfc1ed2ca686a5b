/**
 * A resume scope: what `retryOnFatal` opens, so that every source subscribed synchronously below it finds its own position again.
 * A source is known by its stream object and by which subscription of that object it is in one pass: `merge(t, t)` holds two.
 */
export class Scope {
  readonly #kept = new Map<object, unknown[]>()
  readonly #nth = new Map<object, number>()
  readonly #onFresh: () => void

  /** @param onFresh called when a source delivers a record that was never delivered in this scope */
  constructor(onFresh: () => void) {
    this.#onFresh = onFresh
  }

  /** Subscribes anew: the counting of subscriptions begins again. */
  run<T>(subscribe: () => T): T {
    const outer = current
    current = this
    this.#nth.clear()
    try {
      return subscribe()
    } finally {
      current = outer
    }
  }

  /** The place of the next subscription of `owner` in this pass. */
  slot<T>(owner: object): Slot<T> {
    const nth = this.#nth.get(owner) ?? 0
    this.#nth.set(owner, nth + 1)
    const kept = this.#kept.get(owner) ?? []
    this.#kept.set(owner, kept)
    const all = kept as (T | undefined)[]
    return {
      previous: all[nth],
      keep: value => {
        all[nth] = value
      },
      fresh: this.#onFresh,
    }
  }
}

/** Where one subscription leaves itself for the one that resumes it. */
export interface Slot<T> {
  readonly previous: T | undefined
  keep(value: T): void
  /** Tell the scope that a record never delivered before went down. */
  fresh(): void
}

let current: Scope | undefined

/** The scope that is being subscribed in, if any: only during the synchronous subscribe. */
export const currentScope = (): Scope | undefined => current
