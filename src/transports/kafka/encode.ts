import type { Compression, OutRecord } from '../transport.ts'
import { codecOf } from './compress.ts'
import { crc32c } from './crc32c.ts'
import { putVarint, putVarlong, sizeOfVarint, sizeOfVarlong } from './varint.ts'

/** Bytes in front of a batch's records. */
export const BATCH_HEADER = 61
/** Most bytes of one record in a batch beside its key, value and headers: length 5, attributes 1, time 10, place 5. */
export const RECORD_OVERHEAD = 21

/** Where the fields of a record batch of version 2 begin. */
const LENGTH = 8
const LEADER_EPOCH = 12
const MAGIC = 16
const CRC = 17
const ATTRIBUTES = 21
const LAST_PLACE = 23
const FIRST_TIME = 27
const LAST_TIME = 35
const PRODUCER_ID = 43
const PRODUCER_EPOCH = 51
const SEQUENCE = 53
const COUNT = 57

/** Who writes, as the broker knows it: it takes each sequence number of a producer and a partition once. */
export interface Producer {
  readonly id: bigint
  readonly epoch: number
}

/** No producer id: the broker takes everything, twice if it comes twice. */
export const PLAIN: Producer = { id: -1n, epoch: -1 }

/** A record with `size`, the bytes of its key, value and headers, counted once by `sizeOfRecord`. */
export interface SizedRecord {
  readonly record: OutRecord
  readonly size: number
}

/** Bytes of key, value and headers as they stand in a batch. */
export function sizeOfRecord({ key, value, headers }: Pick<OutRecord, 'key' | 'value' | 'headers'>): number {
  let size = sizeOfBytes(key) + sizeOfBytes(value) + sizeOfVarint(headers.length)
  for (const header of headers) {
    const name = Buffer.byteLength(header.name)
    size += sizeOfVarint(name) + name + sizeOfBytes(header.value)
  }
  return size
}

/** A record batch, uncompressed, of nobody yet: `stampBatch` makes it complete. Sizes are counted first, so that nothing grows or moves. */
export function encodeBatch(records: readonly SizedRecord[]): Buffer {
  const first = records[0]!.record.timestamp
  let last = first
  let length = BATCH_HEADER
  for (let place = 0; place < records.length; place++) {
    const { record, size } = records[place]!
    if (record.timestamp > last) last = record.timestamp
    const body = sizeOfBody(size, record.timestamp - first, place)
    length += sizeOfVarint(body) + body
  }
  const batch = Buffer.allocUnsafe(length)
  putHeader(batch, records.length, first, last)
  let at = BATCH_HEADER
  for (let place = 0; place < records.length; place++) at = putRecord(batch, at, records[place]!, first, place)
  return batch
}

/** The same batch with its records compressed; itself where that does not make it smaller. */
export async function compressBatch(batch: Buffer, compression: Compression): Promise<Buffer> {
  const codec = codecOf(compression)
  if (!codec) return batch
  const records = await codec.compress(batch.subarray(BATCH_HEADER))
  if (BATCH_HEADER + records.length >= batch.length) return batch
  const smaller = Buffer.allocUnsafe(BATCH_HEADER + records.length)
  batch.copy(smaller, 0, 0, BATCH_HEADER)
  smaller.set(records, BATCH_HEADER)
  smaller.writeInt32BE(smaller.length - LEADER_EPOCH, LENGTH)
  smaller.writeInt16BE(codec.id, ATTRIBUTES)
  return smaller
}

/** Writes the producer, the sequence number of the first record and the checksum into a batch. `PLAIN` has no sequence. */
export function stampBatch(batch: Buffer, producer: Producer, sequence: number): void {
  batch.writeBigInt64BE(producer.id, PRODUCER_ID)
  batch.writeInt16BE(producer.epoch, PRODUCER_EPOCH)
  batch.writeInt32BE(producer === PLAIN ? -1 : sequence, SEQUENCE)
  batch.writeUInt32BE(crc32c(batch, ATTRIBUTES), CRC)
}

function putHeader(batch: Buffer, count: number, first: number, last: number): void {
  batch.fill(0, 0, LENGTH) // the base offset is the broker's
  batch.writeInt32BE(batch.length - LEADER_EPOCH, LENGTH)
  batch.writeInt32BE(-1, LEADER_EPOCH)
  batch[MAGIC] = 2
  batch.writeInt16BE(0, ATTRIBUTES)
  batch.writeInt32BE(count - 1, LAST_PLACE)
  batch.writeBigInt64BE(BigInt(first), FIRST_TIME)
  batch.writeBigInt64BE(BigInt(last), LAST_TIME)
  batch.writeInt32BE(count, COUNT)
}

const sizeOfBody = (size: number, delta: number, place: number): number => 1 + sizeOfVarlong(delta) + sizeOfVarint(place) + size

function putRecord(batch: Buffer, start: number, { record, size }: SizedRecord, first: number, place: number): number {
  const delta = record.timestamp - first
  let at = putVarint(batch, start, sizeOfBody(size, delta, place))
  batch[at++] = 0 // no attributes
  at = putVarlong(batch, at, delta)
  at = putVarint(batch, at, place)
  at = putBytes(batch, at, record.key)
  at = putBytes(batch, at, record.value)
  at = putVarint(batch, at, record.headers.length)
  for (const { name, value } of record.headers) {
    at = putText(batch, at, name)
    at = putBytes(batch, at, value)
  }
  return at
}

const sizeOfBytes = (bytes: Uint8Array | null): number => (bytes === null ? 1 : sizeOfVarint(bytes.length) + bytes.length)

function putBytes(batch: Buffer, start: number, bytes: Uint8Array | null): number {
  if (bytes === null) return putVarint(batch, start, -1)
  const at = putVarint(batch, start, bytes.length)
  batch.set(bytes, at)
  return at + bytes.length
}

function putText(batch: Buffer, start: number, text: string): number {
  const at = putVarint(batch, start, Buffer.byteLength(text))
  return at + batch.write(text, at)
}
