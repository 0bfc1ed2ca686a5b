import { Unreadable } from '../../decode/Unreadable.ts'
import { GrowingBytes } from '../GrowingBytes.ts'
import { joined } from '../joined.ts'
import { TooLarge } from '../limit.ts'
import { newHistory, writeBlock } from './blocks.ts'
import { LARGEST_BLOCK } from './literals.ts'

/*
 * Zstandard for a Node that has none (RFC 8878). Dictionaries are not known; checksums are passed over: a batch has its own.
 */

const MAGIC = 0xfd2fb528
/** Frames of any content that decoders pass over: 0x184d2a50 to 0x184d2a5f. */
const SKIPPABLE = 0x184d2a5

const RAW = 0
const REPEATED = 1
const COMPRESSED = 2

interface FrameHeader {
  /** Where the blocks begin. */
  readonly at: number
  readonly largestBlock: number
  /** Bytes of the whole content, if the frame says so. */
  readonly size: number | undefined
  readonly checksum: boolean
}

/** Decodes one whole frame. */
export type FrameDecoder = (frame: Uint8Array, limit: number) => Uint8Array

/** Zstandard frames, one after the other. */
export function decodeFrames(bytes: Uint8Array, limit: number, decode: FrameDecoder): Uint8Array {
  const contents: Uint8Array[] = []
  let left = limit
  for (let at = 0; at < bytes.length; ) {
    const magic = numberAt(bytes, at, 4)
    if (magic >>> 4 === SKIPPABLE) {
      at += 8 + numberAt(bytes, at + 4, 4)
    } else if (magic === MAGIC) {
      const end = endOf(bytes, at)
      const content = decode(bytes.subarray(at, end), left)
      contents.push(content)
      left -= content.length
      at = end
    } else {
      throw new Unreadable('no frame begins here')
    }
    if (at > bytes.length) throw new Unreadable('it is cut off')
  }
  return joined(contents)
}

interface Block {
  readonly kind: number
  readonly last: boolean
  /** Bytes of its content, or of what it is compressed to. */
  readonly size: number
  readonly at: number
  readonly end: number
}

function blockAt(bytes: Uint8Array, at: number): Block {
  const word = numberAt(bytes, at, 3)
  const kind = (word >>> 1) & 3
  const size = word >>> 3
  const end = at + 3 + (kind === REPEATED ? 1 : size)
  if (size > LARGEST_BLOCK || end > bytes.length) throw new Unreadable('a block is larger than it may be, or cut off')
  return { kind, last: (word & 1) === 1, size, at: at + 3, end }
}

function endOf(bytes: Uint8Array, start: number): number {
  const { at, checksum } = headerAt(bytes, start)
  let block = blockAt(bytes, at)
  while (!block.last) block = blockAt(bytes, block.end)
  return block.end + (checksum ? 4 : 0)
}

/** One frame, in JavaScript. */
export const decodeFrame: FrameDecoder = (frame, limit) => {
  const { at, size, largestBlock } = headerAt(frame, 0)
  if (size !== undefined && size > limit) throw new TooLarge()
  const out = new GrowingBytes(limit)
  const history = newHistory()
  for (let block = blockAt(frame, at); ; block = blockAt(frame, block.end)) {
    const stored = frame.subarray(block.at, block.end)
    if (block.kind === RAW) out.append(stored)
    else if (block.kind === REPEATED) out.repeat(stored[0]!, block.size)
    else if (block.kind === COMPRESSED) writeBlock(stored, history, out, largestBlock)
    else throw new Unreadable('a block of a reserved kind')
    if (block.last) break
  }
  if (size !== undefined && out.length !== size) throw new Unreadable('a frame does not hold what it announces')
  return out.taken()
}

/** RFC 8878, 3.1.1.1 */
function headerAt(bytes: Uint8Array, frame: number): FrameHeader {
  const start = frame + 4
  const flags = numberAt(bytes, start, 1)
  if (flags & 0x08) throw new Unreadable('a frame with a reserved flag')
  const single = (flags & 0x20) !== 0
  const sizeWidth = [single ? 1 : 0, 2, 4, 8][flags >>> 6]!
  const dictionaryWidth = [0, 1, 2, 4][flags & 3]!
  const sizeAt = start + (single ? 1 : 2) + dictionaryWidth
  if (numberAt(bytes, sizeAt - dictionaryWidth, dictionaryWidth) !== 0) throw new Unreadable('a dictionary is needed')
  const size = sizeWidth === 0 ? undefined : numberAt(bytes, sizeAt, sizeWidth) + (sizeWidth === 2 ? 256 : 0)
  const window = single ? (size ?? 0) : windowOf(numberAt(bytes, start + 1, 1))
  return { at: sizeAt + sizeWidth, largestBlock: Math.min(window, LARGEST_BLOCK), size, checksum: (flags & 0x04) !== 0 }
}

function windowOf(byte: number): number {
  const base = 2 ** (10 + (byte >>> 3))
  return base + (base / 8) * (byte & 7)
}

/** Little-endian. */
function numberAt(bytes: Uint8Array, at: number, width: number): number {
  if (at + width > bytes.length) throw new Unreadable('it is cut off')
  let value = 0
  for (let i = width - 1; i >= 0; i--) value = value * 256 + bytes[at + i]!
  return value
}
