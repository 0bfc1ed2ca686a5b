import type { ReadCounters, ReadCounts } from '../sources/options.ts'
import type { Status } from '../status.ts'

/** What is counted of one topic: whole numbers that only grow. */
export interface TopicCounts extends ReadCounts {
  failed: number
  gaps: number
  missing: number
  stalls: number
  published: number
  publishFailures: number
  fetched: number
  fetchFailures: number
}

const none = (): TopicCounts => ({
  delivered: 0,
  redelivered: 0,
  handled: 0,
  excluded: 0,
  failed: 0,
  gaps: 0,
  missing: 0,
  stalls: 0,
  published: 0,
  publishFailures: 0,
  fetched: 0,
  fetchFailures: 0,
})

/** What a client counts, over all its streams and sinks. Sources and sinks count records; the rest is counted as `status$` says it. */
export class Counters implements ReadCounters {
  commits = 0
  commitFailures = 0
  reconnects = 0
  refusals = 0
  readonly #topics = new Map<string, TopicCounts>()

  of(fullTopic: string): TopicCounts {
    const known = this.#topics.get(fullTopic)
    if (known) return known
    const counts = none()
    this.#topics.set(fullTopic, counts)
    return counts
  }

  get topics(): ReadonlyMap<string, Readonly<TopicCounts>> {
    return this.#topics
  }

  note(status: Status): void {
    switch (status.type) {
      case 'reconnecting':
        this.reconnects++
        return
      case 'refused':
        this.refusals++
        return
      case 'stalled':
        this.of(status.topic).stalls++
        return
      case 'failed':
        // Without a partition it is a message that was not published: those are counted where they settle.
        if (status.partition !== undefined) this.of(status.topic).failed++
        return
      case 'gap': {
        const counts = this.of(status.topic)
        counts.gaps++
        // Backwards where the log ends before the position.
        counts.missing += Math.max(0, status.to - status.from)
        return
      }
      default:
    }
  }
}
