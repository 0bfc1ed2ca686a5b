import { BATCH_HEADER, RECORD_OVERHEAD } from '../encode.ts'
import type { Pending } from './Pending.ts'

const MOST_RECORDS = 10_000

/** The records that wait for one partition, in order, and how many of them go together. */
export class LaneQueue {
  #waiting: Pending[] = []
  #maxBytes: number
  #maxRecords = MOST_RECORDS

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  add(pending: Pending): void {
    this.#waiting.push(pending)
  }

  putBack(records: readonly Pending[]): void {
    if (records.length > 0) this.#waiting = records.concat(this.#waiting)
  }

  /** The next batch: as many as fit, of one compression; a record that is too large for a batch is one. Those that have settled are dropped. */
  take(): Pending[] {
    const records: Pending[] = []
    let bytes = BATCH_HEADER
    let taken = 0
    for (const pending of this.#waiting) {
      if (!pending.settled) {
        bytes += pending.size + RECORD_OVERHEAD
        const fits = bytes <= this.#maxBytes && records.length < this.#maxRecords
        if (records.length > 0 && !(fits && compressionOf(pending) === compressionOf(records[0]!))) break
        records.push(pending)
      }
      taken++
    }
    this.#waiting.splice(0, taken)
    return records
  }

  /** That many bytes were too many, which goes for all batches to come. */
  tooLarge(records: readonly Pending[]): void {
    const bytes = records.reduce((sum, { size }) => sum + size + RECORD_OVERHEAD, BATCH_HEADER)
    this.#maxBytes = Math.ceil(bytes / 2)
  }

  /** One of these is wrong: fewer are taken, until `sifted()`. */
  sift(records: readonly Pending[]): void {
    this.#maxRecords = Math.ceil(records.length / 2)
  }

  sifted(): void {
    this.#maxRecords = MOST_RECORDS
  }
}

const compressionOf = ({ record }: Pending): string => record.compression ?? 'none'
