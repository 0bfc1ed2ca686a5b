import { gunzipSync } from 'node:zlib'
import { runNative } from './native.ts'

const CHUNK = 128 * 1024

/** gzip, of any number of members. */
export const gunzip = (bytes: Uint8Array, limit: number): Uint8Array =>
  runNative(() => gunzipSync(bytes, { maxOutputLength: limit, chunkSize: CHUNK }))
