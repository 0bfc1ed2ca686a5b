/** Writes Kafka's binary types; every method returns the body. */
export class Body {
  readonly #parts: Buffer[] = []

  int8(value: number): this {
    return this.#add(1, part => part.writeInt8(value))
  }

  int32(value: number): this {
    return this.#add(4, part => part.writeInt32BE(value))
  }

  int64(value: number): this {
    return this.#add(8, part => part.writeBigInt64BE(BigInt(value)))
  }

  string(value: string): this {
    const text = Buffer.from(value)
    return this.#add(2, part => part.writeInt16BE(text.length)).#push(text)
  }

  array<T>(items: readonly T[], write: (item: T) => void): this {
    this.int32(items.length)
    items.forEach(write)
    return this
  }

  compactString(value: string): this {
    const text = Buffer.from(value)
    return this.#uvarint(text.length + 1).#push(text)
  }

  compactArray<T>(items: readonly T[], write: (item: T) => void): this {
    this.#uvarint(items.length + 1)
    items.forEach(write)
    return this
  }

  /** The tagged fields that end every structure of a flexible version; and those of the request's header, ahead of all. */
  noTags(): this {
    return this.int8(0)
  }

  bytes(): Buffer {
    return Buffer.concat(this.#parts)
  }

  #uvarint(value: number): this {
    const bytes: number[] = []
    let rest = value
    for (; rest > 127; rest >>>= 7) bytes.push((rest & 127) | 128)
    return this.#push(Buffer.from([...bytes, rest]))
  }

  #add(length: number, write: (part: Buffer) => void): this {
    const part = Buffer.alloc(length)
    write(part)
    return this.#push(part)
  }

  #push(part: Buffer): this {
    this.#parts.push(part)
    return this
  }
}
