import { Unreadable } from '../decode/Unreadable.ts'

/** Thrown by a decoder that would write more than it may; `decompress` says it with the limit. */
export class TooLarge extends Error {}

/** A batch that is larger than the limits allow. */
export function tooLarge(limit: number): Unreadable {
  return new Unreadable(`it has more than ${limit} bytes after decompression`, {
    mend: 'If such batches are meant to be there, raise limits.batchBytes; else somebody publishes to exhaust memory',
  })
}
