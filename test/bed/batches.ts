/** A record batch (format 2) inside a buffer. */
export interface BatchPlace {
  /** Of its first byte in the buffer. */
  readonly position: number
  readonly length: number
  readonly baseOffset: number
  readonly lastOffset: number
}

/**
 * How a batch is damaged. 'byte': its last byte is inverted, which only the checksum tells. 'record': the length of its first record is
 * -1 (of a compressed batch: the start of the compressed bytes is wrong). 'magic': it says to be of a format that does not exist.
 */
export type Damage = 'byte' | 'record' | 'magic'

const overhead = 12 // base offset and length, which the length does not count
const magicAt = 16
const lastOffsetDeltaAt = 23
const recordsAt = 61

/** The complete record batches of a stretch of a log, in order: a segment file, or a partition's records in a Fetch answer. */
export function* batchesIn(log: Buffer): Generator<BatchPlace> {
  let position = 0
  while (position + recordsAt <= log.length) {
    const length = overhead + log.readInt32BE(position + 8)
    if (position + length > log.length || length <= recordsAt || log.readInt8(position + magicAt) !== 2) return
    const baseOffset = Number(log.readBigInt64BE(position))
    yield { position, length, baseOffset, lastOffset: baseOffset + log.readInt32BE(position + lastOffsetDeltaAt) }
    position += length
  }
}

/** Damages a batch in place; returns the position of the byte that was changed. */
export function damageIn(log: Buffer, { position, length }: BatchPlace, damage: Damage): number {
  const at = position + { byte: length - 1, record: recordsAt, magic: magicAt }[damage]
  log[at] = { byte: ~log[at]! & 0xff, record: 1, magic: 9 }[damage]
  return at
}
