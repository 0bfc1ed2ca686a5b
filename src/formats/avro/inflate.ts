import { AlertError, type AlertErrorCode } from '../../errors.ts'

export interface InflateOptions {
  /** More bytes than these are not made. */
  readonly most: number
  /** What is inflated, for errors. */
  readonly what: string
}

/** fastavro leaves three bytes of zlib's checksum behind the data. */
const MOST_TRAILING = 4
const LONGEST_CODE = 15
const MOST_LITERALS = 286
const MOST_DISTANCES = 30
const END_OF_BLOCK = 256
/** In which order the lengths of the codes for lengths come. */
const LENGTH_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]
const LENGTH_BASE = [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258]
const LENGTH_EXTRA = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0]
const DISTANCE_BASE = [
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385,
  24577,
]
const DISTANCE_EXTRA = [0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13]

/** A canonical Huffman code: how many codes there are of each length, and their symbols in order. */
interface Code {
  readonly counts: Uint16Array
  readonly symbols: Uint16Array
}

/**
 * Inflates raw deflate data (RFC 1951), at once and within a bound; a stream's own decompression is asynchronous, and knows none.
 *
 * @throws AlertError ALERT_DECODE, ALERT_TOO_LARGE
 */
export function inflateRaw(bytes: Uint8Array, options: InflateOptions): Uint8Array {
  return new Inflater(bytes, options).run()
}

class Inflater {
  readonly #bytes: Uint8Array
  readonly #options: InflateOptions
  #at = 0
  /** Bits that are read and not used yet, the first the lowest. */
  #held = 0
  #heldCount = 0
  #out: Uint8Array
  #length = 0

  constructor(bytes: Uint8Array, options: InflateOptions) {
    this.#bytes = bytes
    this.#options = options
    this.#out = new Uint8Array(Math.min(options.most, bytes.length * 4))
  }

  run(): Uint8Array {
    for (let isLast = false; !isLast; ) {
      isLast = this.#bits(1) === 1
      this.#block(this.#bits(2))
    }
    const trailing = this.#bytes.length - this.#at
    if (trailing > MOST_TRAILING) throw this.#error(`${trailing} bytes follow its end`)
    return this.#out.subarray(0, this.#length)
  }

