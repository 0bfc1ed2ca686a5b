import type { ProduceAnswer } from '../../../../src/transports/kafka/produce.ts'
import type { ReadBatch } from './batchReader.ts'

interface Appended {
  readonly sequence: number
  readonly count: number
  readonly offset: number
}

/** Of how many of a producer's batches a broker remembers the numbers. */
const REMEMBERED = 5

/** One partition, which takes each batch of an idempotent producer once, as Kafka 4.1 does. */
export class FakeLog {
  /** The records' values. */
  readonly values: string[] = []
  readonly #producers = new Map<bigint, { readonly epoch: number; readonly batches: Appended[] }>()

  append({ producerId, epoch, sequence, count, records }: ReadBatch): ProduceAnswer {
    if (producerId >= 0n) {
      const known = this.#producers.get(producerId)
      if (known && epoch < known.epoch) return { error: 47, offset: -1 }
      const batches = known?.epoch === epoch ? known.batches : []
      const repeated = batches.find(batch => batch.sequence === sequence && batch.count === count)
      if (repeated) return { error: 0, offset: repeated.offset }
      const last = batches.at(-1)
      if (last && sequence !== (last.sequence + last.count) % 2 ** 31) return { error: 45, offset: -1 }
      batches.push({ sequence, count, offset: this.values.length })
      this.#producers.set(producerId, { epoch, batches: batches.slice(-REMEMBERED) })
    }
    const offset = this.values.length
    this.values.push(...records.map(record => String(record.value)))
    return { error: 0, offset }
  }

  /** Forgets the producers, as after their expiry. */
  forget(): void {
    this.#producers.clear()
  }
}
