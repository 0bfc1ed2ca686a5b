import { gunzipSync } from 'node:zlib'
import { nativeLimit } from './native.ts'

const CHUNK = 128 * 1024

/** gzip, of any number of members. */
export const gunzip = (bytes: Uint8Array, limit: number): Uint8Array =>
  nativeLimit(limit, () => gunzipSync(bytes, { maxOutputLength: limit, chunkSize: CHUNK }))