  #block(kind: number): void {
    if (kind === 0) this.#stored()
    else if (kind === 1) this.#compressed(FIXED_LITERALS, FIXED_DISTANCES)
    else if (kind === 2) this.#dynamic()
    else throw this.#error('a block of a kind that deflate does not know')
  }

  #stored(): void {
    this.#heldCount = 0 // whole bytes from here
    this.#held = 0
    const length = this.#bits(16)
    if (length !== (~this.#bits(16) & 0xffff)) throw this.#error('a stored block whose length does not match its check')
    if (length > this.#bytes.length - this.#at) throw this.#truncated()
    this.#room(length)
    this.#out.set(this.#bytes.subarray(this.#at, this.#at + length), this.#length)
    this.#at += length
    this.#length += length
  }

  #dynamic(): void {
    const literals = this.#bits(5) + 257
    const distances = this.#bits(5) + 1
    const count = this.#bits(4) + 4
    if (literals > MOST_LITERALS || distances > MOST_DISTANCES) throw this.#error('more codes than deflate has')
    const ofLengths = new Uint8Array(LENGTH_ORDER.length)
    for (const symbol of LENGTH_ORDER.slice(0, count)) ofLengths[symbol] = this.#bits(3)
    const lengths = this.#lengths(this.#code(ofLengths, false), literals + distances)
    if (lengths[END_OF_BLOCK] === 0) throw this.#error('a block without a code for its end')
    this.#compressed(this.#code(lengths.subarray(0, literals)), this.#code(lengths.subarray(literals)))
  }

  /** The lengths of the codes, themselves run-length encoded. */
  #lengths(code: Code, count: number): Uint8Array {
    const lengths = new Uint8Array(count)
    for (let index = 0; index < count; ) {
      const symbol = this.#symbol(code)
      if (symbol < 16) lengths[index++] = symbol
      else {
        if (symbol === 16 && index === 0) throw this.#error('the repetition of a length where there is none')
        const length = symbol === 16 ? lengths[index - 1]! : 0
        const times = symbol === 16 ? 3 + this.#bits(2) : symbol === 17 ? 3 + this.#bits(3) : 11 + this.#bits(7)
        if (index + times > count) throw this.#error('more lengths than codes')
        lengths.fill(length, index, index + times)
        index += times
      }
    }
    return lengths
  }

  #compressed(literals: Code, distances: Code): void {
    for (;;) {
      const symbol = this.#symbol(literals)
      if (symbol === END_OF_BLOCK) return
      if (symbol < END_OF_BLOCK) {
        this.#room(1)
        this.#out[this.#length++] = symbol
      } else this.#copy(symbol - END_OF_BLOCK - 1, distances)
    }
  }

  #copy(lengthSymbol: number, distances: Code): void {
    const base = LENGTH_BASE[lengthSymbol]
    if (base === undefined) throw this.#error('a length that deflate does not know')
    const length = base + this.#bits(LENGTH_EXTRA[lengthSymbol]!)
    const symbol = this.#symbol(distances)
    const distanceBase = DISTANCE_BASE[symbol]
    if (distanceBase === undefined) throw this.#error('a distance that deflate does not know')
    const distance = distanceBase + this.#bits(DISTANCE_EXTRA[symbol]!)
    if (distance > this.#length) throw this.#error('a distance that goes back beyond the start')
    this.#room(length)
    const end = this.#length + length
    for (; this.#length < end; this.#length++) this.#out[this.#length] = this.#out[this.#length - distance]! // may overlap
  }

  /** Codes of one length are consecutive numbers, those of the next length go on from there, shifted. */
  #symbol({ counts, symbols }: Code): number {
    let code = 0
    let first = 0
    let index = 0
    for (let length = 1; length <= LONGEST_CODE; length++) {
      code |= this.#bits(1)
      const count = counts[length]!
      if (code - first < count) return symbols[index + code - first]!
      index += count
      first = (first + count) << 1
      code <<= 1
    }
    throw this.#error('a code that stands for nothing')
  }

  /** A set that leaves codes unused is wrong, as zlib has it, but for one without any code and for a single one of one bit, where that may be. */
  #code(lengths: Uint8Array, maybeSingle = true): Code {
    const code = codeOf(lengths)
    const longest = code.counts.findLastIndex(count => count > 0)
    const mayLack = longest < 1 || (longest === 1 && maybeSingle)
    if (code.unused < 0 || (code.unused > 0 && !mayLack)) throw this.#error('codes that are no complete set')
    return code
  }

  #bits(count: number): number {
    while (this.#heldCount < count) {
      const byte = this.#bytes[this.#at++]
      if (byte === undefined) throw this.#truncated()
      this.#held |= byte << this.#heldCount
      this.#heldCount += 8
    }
    const value = this.#held & ((1 << count) - 1)
    this.#held >>>= count
    this.#heldCount -= count
    return value
  }

  /** Makes room for so many more bytes. */
  #room(more: number): void {
    const needed = this.#length + more
    if (needed <= this.#out.length) return
    const { most, what } = this.#options
    if (needed > most) throw new AlertError('ALERT_TOO_LARGE', `${what} inflates to more than limits.avroBytes allows, ${most} more bytes`)
    const larger = new Uint8Array(Math.min(most, Math.max(needed, this.#out.length * 2)))
    larger.set(this.#out)
    this.#out = larger
  }

  #truncated(): AlertError {
    return this.#error('the data end too early')
  }

  #error(what: string, code: AlertErrorCode = 'ALERT_DECODE'): AlertError {
    return new AlertError(code, `${this.#options.what} is not deflate data: ${what}`)
  }
}

/** `unused`: how many codes of the longest length stand for nothing; below 0, there are more codes than bits can say. */
function codeOf(lengths: Uint8Array): Code & { readonly unused: number } {
  const counts = new Uint16Array(LONGEST_CODE + 1)
  for (const length of lengths) if (length > 0) counts[length]!++
  const offsets = new Uint16Array(LONGEST_CODE + 2)
  let unused = 1
  for (let length = 1; length <= LONGEST_CODE; length++) {
    offsets[length + 1] = offsets[length]! + counts[length]!
    unused = unused * 2 - counts[length]!
  }
  const symbols = new Uint16Array(lengths.length)
  for (const [symbol, length] of lengths.entries()) if (length > 0) symbols[offsets[length]!++] = symbol
  return { counts, symbols, unused }
}

const FIXED_LITERALS: Code = codeOf(
  Uint8Array.from({ length: 288 }, (_, symbol) => (symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8)),
)
const FIXED_DISTANCES: Code = codeOf(new Uint8Array(32).fill(5))
