/** Shorter ones do not pay. */
export const SHORTEST = 4

/** LZ4 demands that the last repetition begins so far before the end, and that the last bytes are literals. */
const LAST_START = 12
const LAST_LITERALS = 5

const HASH_BITS = 14
/** After so many places in vain the steps get longer by one: what does not repeat itself is passed over quickly. */
const PATIENCE_BITS = 5

/** Where four bytes were last seen, by their hash. One for all, for a search never waits for anything. */
const seen = new Uint16Array(1 << HASH_BITS)

/** `length` bytes at `at` repeat those that stand `offset` before; the bytes from `literals` to `at` repeat nothing. */
export type OnRepetition = (literals: number, at: number, offset: number, length: number) => void

/**
 * What in a block of at most 64 KiB repeats something in it, from left to right: the first that is found is taken. Gives where the literals
 * behind the last one begin.
 */
export function findRepetitions(block: Uint8Array, onRepetition: OnRepetition): number {
  const view = new DataView(block.buffer, block.byteOffset, block.length)
  const lastStart = block.length - LAST_START
  const end = block.length - LAST_LITERALS
  seen.fill(0)
  let literals = 0
  let inVain = 0
  for (let at = 1; at <= lastStart; ) {
    const word = view.getInt32(at, true)
    const slot = slotOf(word)
    const before = seen[slot]!
    seen[slot] = at
    if (view.getInt32(before, true) !== word) {
      at += 1 + (inVain++ >>> PATIENCE_BITS)
      continue
    }
    const offset = at - before
    let start = at
    while (start > literals && start > offset && block[start - 1] === block[start - offset - 1]) start--
    at += SHORTEST
    while (at < end && block[at] === block[at - offset]) at++
    onRepetition(literals, start, offset, at - start)
    literals = at
    inVain = 0
    if (at <= lastStart) seen[slotOf(view.getInt32(at - 2, true))] = at - 2
  }
  return literals
}

/** Of four bytes, by Knuth's multiplicative hash. */
const slotOf = (word: number): number => Math.imul(word, 0x9e3779b1) >>> (32 - HASH_BITS)
