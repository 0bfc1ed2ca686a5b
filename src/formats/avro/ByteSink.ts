const SLAB = 4096
/** Longer bytes wait as they are and are copied once, at the end. */
const LONGEST_COPIED = 1024
/** Integers below it stay exact when they are doubled. */
const EXACT = 2 ** 51

const encoder = new TextEncoder()

/** Avro's binary encoding, written from the first byte to the last. */
export class ByteSink {
  readonly #chunks: Uint8Array[] = []
  #slab = new Uint8Array(SLAB)
  #used = 0
  #length = 0

  get length(): number {
    return this.#length
  }

  byte(value: number): void {
    const at = this.#take(1)
    this.#slab[at] = value
  }

  long(value: number | bigint): void {
    if (typeof value === 'number' && Math.abs(value) < EXACT) this.#short(value < 0 ? -2 * value - 1 : 2 * value)
    else this.#longer(BigInt(value))
  }

  float(value: number): void {
    const at = this.#take(4)
    this.#view().setFloat32(at, value, true)
  }

  double(value: number): void {
    const at = this.#take(8)
    this.#view().setFloat64(at, value, true)
  }

  /** A length and the bytes, which must not change before `toBytes`. */
  bytes(bytes: Uint8Array): void {
    this.long(bytes.length)
    this.raw(bytes)
  }

  string(text: string): void {
    this.bytes(encoder.encode(text))
  }

  /** The bytes without their length. */
  raw(bytes: Uint8Array): void {
    if (bytes.length <= LONGEST_COPIED) {
      const at = this.#take(bytes.length)
      this.#slab.set(bytes, at)
    } else {
      this.#flush()
      this.#chunks.push(bytes)
      this.#length += bytes.length
    }
  }

  /** All that another has. */
  append(other: ByteSink): void {
    other.#flush()
    for (const chunk of other.#chunks) this.raw(chunk)
  }

  toBytes(): Uint8Array {
    this.#flush()
    const all = new Uint8Array(this.#length)
    let at = 0
    for (const chunk of this.#chunks) {
      all.set(chunk, at)
      at += chunk.length
    }
    return all
  }

  #short(zigzag: number): void {
    let rest = zigzag
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) this.byte((rest % 0x80) + 0x80)
    this.byte(rest)
  }

  #longer(value: bigint): void {
    let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n))
    for (; rest >= 0x80n; rest >>= 7n) this.byte(Number(rest & 0x7fn) + 0x80)
    this.byte(Number(rest))
  }

  /** Room for so many bytes; returns where in the slab, which may be a new one. */
  #take(size: number): number {
    if (this.#used + size > this.#slab.length) {
      this.#flush()
      this.#slab = new Uint8Array(SLAB)
    }
    const at = this.#used
    this.#used += size
    this.#length += size
    return at
  }

  #view(): DataView {
    return new DataView(this.#slab.buffer, this.#slab.byteOffset)
  }

  #flush(): void {
    if (this.#used > 0) this.#chunks.push(this.#slab.subarray(0, this.#used))
    this.#slab = this.#slab.subarray(this.#used)
    this.#used = 0
  }
}
