import { Unreadable } from '../decode/Unreadable.ts'
import { GrowingBytes } from './GrowingBytes.ts'
import { copyMatch, WORTH_A_CALL } from './match.ts'

const MAGIC = 0x184d2204
/** Frames of any content that decoders pass over: 0x184d2a50 to 0x184d2a5f. */
const SKIPPABLE = 0x184d2a5
const HIGH_BIT = 0x80000000

/** LZ4 frames, linked or independent blocks. Checksums are passed over: a batch has its own. */
export function decodeLz4Frames(bytes: Uint8Array, limit: number): Uint8Array {
  const out = new GrowingBytes(limit)
  for (let at = 0; at < bytes.length; ) {
    const magic = uint32At(bytes, at)
    if (magic === MAGIC) at = decodeFrame(bytes, at + 4, out)
    else if (magic >>> 4 === SKIPPABLE) at += 8 + uint32At(bytes, at + 4)
    else throw new Unreadable('no frame begins here')
    if (at > bytes.length) throw new Unreadable('it is cut off')
  }
  return out.taken()
}

/** https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md; gives where the frame ends. */
function decodeFrame(bytes: Uint8Array, start: number, out: GrowingBytes): number {
  const flags = bytes[start] ?? 0
  if (flags >>> 6 !== 1) throw new Unreadable(`version ${flags >>> 6} of the frame format is not known`)
  if (flags & 1) throw new Unreadable('a dictionary is needed')
  const independent = (flags & 0x20) !== 0
  const blockChecksums = (flags & 0x10) !== 0
  const sizeCode = ((bytes[start + 1] ?? 0) >>> 4) & 7
  if (sizeCode < 4) throw new Unreadable(`block size ${sizeCode} is not known`)
  const blockSize = 2 ** (8 + 2 * sizeCode)
  const frameStart = out.length
  let at = start + 2 + (flags & 0x08 ? 8 : 0) + 1
  for (;;) {
    const word = uint32At(bytes, at)
    at += 4
    if (word === 0) return at + (flags & 0x04 ? 4 : 0)
    const length = word & ~HIGH_BIT
    const block = bytes.subarray(at, at + length)
    if (length > blockSize || block.length < length) throw new Unreadable('a block runs over the end')
    if (word >= HIGH_BIT) out.append(block)
    else decodeBlock(block, out, blockSize, independent ? out.length : frameStart)
    at += length + (blockChecksums ? 4 : 0)
  }
}

/** https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md */
function decodeBlock(block: Uint8Array, out: GrowingBytes, blockSize: number, from: number): void {
  const { bytes, end } = out.reserve(blockSize)
  let filled = out.length
  for (let at = 0; at < block.length; ) {
    const token = block[at++]!
    let literals = token >>> 4
    if (literals === 15) {
      for (let byte = 255; byte === 255; literals += byte) byte = block[at++] ?? 0
    }
    if (at + literals > block.length || filled + literals > end) throw out.overrun(filled + literals)
    if (literals > WORTH_A_CALL) bytes.set(block.subarray(at, at + literals), filled)
    else for (let i = 0; i < literals; i++) bytes[filled + i] = block[at + i]!
    at += literals
    filled += literals
    if (at >= block.length) break // the last sequence has no repetition
    const offset = block[at]! | ((block[at + 1] ?? 0) << 8)
    at += 2
    let length = token & 15
    if (length === 15) {
      for (let byte = 255; byte === 255; length += byte) byte = block[at++] ?? 0
    }
    if (filled + length + 4 > end) throw out.overrun(filled + length + 4)
    filled = copyMatch(bytes, filled, offset, length + 4, end, from)
  }
  out.fillTo(filled)
}

const uint32At = (bytes: Uint8Array, at: number): number => {
  if (at + 4 > bytes.length) throw new Unreadable('it is cut off')
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0
}
