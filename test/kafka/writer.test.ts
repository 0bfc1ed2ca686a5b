import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { WRITABLE_COMPRESSIONS } from '../../src/transports/kafka/compress.ts'
import { encodeBatch, type Producer, sizeOfRecord, stampBatch } from '../../src/transports/kafka/encode.ts'
import { produce } from '../../src/transports/kafka/produce.ts'
import { uniqueName } from '../bed/bedClient.ts'
import { confluentWrite } from '../bed/peerPrograms.ts'
import { sharedBed } from '../bed/shared.ts'
import { RealWriter } from './writing/RealWriter.ts'
import { readBack } from './writing/readBack.ts'

const bed = sharedBed()
const broker = bed.brokers[0]!
const failed = (code: string, stored: false | 'unknown') => ({ stored, error: expect.objectContaining({ code }) })
const base64 = (bytes: Uint8Array | null) => bytes && Buffer.from(bytes).toString('base64')

async function newTopic(options: Parameters<typeof bed.createTopic>[1] = {}): Promise<string> {
  const topic = uniqueName('writer')
  await bed.createTopic(topic, options)
  return topic
}

describe('what is written', () => {
  it('is read by librdkafka byte for byte: keys, values, headers, times', async () => {
    await using writer = new RealWriter({ server: broker.plaintext })
    const topic = await newTopic({ config: { 'retention.ms': -1 } }) // some of these times are old
    const all = Uint8Array.from({ length: 256 }, (_, byte) => byte)
    const records = [
      { key: null, value: all, headers: [], timestamp: 1_700_000_000_000 },
      {
        key: all,
        value: null,
        headers: [
          { name: '_id', value: all.subarray(16, 32) },
          { name: '_id', value: null },
        ],
        timestamp: 1_600_000_000_000,
      },
      {
        key: new Uint8Array(0),
        value: new Uint8Array(0),
        headers: [{ name: 'é', value: new Uint8Array(0) }],
        timestamp: 1_700_000_000_001,
      },
    ]
    await Promise.all(records.map((record, i) => writer.write(topic, `${i}`, record)))
    expect(await readBack(bed, topic)).toEqual(
      records.map(({ key, value, headers, timestamp }, offset) => ({
        topic,
        partition: 0,
        offset,
        key: base64(key),
        value: base64(value),
        headers: headers.map(header => [header.name, base64(header.value)]),
        timestamp,
      })),
    )
  })

  it.each(WRITABLE_COMPRESSIONS)('is read by librdkafka when compressed with %s', async compression => {
    await using writer = new RealWriter({ server: broker.plaintext })
    const topic = await newTopic()
    const values = Array.from({ length: 50 }, (_, i) => `${i} ${'gravitational waves '.repeat(100)}`)
    for (const outcome of await Promise.all(values.map(value => writer.write(topic, value, { compression }))))
      expect(outcome.error).toBeUndefined()
    expect((await readBack(bed, topic)).map(({ value }) => Buffer.from(value!, 'base64').toString())).toEqual(values)
  })

  it('goes to the partition where librdkafka puts the same key', async () => {
    await using writer = new RealWriter({ server: broker.plaintext })
    const topic = await newTopic({ partitions: 7 })
    const keys = Array.from({ length: 100 }, (_, i) => `S2305${i}abc`)
    const ours = await Promise.all(keys.map(key => writer.write(topic, key, { key: Buffer.from(key) })))
    const messages = keys.map(key => ({ key: base64(Buffer.from(key))!, value: base64(Buffer.from(key)) }))
    const theirs = new Map((await confluentWrite(bed.access(), topic, { messages })).map(({ value, partition }) => [value, partition]))
    expect(ours.map(outcome => 'partition' in outcome && outcome.partition)).toEqual(keys.map(key => theirs.get(key)))
  })

  it('goes on when the sequence numbers begin again at 0', async () => {
    await using writer = new RealWriter({ server: broker.plaintext })
    const topic = await newTopic()
    await writer.write(topic, 'opens the link')
    const { producerId, producerEpoch } = await (await writer.links.main()).call('InitProducerId', {
      transactionalId: null,
      transactionTimeout: 60_000,
    })
    const producer = { id: BigInt(producerId), epoch: producerEpoch }
    const link = writer.links.link(broker.plaintext)
    const answers = []
    for (const [sequence, count] of [
      [2 ** 31 - 2, 4],
      [2, 1],
      [3, 1],
      [5, 1],
    ] as const) {
      const batch = batchOf(topic, count, producer, sequence)
      answers.push(...(await link.raw(produce([{ topic, partition: 0, bytes: batch }], 5000))))
    }
    expect(answers).toEqual([
      { error: 0, offset: 1 },
      { error: 0, offset: 5 },
      { error: 0, offset: 6 },
      { error: 45, offset: -1 },
    ])
  })
})

