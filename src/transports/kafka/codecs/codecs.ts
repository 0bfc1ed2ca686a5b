import { Unreadable } from '../decode/Unreadable.ts'
import { gunzip } from './gzip.ts'
import { TooLarge, tooLarge } from './limit.ts'
import { decodeLz4Frames } from './lz4.ts'
import { decodeSnappy } from './snappy.ts'
import { unzstd } from './zstd.ts'

/** @param limit bytes of the result: beyond it the codec throws TooLarge, before it has taken that memory. What it throws else is damage. */
type Codec = (bytes: Uint8Array, limit: number) => Uint8Array

/** By the number in a batch's attributes. */
const CODECS: readonly (readonly [name: string, codec: Codec] | undefined)[] = [
  undefined,
  ['gzip', gunzip],
  ['snappy', decodeSnappy],
  ['lz4', decodeLz4Frames],
  ['zstd', unzstd],
]

/** The records of a compressed batch. @throws Unreadable: damaged, larger than `limit`, of a codec that is not known */
export function decompress(number: number, bytes: Uint8Array, limit: number): Uint8Array {
  const found = CODECS[number]
  if (!found) throw new Unreadable(`compression ${number} is not known`)
  const [name, codec] = found
  try {
    return codec(bytes, limit)
  } catch (cause) {
    if (cause instanceof TooLarge) throw tooLarge(limit)
    if (cause instanceof Unreadable) throw new Unreadable(`${name}: ${cause.message}`, { mend: cause.mend })
    throw new Unreadable(`${name}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
}
