import { createRequire } from 'node:module'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decompress } from '../../../src/transports/kafka/codecs/codecs.ts'
import { unwritableCompression, WRITABLE_COMPRESSIONS } from '../../../src/transports/kafka/compress.ts'
import { crc32c } from '../../../src/transports/kafka/crc32c.ts'
import {
  compressBatch,
  encodeBatch,
  PLAIN,
  type Producer,
  RECORD_OVERHEAD,
  sizeOfRecord,
  stampBatch,
} from '../../../src/transports/kafka/encode.ts'
import type { OutRecord } from '../../../src/transports/transport.ts'
import { readBatch } from './writing/batchReader.ts'

const record = (over: Partial<OutRecord> = {}): OutRecord => ({
  topic: 't',
  key: null,
  value: null,
  headers: [],
  timestamp: 1_700_000_000_000,
  ...over,
})
const sized = (records: readonly OutRecord[]) => records.map(each => ({ record: each, size: sizeOfRecord(each) }))
const text = (value: string) => Buffer.from(value)

function batchOf(records: readonly OutRecord[], producer: Producer = PLAIN, sequence = 0): Buffer {
  const batch = encodeBatch(sized(records))
  stampBatch(batch, producer, sequence)
  return batch
}

const bytes = fc.uint8Array({ maxLength: 300 })
const header = fc.record({ name: fc.string({ unit: 'binary', maxLength: 70 }), value: fc.option(bytes) })
const outRecord = fc.record({
  topic: fc.constant('t'),
  key: fc.option(bytes),
  value: fc.option(bytes),
  headers: fc.array(header, { maxLength: 70, size: 'max' }),
  timestamp: fc.oneof(
    fc.integer({ min: 0, max: 2 ** 45 }),
    fc.integer({ min: 0, max: 5000 }).map(ms => 1_700_000_000_000 + ms),
  ),
})

describe('encodeBatch', () => {
  it('writes what a reader by the book reads, whatever the records', () => {
    fc.assert(
      fc.property(fc.array(outRecord, { minLength: 1, maxLength: 200 }), records => {
        const read = readBatch(batchOf(records))
        expect(read.records).toEqual(
          records.map(({ timestamp, key, value, headers }) => ({
            timestamp,
            key: key && Buffer.from(key),
            value: value && Buffer.from(value),
            headers: headers.map(each => [each.name, each.value && Buffer.from(each.value)]),
          })),
        )
        expect([read.count, read.lastPlace]).toEqual([records.length, records.length - 1])
        expect(read.lastTimestamp).toBe(Math.max(...records.map(each => each.timestamp)))
      }),
      { numRuns: 100 },
    )
  })

  it('writes, byte for byte, what the encoder of kafkajs writes', async () => {
    const kafkajs = createRequire(import.meta.url)
    const { RecordBatch } = kafkajs('kafkajs/src/protocol/recordBatch/v0/index.js')
    const Record = kafkajs('kafkajs/src/protocol/recordBatch/record/v0/index.js')
    const records = [
      record({ key: text('S230518h'), value: text('{"a": 1}'), headers: [{ name: '_id', value: Buffer.alloc(16, 7) }] }),
      record({ value: text('x'.repeat(5000)), timestamp: 1_700_000_000_500, headers: [{ name: 'é', value: text('ü') }] }),
      record({ key: text(''), value: text(''), timestamp: 1_700_086_400_000 }),
    ]
    const theirs = await RecordBatch({
      firstTimestamp: records[0]!.timestamp,
      maxTimestamp: records[2]!.timestamp,
      partitionLeaderEpoch: -1,
      lastOffsetDelta: 2,
      producerId: 4711,
      producerEpoch: 3,
      firstSequence: 70_000,
      records: records.map(({ key, value, headers, timestamp }, offsetDelta) =>
        Record({
          offsetDelta,
          timestampDelta: timestamp - records[0]!.timestamp,
          key,
          value,
          headers: Object.fromEntries(headers.map(each => [each.name, each.value])),
        }),
      ),
    })
    // kafkajs writes the batch's length in front as the length of a byte string, we write the batch alone: the same bytes.
    expect(batchOf(records, { id: 4711n, epoch: 3 }, 70_000).toString('hex')).toBe(theirs.buffer.toString('hex'))
  })

  it('counts no byte less than it writes', () => {
    fc.assert(
      fc.property(fc.array(outRecord, { minLength: 1, maxLength: 20 }), records => {
        const bound = sized(records).reduce((sum, { size }) => sum + size + RECORD_OVERHEAD, 61)
        expect(batchOf(records).length).toBeLessThanOrEqual(bound)
      }),
    )
  })
})

