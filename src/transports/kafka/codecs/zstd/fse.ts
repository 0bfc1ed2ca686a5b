import { Unreadable } from '../../decode/Unreadable.ts'

/** A decoding table of finite state entropy: by state its symbol, and how the next state is read. */
export interface FseTable {
  /** Bits of a state. */
  readonly accuracy: number
  readonly symbols: Uint8Array
  readonly bits: Uint8Array
  readonly bases: Uint16Array
}

/** One symbol, without bits. */
export const constantTable = (symbol: number): FseTable => ({
  accuracy: 0,
  symbols: Uint8Array.of(symbol),
  bits: Uint8Array.of(0),
  bases: Uint16Array.of(0),
})

/**
 * A table from its probabilities, which sum up to 2 ** accuracy; -1 is "less than 1".
 * RFC 8878, 4.1.1
 */
export function fseTable(probabilities: ArrayLike<number>, accuracy: number): FseTable {
  const size = 1 << accuracy
  const symbols = new Uint8Array(size)
  const next = new Uint16Array(probabilities.length)
  let high = size
  for (let symbol = 0; symbol < probabilities.length; symbol++) {
    const probability = probabilities[symbol]!
    if (probability === -1) symbols[--high] = symbol
    next[symbol] = Math.abs(probability)
  }
  spread(probabilities, symbols, high)
  const bits = new Uint8Array(size)
  const bases = new Uint16Array(size)
  for (let state = 0; state < size; state++) {
    const nth = next[symbols[state]!]!++
    bits[state] = accuracy - (31 - Math.clz32(nth))
    bases[state] = (nth << bits[state]!) - size
  }
  return { accuracy, symbols, bits, bases }
}

function spread(probabilities: ArrayLike<number>, symbols: Uint8Array, high: number): void {
  const size = symbols.length
  const step = (size >>> 1) + (size >>> 3) + 3
  let at = 0
  for (let symbol = 0; symbol < probabilities.length; symbol++) {
    for (let i = 0; i < probabilities[symbol]!; i++) {
      symbols[at] = symbol
      do at = (at + step) & (size - 1)
      while (at >= high)
    }
  }
}

/** Reads the description of a table; gives the table and where the description ends. */
export function readFseTable(
  bytes: Uint8Array,
  start: number,
  end: number,
  largest: { readonly accuracy: number; readonly symbol: number },
): { readonly table: FseTable; readonly end: number } {
  const accuracy = ((bytes[start] ?? 0) & 15) + 5
  if (accuracy > largest.accuracy) throw new Unreadable(`an entropy table of ${accuracy} bits is too large`)
  const probabilities: number[] = []
  let bit = start * 8 + 4
  let left = 1 << accuracy
  while (left > 0) {
    if (bit > end * 8) throw new Unreadable('an entropy table is cut off')
    const width = 32 - Math.clz32(left + 1)
    const short = (1 << width) - 1 - (left + 1) // values below it take a bit less
    const value = bitsAt(bytes, bit, width)
    const low = value & ((1 << (width - 1)) - 1)
    bit += low < short ? width - 1 : width
    const probability = (low < short ? low : value >= 1 << (width - 1) ? value - short : value) - 1
    left -= Math.abs(probability)
    probabilities.push(probability)
    if (probability === 0) bit = readZeros(bytes, bit, end, probabilities)
    if (probabilities.length > largest.symbol + 1) throw new Unreadable('an entropy table has too many symbols')
  }
  if (left < 0 || bit > end * 8) throw new Unreadable('an entropy table does not add up')
  return { table: fseTable(probabilities, accuracy), end: Math.ceil(bit / 8) }
}

/** Behind a probability of 0, how many more there are: two bits a turn, 3 goes on. */
function readZeros(bytes: Uint8Array, start: number, end: number, probabilities: number[]): number {
  let bit = start
  for (let repeat = 3; repeat === 3 && bit <= end * 8; ) {
    repeat = bitsAt(bytes, bit, 2)
    bit += 2
    for (let i = 0; i < repeat; i++) probabilities.push(0)
  }
  return bit
}

function bitsAt(bytes: Uint8Array, bit: number, count: number): number {
  const at = bit >>> 3
  const word = (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16)
  return (word >>> (bit & 7)) & ((1 << count) - 1)
}
