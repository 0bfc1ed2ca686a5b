import * as zlib from 'node:zlib'
import { runNative } from './native.ts'
import { decodeFrame, decodeFrames, type FrameDecoder } from './zstd/frames.ts'

type Native = (bytes: Uint8Array, options: { readonly maxOutputLength: number; readonly chunkSize: number }) => Buffer

const CHUNK = 128 * 1024

/** Node has it since 22.15 and 23.8; it reads the first frame only, and calls a frame that is cut off empty. */
const native: Native | undefined = 'zstdDecompressSync' in zlib ? (zlib.zstdDecompressSync as Native) : undefined

const oneFrame: FrameDecoder = native
  ? (frame, limit) => runNative(() => native(frame, { maxOutputLength: limit, chunkSize: CHUNK }))
  : decodeFrame

/** zstd, of any number of frames. */
export const unzstd = (bytes: Uint8Array, limit: number): Uint8Array => decodeFrames(bytes, limit, oneFrame)
