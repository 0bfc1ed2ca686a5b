import { promisify } from 'node:util'
import zlib from 'node:zlib'
import { ConfigError } from '../../errors.ts'
import type { Compression } from '../transport.ts'

type Compress = (bytes: Uint8Array) => Promise<Uint8Array>

interface Codec {
  /** Its number in a batch's attributes. */
  readonly id: number
  readonly compress: Compress
}

/** Node has it from 22.15. */
const { zstdCompress } = zlib as typeof zlib & {
  readonly zstdCompress?: (bytes: Uint8Array, done: (error: Error | null, compressed: Buffer) => void) => void
}

const CODECS: Readonly<Partial<Record<Compression, Codec>>> = {
  gzip: { id: 1, compress: promisify<Uint8Array, Buffer>(zlib.gzip) },
  ...(zstdCompress && { zstd: { id: 4, compress: promisify(zstdCompress) } }),
}

/** What can be written here; reading knows more. */
export const WRITABLE_COMPRESSIONS: readonly Compression[] = ['none', ...(Object.keys(CODECS) as Compression[])]

/** Why records cannot be compressed so here; undefined if they can. */
export function unwritableCompression(compression: Compression): ConfigError | undefined {
  if (WRITABLE_COMPRESSIONS.includes(compression)) return undefined
  const here = WRITABLE_COMPRESSIONS.join(', ')
  const mend = compression === 'zstd' ? 'It needs Node 22.15 or later' : 'Readers take any of them'
  return new ConfigError(`compression '${compression}' cannot be written here, only ${here}`, { mend })
}

/** The codec; undefined for `'none'`. @throws ConfigError if it is not among `WRITABLE_COMPRESSIONS` */
export function codecOf(compression: Compression): Codec | undefined {
  const error = unwritableCompression(compression)
  if (error) throw error
  return CODECS[compression]
}
