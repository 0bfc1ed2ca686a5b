/** Kafka's request keys that the bed speaks of. */
export const ApiKey = {
  Produce: 0,
  Fetch: 1,
  ListOffsets: 2,
  Metadata: 3,
  OffsetCommit: 8,
  OffsetFetch: 9,
  FindCoordinator: 10,
  JoinGroup: 11,
  Heartbeat: 12,
  LeaveGroup: 13,
  SyncGroup: 14,
  SaslHandshake: 17,
  ApiVersions: 18,
  InitProducerId: 22,
  DescribeAcls: 29,
  SaslAuthenticate: 36,
  AlterUserScramCredentials: 51,
} as const

/** Reads Kafka's binary types from a buffer, front to back. Throws a RangeError past its end. */
export class WireReader {
  readonly buffer: Buffer
  position: number

  constructor(buffer: Buffer, position = 0) {
    this.buffer = buffer
    this.position = position
  }

  int8(): number {
    return this.buffer.readInt8(this.#advance(1))
  }

  int16(): number {
    return this.buffer.readInt16BE(this.#advance(2))
  }

  int32(): number {
    return this.buffer.readInt32BE(this.#advance(4))
  }

  int64(): bigint {
    return this.buffer.readBigInt64BE(this.#advance(8))
  }

  /** An unsigned variable-length integer of at most 32 bits. */
  varint(): number {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.buffer.readUInt8(this.#advance(1))
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) return value
    }
    throw new RangeError(`a variable-length integer of more than 5 bytes at ${this.position}`)
  }

  /** A string, compact in flexible versions; null when absent. */
  string(flexible = false): string | null {
    const length = flexible ? this.varint() - 1 : this.int16()
    return length < 0 ? null : this.bytes(length).toString('utf8')
  }

  /** The length of an array, compact in flexible versions; -1 when absent. */
  arrayLength(flexible = false): number {
    return flexible ? this.varint() - 1 : this.int32()
  }

  array<T>(item: () => T, flexible = false): T[] {
    return Array.from({ length: Math.max(0, this.arrayLength(flexible)) }, item)
  }

  bytes(length: number): Buffer {
    const from = this.#advance(length)
    if (this.position > this.buffer.length) throw new RangeError(`${length} bytes at ${from} of ${this.buffer.length}`)
    return this.buffer.subarray(from, this.position)
  }

  /** The tagged fields that end every structure of a flexible version. */
  skipTags(): void {
    for (let count = this.varint(); count > 0; count--) {
      this.varint()
      this.bytes(this.varint())
    }
  }

  rest(): Buffer {
    return this.buffer.subarray(this.position)
  }

  #advance(length: number): number {
    const from = this.position
    this.position += length
    return from
  }
}

/** Writes Kafka's binary types; every method returns the writer. */
export class WireWriter {
  readonly #parts: Buffer[] = []

  int8(value: number): this {
    return this.raw(Buffer.from([value & 0xff]))
  }

  int16(value: number): this {
    const part = Buffer.alloc(2)
    part.writeInt16BE(value)
    return this.raw(part)
  }

  int32(value: number): this {
    const part = Buffer.alloc(4)
    part.writeInt32BE(value)
    return this.raw(part)
  }

  int64(value: number): this {
    const part = Buffer.alloc(8)
    part.writeBigInt64BE(BigInt(value))
    return this.raw(part)
  }

  varint(value: number): this {
    const bytes: number[] = []
    let rest = value
    for (; rest >= 0x80; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80)
    return this.raw(Buffer.from([...bytes, rest]))
  }

  string(value: string | null, flexible = false): this {
    const bytes = value === null ? undefined : Buffer.from(value)
    const length = bytes?.length ?? -1
    if (flexible) this.varint(length + 1)
    else this.int16(length)
    return bytes ? this.raw(bytes) : this
  }

  compactBytes(value: Buffer): this {
    return this.varint(value.length + 1).raw(value)
  }

  noTags(): this {
    return this.varint(0)
  }

  raw(part: Buffer): this {
    this.#parts.push(part)
    return this
  }

  build(): Buffer {
    return Buffer.concat(this.#parts)
  }
}

/** The frame on the wire: the length, then the content. */
export function frameOf(content: Buffer): Buffer {
  return new WireWriter().int32(content.length).raw(content).build()
}

/** Cuts a byte stream into frames (their content, without the length); keeps an unfinished rest. Throws if it is no such stream. */
export class FrameSplitter {
  #parts: Buffer[] = []
  #size = 0
  /** Bytes until the next frame can be known or taken. */
  #need = 4

  push(chunk: Buffer): Buffer[] {
    this.#parts.push(chunk)
    this.#size += chunk.length
    if (this.#size < this.#need) return []
    let rest = this.#parts.length === 1 ? chunk : Buffer.concat(this.#parts)
    const frames: Buffer[] = []
    for (this.#need = frameEnd(rest); rest.length >= this.#need; this.#need = frameEnd(rest)) {
      frames.push(rest.subarray(4, this.#need))
      rest = rest.subarray(this.#need)
    }
    this.#parts = [rest]
    this.#size = rest.length
    return frames
  }
}

function frameEnd(bytes: Buffer): number {
  if (bytes.length < 4) return 4
  const length = bytes.readInt32BE(0)
  if (length < 0) throw new RangeError(`a frame of ${length} bytes: not Kafka's protocol without TLS`)
  return 4 + length
}
