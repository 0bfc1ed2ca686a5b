import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type DecodeOptions, RecordSet, type Step } from '../../../src/transports/kafka/decode/RecordSet.ts'
import type { AbortedTransaction } from '../../../src/transports/kafka/decode/Transactions.ts'
import { batchBytes, bytes, stamped, type TestBatch, type TestRecord, texts } from './batchBytes.ts'

const OPTIONS: DecodeOptions = { maxBatchBytes: 1 << 20, checkCrcs: true }

const setOf = (stored: Uint8Array, from = 0, aborted: readonly AbortedTransaction[] = [], options = OPTIONS): RecordSet =>
  new RecordSet('topic[0]', new Uint8Array(stored), from, aborted, options)

interface Read {
  readonly values: readonly (string | null)[]
  readonly offsets: readonly number[]
  readonly next: number
  readonly fault: Step['fault']
}

const textOf = (value: Uint8Array | null): string | null => value && new TextDecoder().decode(value)

function readAll(set: RecordSet): Read {
  const steps: Step[] = []
  while (!set.done) steps.push(set.step())
  const records = steps.flatMap(step => step.records)
  return {
    values: records.map(({ value }) => textOf(value)),
    offsets: records.map(({ offset }) => offset),
    next: steps.at(-1)?.next ?? set.next,
    fault: steps.at(-1)?.fault,
  }
}

const stored = (...batches: readonly TestBatch[]): Buffer => Buffer.concat(batches.map(batchBytes))

describe('the records of a batch', () => {
  it('have what was written', () => {
    const record: TestRecord = {
      key: bytes('k'),
      value: bytes('{"a":1}'),
      headers: [
        { name: '_id', value: Uint8Array.of(1, 2) },
        { name: 'ä', value: null },
        { name: '_id', value: new Uint8Array() },
      ],
      timeDelta: -5,
    }
    const [read] = setOf(batchBytes({ base: 40, firstTime: 1_700_000_000_000, records: [{}, record] }), 41).step().records
    expect(read).toMatchObject({ offset: 41, timestamp: 1_699_999_999_995 })
    expect(textOf(read!.key)).toBe('k')
    expect(textOf(read!.value)).toBe('{"a":1}')
    expect(read!.headers).toEqual([
      { name: '_id', value: Uint8Array.of(1, 2) },
      { name: 'ä', value: null },
      { name: '_id', value: new Uint8Array() },
    ])
    expect(read!.value).not.toBeInstanceOf(Buffer)
  })

  it('tell null from empty', () => {
    const [nothing, empty] = setOf(batchBytes({ records: [{}, { key: new Uint8Array(), value: new Uint8Array() }] })).step().records
    expect([nothing!.key, nothing!.value, nothing!.headers, nothing!.size]).toEqual([null, null, [], 1])
    expect([empty!.key, empty!.value]).toEqual([new Uint8Array(), new Uint8Array()])
  })

  it('have the time of the log where the topic says so, and times far apart', () => {
    const far = 400 * 24 * 3600 * 1000
    const set = setOf(
      stored({ records: [{}, { timeDelta: far }] }, { base: 2, appendTime: 1_600_000_000_123, records: [{ timeDelta: 9 }] }),
    )
    expect(set.step().records.map(({ timestamp }) => timestamp)).toEqual([1_700_000_000_000, 1_700_000_000_000 + far, 1_600_000_000_123])
  })

  it('find a header by its bytes', () => {
    const headers = [
      { name: '_id', value: Uint8Array.of(9) },
      { name: '_test', value: null },
      { name: '_tests', value: bytes('x') },
    ]
    const [read, bare] = setOf(batchBytes({ records: [{ headers }, { value: bytes('_test') }] })).step().records
    expect(['_test', '_tests', '_id', '_tes', '_testss', ''].map(name => read!.hasHeader(bytes(name)))).toEqual([
      true,
      true,
      true,
      false,
      false,
      false,
    ])
    expect(bare!.hasHeader(bytes('_test'))).toBe(false)
  })

  it('count the bytes of key, value and headers', () => {
    const [read] = setOf(
      batchBytes({ records: [{ key: bytes('ab'), value: bytes('cde'), headers: [{ name: 'n', value: bytes('v') }] }] }),
    ).step().records
    expect(read!.size).toBe(2 + 3 + 5)
  })
})

