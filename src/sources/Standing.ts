import { Cursor } from '../cursor.ts'
import { type Position, partitionKey, type TopicPartition } from '../place.ts'
import type { Part, Resumed } from './Part.ts'

/** Where one subscription stands: in its partitions, and in those that it knows of and does not read now. */
export class Standing {
  /** By `partitionKey`. */
  readonly parts: Map<string, Part> = new Map()
  /** What a Checkpoint held: also for topics that are not read now. */
  base: Cursor | undefined
  /** Left by an earlier subscription, or by a topic that was not selected for a while; until it is placed. */
  #left = new Map<string, Resumed>()
  /** Of the same stream: it broke, and this one does not resume it. */
  #broken: Standing | undefined
  /** How far those had come that broke before. */
  #earlier: ReadonlyMap<string, number> = new Map()

  constructor(broken: Standing | undefined) {
    this.#broken = broken
  }

  get isResumed(): boolean {
    return this.#left.size > 0
  }

  /** The handled prefix of every partition; undefined while nothing is known. */
  cursor(server: string, time: number): Cursor | undefined {
    if (this.parts.size === 0 && !this.isResumed) return this.base
    const left = [...this.#left.keys()].map(key => this.resumedAt(fromKey(key))!)
    const read = [...this.parts.values()].map(part => part.atHandled)
    return Cursor.of(server, time, [...(this.base?.positions ?? []), ...left, ...read])
  }

  inherit(former: ReadonlyMap<string, Resumed>): void {
    this.#left = new Map(former)
  }

  /** It is read no more, but may be again: its place is kept. */
  leave(part: Part): void {
    this.#left.set(partitionKey(part.atHandled), part.resumed)
  }

  resumedAt(at: TopicPartition): Position | undefined {
    const resumed = this.#left.get(partitionKey(at))
    return resumed && { topic: at.topic, partition: at.partition, offset: resumed.offset, topicId: resumed.topicId }
  }

  /** Whether it was there: another part may have taken its place. */
  remove(part: Part): boolean {
    const key = partitionKey(part.atHandled)
    return this.parts.get(key) === part && this.parts.delete(key)
  }

  /** What was left of a partition that is placed now. */
  take(key: string): Resumed | undefined {
    const resumed = this.#left.get(key)
    this.#left.delete(key)
    return resumed
  }

  /** For the subscription that takes over. Acks of this one no longer count. */
  handOver(): Map<string, Resumed> {
    const at = new Map(this.#left)
    for (const [key, part] of this.parts) {
      at.set(key, part.resumed)
      part.fence()
    }
    return at
  }

  /** One beyond what those before it had handled that it does not resume. */
  prefixBefore(key: string): number | undefined {
    return this.#broken?.prefixes.get(key) ?? this.#earlier.get(key)
  }

  /** It has ended: those before it are let go, else each would keep all before it. */
  end(): void {
    this.#earlier = this.#broken?.prefixes ?? this.#earlier
    this.#broken = undefined
  }

  get prefixes(): ReadonlyMap<string, number> {
    return new Map([...this.#earlier, ...[...this.parts].map(([key, part]) => [key, part.prefix] as const)])
  }
}

const fromKey = (key: string): TopicPartition => {
  const at = key.lastIndexOf('[')
  return { topic: key.slice(0, at), partition: Number(key.slice(at + 1, -1)) }
}
