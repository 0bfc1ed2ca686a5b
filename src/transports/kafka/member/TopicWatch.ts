import { pause, systemClock } from '../../../clock.ts'
import type { Links } from '../links.ts'
import { isUncountable } from './countPartitions.ts'

/** While a topic is not counted it is looked for so soon, ms; doubling. */
const SOON = 1_000

/** Counts the partitions of a group's topics again and again. Whoever shares them out has the group join again when there are others. */
export class TopicWatch {
  readonly #links: Links
  readonly #topics: readonly string[]
  readonly #changed: () => void
  readonly #signal: AbortSignal
  /** As they were shared out; of a topic that was unknown then there is none. */
  #counts: ReadonlyMap<string, number> | undefined
  /** Some topic may be countable in a moment. */
  #isOpen: boolean

  /** @param counts undefined: those of the first look */
  constructor(
    links: Links,
    topics: readonly string[],
    counts: ReadonlyMap<string, number> | undefined,
    changed: () => void,
    signal: AbortSignal,
  ) {
    this.#links = links
    this.#topics = topics
    this.#counts = counts
    this.#changed = changed
    this.#signal = signal
    this.#isOpen = topics.some(topic => !counts?.has(topic))
  }

  /** @param interval ms between two looks while nothing is missing */
  async run(interval: number): Promise<void> {
    if (!this.#counts) await this.look()
    for (let soon = SOON; ; soon *= 2) {
      await pause(systemClock, this.#isOpen ? Math.min(soon, interval) : interval, this.#signal)
      if (this.#signal.aborted) return
      await this.look()
    }
  }

  /** Looks now. */
  async look(): Promise<void> {
    const known = await this.#links.metadata(this.#topics).catch(() => undefined) // whoever needs an answer says what is wrong
    if (!known || this.#signal.aborted) return
    const counts = new Map([...known].filter(([, { error }]) => !error).map(([topic, { leaders }]) => [topic, leaders.length]))
    const before = this.#counts
    this.#counts ??= counts
    this.#isOpen = [...known].some(([topic, metadata]) => !this.#counts?.has(topic) && !isUncountable(metadata))
    if (before && [...counts].some(([topic, count]) => count !== before.get(topic))) this.#changed()
  }
}
