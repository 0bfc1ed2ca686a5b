/** Reads Kafka's binary types from front to back. Throws a RangeError beyond the end; a count is never believed before its items are there. */
export class WireReader {
  readonly #buffer: Buffer
  #at = 0

  constructor(buffer: Buffer) {
    this.#buffer = buffer
  }

  get position(): number {
    return this.#at
  }

  int8(): number {
    return this.#buffer.readInt8(this.#advance(1))
  }

  int16(): number {
    return this.#buffer.readInt16BE(this.#advance(2))
  }

  int32(): number {
    return this.#buffer.readInt32BE(this.#advance(4))
  }

  /** Exact to 2^53. */
  int64(): number {
    return this.int32() * 2 ** 32 + this.#buffer.readUInt32BE(this.#advance(4))
  }

  bigint64(): bigint {
    return this.#buffer.readBigInt64BE(this.#advance(8))
  }

  /** A view. */
  bytes(length: number): Buffer {
    const from = this.#advance(length)
    if (length < 0 || this.#at > this.#buffer.length) throw new RangeError(`${length} bytes at ${from} of ${this.#buffer.length}`)
    return this.#buffer.subarray(from, this.#at)
  }

  string(): string {
    return this.bytes(this.int16()).toString()
  }

  nullableString(): string | null {
    const length = this.int16()
    return length < 0 ? null : this.bytes(length).toString()
  }

  /** Null arrays are empty. */
  array<T>(item: () => T): T[] {
    return this.#items(this.int32(), item)
  }

  uvarint(): number {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#buffer.readUInt8(this.#advance(1))
      value += (byte & 127) * 2 ** shift
      if (byte < 128) return value
    }
    throw new RangeError(`a number of more than 5 bytes at ${this.#at}`)
  }

  compactString(): string | null {
    const length = this.uvarint() - 1
    return length < 0 ? null : this.bytes(length).toString()
  }

  compactArray<T>(item: () => T): T[] {
    return this.#items(this.uvarint() - 1, item)
  }

  /** The tagged fields that end every structure of a flexible version. */
  skipTags(): void {
    for (let count = this.uvarint(); count > 0; count--) {
      this.uvarint()
      this.bytes(this.uvarint())
    }
  }

  #items<T>(count: number, item: () => T): T[] {
    const items: T[] = []
    for (let left = count; left > 0; left--) items.push(item())
    return items
  }

  #advance(length: number): number {
    const from = this.#at
    this.#at += length
    return from
  }
}
