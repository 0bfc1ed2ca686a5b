import { Unreadable } from '../../decode/Unreadable.ts'

/** Reads a bit stream of zstd: written forwards, read backwards from the mark, the highest bit set in its last byte. */
export class BackwardBits {
  readonly #bytes: Uint8Array
  readonly #start: number
  /** Bits that are left, from `start` on; negative once more was read than there was. */
  left: number

  constructor(bytes: Uint8Array, start: number, end: number) {
    const mark = end > start ? bytes[end - 1]! : 0
    if (mark === 0) throw new Unreadable('a bit stream has no end mark')
    this.#bytes = bytes
    this.#start = start
    this.left = (end - start) * 8 - 1 - Math.clz32(mark) + 24
  }

  /** Up to 31 bits. Beyond the beginning of the stream there are zeros. */
  read(count: number): number {
    if (count > 24) return this.read(count - 16) * 65_536 + this.read(16)
    this.left -= count
    return this.left >= 0 ? this.#at(this.left) & ((1 << count) - 1) : this.#beyond(count)
  }

  /** The next bits, without taking them; up to 24. */
  peek(count: number): number {
    const bit = this.left - count
    if (bit >= 0) return this.#at(bit) & ((1 << count) - 1)
    this.left = bit
    const bits = this.#beyond(count)
    this.left = bit + count
    return bits
  }

  skip(count: number): void {
    this.left -= count
  }

  /** 25 bits or more, the wanted ones the lowest. */
  #at(bit: number): number {
    const bytes = this.#bytes
    const at = this.#start + (bit >>> 3)
    return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> (bit & 7)
  }

  #beyond(count: number): number {
    const there = count + this.left
    return there <= 0 ? 0 : (this.#at(0) << (count - there)) & ((1 << count) - 1)
  }
}
