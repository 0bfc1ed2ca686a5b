import { copyLiterals } from './copyLiterals.ts'
import { findRepetitions, SHORTEST } from './findRepetitions.ts'

/**
 * Of every frame: its magic number; version 1, independent blocks, no checksums; blocks of at most 64 KiB; the second byte of the xxHash of
 * those two, which readers compare.
 */
const HEADER = [0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82]
const BLOCK = 64 * 1024
const LENGTH = 4
/** The highest bit of a block's length. */
const NOT_COMPRESSED = 0x80000000
/** In place of a block's length. */
const END = 0
/** What a block that does not repeat itself takes beyond its bytes, before that is seen: a byte each 255 literals, and the first token. */
const GROWTH = Math.ceil(BLOCK / 255) + 16

/** One LZ4 frame, as Kafka's Java client writes it: https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md */
export function encodeLz4(bytes: Uint8Array): Uint8Array {
  const blocks = Math.ceil(bytes.length / BLOCK)
  const out = new Uint8Array(HEADER.length + bytes.length + LENGTH * (blocks + 1) + GROWTH)
  out.set(HEADER)
  let at = HEADER.length
  for (let from = 0; from < bytes.length; from += BLOCK) at = putBlock(out, at, bytes.subarray(from, from + BLOCK))
  putUint32(out, at, END)
  return out.subarray(0, at + LENGTH)
}

function putBlock(out: Uint8Array, start: number, block: Uint8Array): number {
  const from = start + LENGTH
  const end = putSequences(out, from, block)
  if (end - from < block.length) {
    putUint32(out, start, end - from)
    return end
  }
  out.set(block, from)
  putUint32(out, start, block.length + NOT_COMPRESSED)
  return from + block.length
}

/** https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md */
function putSequences(out: Uint8Array, start: number, block: Uint8Array): number {
  let at = start
  const rest = findRepetitions(block, (literals, to, offset, length) => {
    const more = length - SHORTEST
    at = putLiterals(out, at, block, literals, to, Math.min(more, 15))
    out[at++] = offset & 255
    out[at++] = offset >>> 8
    at = putBeyond(out, at, more)
  })
  return putLiterals(out, at, block, rest, block.length, 0)
}

/** A token, which begins with how many literals there are and ends with how long the repetition behind them is, and the literals. */
function putLiterals(out: Uint8Array, start: number, block: Uint8Array, from: number, to: number, repetition: number): number {
  const count = to - from
  out[start] = (Math.min(count, 15) << 4) | repetition
  return copyLiterals(out, putBeyond(out, start + 1, count), block, from, to)
}

/** How much a number is beyond 15, the most that a half of a token says. */
function putBeyond(out: Uint8Array, start: number, count: number): number {
  if (count < 15) return start
  let at = start
  let rest = count - 15
  for (; rest >= 255; rest -= 255) out[at++] = 255
  out[at++] = rest
  return at
}

function putUint32(out: Uint8Array, at: number, value: number): void {
  for (let i = 0; i < 4; i++) out[at + i] = value >>> (8 * i)
}
