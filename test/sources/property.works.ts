import { Observable } from 'rxjs'
import type { Clock } from '../../src/clock.ts'

/** Emits once after `ms`. */
export const timerOf = (clock: Clock, ms: number): Observable<0> =>
  new Observable(out =>
    clock.after(ms, () => {
      out.next(0)
      out.complete()
    }),
  )

interface UnderWay<T> {
  readonly on: T
  settle(ok: boolean): void
}

/** Work that ends when the test says so, in any order. */
export class Works<T> {
  readonly #underWay: UnderWay<T>[] = []

  get size(): number {
    return this.#underWay.length
  }

  /** What is worked on. */
  get on(): readonly T[] {
    return this.#underWay.map(({ on }) => on)
  }

  /** @param done called when it ends well, before the promise resolves */
  start(on: T, done: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#underWay.push({
        on,
        settle: ok => {
          if (!ok) return reject(new Error('work failed'))
          done()
          resolve()
        },
      })
    })
  }

  /** One of those under way ends. */
  settle(which: number, ok: boolean): void {
    this.#underWay.splice(which % (this.size || 1), 1)[0]?.settle(ok)
  }

  /** All end well that are under way now. */
  finish(): void {
    for (const { settle } of this.#underWay.splice(0)) settle(true)
  }

  /** They never end. */
  forget(): void {
    this.#underWay.length = 0
  }
}
