import { Unreadable } from '../decode/Unreadable.ts'
import { TooLarge } from './limit.ts'

const FIRST = 64 * 1024

/** The output of a decoder that does not know its size beforehand: it grows by doubling, up to a limit. */
export class GrowingBytes {
  readonly #limit: number
  #bytes: Uint8Array = new Uint8Array(0)
  #length = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  get length(): number {
    return this.#length
  }

  /** Room for up to `count` more bytes, as far as the limit goes: write behind `length` and before `end`, then call `fillTo`. */
  reserve(count: number): { readonly bytes: Uint8Array; readonly end: number } {
    const end = Math.min(this.#length + count, this.#limit)
    if (end > this.#bytes.length) {
      const grown = new Uint8Array(Math.min(Math.max(end, this.#bytes.length * 2, FIRST), this.#limit))
      grown.set(this.#bytes.subarray(0, this.#length))
      this.#bytes = grown
    }
    return { bytes: this.#bytes, end }
  }

  fillTo(length: number): void {
    this.#length = length
  }

  /** What is wrong when a decoder would write up to `end`, which is not reserved. */
  overrun(end: number): Error {
    return end > this.#limit ? new TooLarge() : new Unreadable('a block is larger than announced')
  }

  append(more: Uint8Array): void {
    const end = this.#length + more.length
    if (end > this.#limit) throw new TooLarge()
    this.reserve(more.length).bytes.set(more, this.#length)
    this.#length = end
  }

  repeat(byte: number, count: number): void {
    const end = this.#length + count
    if (end > this.#limit) throw new TooLarge()
    this.reserve(count).bytes.fill(byte, this.#length, end)
    this.#length = end
  }

  /** What was written, without a copy. */
  taken(): Uint8Array {
    return this.#bytes.subarray(0, this.#length)
  }
}
