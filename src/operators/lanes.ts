export interface Laned {
  /** Those with the same one run one after the other; undefined: with any. */
  readonly key: string | undefined
}

/** Who may start: at most `concurrency` at once, of one key the one that came first. */
export class Lanes<T extends Laned> {
  readonly #concurrency: number
  /** May start as soon as there is room. */
  readonly #ready = new Line<T>()
  /** By key, while one of the key is ready or runs: those behind it. */
  readonly #behind = new Map<string, Line<T>>()
  #running = 0

  constructor(concurrency: number) {
    this.#concurrency = concurrency
  }

  add(item: T): void {
    const behind = item.key === undefined ? undefined : this.#behind.get(item.key)
    if (behind) behind.push(item)
    else {
      if (item.key !== undefined) this.#behind.set(item.key, new Line())
      this.#ready.push(item)
    }
  }

  /** Takes one that may start; it runs until `done`. */
  next(): T | undefined {
    if (this.#running >= this.#concurrency) return undefined
    const item = this.#ready.shift()
    if (item) this.#running++
    return item
  }

  done(item: T): void {
    this.#running--
    this.#advance(item.key)
  }

  /** Takes out one that has not started. */
  remove(item: T): void {
    if (this.#ready.remove(item)) this.#advance(item.key)
    else if (item.key !== undefined) this.#behind.get(item.key)?.remove(item)
  }

  #advance(key: string | undefined): void {
    if (key === undefined) return
    const following = this.#behind.get(key)?.shift()
    if (following) this.#ready.push(following)
    else this.#behind.delete(key)
  }
}

/** From here on `Array.shift`, which moves all that follow, costs more than the bookkeeping below. */
const ENOUGH = 64

/** First in, first out, also with many thousands in it. */
class Line<T> {
  readonly #items: T[] = []
  #first = 0

  push(item: T): void {
    this.#items.push(item)
  }

  shift(): T | undefined {
    if (this.#first === 0 && this.#items.length < ENOUGH) return this.#items.shift()
    const item = this.#items[this.#first]
    if (this.#first < this.#items.length) this.#first++
    if (this.#first * 2 >= this.#items.length) {
      this.#items.splice(0, this.#first)
      this.#first = 0
    }
    return item
  }

  remove(item: T): boolean {
    const index = this.#items.indexOf(item, this.#first)
    if (index >= 0) this.#items.splice(index, 1)
    return index >= 0
  }
}
