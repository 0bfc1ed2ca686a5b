import type { BatchHeader } from './batch.ts'
import { Cursor, int16At } from './Cursor.ts'

/** A transaction that was given up, as the broker lists them beside the records. */
export interface AbortedTransaction {
  readonly producerId: bigint
  readonly firstOffset: number
}

const ABORT = 0

/** Which producers' records are part of an aborted transaction, batch by batch. */
export class Transactions {
  readonly #aborted: readonly AbortedTransaction[]
  readonly #giving = new Set<bigint>()
  #seen = 0

  constructor(aborted: readonly AbortedTransaction[]) {
    this.#aborted = aborted.toSorted((a, b) => a.firstOffset - b.firstOffset)
  }

  /** Whether the records of that batch are to be delivered. Has to be asked of every batch, in their order. */
  admits(header: BatchHeader, bytes: Uint8Array, records: number): boolean {
    for (let next = this.#aborted[this.#seen]; next && next.firstOffset <= header.last; next = this.#aborted[++this.#seen]) {
      this.#giving.add(next.producerId)
    }
    if (header.control) {
      if (markerOf(bytes, records) === ABORT) this.#giving.delete(header.producerId)
      return false
    }
    return !header.transactional || !this.#giving.has(header.producerId)
  }
}

/** The type in the key of a control record: version and type, 16 bits each. */
function markerOf(bytes: Uint8Array, at: number): number {
  const cursor = new Cursor(bytes, at)
  cursor.varint() // length
  cursor.at++ // attributes
  cursor.varlong() // timestamp
  cursor.varint() // offset
  cursor.varint() // length of the key
  return int16At(bytes, cursor.at + 2)
}
