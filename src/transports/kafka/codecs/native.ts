import { TooLarge } from './limit.ts'

/** Runs one of node:zlib's functions: its error for too much becomes ours, its Buffer the plain view that all codecs give. */
export function runNative(run: () => Buffer): Uint8Array {
  try {
    const { buffer, byteOffset, length } = run()
    return new Uint8Array(buffer, byteOffset, length)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE') throw new TooLarge()
    throw error
  }
}
