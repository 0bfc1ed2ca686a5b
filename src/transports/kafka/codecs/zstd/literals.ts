import { Unreadable } from '../../decode/Unreadable.ts'
import { BackwardBits } from './BackwardBits.ts'
import { type HuffmanTable, readHuffmanStream, readHuffmanTable } from './huffman.ts'

export const LARGEST_BLOCK: number = 128 * 1024

export interface Literals {
  readonly bytes: Uint8Array
  /** The code that a later block of the frame may use again. */
  readonly table: HuffmanTable | undefined
  /** Where the section ends. */
  readonly end: number
}

interface Header {
  readonly kind: number
  /** Bytes of the literals. */
  readonly size: number
  /** Bytes of the section behind the header. */
  readonly stored: number
  readonly streams: 1 | 4
  readonly length: number
}

const RAW = 0
const REPEATED = 1
const WITH_TABLE = 2

/** The literals of one block. RFC 8878, 3.1.1.3.1 */
export function readLiterals(block: Uint8Array, previous: HuffmanTable | undefined): Literals {
  const { kind, size, stored, streams, length } = headerOf(block)
  const end = length + stored
  if (end > block.length || size > LARGEST_BLOCK) throw new Unreadable('the literals run over their block')
  if (kind === RAW) return { bytes: block.subarray(length, end), table: previous, end }
  if (kind === REPEATED) return { bytes: new Uint8Array(size).fill(block[length]!), table: previous, end }
  const described = kind === WITH_TABLE ? readHuffmanTable(block, length, end) : { table: previous, end: length }
  if (!described.table) throw new Unreadable('a code is used again that was not given')
  const bytes = new Uint8Array(size)
  readStreams(described.table, block, described.end, end, streams, bytes)
  return { bytes, table: described.table, end }
}

function headerOf(block: Uint8Array): Header {
  const byte = (i: number): number => block[i] ?? 0
  const kind = byte(0) & 3
  const format = (byte(0) >>> 2) & 3
  if (kind <= REPEATED) {
    const length = format === 1 ? 2 : format === 3 ? 3 : 1
    const size = length === 1 ? byte(0) >>> 3 : (byte(0) >>> 4) | (byte(1) << 4) | (length === 3 ? byte(2) << 12 : 0)
    return { kind, size, stored: kind === RAW ? size : 1, streams: 1, length }
  }
  const width = [10, 10, 14, 18][format]!
  const bits = (byte(0) | (byte(1) << 8) | (byte(2) << 16) | (byte(3) << 24)) >>> 4
  const mask = 2 ** width - 1
  const stored = width === 18 ? (bits >>> 18) | (byte(4) << 10) : bits >>> width
  return { kind, size: bits & mask, stored: stored & mask, streams: format === 0 ? 1 : 4, length: [3, 3, 4, 5][format]! }
}

function readStreams(table: HuffmanTable, block: Uint8Array, start: number, end: number, streams: 1 | 4, out: Uint8Array): void {
  if (streams === 1) {
    readHuffmanStream(table, new BackwardBits(block, start, end), out, 0, out.length)
    return
  }
  const share = Math.ceil(out.length / 4)
  let at = start + 6
  for (let i = 0; i < 4; i++) {
    const stop = i === 3 ? end : at + (block[start + 2 * i] ?? 0) + (block[start + 2 * i + 1] ?? 0) * 256
    if (stop > end) throw new Unreadable('the streams of literals run over their section')
    readHuffmanStream(
      table,
      new BackwardBits(block, at, stop),
      out,
      Math.min(share * i, out.length),
      i === 3 ? out.length : Math.min(share * (i + 1), out.length),
    )
    at = stop
  }
}
