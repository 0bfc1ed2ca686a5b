import { Unreadable } from '../../decode/Unreadable.ts'
import type { GrowingBytes } from '../GrowingBytes.ts'
import { copyMatch, WORTH_A_CALL } from '../match.ts'
import type { HuffmanTable } from './huffman.ts'
import { readLiterals } from './literals.ts'
import { Sequences, type SequenceTables } from './sequences.ts'

/** What one block of a frame leaves to the next. */
export interface History {
  /** The last three offsets, the newest first. */
  readonly offsets: [number, number, number]
  huffman: HuffmanTable | undefined
  tables: SequenceTables | undefined
}

export const newHistory = (): History => ({ offsets: [1, 4, 8], huffman: undefined, tables: undefined })

/** Writes a compressed block of up to `size` bytes. RFC 8878, 3.1.1.3 */
export function writeBlock(block: Uint8Array, history: History, out: GrowingBytes, size: number): void {
  const literals = readLiterals(block, history.huffman)
  history.huffman = literals.table
  const sequences = new Sequences(block, literals.end, history.tables)
  history.tables = sequences.tables ?? history.tables
  const { bytes, end } = out.reserve(size)
  let filled = out.length
  let used = 0
  while (sequences.next()) {
    const stop = filled + sequences.literals + sequences.match
    if (used + sequences.literals > literals.bytes.length) throw new Unreadable('the sequences need more literals than there are')
    if (stop > end) throw out.overrun(stop)
    copy(literals.bytes, used, bytes, filled, sequences.literals)
    used += sequences.literals
    filled = copyMatch(bytes, filled + sequences.literals, offsetOf(sequences, history.offsets), sequences.match, end)
  }
  const rest = literals.bytes.length - used
  if (filled + rest > end) throw out.overrun(filled + rest)
  copy(literals.bytes, used, bytes, filled, rest)
  out.fillTo(filled + rest)
}

function copy(from: Uint8Array, at: number, to: Uint8Array, into: number, length: number): void {
  if (length > WORTH_A_CALL) to.set(from.subarray(at, at + length), into)
  else for (let i = 0; i < length; i++) to[into + i] = from[at + i]!
}

/** Stored offsets 1 to 3 name one of the last three, without literals one further. RFC 8878, 3.1.1.5 */
function offsetOf({ offset, literals }: Sequences, last: [number, number, number]): number {
  if (offset > 3) {
    last[2] = last[1]
    last[1] = last[0]
    last[0] = offset - 3
    return last[0]
  }
  const nth = offset - (literals === 0 ? 0 : 1)
  const found = nth === 3 ? last[0] - 1 : last[nth]!
  if (nth > 1) last[2] = last[1]
  if (nth > 0) last[1] = last[0]
  last[0] = found
  return found
}
