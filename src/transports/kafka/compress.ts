import { promisify } from 'node:util'
import zlib from 'node:zlib'
import { ConfigError } from '../../errors.ts'
import type { Compression } from '../transport.ts'
import { encodeLz4 } from './codecs/encodeLz4.ts'
import { encodeSnappy } from './codecs/encodeSnappy.ts'

interface Codec {
  /** Its number in a batch's attributes. */
  readonly id: number
  readonly compress: (bytes: Uint8Array) => Uint8Array | Promise<Uint8Array>
}

/** Node has it since 22.15 and 23.8. */
const { zstdCompress } = zlib as typeof zlib & {
  readonly zstdCompress?: (bytes: Uint8Array, done: (error: Error | null, compressed: Buffer) => void) => void
}

const CODECS: Readonly<Partial<Record<Compression, Codec>>> = {
  gzip: { id: 1, compress: promisify<Uint8Array, Buffer>(zlib.gzip) },
  snappy: { id: 2, compress: encodeSnappy },
  lz4: { id: 3, compress: encodeLz4 },
  ...(zstdCompress && { zstd: { id: 4, compress: promisify(zstdCompress) } }),
}

/** What this Node writes: all but zstd before Node 22.15. */
export const WRITABLE_COMPRESSIONS: readonly Compression[] = ['none', ...(Object.keys(CODECS) as Compression[])]

/** Why records cannot be compressed so here; undefined if they can. */
export function unwritableCompression(compression: Compression): ConfigError | undefined {
  if (WRITABLE_COMPRESSIONS.includes(compression)) return undefined
  return new ConfigError(`compression '${compression}' cannot be written by Node ${process.versions.node}`, {
    mend: `zstd needs Node 22.15 or later; every version writes gzip, snappy and lz4, of which gzip is the smallest`,
  })
}

/** The codec; undefined for `'none'`. @throws ConfigError if it is not among `WRITABLE_COMPRESSIONS` */
export function codecOf(compression: Compression): Codec | undefined {
  const error = unwritableCompression(compression)
  if (error) throw error
  return CODECS[compression]
}
