import { Unreadable } from '../../decode/Unreadable.ts'
import { BackwardBits } from './BackwardBits.ts'
import { constantTable, type FseTable, fseTable, readFseTable } from './fse.ts'

/** The entropy tables of a block, which a later block of the frame may use again. */
export interface SequenceTables {
  readonly literals: FseTable
  readonly offsets: FseTable
  readonly matches: FseTable
}

interface Kind {
  readonly accuracy: number
  readonly symbol: number
  readonly standard: FseTable
}

// The tables that the format itself gives: RFC 8878, 3.1.1.3.2.2
const LITERALS: Kind = {
  accuracy: 9,
  symbol: 35,
  standard: fseTable([4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1, 1, -1, -1, -1, -1], 6),
}
const OFFSETS: Kind = {
  accuracy: 8,
  symbol: 31,
  standard: fseTable([1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1], 5),
}
const MATCHES: Kind = {
  accuracy: 9,
  symbol: 52,
  standard: fseTable(
    [
      1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
      1, -1, -1, -1, -1, -1, -1, -1,
    ],
    6,
  ),
}

// How many bits follow a code, and what they are added to.
const LITERAL_BITS = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]
const LITERAL_BASES = basesOf(LITERAL_BITS, 0)
const MATCH_BITS = [
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9,
  10, 11, 12, 13, 14, 15, 16,
]
const MATCH_BASES = basesOf(MATCH_BITS, 3)

function basesOf(bits: readonly number[], first: number): readonly number[] {
  const bases: number[] = []
  let base = first
  for (const count of bits) {
    bases.push(base)
    base += 2 ** count
  }
  return bases
}

const STANDARD = 0
const CONSTANT = 1
const DESCRIBED = 2

/** The sequences of one block: how many literals to copy, then what to repeat. RFC 8878, 3.1.1.3.2 */
export class Sequences {
  /** Undefined in a block without sequences. */
  readonly tables: SequenceTables | undefined
  /** Of the sequence that `next()` went to. `offset` is as it is stored: 1 to 3 name the last ones. */
  literals = 0
  match = 0
  offset = 0
  #left: number
  readonly #stream: BackwardBits | undefined
  #literalState = 0
  #offsetState = 0
  #matchState = 0

  constructor(block: Uint8Array, start: number, previous: SequenceTables | undefined) {
    const { count, at } = countOf(block, start)
    this.#left = count
    if (count === 0) return
    const { tables, end } = readTables(block, at, previous)
    this.tables = tables
    this.#stream = new BackwardBits(block, end, block.length)
    this.#literalState = this.#stream.read(tables.literals.accuracy)
    this.#offsetState = this.#stream.read(tables.offsets.accuracy)
    this.#matchState = this.#stream.read(tables.matches.accuracy)
  }

  next(): boolean {
    const { tables } = this
    const stream = this.#stream
    if (this.#left === 0 || !tables || !stream) return false
    const { literals, offsets, matches } = tables
    const offsetCode = offsets.symbols[this.#offsetState]!
    this.offset = ((1 << offsetCode) >>> 0) + stream.read(offsetCode)
    const matchCode = matches.symbols[this.#matchState]!
    this.match = MATCH_BASES[matchCode]! + stream.read(MATCH_BITS[matchCode]!)
    const literalCode = literals.symbols[this.#literalState]!
    this.literals = LITERAL_BASES[literalCode]! + stream.read(LITERAL_BITS[literalCode]!)
    if (--this.#left > 0) {
      this.#literalState = literals.bases[this.#literalState]! + stream.read(literals.bits[this.#literalState]!)
      this.#matchState = matches.bases[this.#matchState]! + stream.read(matches.bits[this.#matchState]!)
      this.#offsetState = offsets.bases[this.#offsetState]! + stream.read(offsets.bits[this.#offsetState]!)
      if (stream.left < 0) throw new Unreadable('the sequences run over their block')
    } else if (stream.left !== 0) {
      throw new Unreadable('the sequences do not end where they should')
    }
    return true
  }
}

function countOf(block: Uint8Array, start: number): { readonly count: number; readonly at: number } {
  if (start >= block.length) throw new Unreadable('a block without its sequences')
  const byte = (i: number): number => block[start + i] ?? 0
  if (byte(0) < 128) return { count: byte(0), at: start + 1 }
  if (byte(0) < 255) return { count: (byte(0) - 128) * 256 + byte(1), at: start + 2 }
  return { count: byte(1) + byte(2) * 256 + 0x7f00, at: start + 3 }
}

function readTables(
  block: Uint8Array,
  start: number,
  previous: SequenceTables | undefined,
): { readonly tables: SequenceTables; readonly end: number } {
  const modes = block[start] ?? 0
  if (modes & 3) throw new Unreadable('the sequences have a reserved mode')
  let end = start + 1
  const table = (mode: number, kind: Kind, before: FseTable | undefined): FseTable => {
    if (mode === STANDARD) return kind.standard
    if (mode === CONSTANT) {
      const symbol = block[end++] ?? 0
      if (symbol > kind.symbol) throw new Unreadable(`code ${symbol} is not known`)
      return constantTable(symbol)
    }
    if (mode === DESCRIBED) {
      const read = readFseTable(block, end, block.length, kind)
      end = read.end
      return read.table
    }
    if (!before) throw new Unreadable('a table is used again that was not given')
    return before
  }
  const literals = table(modes >>> 6, LITERALS, previous?.literals)
  const offsets = table((modes >>> 4) & 3, OFFSETS, previous?.offsets)
  const matches = table((modes >>> 2) & 3, MATCHES, previous?.matches)
  return { tables: { literals, offsets, matches }, end }
}
