import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { engineConfig } from '../../../src/transports/kafka/config.ts'
import { Links } from '../../../src/transports/kafka/links.ts'
import { locate } from '../../../src/transports/kafka/locate.ts'
import { WireWriter } from '../../bed/wire.ts'
import type { FakeRequest } from './fakeBroker.ts'
import { ReadBroker } from './readBroker.ts'

interface Asked {
  readonly partition: number
  readonly timestamp: number
}

let broker: ReadBroker
let links: Links
let asked: Asked[][]
let offsetOf: (asked: Asked, request: number) => number | { readonly errorCode: number }

function answerOffsets({ body }: FakeRequest): Buffer {
  body.int32()
  body.int8()
  const topics = body.array(() => ({
    topic: body.string()!,
    partitions: body.array(() => ({ partition: body.int32(), timestamp: Number(body.int64()) })),
  }))
  const request = asked.push(topics.flatMap(({ partitions }) => partitions)) - 1
  const writer = new WireWriter().int32(0).int32(topics.length)
  for (const { topic, partitions } of topics) {
    writer.string(topic).int32(partitions.length)
    for (const each of partitions) {
      const found = offsetOf(each, request)
      const offset = Buffer.alloc(8)
      offset.writeBigInt64BE(BigInt(typeof found === 'number' ? found : -1))
      writer
        .int32(each.partition)
        .int16(typeof found === 'number' ? 0 : found.errorCode)
        .raw(Buffer.alloc(8))
        .raw(offset)
    }
  }
  return writer.build()
}

beforeEach(async () => {
  broker = await ReadBroker.start()
  broker.topics.set('t', { leaders: [true, true] })
  const { answer } = broker.broker
  broker.broker.answer = request => (request.apiKey === 2 ? answerOffsets(request) : answer(request))
  links = new Links(engineConfig({ server: broker.address, requestTimeout: 1000 }))
  asked = []
  offsetOf = ({ partition }) => partition * 10
})

afterEach(async () => {
  await links.close()
  broker.broker.close()
})

const [first, second] = [0, 1].map(partition => ({ topic: 't', partition }))

describe('locate', () => {
  it('answers in the order asked, each partition asked once', async () => {
    const found = await locate(links, 'latest', [second!, first!, second!])
    const topicId = Buffer.alloc(16, 1).toString('base64url')
    expect(found).toEqual([
      { topic: 't', partition: 1, offset: 10, topicId },
      { topic: 't', partition: 0, offset: 0, topicId },
      { topic: 't', partition: 1, offset: 10, topicId },
    ])
    expect(asked).toEqual([
      [
        { partition: 1, timestamp: -1 },
        { partition: 0, timestamp: -1 },
      ],
    ])
  })

  it('asks for the end before it asks for a time: what comes in between is not passed over', async () => {
    let end = 40
    offsetOf = ({ timestamp }) => {
      if (timestamp !== -1) return -1 // nothing is that new
      const then = end
      end = 50 // records come, older than the time asked for
      return then
    }
    expect(await locate(links, { time: 1234.9 }, [first!])).toMatchObject([{ offset: 40 }])
    expect(asked).toEqual([[{ partition: 0, timestamp: -1 }], [{ partition: 0, timestamp: 1234 }]])
  })

  it('takes a time before all times for the beginning of time, not for a sentinel', async () => {
    await locate(links, { time: -1 }, [first!])
    expect(asked[1]).toEqual([{ partition: 0, timestamp: 0 }])
  })

  it('asks a leader again that is not one yet, and only for what it did not answer', async () => {
    offsetOf = ({ partition }, request) => (partition === 1 && request < 2 ? { errorCode: 6 } : 7)
    expect(await locate(links, 'earliest', [first!, second!])).toMatchObject([{ offset: 7 }, { offset: 7 }])
    expect(asked.map(request => request.map(({ partition }) => partition))).toEqual([[0, 1], [1], [1]])
  })

  it('waits for a leader', async () => {
    broker.topics.set('t', { leaders: [false, true] })
    const located = locate(links, 'latest', [first!, second!])
    await expect.poll(() => broker.metadataAsked).toBeGreaterThan(1)
    broker.topics.set('t', { leaders: [true, true] })
    expect(await located).toMatchObject([{ offset: 0 }, { offset: 10 }])
  })

  it('gives each its own fault after a while', async () => {
    broker.topics.set('t', { leaders: [false, true] })
    offsetOf = () => ({ errorCode: 29 })
    const found = await locate(links, 'latest', [first!, second!, { topic: 't', partition: 5 }, { topic: 'absent', partition: 0 }])
    expect(found).toMatchObject([
      { fault: { code: 'ALERT_LEADER' } },
      { fault: { code: 'ALERT_TOPIC_FORBIDDEN' } },
      { fault: { code: 'ALERT_TOPIC_UNKNOWN' } },
      { fault: { code: 'ALERT_TOPIC_UNKNOWN' } },
    ])
  }, 10_000)

  it('never gives a sentinel', async () => {
    offsetOf = () => -1
    expect(await locate(links, 'latest', [first!])).toMatchObject([{ fault: { code: 'ALERT_BROKER' } }])
  }, 10_000)

  it('rejects when no broker answers', async () => {
    broker.broker.close()
    await expect(locate(links, 'latest', [first!])).rejects.toMatchObject({ code: 'ALERT_CONNECTION' })
  })
})
