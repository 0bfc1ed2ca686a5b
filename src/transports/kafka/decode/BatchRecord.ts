import type { RawRecord, RecordHeader } from '../../../record.ts'
import { Cursor } from './Cursor.ts'

/** What outlives its batch is copied if it is smaller than this part of what it would keep alive. */
const SMALL = 1 / 4

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })

/** A record as offsets into its batch; nothing is read or copied before it is asked for. */
export class BatchRecord implements RawRecord {
  readonly offset: number
  readonly timestamp: number
  #bytes: Uint8Array
  #keyAt: number
  readonly #keyLength: number
  #valueAt: number
  readonly #valueLength: number
  #headersAt: number
  #end: number

  /** Lengths are -1 for null. The headers end where the record does. */
  constructor(
    bytes: Uint8Array,
    offset: number,
    timestamp: number,
    keyAt: number,
    keyLength: number,
    valueAt: number,
    valueLength: number,
    headersAt: number,
    end: number,
  ) {
    this.offset = offset
    this.timestamp = timestamp
    this.#bytes = bytes
    this.#keyAt = keyAt
    this.#keyLength = keyLength
    this.#valueAt = valueAt
    this.#valueLength = valueLength
    this.#headersAt = headersAt
    this.#end = end
  }

  get size(): number {
    return Math.max(this.#keyLength, 0) + Math.max(this.#valueLength, 0) + this.#end - this.#headersAt
  }

  get key(): Uint8Array | null {
    return this.#keyLength < 0 ? null : this.#view(this.#keyAt, this.#keyLength)
  }

  get value(): Uint8Array | null {
    return this.#valueLength < 0 ? null : this.#view(this.#valueAt, this.#valueLength)
  }

  get headers(): readonly RecordHeader[] {
    const list: RecordHeader[] = []
    for (const header = new HeaderCursor(this.#bytes, this.#headersAt, this.#end); header.next(); ) {
      const value = header.valueLength < 0 ? null : this.#view(header.valueAt, header.valueLength)
      list.push({ name: nameAt(this.#bytes, header.nameAt, header.nameLength), value })
    }
    return list
  }

  hasHeader(name: Uint8Array): boolean {
    const bytes = this.#bytes
    for (const header = new HeaderCursor(bytes, this.#headersAt, this.#end); header.next(); ) {
      if (header.nameLength === name.length && isAt(bytes, header.nameAt, name)) return true
    }
    return false
  }

  detach(): void {
    const from = this.#keyAt
    const length = this.#end - from
    if (length >= this.#bytes.buffer.byteLength * SMALL) return
    this.#bytes = this.#bytes.slice(from, this.#end)
    this.#keyAt = 0
    this.#valueAt -= from
    this.#headersAt -= from
    this.#end = length
  }

  #view(at: number, length: number): Uint8Array {
    return this.#bytes.subarray(at, at + length)
  }
}

/** Names are short and nearly always ASCII: letter by letter is three times as fast as a TextDecoder. */
function nameAt(bytes: Uint8Array, at: number, length: number): string {
  let name = ''
  for (let i = at; i < at + length; i++) {
    if (bytes[i]! > 127) return utf8.decode(bytes.subarray(at, at + length))
    name += String.fromCharCode(bytes[i]!)
  }
  return name
}

function isAt(bytes: Uint8Array, at: number, wanted: Uint8Array): boolean {
  for (let i = 0; i < wanted.length; i++) if (bytes[at + i] !== wanted[i]) return false
  return true
}

/** The headers of a record, one after the other; ends early where a damaged one would lead out of the record. */
class HeaderCursor extends Cursor {
  nameAt = 0
  nameLength = 0
  valueAt = 0
  valueLength = 0
  readonly #end: number
  #left: number

  constructor(bytes: Uint8Array, at: number, end: number) {
    super(bytes, at)
    this.#end = end
    this.#left = this.varint()
  }

  next(): boolean {
    if (this.#left-- <= 0) return false
    this.nameLength = this.varint()
    this.nameAt = this.at
    if (this.nameLength < 0 || this.nameAt + this.nameLength >= this.#end) return false
    this.at += this.nameLength
    this.valueLength = this.varint()
    this.valueAt = this.at
    if (this.valueLength > 0) this.at += this.valueLength
    return this.at <= this.#end
  }
}
