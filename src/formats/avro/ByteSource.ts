import { AlertError } from '../../errors.ts'
import type { Place } from './place.ts'

/** Bytes of a number that a double holds exactly whatever they say: seven bits each. */
const SHORT = 7
const BITS = 64n

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Avro's binary encoding, read from the first byte to the last; never beyond, whatever lengths it says. */
export class ByteSource {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #place: Place
  readonly #origin: string
  #at: number

  /**
   * @param place where in the values the reader is, for errors
   * @param start the first byte that is read
   * @param origin what the bytes are, if they are not the payload itself
   */
  constructor(bytes: Uint8Array, place: Place, { start = 0, origin = '' }: { readonly start?: number; readonly origin?: string } = {}) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#place = place
    this.#origin = origin
    this.#at = start
  }

  /** The place of the next byte. */
  get at(): number {
    return this.#at
  }

  get left(): number {
    return this.#bytes.length - this.#at
  }

  boolean(): boolean {
    const byte = this.#byte('a boolean')
    if (byte > 1) throw this.fault(`got the byte ${byte}, expected a boolean, 0 or 1`, this.#at - 1)
    return byte === 1
  }

  /** A number if it is a safe integer, else a bigint. */
  long(): number | bigint {
    let value = 0
    let scale = 1
    for (let length = 0; length < SHORT; length++) {
      const byte = this.#byte('an integer')
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2
      scale *= 0x80
    }
    return this.#longer(BigInt(value))
  }

  float(): number {
    return this.#view.getFloat32(this.#skip(4, 'a float'), true)
  }

  double(): number {
    return this.#view.getFloat64(this.#skip(8, 'a double'), true)
  }

  /** A length, of no more bytes than are left. */
  size(what: string): number {
    const start = this.#at
    const size = Number(this.long())
    if (size < 0) throw this.fault(`got ${size} as the length of ${what}, expected 0 or more`, start)
    if (size > this.left) throw this.fault(`got ${what} of ${size} bytes, expected at most the ${this.left} that are left`, start)
    return size
  }

  /** A view of so many bytes: no copy. */
  view(size: number, what: string): Uint8Array {
    const start = this.#skip(size, what)
    return this.#bytes.subarray(start, start + size)
  }

  /** A length and as many bytes, to be read by themselves. */
  part(what: string): ByteSource {
    const end = this.size(what) + this.#at
    const part = new ByteSource(this.#bytes.subarray(0, end), this.#place, { start: this.#at, origin: this.#origin })
    this.#at = end
    return part
  }

  /** A length and as many bytes; a view, no copy. */
  bytes(what: string): Uint8Array {
    return this.view(this.size(what), what)
  }

  string(what = 'a string'): string {
    const start = this.#at
    const bytes = this.bytes(what)
    try {
      return decoder.decode(bytes)
    } catch {
      throw this.fault(`got ${what} of ${bytes.length} bytes that are not UTF-8`, start)
    }
  }

  /** The error for what stands at a byte; the next one, if none is named. */
  fault(what: string, at: number = this.#at): AlertError {
    return new AlertError('ALERT_DECODE', `${this.#where(at)}: ${what}`)
  }

  /** The error for what passes a bound. */
  excess(what: string, at: number = this.#at): AlertError {
    return new AlertError('ALERT_TOO_LARGE', `${this.#where(at)}: ${what}`)
  }

  #where(at: number): string {
    const path = this.#place.toString()
    return `not Avro: byte ${at}${this.#origin && ` of ${this.#origin}`}${path && `, ${path}`}`
  }

  /** Goes on with an integer of eight to ten bytes. */
  #longer(low: bigint): number | bigint {
    let value = low
    for (let shift = BigInt(SHORT * 7); shift < BITS; shift += 7n) {
      const byte = this.#byte('an integer')
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80 && value >> BITS === 0n) return fitting((value >> 1n) ^ -(value & 1n))
    }
    throw this.fault('got an integer of more than 64 bits')
  }

  #byte(what: string): number {
    return this.#bytes[this.#skip(1, what)]!
  }

  /** Passes so many bytes; returns where they begin. */
  #skip(size: number, what: string): number {
    if (size > this.left) throw this.fault(`got the end of the data after ${this.left} bytes, expected ${size} more: ${what}`)
    const start = this.#at
    this.#at += size
    return start
  }
}

function fitting(value: bigint): number | bigint {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}
