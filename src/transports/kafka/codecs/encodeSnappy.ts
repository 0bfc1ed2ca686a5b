import { copyLiterals } from './copyLiterals.ts'
import { findRepetitions } from './findRepetitions.ts'

/** What Java's library puts first: a magic number, its version and the oldest that can read it. */
const HEADER = [0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1]
const BLOCK = 32 * 1024
/** Of a block's length before it, big-endian. */
const LENGTH = 4
/** What a block that does not repeat itself takes beyond its bytes: its size, and up to 3 bytes before each of its parts that repeat nothing. */
const GROWTH = BLOCK / 32 + 16

/** The last two bits of an element's first byte. */
const LITERALS = 0
const NEAR = 1
const FAR = 2

/** Snappy in Java's blocks, as Kafka's Java client writes it: every client reads those, not every one a bare block. */
export function encodeSnappy(bytes: Uint8Array): Uint8Array {
  const blocks = Math.ceil(bytes.length / BLOCK)
  const out = new Uint8Array(HEADER.length + bytes.length + blocks * (LENGTH + GROWTH))
  out.set(HEADER)
  let at = HEADER.length
  for (let from = 0; from < bytes.length; from += BLOCK) {
    const end = putBlock(out, at + LENGTH, bytes.subarray(from, from + BLOCK))
    putInt32(out, at, end - at - LENGTH)
    at = end
  }
  return out.subarray(0, at)
}

/** https://github.com/google/snappy/blob/main/format_description.txt */
function putBlock(out: Uint8Array, start: number, block: Uint8Array): number {
  let at = putUvarint(out, start, block.length)
  const rest = findRepetitions(block, (literals, to, offset, length) => {
    at = putLiterals(out, at, block, literals, to)
    at = putRepetition(out, at, offset, length)
  })
  return putLiterals(out, at, block, rest, block.length)
}

function putLiterals(out: Uint8Array, start: number, block: Uint8Array, from: number, to: number): number {
  const last = to - from - 1
  if (last < 0) return start
  let at = start
  if (last < 60) out[at++] = (last << 2) | LITERALS
  else {
    const width = last < 256 ? 1 : 2
    out[at++] = ((59 + width) << 2) | LITERALS
    out[at++] = last & 255
    if (width === 2) out[at++] = last >>> 8
  }
  return copyLiterals(out, at, block, from, to)
}

/** An element repeats at most 64 bytes; of what is longer, no part is left that is too short for one. */
function putRepetition(out: Uint8Array, start: number, offset: number, length: number): number {
  let at = start
  let left = length
  for (; left >= 68; left -= 64) at = putFar(out, at, offset, 64)
  if (left > 64) {
    at = putFar(out, at, offset, 60)
    left -= 60
  }
  if (left > 11 || offset > 2047) return putFar(out, at, offset, left)
  out[at] = ((offset >>> 8) << 5) | ((left - 4) << 2) | NEAR
  out[at + 1] = offset & 255
  return at + 2
}

function putFar(out: Uint8Array, at: number, offset: number, length: number): number {
  out[at] = ((length - 1) << 2) | FAR
  out[at + 1] = offset & 255
  out[at + 2] = offset >>> 8
  return at + 3
}

function putUvarint(out: Uint8Array, start: number, value: number): number {
  let at = start
  let rest = value
  for (; rest > 127; rest >>>= 7) out[at++] = (rest & 127) | 128
  out[at++] = rest
  return at
}

function putInt32(out: Uint8Array, at: number, value: number): void {
  for (let i = 0; i < 4; i++) out[at + i] = value >>> (24 - 8 * i)
}
