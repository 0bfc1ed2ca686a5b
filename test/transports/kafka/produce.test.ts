import { createRequire } from 'node:module'
import { describe, expect, it } from 'vitest'
import { produce } from '../../../src/transports/kafka/produce.ts'
import { WireReader, WireWriter } from '../../bed/wire.ts'

const part = (topic: string, partition: number, bytes = `${topic}${partition}`) => ({ topic, partition, bytes: Buffer.from(bytes) })

type Answers = readonly (readonly [topic: string, partitions: readonly (readonly [partition: number, error: number, offset: bigint])[]])[]

function answer(topics: Answers, throttle = 0): Buffer {
  const writer = new WireWriter().int32(topics.length)
  for (const [topic, partitions] of topics) {
    writer.string(topic).int32(partitions.length)
    for (const [partition, error, offset] of partitions)
      writer.int32(partition).int16(error).raw(int64(offset)).raw(int64(-1n)).raw(int64(0n))
  }
  return writer.int32(throttle).build()
}

function int64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(value)
  return bytes
}

async function read(parts: Parameters<typeof produce>[0], payload: Buffer) {
  const { response } = produce(parts, 1)
  return response.parse(await response.decode(payload))
}

describe('a Produce request', () => {
  it('carries the batches by topic, and asks for the word of all replicas', async () => {
    const { request } = produce([part('a', 0), part('bé', 4), part('a', 2)], 7000)
    const reader = new WireReader(Buffer.from((await request.encode()).buffer))
    expect(request).toMatchObject({ apiKey: 0, apiVersion: 7, apiName: 'Produce' })
    expect([reader.string(), reader.int16(), reader.int32()]).toEqual([null, -1, 7000])
    const partition = () => [reader.int32(), String(reader.bytes(reader.int32()))]
    expect(reader.array(() => [reader.string(), reader.array(partition)])).toEqual([
      [
        'a',
        [
          [0, 'a0'],
          [2, 'a2'],
        ],
      ],
      ['bé', [[4, 'bé4']]],
    ])
    expect(reader.rest()).toHaveLength(0)
  })

  it('is what kafkajs sends for the same batch', async () => {
    const kafkajs = createRequire(import.meta.url)
    const theirs = kafkajs('kafkajs/src/protocol/requests/produce/v7/request.js')
    const args = { acks: -1, timeout: 30_000, transactionalId: null, producerId: 5, producerEpoch: 0 }
    const messages = [{ value: Buffer.from('v'), timestamp: '1700000000000' }]
    const { buffer } = await theirs({
      ...args,
      topicData: [{ topic: 'a', partitions: [{ partition: 3, firstSequence: 0, messages }] }],
    }).encode()
    const batch = buffer.subarray(buffer.length - 69) // 61 and a record of 8 bytes
    const ours = await produce([{ topic: 'a', partition: 3, bytes: batch }], 30_000).request.encode()
    expect(Buffer.from(ours.buffer).toString('hex')).toBe(buffer.toString('hex'))
  })
})

describe('the answer to it', () => {
  it('is read in the order of the parts, whatever its own, and an error code is an answer', async () => {
    const payload = answer([
      ['bé', [[4, 0, 2n ** 40n]]],
      [
        'a',
        [
          [2, 6, -1n],
          [0, 0, 12n],
        ],
      ],
    ])
    expect(await read([part('a', 0), part('bé', 4), part('a', 2)], payload)).toEqual([
      { error: 0, offset: 12 },
      { error: 0, offset: 2 ** 40 },
      { error: 6, offset: -1 },
    ])
  })

  it('tells for how long the broker asks us to be quiet', async () => {
    expect(await produce([part('a', 0)], 1).response.decode(answer([['a', [[0, 0, 1n]]]], 250))).toMatchObject({
      clientSideThrottleTime: 250,
    })
  })

  it('that leaves out a part is a fault of the broker', async () => {
    await expect(read([part('a', 0), part('a', 1)], answer([['a', [[0, 0, 1n]]]]))).rejects.toMatchObject({
      code: 'ALERT_PROTOCOL',
      message: expect.stringContaining('a[1]'),
    })
  })

  it('that is cut short is an error, never an endless loop', async () => {
    const whole = answer([['a', [[0, 0, 1n]]]])
    for (let length = 0; length < whole.length; length++) {
      await expect(async () => read([part('a', 0)], whole.subarray(0, length))).rejects.toThrow()
    }
  })
})
