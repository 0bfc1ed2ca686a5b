import { Unreadable } from '../decode/Unreadable.ts'

/** Shorter copies are quicker byte by byte. */
export const WORTH_A_CALL = 32

/**
 * Repeats `length` bytes that stand `offset` before `at`; gives where they end. They may overlap what they write: that repeats a pattern.
 *
 * @param from where what may be repeated begins
 */
export function copyMatch(out: Uint8Array, at: number, offset: number, length: number, end: number, from = 0): number {
  const source = at - offset
  if (offset === 0 || source < from) throw new Unreadable('a repetition points before the beginning')
  const stop = at + length
  if (stop > end) throw new Unreadable('a repetition runs over the end')
  if (offset === 1) out.fill(out[source]!, at, stop)
  else if (offset >= length && length > WORTH_A_CALL) out.copyWithin(at, source, source + length)
  else for (let i = 0; i < length; i++) out[at + i] = out[source + i]!
  return stop
}
