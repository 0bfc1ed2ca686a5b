/** A binary heap: whatever order things come in, the first of them is at hand. */
export class Heap<T> {
  readonly #items: T[] = []
  readonly #before: (a: T, b: T) => boolean

  /** @param before whether `a` comes out earlier than `b`: a strict order, which decides what comes out of equals */
  constructor(before: (a: T, b: T) => boolean) {
    this.#before = before
  }

  get first(): T | undefined {
    return this.#items[0]
  }

  push(item: T): void {
    const items = this.#items
    let at = items.length
    for (let parent = (at - 1) >> 1; at > 0 && this.#before(item, items[parent]!); parent = (at - 1) >> 1) {
      items[at] = items[parent]!
      at = parent
    }
    items[at] = item
  }

  shift(): T | undefined {
    const items = this.#items
    const first = items[0]
    const last = items.pop()
    if (last === undefined || items.length === 0) return first
    let at = 0
    for (let child = this.#earlierChild(0); child < items.length && this.#before(items[child]!, last); child = this.#earlierChild(at)) {
      items[at] = items[child]!
      at = child
    }
    items[at] = last
    return first
  }

  #earlierChild(at: number): number {
    const [left, right] = [2 * at + 1, 2 * at + 2]
    return right < this.#items.length && this.#before(this.#items[right]!, this.#items[left]!) ? right : left
  }
}
