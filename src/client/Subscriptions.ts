import { Subject } from 'rxjs'

/** The client's live set of topics, as the seed's `subscribe` and `unsubscribe` keep it. */
export class Subscriptions {
  readonly #topics = new Set<string>()
  readonly changed$: Subject<void> = new Subject<void>()

  get topics(): string[] {
    return [...this.#topics].sort()
  }

  add(topics: readonly string[]): void {
    const before = this.#topics.size
    for (const topic of topics) this.#topics.add(topic)
    if (this.#topics.size !== before) this.changed$.next()
  }

  remove(topics: readonly string[]): void {
    const removed = topics.filter(topic => this.#topics.delete(topic))
    if (removed.length > 0) this.changed$.next()
  }
}