function batchOf(topic: string, count: number, producer: Producer, sequence: number): Buffer {
  const record = { topic, key: null, value: Buffer.from('v'), headers: [], timestamp: Date.now() }
  const batch = encodeBatch(Array.from({ length: count }, () => ({ record, size: sizeOfRecord(record) })))
  stampBatch(batch, producer, sequence)
  return batch
}

describe('what cannot be written', () => {
  it('because it is larger than the topic takes fails alone, clearly', async () => {
    await using writer = new RealWriter({ server: broker.plaintext })
    const topic = await newTopic({ config: { 'max.message.bytes': 20_000 } })
    const random = Buffer.from(gzipSync(Buffer.alloc(0))).toString('hex')
    const values = Array.from({ length: 200 }, (_, i) => (i % 50 === 25 ? `${i} ${'large'.repeat(6000)}` : `${i} ${random.repeat(10)}`))
    const outcomes = await Promise.all(values.map(value => writer.write(topic, value)))
    const [large, small] = [values.filter(value => value.length > 20_000), values.filter(value => value.length < 20_000)]
    const said = outcomes.filter(outcome => outcome.error)
    expect(said).toEqual(large.map(() => failed('ALERT_TOO_LARGE', false)))
    expect(said[0]?.error?.message).toMatch(/^a record \(300\d\d bytes\) to writer-\w+\[0\]: MESSAGE_TOO_LARGE/)
    expect((await readBack(bed, topic)).map(({ value }) => Buffer.from(value!, 'base64').toString())).toEqual(small)
  })

  it('because there is no such topic fails after five seconds', async () => {
    await using writer = new RealWriter({ server: broker.plaintext })
    const start = performance.now()
    expect(await writer.write(uniqueName('absent'), 'v')).toEqual(failed('ALERT_TOPIC_UNKNOWN', false))
    expect(performance.now() - start).toBeLessThan(9000)
  })

  it('to a topic that appears meanwhile is written', async () => {
    await using writer = new RealWriter({ server: broker.plaintext })
    const topic = uniqueName('late')
    const outcomes = Promise.all(['a', 'b'].map(value => writer.write(topic, value)))
    await expect.poll(() => writer.retries.get('UNKNOWN_TOPIC_OR_PARTITION')).toBeGreaterThan(0)
    await bed.createTopic(topic)
    expect(await outcomes).toEqual([
      { partition: 0, offset: 0 },
      { partition: 0, offset: 1 },
    ])
  })

  it('because it is wrong for the topic (no key, and that is compacted) fails alone, at once', async () => {
    await using writer = new RealWriter({ server: broker.plaintext })
    const topic = await newTopic({ config: { 'cleanup.policy': 'compact' } })
    const outcomes = await Promise.all(
      ['a', null, 'c'].map(key => writer.write(topic, 'v', { key: key === null ? null : Buffer.from(key) })),
    )
    expect(outcomes).toEqual([{ partition: 0, offset: 0 }, failed('ALERT_UNWRITABLE', false), { partition: 0, offset: 1 }])
  })
})

describe('rights', () => {
  const as = (username: string, password = bed.users[username]!) => ({
    server: broker.saslPlaintext,
    credentials: () => ({ mechanism: 'SCRAM-SHA-512', username, password }) as const,
  })

  it('WRITE on the topic alone is enough, and enough to be idempotent', async () => {
    const topic = await newTopic()
    await bed.grant('alice', 'topic', topic, ['write'])
    await using writer = new RealWriter(as('alice'))
    expect(await writer.write(topic, 'v')).toEqual({ partition: 0, offset: 0 })
    expect(writer.plain).toEqual([])
  })

  it('without any, or with READ alone, the topic is forbidden, at once', async () => {
    const [hidden, readable, writable] = [await newTopic(), await newTopic(), await newTopic()]
    await bed.grant('bob', 'topic', readable, ['read'])
    await using writer = new RealWriter(as('bob'))
    expect(await writer.write(hidden, 'v')).toEqual(failed('ALERT_TOPIC_FORBIDDEN', false))
    expect(await writer.write(readable, 'v')).toEqual(failed('ALERT_TOPIC_FORBIDDEN', false))
    await bed.grant('bob', 'topic', writable, ['write'])
    expect(await writer.write(writable, 'v')).toEqual({ partition: 0, offset: 0 })
    expect(writer.plain).toEqual([])
  })

  it('that are revoked fail what comes after', async () => {
    const topic = await newTopic()
    await bed.grant('alice', 'topic', topic, ['write'])
    await using writer = new RealWriter(as('alice'))
    await writer.write(topic, 'before')
    await bed.revoke('alice', 'topic', topic, ['write'])
    expect(await writer.write(topic, 'after')).toEqual(failed('ALERT_TOPIC_FORBIDDEN', false))
  })

  it('a wrong password fails what is written, long before the deadline', async () => {
    const topic = await newTopic()
    await using writer = new RealWriter(as('alice', 'wrong'))
    const start = performance.now()
    expect(await writer.write(topic, 'v')).toEqual(failed('ALERT_CREDENTIALS', false))
    expect(performance.now() - start).toBeLessThan(10_000)
  })
})
