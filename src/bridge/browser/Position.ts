import type { Gap, WireRecord } from '../protocol/events.ts'

/** Where a client stands: the last cursor, and by topic id and partition the next offset that is not known. */
export class Position {
  cursor: string | undefined
  readonly #next = new Map<string, number>()

  get offsets(): readonly (readonly [place: string, offset: number])[] {
    return [...this.#next]
  }

  /** Whether a record is not known yet; from now on it is. */
  take({ topicId, partition, offset }: WireRecord): boolean {
    const place = placeOf(topicId, partition)
    if (offset < (this.#next.get(place) ?? 0)) return false
    this.#next.set(place, offset + 1)
    return true
  }

  /**
   * What a gap is to this client; undefined: nothing, it has all of that. A topic that was made anew begins anew: what is known are offsets of the
   * one that was.
   */
  miss(gap: Gap): Gap | undefined {
    const place = placeOf(gap.topic, gap.partition)
    if (gap.reason === 'recreated') {
      this.#next.delete(place)
      return gap
    }
    const known = this.#next.get(place) ?? 0
    if (known <= gap.from) return gap
    return known < gap.to ? { ...gap, from: known } : undefined
  }

  /** Stands where another tab does. */
  takeOver(cursor: string | undefined, offsets: Position['offsets']): void {
    this.cursor = cursor
    for (const [place, offset] of offsets) this.#next.set(place, offset)
  }
}

const placeOf = (topicId: string, partition: number): string => `${topicId}[${partition}]`