describe('detach', () => {
  const headers = [{ name: '_id', value: Uint8Array.of(7) }]

  it('copies a record that is small against its batch', () => {
    const [read] = setOf(
      batchBytes({ records: [{ key: bytes('k'), value: bytes('small'), headers }, { value: new Uint8Array(10_000) }] }),
    ).step().records
    const before = read!.value!.buffer.byteLength
    read!.detach()
    expect(read!.value!.buffer.byteLength).toBeLessThan(100)
    expect(before).toBeGreaterThan(10_000)
    expect([textOf(read!.key), textOf(read!.value), read!.headers]).toEqual(['k', 'small', headers])
    expect(read!.hasHeader(bytes('_id'))).toBe(true)
    read!.detach()
    expect(textOf(read!.value)).toBe('small')
  })

  it('leaves one that is most of its batch', () => {
    const [read] = setOf(batchBytes({ records: [{ value: new Uint8Array(10_000) }] })).step().records
    const before = read!.value!.buffer
    read!.detach()
    expect(read!.value!.buffer).toBe(before)
  })
})

describe('a record set', () => {
  it('gives the records from an offset on, and what is next', () => {
    const set = setOf(stored({ base: 10, records: texts('a', 'b') }, { base: 12, records: texts('c') }), 11)
    expect(set.next).toBe(13)
    expect(readAll(set)).toEqual({ values: ['b', 'c'], offsets: [11, 12], next: 13, fault: undefined })
  })

  it('moves on over what compaction took', () => {
    const holes: TestBatch = { base: 5, records: [{ offsetDelta: 2, value: bytes('a') }], lastDelta: 6 }
    expect(readAll(setOf(stored(holes, { base: 20, records: [], lastDelta: 3 }), 5))).toMatchObject({ offsets: [7], next: 24 })
  })

  it('leaves a batch that is cut off to the next fetch, at every length', () => {
    const first = batchBytes({ records: texts('a', 'b') })
    const all = Buffer.concat([first, batchBytes({ base: 2, records: texts('c') })])
    for (let length = 0; length < all.length; length++) {
      const set = setOf(all.subarray(0, length))
      expect(readAll(set).values, `${length} bytes`).toEqual(length < first.length ? [] : ['a', 'b'])
      expect(set.next).toBe(length < first.length ? 0 : 2)
    }
  })

  it('leaves control records and aborted transactions out, and counts them', () => {
    const [aborting, committing] = [7n, 8n]
    const set = setOf(
      stored(
        { base: 0, transactional: true, producerId: aborting, records: texts('given up') },
        { base: 1, transactional: true, producerId: committing, records: texts('kept') },
        { base: 2, records: texts('plain') },
        { base: 3, marker: 'abort', producerId: aborting },
        { base: 4, marker: 'commit', producerId: committing },
        { base: 5, transactional: true, producerId: aborting, records: texts('later') },
        { base: 6, marker: 'commit', producerId: aborting },
      ),
      0,
      [{ producerId: aborting, firstOffset: 0 }],
    )
    expect(readAll(set)).toEqual({ values: ['kept', 'plain', 'later'], offsets: [1, 2, 5], next: 7, fault: undefined })
  })

  it('takes a key of four zeros for no marker', () => {
    const record = { key: Uint8Array.of(0, 0, 0, 0), value: bytes('v') }
    const set = setOf(
      stored(
        { transactional: true, producerId: 1n, records: [record] },
        { base: 1, transactional: true, producerId: 1n, records: texts('w') },
      ),
      0,
      [{ producerId: 1n, firstOffset: 0 }],
    )
    expect(readAll(set).values).toEqual([])
  })

  it('is read step by step: large batches one by one, small ones together', () => {
    const large = (base: number): TestBatch => ({ base, records: [{ value: new Uint8Array(1 << 20) }] })
    const options = { ...OPTIONS, maxBatchBytes: 1 << 21 }
    const steps = (set: RecordSet): number => {
      let count = 0
      for (; !set.done; count++) set.step()
      return count
    }
    expect(steps(setOf(stored(large(0), large(1), large(2)), 0, [], options))).toBe(3)
    expect(steps(setOf(stored(...Array.from({ length: 400 }, (_, base) => ({ base, records: texts('v') })))))).toBe(1)
    expect(steps(setOf(stored(...Array.from({ length: 1200 }, (_, base) => ({ base, records: texts('v') })))))).toBe(3)
  })

  it('opens a compressed batch only when it is its turn', () => {
    const compress = (body: Buffer): Uint8Array => gzipSync(body)
    const large = (base: number): TestBatch => ({ base, codec: 1, compress, records: [{ value: new Uint8Array(1 << 20) }] })
    const options = { ...OPTIONS, maxBatchBytes: 1 << 21 }
    const set = setOf(Buffer.concat([batchBytes(large(0)), batchBytes(large(1))]), 0, [], options)
    expect(set.next).toBe(2)
    expect(set.step()).toMatchObject({ next: 1, records: [{ offset: 0 }] })
    expect(set.step()).toMatchObject({ next: 2, records: [{ offset: 1 }] })
  })
})

