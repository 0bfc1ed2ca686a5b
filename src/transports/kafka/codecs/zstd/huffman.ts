import { Unreadable } from '../../decode/Unreadable.ts'
import { BackwardBits } from './BackwardBits.ts'
import { type FseTable, readFseTable } from './fse.ts'

const LONGEST_CODE = 11
const MOST_WEIGHTS = 255
const WEIGHT_TABLE = { accuracy: 6, symbol: LONGEST_CODE }

/** By the next `longest` bits of a stream: the symbol and the bits that it takes. */
export interface HuffmanTable {
  readonly longest: number
  readonly symbols: Uint8Array
  readonly bits: Uint8Array
}

/** Reads the description of a code: the weights of its symbols but the last. RFC 8878, 4.2.1 */
export function readHuffmanTable(bytes: Uint8Array, start: number, end: number): { readonly table: HuffmanTable; readonly end: number } {
  const first = bytes[start] ?? 0
  const at = start + 1
  if (first >= 128) {
    const count = first - 127
    const stop = at + Math.ceil(count / 2)
    if (stop > end) throw new Unreadable('a Huffman table is cut off')
    const weights = Array.from({ length: count }, (_, i) => (bytes[at + (i >>> 1)]! >>> (i & 1 ? 0 : 4)) & 15)
    return { table: huffmanTable(weights), end: stop }
  }
  const stop = at + first
  if (stop > end) throw new Unreadable('a Huffman table is cut off')
  const { table, end: described } = readFseTable(bytes, at, stop, WEIGHT_TABLE)
  return { table: huffmanTable(readWeights(new BackwardBits(bytes, described, stop), table)), end: stop }
}

/** Two states take turns until the stream is used up; then each still gives its symbol. */
function readWeights(stream: BackwardBits, table: FseTable): number[] {
  const weights: number[] = []
  let state = stream.read(table.accuracy)
  let other = stream.read(table.accuracy)
  for (;;) {
    weights.push(table.symbols[state]!)
    if (stream.left < table.bits[state]!) break
    const next = table.bases[state]! + stream.read(table.bits[state]!)
    state = other
    other = next
    if (weights.length >= MOST_WEIGHTS) throw new Unreadable('a Huffman table has too many symbols')
  }
  weights.push(table.symbols[other]!)
  return weights
}

function huffmanTable(known: readonly number[]): HuffmanTable {
  const total = known.reduce((sum, weight) => sum + shareOf(weight), 0)
  const longest = 32 - Math.clz32(total)
  const left = 2 ** longest - total
  if (total === 0 || longest > LONGEST_CODE || known.length > MOST_WEIGHTS || (left & (left - 1)) !== 0) {
    throw new Unreadable('a Huffman table does not add up')
  }
  const weights = [...known, 32 - Math.clz32(left)] // the last weight makes the sum a power of two
  const symbols = new Uint8Array(2 ** longest)
  const bits = new Uint8Array(2 ** longest)
  let at = 0
  for (let weight = 1; weight <= longest; weight++) {
    for (const [symbol, own] of weights.entries()) {
      if (own !== weight) continue
      const stop = at + shareOf(weight)
      symbols.fill(symbol, at, stop)
      bits.fill(longest + 1 - weight, at, stop)
      at = stop
    }
  }
  return { longest, symbols, bits }
}

const shareOf = (weight: number): number => (weight === 0 ? 0 : 2 ** (weight - 1))

/** Decodes one stream, which has to fill `out[from, to)` exactly. */
export function readHuffmanStream(table: HuffmanTable, stream: BackwardBits, out: Uint8Array, from: number, to: number): void {
  const { longest, symbols, bits } = table
  for (let at = from; at < to; at++) {
    const code = stream.peek(longest)
    out[at] = symbols[code]!
    stream.skip(bits[code]!)
  }
  if (stream.left !== 0) throw new Unreadable('a stream of literals does not end where it should')
}
