/** Messages that were given in between two calls of `settled()`. */
export interface Group {
  pending: number
  readonly waiting: (() => void)[]
}

/** Counts what is under way, and waits for what is under way now, whatever comes later and in whatever order it settles. */
export class Underway {
  readonly #groups: Group[] = []
  #last: Group = this.#open()

  enter(): Group {
    this.#last.pending++
    return this.#last
  }

  leave(group: Group): void {
    if (--group.pending === 0) this.#tell()
  }

  /** Resolves once all that has entered so far has left. */
  settled(): Promise<void> {
    return new Promise(resolve => {
      this.#last.waiting.push(resolve)
      this.#last = this.#open()
      this.#tell()
    })
  }

  #open(): Group {
    const group: Group = { pending: 0, waiting: [] }
    this.#groups.push(group)
    return group
  }

  #tell(): void {
    while (this.#groups[0]?.pending === 0 && this.#groups[0] !== this.#last) {
      for (const resolve of this.#groups.shift()!.waiting) resolve()
    }
  }
}
