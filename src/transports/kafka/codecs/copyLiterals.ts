import { WORTH_A_CALL } from './match.ts'

/** Copies `bytes[from, to)` to `out`; gives where they end there. */
export function copyLiterals(out: Uint8Array, at: number, bytes: Uint8Array, from: number, to: number): number {
  const length = to - from
  if (length > WORTH_A_CALL) out.set(bytes.subarray(from, to), at)
  else for (let i = 0; i < length; i++) out[at + i] = bytes[from + i]!
  return at + length
}
