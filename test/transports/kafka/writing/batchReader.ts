import { WireReader } from '../../../bed/wire.ts'

export interface ReadRecord {
  readonly timestamp: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly (readonly [name: string, value: Buffer | null])[]
}

export interface ReadBatch {
  readonly length: number
  readonly crc: number
  readonly attributes: number
  readonly lastPlace: number
  readonly lastTimestamp: number
  readonly producerId: bigint
  readonly epoch: number
  readonly sequence: number
  readonly count: number
  /** Decompressed by `decompress` if the attributes name a codec. */
  readonly records: readonly ReadRecord[]
}

/** Reads a record batch by the book (version 2), slowly: what the encoder is checked against. Throws if a byte is left over. */
export function readBatch(bytes: Uint8Array, decompress: (bytes: Buffer) => Buffer = same => same): ReadBatch {
  const reader = new WireReader(Buffer.from(bytes))
  reader.int64()
  const length = reader.int32()
  if (length !== bytes.length - 12) throw new Error(`length ${length} of a batch of ${bytes.length} bytes`)
  reader.int32()
  const magic = reader.int8()
  if (magic !== 2) throw new Error(`magic ${magic}`)
  const crc = reader.int32() >>> 0
  const attributes = reader.int16()
  const lastPlace = reader.int32()
  const first = Number(reader.int64())
  const lastTimestamp = Number(reader.int64())
  const producerId = reader.int64()
  const epoch = reader.int16()
  const sequence = reader.int32()
  const count = reader.int32()
  const records = readRecords(attributes & 7 ? decompress(reader.rest()) : reader.rest(), count, first)
  return { length, crc, attributes, lastPlace, lastTimestamp, producerId, epoch, sequence, count, records }
}

function readRecords(bytes: Buffer, count: number, first: number): ReadRecord[] {
  const reader = new WireReader(bytes)
  const records = Array.from({ length: count }, (_, place) => readRecord(new WireReader(reader.bytes(zigzag(reader))), place, first))
  if (reader.rest().length > 0) throw new Error(`${reader.rest().length} bytes behind the last record`)
  return records
}

function readRecord(reader: WireReader, place: number, first: number): ReadRecord {
  reader.int8()
  const timestamp = first + zigzag(reader)
  const at = zigzag(reader)
  if (at !== place) throw new Error(`record ${place} says to be ${at}`)
  const key = bytesOf(reader)
  const value = bytesOf(reader)
  const headers = Array.from({ length: zigzag(reader) }, () => [String(bytesOf(reader)), bytesOf(reader)] as const)
  if (reader.rest().length > 0) throw new Error(`${reader.rest().length} bytes behind record ${place}`)
  return { timestamp, key, value, headers }
}

/** A signed integer of variable length, of up to 52 bits. */
function zigzag(reader: WireReader): number {
  let value = 0n
  for (let shift = 0n; ; shift += 7n) {
    const byte = reader.int8() & 0xff
    value |= BigInt(byte & 0x7f) << shift
    if (byte < 0x80) return Number((value >> 1n) ^ -(value & 1n))
  }
}

function bytesOf(reader: WireReader): Buffer | null {
  const length = zigzag(reader)
  return length < 0 ? null : reader.bytes(length)
}
