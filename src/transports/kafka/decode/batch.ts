import { int16At, int32At, int64At } from './Cursor.ts'

/*
 * A record batch, format v2: base offset 0, length 8, leader epoch 12, magic 16, CRC 17, attributes 21, last offset delta 23,
 * first timestamp 27, largest timestamp 35, producer id 43, epoch 51, sequence 53, count 57, records 61.
 * The CRC covers all from the attributes on.
 */
export const HEADER_LENGTH = 61
export const CRC_AT = 17
export const CRC_FROM = 21

const APPEND_TIME = 0x08
const TRANSACTIONAL = 0x10
const CONTROL = 0x20

/** What can be told of a batch without opening it. */
export interface BatchFrame {
  readonly start: number
  /** Behind it; may be beyond the bytes that are there. */
  readonly end: number
  readonly base: number
  readonly last: number
  readonly magic: number
}

export interface BatchHeader extends BatchFrame {
  readonly crc: number
  readonly codec: number
  readonly transactional: boolean
  readonly control: boolean
  readonly firstTime: number
  /** LogAppendTime: the one timestamp of all its records. */
  readonly fixedTime: number | undefined
  readonly producerId: bigint
  readonly count: number
}

/** A frame at `start`; undefined if its first fields are cut off. */
export function frameAt(bytes: Uint8Array, start: number): BatchFrame | undefined {
  if (start + CRC_AT > bytes.length) return undefined
  const magic = bytes[start + 16]!
  if (magic === 2 && start + HEADER_LENGTH > bytes.length) return undefined
  const base = int64At(bytes, start)
  const end = start + 12 + int32At(bytes, start + 8)
  return { start, end, base, last: magic === 2 ? base + int32At(bytes, start + 23) : base, magic }
}

/** The smallest message of the formats before v2. */
const OLD_MESSAGE_LENGTH = 26

/** Whether the fields fit together: what does not is no batch, or a damaged one. */
export function isCredible({ start, end, base, last, magic }: BatchFrame): boolean {
  const least = magic === 2 ? HEADER_LENGTH : OLD_MESSAGE_LENGTH
  return magic <= 2 && end >= start + least && base >= 0 && last >= base && Number.isSafeInteger(last + 1)
}

/** The rest of the header; the frame has to be credible and whole. */
export function headerOf(bytes: Uint8Array, frame: BatchFrame): BatchHeader {
  const { start } = frame
  const attributes = int16At(bytes, start + CRC_FROM)
  return {
    ...frame,
    crc: int32At(bytes, start + CRC_AT) >>> 0,
    codec: attributes & 7,
    transactional: (attributes & TRANSACTIONAL) !== 0,
    control: (attributes & CONTROL) !== 0,
    firstTime: int64At(bytes, start + 27),
    fixedTime: attributes & APPEND_TIME ? int64At(bytes, start + 35) : undefined,
    producerId: bigint64At(bytes, start + 43),
    count: int32At(bytes, start + 57),
  }
}

export function bigint64At(bytes: Uint8Array, at: number): bigint {
  return (BigInt(int32At(bytes, at)) << 32n) | BigInt(int32At(bytes, at + 4) >>> 0)
}