describe('what cannot be read', () => {
  const good = (base: number, value: string): Buffer => batchBytes({ base, records: texts(value) })

  it('is a fault behind what can, and says where to go on', () => {
    const damaged = good(1, 'x')
    damaged[damaged.length - 2]! ^= 1
    const read = readAll(setOf(Buffer.concat([good(0, 'a'), damaged, good(9, 'b')])))
    expect(read).toMatchObject({ values: ['a'], next: 1, fault: { after: 9, error: { code: 'ALERT_DAMAGED' } } })
    expect(read.fault?.error.message).toBe('topic[0]@1: the record batch cannot be read: its CRC-32C is wrong')
  })

  it('says where to go on behind the last batch, by its own header', () => {
    const damaged = batchBytes({ base: 3, records: texts('x', 'y') })
    damaged[damaged.length - 2]! ^= 1
    expect(readAll(setOf(damaged, 3)).fault?.after).toBe(5)
  })

  it('does not say where to go on if nothing tells', () => {
    const read = readAll(setOf(Buffer.concat([good(0, 'a'), Buffer.alloc(100, 0xff)])))
    expect(read).toMatchObject({ values: ['a'], next: 1, fault: { after: undefined, error: { code: 'ALERT_DAMAGED' } } })
  })

  it('tells before that fetching on is of no use', () => {
    expect(setOf(Buffer.concat([good(0, 'a'), Buffer.alloc(100, 0xff)])).endsInFault).toBe(true)
    expect(setOf(good(0, 'a')).endsInFault).toBe(false)
  })

  it('is an unknown codec', () => {
    const read = readAll(setOf(stored({ codec: 7, records: texts('x') }, { base: 1, records: texts('b') })))
    expect(read.fault).toMatchObject({ after: 1, error: { message: expect.stringContaining('compression 7 is not known') } })
  })

  it('is a batch larger than the limit, compressed or not', () => {
    const records = [{ value: new Uint8Array(5000) }]
    const options = { ...OPTIONS, maxBatchBytes: 4096 }
    for (const batch of [{ records }, { records, codec: 1, compress: (body: Buffer) => gzipSync(body) }]) {
      const { fault } = readAll(setOf(batchBytes(batch), 0, [], options))
      expect(fault).toMatchObject({ after: 1, error: { code: 'ALERT_DAMAGED' } })
      expect(fault?.error.message).toMatch(/more than 4096 bytes.*raise limits\.batchBytes/)
    }
  })

  it('is a message of the old formats', () => {
    const old = Buffer.alloc(40)
    old.writeBigInt64BE(6n, 0)
    old.writeInt32BE(28, 8)
    old[16] = 1
    const read = readAll(setOf(Buffer.concat([good(5, 'a'), old]), 5))
    expect(read).toMatchObject({ values: ['a'], fault: { after: 7 } })
    expect(read.fault?.error.message).toMatch(/format v1 \(Kafka before 0\.11\) is not read/)
  })

  it.each([
    ['a record beyond its batch', { records: texts('a'), count: 2 }],
    ['bytes behind the records', { records: texts('a', 'b'), count: 1 }],
    ['an offset beyond the batch', { records: [{ value: bytes('a'), offsetDelta: 3 }], lastDelta: 2 }],
    ['offsets that go back', { records: [{ offsetDelta: 1 }, { offsetDelta: 0 }], lastDelta: 1 }],
    ['a negative offset', { records: [{ offsetDelta: -1 }], lastDelta: 0 }],
    ['a negative count', { records: texts('a'), count: -1 }],
    ['a count beyond all memory', { records: texts('a'), count: 0x7fffffff }],
  ])('is %s', (_, batch: TestBatch) => {
    expect(readAll(setOf(batchBytes(batch)))).toMatchObject({ values: [], fault: { error: { code: 'ALERT_DAMAGED' } } })
  })

  it.each([
    ['a base beyond the safe integers', (batch: Buffer) => batch.writeBigInt64BE(2n ** 60n, 0)],
    ['a negative base', (batch: Buffer) => batch.writeBigInt64BE(-5n, 0)],
    ['a last offset before the first', (batch: Buffer) => batch.writeInt32BE(-2, 23)],
    ['a length shorter than a header', (batch: Buffer) => batch.writeInt32BE(10, 8)],
    ['a negative length', (batch: Buffer) => batch.writeInt32BE(-1, 8)],
    ['a format of the future', (batch: Buffer) => batch.writeInt8(3, 16)],
  ])('is %s', (_, change) => {
    const batch = good(0, 'a')
    change(batch)
    expect(readAll(setOf(stamped(batch)))).toMatchObject({ values: [], next: 0, fault: { after: undefined } })
  })

  it('never hangs, crashes or delivers beyond its batches, whatever the bits are', () => {
    const sound = stored(
      { base: 0, records: [{ key: bytes('k'), value: bytes('value'), headers: [{ name: 'h', value: bytes('v') }] }, {}] },
      { base: 2, codec: 1, compress: body => gzipSync(body), records: texts('one', 'two') },
      { base: 4, marker: 'commit', producerId: 3n },
      { base: 5, records: texts('last') },
    )
    for (const checkCrcs of [true, false]) {
      for (let bit = 0; bit < sound.length * 8; bit++) {
        const flipped = Buffer.from(sound)
        flipped[bit >> 3]! ^= 1 << (bit & 7)
        const set = setOf(flipped, 0, [], { maxBatchBytes: 1 << 16, checkCrcs })
        const read = readAll(set)
        for (const offset of read.offsets) expect(offset).toBeLessThan(read.next)
        expect(read.offsets).toEqual(read.offsets.toSorted((a, b) => a - b))
      }
    }
  })

  it('finds every flipped bit that the CRC covers', () => {
    const sound = batchBytes({ records: [{ key: bytes('k'), value: bytes('value') }] })
    for (let bit = 17 * 8; bit < sound.length * 8; bit++) {
      const flipped = Buffer.from(sound)
      flipped[bit >> 3]! ^= 1 << (bit & 7)
      expect(readAll(setOf(flipped)), `bit ${bit}`).toMatchObject({ values: [], fault: { error: { code: 'ALERT_DAMAGED' } } })
    }
  })

  it('shows records whose headers are damaged, with the headers that can be read', () => {
    const batch = batchBytes({
      records: [
        {
          value: bytes('v'),
          headers: [
            { name: 'a', value: bytes('1') },
            { name: 'b', value: bytes('2') },
          ],
        },
      ],
    })
    batch[batch.length - 4] = 0x7e // the second name would be 63 bytes long
    const [read] = setOf(batch, 0, [], { ...OPTIONS, checkCrcs: false }).step().records
    expect(textOf(read!.value)).toBe('v')
    expect(read!.headers.map(({ name }) => name)).toEqual(['a'])
    expect(read!.hasHeader(bytes('b'))).toBe(false)
  })

  it('survives arbitrary bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (garbage, withFrame) => {
        const framed = Buffer.concat([Buffer.alloc(61), garbage])
        framed.writeInt32BE(49 + garbage.length, 8)
        framed[16] = 2
        framed.writeInt32BE(1000, 23)
        framed.writeInt32BE(1000, 57)
        readAll(setOf(withFrame ? framed : garbage, 0, [], { maxBatchBytes: 1 << 16, checkCrcs: false }))
      }),
      { numRuns: 2000 },
    )
  })
})
