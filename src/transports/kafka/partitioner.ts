import { crc32 } from 'node:zlib'

/** The partition of a key, as librdkafka's `consistent` partitioner (not Java's, which is kafkajs's too): the records of a key share one. */
export const partitionOfKey = (key: Uint8Array, partitions: number): number => crc32(key) % partitions

/** Where records without a key go: all to one partition while a batch of it gathers, then to another, so that batches are full. */
export class StickyPartition {
  #current: number | undefined
  #last: number | undefined
  readonly #random: () => number

  constructor(random: () => number = Math.random) {
    this.#random = random
  }

  /** The current one; if there is none, any of `candidates()`, which are asked for then only. */
  choose(candidates: () => readonly number[]): number {
    this.#current ??= this.#anyOf(candidates())
    return this.#current
  }

  /** That partition's batch is made, or it is in trouble: the next record goes elsewhere. */
  leave(partition: number): void {
    if (partition !== this.#current) return
    this.#last = partition
    this.#current = undefined
  }

  #anyOf(candidates: readonly number[]): number {
    const others = candidates.length > 1 ? candidates.filter(candidate => candidate !== this.#last) : candidates
    return others[Math.floor(this.#random() * others.length)]!
  }
}