describe('stampBatch', () => {
  it('says who writes and seals it with the checksum of all behind it', () => {
    const batch = batchOf([record({ value: text('v') })], { id: 2n ** 40n + 1n, epoch: 7 }, 2 ** 31 - 1)
    const read = readBatch(batch)
    expect(read).toMatchObject({ producerId: 2n ** 40n + 1n, epoch: 7, sequence: 2 ** 31 - 1, crc: crc32c(batch, 21) })
  })

  it('says nobody where there is no producer id', () => {
    expect(readBatch(batchOf([record()], PLAIN, 12))).toMatchObject({ producerId: -1n, epoch: -1, sequence: -1 })
  })

  it('can be done again for another producer', () => {
    const batch = batchOf([record({ value: text('v') })], { id: 1n, epoch: 1 }, 30)
    stampBatch(batch, { id: 2n, epoch: 0 }, 0)
    expect(batch.equals(batchOf([record({ value: text('v') })], { id: 2n, epoch: 0 }, 0))).toBe(true)
  })
})

describe('compressBatch', () => {
  const long = [
    record({ value: text('gravitational '.repeat(500)) }),
    record({ value: text('waves '.repeat(500)), timestamp: 1_700_000_000_001 }),
  ]

  it.each([
    ['gzip', 1],
    ['snappy', 2],
    ['lz4', 3],
  ] as const)('compresses the records with %s, says so, and changes nothing else', async (compression, number) => {
    const plain = encodeBatch(sized(long))
    const packed = await compressBatch(plain, compression)
    stampBatch(packed, PLAIN, 0)
    const read = readBatch(packed, bytes => Buffer.from(decompress(number, bytes, plain.length)))
    expect(packed.length).toBeLessThan(plain.length / 10)
    expect(read.attributes).toBe(number)
    expect(read.crc).toBe(crc32c(packed, 21))
    expect(read.records).toEqual(readBatch(plain).records)
    expect(readBatch(plain).attributes).toBe(0)
  })

  it('leaves alone what does not get smaller', async () => {
    const batch = encodeBatch(sized([record({ value: text('short') })]))
    expect(await compressBatch(batch, 'gzip')).toBe(batch)
    expect(await compressBatch(batch, 'none')).toBe(batch)
  })

  it('refuses what this Node cannot write', async () => {
    const batch = encodeBatch(sized(long))
    const unknown = 'brotli' as 'zstd'
    await expect(compressBatch(batch, unknown)).rejects.toMatchObject({ code: 'ALERT_CONFIG' })
    expect(WRITABLE_COMPRESSIONS.map(unwritableCompression)).toEqual(WRITABLE_COMPRESSIONS.map(() => undefined))
    expect(WRITABLE_COMPRESSIONS.slice(0, 4)).toEqual(['none', 'gzip', 'snappy', 'lz4'])
  })

  it('writes zstd where this Node can, and says which can where it cannot', () => {
    const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
    const can = major > 23 || (major === 23 && minor >= 8) || (major === 22 && minor >= 15)
    expect(WRITABLE_COMPRESSIONS.includes('zstd')).toBe(can)
    expect(unwritableCompression('zstd')?.message).toEqual(can ? undefined : expect.stringMatching(/'zstd'.*Node 22\.15.*gzip/))
  })
})
