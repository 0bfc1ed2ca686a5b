import { MemoryRecord, type NewRecord } from './MemoryRecord.ts'

export interface FetchLimits {
  readonly records: number
  readonly bytes: number
  /** A larger record is as unreadable as a damaged one. */
  readonly batchBytes: number
}

export type Fetched =
  /** `next` moves on also over offsets without a record. */
  | { readonly records: readonly MemoryRecord[]; readonly bytes: number; readonly next: number }
  /** The log does not hold that offset: it is before its start, or beyond its end. */
  | 'out of range'
  /** What stands at that offset cannot be read. */
  | { readonly after: number; readonly why: string }

interface Damage {
  readonly from: number
  readonly to: number
}

/** One partition: records by offset, with holes as compaction and control records leave them. */
export class MemoryPartition {
  #start = 0
  #end = 0
  readonly #records: MemoryRecord[] = []
  readonly #damages: Damage[] = []

  /** The first offset that is not deleted. */
  get start(): number {
    return this.#start
  }

  /** The offset that the next record gets. */
  get end(): number {
    return this.#end
  }

  /** The records that are kept, in order. */
  get records(): readonly MemoryRecord[] {
    return this.#records
  }

  /** @internal */
  append(record: NewRecord, now: number): number {
    const offset = this.#end++
    this.#records.push(new MemoryRecord(offset, record, now))
    return offset
  }

  /** @internal */
  skip(count: number): void {
    this.#end += count
  }

  /** @internal */
  truncate(before: number): void {
    this.#start = Math.min(Math.max(before, this.#start), this.#end)
    this.#records.splice(0, this.#indexOf(this.#start))
  }

  /** @internal */
  damage(offset: number, count: number): void {
    this.#damages.push({ from: offset, to: offset + count })
  }

  /** The offset of the first record at or after `time`; none: the end. @internal */
  offsetAt(time: number): number {
    return this.#records.find(({ timestamp }) => timestamp >= time)?.offset ?? this.#end
  }

  /** From `offset` on, at least one record if there is one, up to what cannot be read. @internal */
  fetch(offset: number, limits: FetchLimits): Fetched {
    if (offset < this.#start || offset > this.#end) return 'out of range'
    const damage = this.#damages.find(({ from, to }) => from <= offset && offset < to)
    if (damage) return { after: damage.to, why: 'its record batch is damaged' }
    const limit = this.#damages.reduce((lowest, { from }) => (from > offset ? Math.min(lowest, from) : lowest), this.#end)
    const first = this.#indexOf(offset)
    let bytes = 0
    let index = first
    for (; index < this.#records.length && index - first < limits.records; index++) {
      const record = this.#records[index]!
      if (record.offset >= limit || (index > first && bytes + record.size > limits.bytes)) break
      if (record.size > limits.batchBytes) {
        if (index > first) break
        return { after: record.offset + 1, why: `its record batch has ${record.size} bytes, more than ${limits.batchBytes}` }
      }
      bytes += record.size
    }
    const following = this.#records[index]?.offset ?? limit
    const next = following >= limit ? limit : this.#records[index - 1]!.offset + 1
    return { records: this.#records.slice(first, index), bytes, next }
  }

  /** The place of the first record at or beyond an offset. */
  #indexOf(offset: number): number {
    let low = 0
    let high = this.#records.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#records[middle]!.offset < offset) low = middle + 1
      else high = middle
    }
    return low
  }
}
