import { int32At } from '../decode/Cursor.ts'
import { Unreadable } from '../decode/Unreadable.ts'
import { joined } from './joined.ts'
import { TooLarge } from './limit.ts'
import { copyMatch } from './match.ts'

/** What Java's library puts before its blocks: a magic number, its version and the oldest compatible one. */
const XERIAL = [0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0]
const XERIAL_HEADER = 16

/** A tag of two bytes repeats up to 64. */
const LARGEST_GROWTH = 64

/** Snappy: one raw block, or Java's blocks with their lengths. */
export function decodeSnappy(bytes: Uint8Array, limit: number): Uint8Array {
  if (!XERIAL.every((byte, i) => bytes[i] === byte)) return decodeBlock(bytes, limit)
  const blocks: Uint8Array[] = []
  let total = 0
  for (let at = XERIAL_HEADER; at < bytes.length; ) {
    const length = int32At(bytes, at)
    at += 4
    if (length < 0 || at + length > bytes.length) throw new Unreadable('a block runs over the end')
    const block = decodeBlock(bytes.subarray(at, at + length), limit - total)
    total += block.length
    blocks.push(block)
    at += length
  }
  return joined(blocks)
}

/** https://github.com/google/snappy/blob/main/format_description.txt */
function decodeBlock(bytes: Uint8Array, limit: number): Uint8Array {
  const { value: size, at: start } = uvarint(bytes)
  if (size > bytes.length * LARGEST_GROWTH) throw new Unreadable(`${bytes.length} bytes cannot hold the ${size} that are announced`)
  if (size > limit) throw new TooLarge()
  const out = new Uint8Array(size)
  let at = start
  let filled = 0
  while (at < bytes.length) {
    const tag = bytes[at++]!
    const kind = tag & 3
    if (kind === 0) {
      const extra = Math.max((tag >>> 2) - 59, 0)
      const length = (extra === 0 ? tag >>> 2 : littleEndian(bytes, at, extra)) + 1
      at += extra
      if (at + length > bytes.length || filled + length > size) throw new Unreadable('a literal runs over the end')
      out.set(bytes.subarray(at, at + length), filled)
      at += length
      filled += length
    } else {
      const width = kind === 3 ? 4 : kind
      if (at + width > bytes.length) throw new Unreadable('a repetition is cut off')
      const length = kind === 1 ? ((tag >>> 2) & 7) + 4 : (tag >>> 2) + 1
      const offset = littleEndian(bytes, at, width) + (kind === 1 ? (tag >>> 5) * 256 : 0)
      at += width
      filled = copyMatch(out, filled, offset, length, size)
    }
  }
  if (filled !== size) throw new Unreadable(`it holds ${filled} bytes where ${size} were announced`)
  return out
}

function littleEndian(bytes: Uint8Array, at: number, width: number): number {
  let value = 0
  for (let i = width - 1; i >= 0; i--) value = value * 256 + (bytes[at + i] ?? 0)
  return value
}

function uvarint(bytes: Uint8Array): { readonly value: number; readonly at: number } {
  let value = 0
  for (let at = 0; at < 5; at++) {
    const byte = bytes[at] ?? 0
    value += (byte & 127) * 2 ** (7 * at)
    if (byte < 128) return { value, at: at + 1 }
  }
  throw new Unreadable('it does not begin with its length')
}
