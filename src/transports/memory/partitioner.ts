import { crc32 } from './crc32.ts'

/** librdkafka's `consistent_random`: by the CRC32 of the key; without one (or with an empty one) a partition that stays for one batch. */
export class Partitioner {
  #batch = 0
  /** By topic: where records without a key go. */
  readonly #sticky = new Map<string, { readonly partition: number; readonly batch: number }>()

  /** Records without a key go elsewhere from now on. */
  nextBatch(): void {
    this.#batch++
  }

  choose(topic: string, key: Uint8Array | null, partitions: number): number {
    if (key?.length) return crc32(key) % partitions
    const last = this.#sticky.get(topic)
    if (last?.batch === this.#batch) return last.partition
    const partition = last ? (last.partition + 1) % partitions : 0
    this.#sticky.set(topic, { partition, batch: this.#batch })
    return partition
  }
}
