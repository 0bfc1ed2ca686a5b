import { Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { AlertError } from '../../../src/errors.ts'
import type { Position } from '../../../src/place.ts'
import { engineConfig } from '../../../src/transports/kafka/config.ts'
import { RecordSet } from '../../../src/transports/kafka/decode/RecordSet.ts'
import { Links } from '../../../src/transports/kafka/links.ts'
import { KafkaReader } from '../../../src/transports/kafka/reader/KafkaReader.ts'
import type { ReadEvent, ReadOptions } from '../../../src/transports/transport.ts'
import { batchBytes, texts } from './batchBytes.ts'
import { type GivenPartition, ReadBroker } from './readBroker.ts'

type EventOf<T extends ReadEvent['type']> = Extract<ReadEvent, { type: T }>

let broker: ReadBroker
let links: Links
let events: ReadEvent[]
let reader: KafkaReader
let onEvent: (event: ReadEvent) => void

const of = <T extends ReadEvent['type']>(type: T): EventOf<T>[] => events.filter((event): event is EventOf<T> => event.type === type)
const valuesOf = (partition = 0): string[] =>
  of('records').flatMap(event =>
    event.of.partition === partition ? event.records.map(({ value }) => new TextDecoder().decode(value!)) : [],
  )

const MEGABYTE = 1024 * 1024
const OPTIONS: ReadOptions = { maxBytes: 16 * MEGABYTE, maxWait: 100, maxBatchBytes: 64 * MEGABYTE }

function read(options: Partial<ReadOptions> = {}): void {
  const on = (event: ReadEvent): void => {
    events.push(event)
    onEvent(event)
  }
  reader = new KafkaReader(links, { ...OPTIONS, ...options }, on)
}

const at = (offset: number, partition = 0, topicId?: string): Position => ({ topic: 't', partition, offset, topicId })

/** Batches of one record each. */
const log = (...values: readonly string[]): Buffer =>
  Buffer.concat(values.map((value, base) => batchBytes({ base, records: texts(value) })))

/** Each partition's log is that of `values`; it is sent from the offset asked for, all of it. */
function serve(...values: readonly string[]): void {
  broker.onFetch = ({ partitions }) => {
    const given = partitions.map(({ topic, partition, offset }): GivenPartition => {
      const records = Buffer.concat(values.slice(offset).map((value, n) => batchBytes({ base: offset + n, records: texts(value) })))
      return { topic, partition, end: values.length, records }
    })
    return given.some(({ records }) => records!.length > 0) ? given : undefined
  }
}

beforeEach(async () => {
  broker = await ReadBroker.start()
  broker.topics.set('t', { leaders: [true, true, true] })
  links = new Links(engineConfig({ server: broker.address, connectTimeout: 1000, requestTimeout: 500 }))
  events = []
  onEvent = () => {}
})

afterEach(async () => {
  await reader.close(0)
  await links.close()
  broker.broker.close()
})

describe('fetching', () => {
  it('asks for all partitions at once, from where they start, in the epoch of the leader', async () => {
    serve('a', 'b')
    read()
    reader.start(0, [at(0, 0), at(1, 1), at(2, 2)])
    await expect.poll(() => of('records').length).toBe(2)
    expect(broker.fetches[0]).toMatchObject({ maxWait: 100, maxBytes: 16 * MEGABYTE })
    expect(broker.fetches[0]!.partitions).toMatchObject([
      { partition: 0, offset: 0, leaderEpoch: 5, maxBytes: 2 * MEGABYTE },
      { partition: 1, offset: 1 },
      { partition: 2, offset: 2 },
    ])
    expect([valuesOf(0), valuesOf(1), valuesOf(2)]).toEqual([['a', 'b'], ['b'], []])
  })

  it('has the next fetch under way while the last one is handled', async () => {
    const write = vi.spyOn(Socket.prototype, 'write')
    const isFetch = (chunk: unknown): boolean => Buffer.isBuffer(chunk) && chunk.length > 14 && chunk.readInt32BE(4) === (1 << 16) + 11
    broker.onFetch = ({ partitions: [asked] }) => [{ ...asked!, records: batchBytes({ base: asked!.offset, records: texts('v') }) }]
    read()
    const written: number[] = []
    onEvent = event => {
      if (event.type === 'records') written.push(write.mock.calls.filter(([chunk]) => isFetch(chunk)).length)
    }
    reader.start(0, [at(0)])
    await expect.poll(() => written.length).toBeGreaterThan(20)
    write.mockRestore()
    for (const [nth, fetches] of written.slice(0, 20).entries()) expect(fetches).toBeGreaterThanOrEqual(nth + 2)
  })

  it('holds two answers at most', async () => {
    broker.onFetch = ({ partitions: [asked] }) => [{ ...asked!, records: batchBytes({ base: asked!.offset, records: texts('v') }) }]
    read()
    onEvent = event => {
      if (event.type === 'records') reader.pause([event.of])
    }
    reader.start(0, [at(0)])
    await expect.poll(() => of('records').length).toBe(1)
    const { length } = broker.fetches
    await new Promise(resolve => setTimeout(resolve, 200)) // that nothing is asked has no event to wait for
    expect(broker.fetches.length - length).toBeLessThanOrEqual(1)
    expect(of('records')).toHaveLength(1)
  })

  it('asks for more while waiting takes the time and answers are full, up to the limit', async () => {
    const large = Buffer.concat(
      Array.from({ length: 16 }, (_, base) => batchBytes({ base, records: [{ value: new Uint8Array(MEGABYTE - 1000) }] })),
    )
    let base = 0
    broker.onFetch = async ({ partitions: [asked] }) => {
      await new Promise(resolve => setTimeout(resolve, 100)) // it is far away
      const records = Buffer.from(large.subarray(0, Math.floor(asked!.maxBytes / MEGABYTE) * (large.length / 16)))
      for (let at = 0, n = 0; at < records.length; at += large.length / 16, n++) records.writeBigInt64BE(BigInt(base + n), at)
      base += Math.floor(asked!.maxBytes / MEGABYTE)
      return [{ ...asked!, records, end: 1e6 }]
    }
    read({ maxBytes: 6 * MEGABYTE })
    reader.start(0, [at(0)])
    await expect.poll(() => broker.fetches.at(-1)?.partitions[0]?.maxBytes, { timeout: 10_000 }).toBe(6 * MEGABYTE)
    expect(new Set(broker.fetches.map(({ partitions }) => partitions[0]!.maxBytes / MEGABYTE))).toEqual(new Set([2, 4, 6]))
  })

  it('does not ask for more where full answers come at once', async () => {
    const { mockRestore } = vi.spyOn(performance, 'now').mockReturnValue(0) // no answer takes any time, however busy the machine is
    onTestFinished(mockRestore)
    const records = batchBytes({ base: 0, records: [{ value: new Uint8Array(2 * MEGABYTE - 1000) }] })
    let base = 0
    broker.onFetch = async ({ partitions: [asked] }) => {
      const copy = Buffer.from(records)
      copy.writeBigInt64BE(BigInt(base++), 0)
      return base > 12 ? undefined : [{ ...asked!, records: copy, end: 1e6 }]
    }
    read({ maxBytes: 50 * MEGABYTE })
    reader.start(0, [at(0)])
    await expect.poll(() => broker.fetches.length, { timeout: 10_000 }).toBeGreaterThan(12)
    expect(new Set(broker.fetches.map(({ partitions }) => partitions[0]!.maxBytes / MEGABYTE))).toEqual(new Set([2]))
  })

  it('lets who got nothing be first', async () => {
    const orders: string[] = []
    broker.onFetch = ({ partitions }) => {
      orders.push(partitions.map(({ partition }) => partition).join(''))
      const [first] = partitions
      return orders.length > 6 ? undefined : [{ ...first!, records: batchBytes({ base: first!.offset, records: texts('v') }) }]
    }
    read()
    reader.start(0, [at(0, 0), at(0, 1), at(0, 2)])
    await expect.poll(() => orders.length).toBeGreaterThan(6)
    expect(orders.slice(0, 4)).toEqual(['012', '120', '201', '012'])
  })

  it('polls shortly while a partition of the same leader may be resumed, and not at all for nothing', async () => {
    read({ maxWait: 400 })
    reader.start(0, [at(0, 0), at(0, 1)])
    await expect.poll(() => broker.fetches.length).toBe(1)
    reader.pause([at(0, 0)])
    await expect.poll(() => broker.fetches.length).toBe(2)
    expect(broker.fetches[1]).toMatchObject({ maxWait: 100, partitions: [{ partition: 1 }] })
    reader.pause([at(0, 1)])
    await new Promise(resolve => setTimeout(resolve, 150))
    const { length } = broker.fetches
    await new Promise(resolve => setTimeout(resolve, 200)) // that nothing is asked has no event to wait for
    expect(broker.fetches).toHaveLength(length)
    const from = performance.now()
    reader.resume([at(0, 0)])
    await expect.poll(() => broker.fetches.length, { interval: 5 }).toBe(length + 1)
    expect(performance.now() - from).toBeLessThan(100)
  })

  it('gives the event loop its turn between records', async () => {
    serve(...Array.from({ length: 5000 }, (_, n) => `v${n}`))
    read()
    let turns = 0
    const turn = (): void => {
      turns++
      if (of('records').length < 10) setImmediate(turn)
    }
    setImmediate(turn)
    reader.start(0, [at(0)])
    await expect.poll(() => valuesOf().length, { timeout: 10_000 }).toBe(5000)
    const sizes = of('records').map(({ records }) => records.length)
    expect(Math.max(...sizes)).toBeLessThanOrEqual(500)
    expect(turns).toBeGreaterThanOrEqual(10)
  })
})

describe('what goes wrong', () => {
  it('places a partition anew that its leader sends away, and asks nobody else', async () => {
    let refusals = 3
    broker.onFetch = ({ partitions }) => {
      const [first] = partitions
      if (first?.partition === 0 && refusals-- > 0) return partitions.map(each => ({ ...each, errorCode: each.partition === 0 ? 6 : 0 }))
      return first?.offset === 0 ? partitions.map(each => ({ ...each, records: log('a'), end: 1 })) : undefined
    }
    read()
    reader.start(0, [at(0, 0)])
    await expect.poll(() => valuesOf(0)).toEqual(['a'])
    expect(broker.metadataAsked).toBe(4)
    expect([of('fault'), of('ended'), of('lane')]).toEqual([[], [], []])
  })

  it('waits for a leader, however long, and reads the others', async () => {
    broker.topics.set('t', { leaders: [false, true] })
    serve('a')
    read()
    reader.start(0, [at(0, 0), at(0, 1)])
    await expect.poll(() => valuesOf(1)).toEqual(['a'])
    await expect.poll(() => broker.metadataAsked).toBeGreaterThan(3)
    expect(valuesOf(0)).toEqual([])
    broker.topics.set('t', { leaders: [true, true] })
    await expect.poll(() => valuesOf(0), { timeout: 3000 }).toEqual(['a'])
    expect(of('fault')).toEqual([])
  })

  it('says of which partition there is no leader for long, and when it is read again', async () => {
    broker.topics.set('t', { leaders: [false, true] })
    serve('a')
    read()
    reader.start(0, [at(0, 0), at(0, 1)])
    await expect.poll(() => of('lane'), { timeout: 5000 }).toHaveLength(1)
    const partitions = [{ topic: 't', partition: 0 }]
    expect(of('lane')).toEqual([{ type: 'lane', leader: broker.address, partitions, error: expect.any(AlertError) }])
    expect(of('lane')[0]!.error).toMatchObject({ code: 'ALERT_LEADER', message: expect.stringContaining('t[0]') })
    broker.topics.set('t', { leaders: [true, true] })
    await expect.poll(() => of('lane'), { timeout: 5000 }).toHaveLength(2)
    expect(of('lane')[1]).toEqual({ type: 'lane', leader: broker.address, partitions })
  })

  it('says of which partition the leader will not hear, again and again, and when it is read again', async () => {
    let code = -1
    broker.onFetch = ({ partitions }) => {
      if (code === 0)
        return partitions.some(({ offset }) => offset === 0) ? partitions.map(each => ({ ...each, records: log('a') })) : undefined
      return partitions.map(each => ({ ...each, errorCode: each.partition === 0 ? code : 0 }))
    }
    read()
    reader.start(0, [at(0, 0), at(0, 1)])
    await expect.poll(() => of('lane'), { timeout: 5000 }).toHaveLength(1)
    const partitions = [{ topic: 't', partition: 0 }]
    expect(of('lane')[0]).toEqual({ type: 'lane', leader: broker.address, partitions, error: expect.any(AlertError) })
    expect(of('lane')[0]!.error).toMatchObject({ kafka: 'UNKNOWN_SERVER_ERROR', message: expect.stringContaining('t[0]@0') })
    const asked = broker.metadataAsked
    await expect.poll(() => broker.metadataAsked, { timeout: 5000 }).toBeGreaterThan(asked + 1)
    expect(of('lane')).toHaveLength(1)
    code = 0
    await expect.poll(() => of('lane'), { timeout: 5000 }).toHaveLength(2)
    expect(of('lane')[1]).toEqual({ type: 'lane', leader: broker.address, partitions })
    await expect.poll(() => valuesOf(0)).toEqual(['a'])
    expect(of('fault')).toEqual([])
  })

  it('says when a link broke and when the leader answers again', async () => {
    let breaks = true
    broker.onFetch = ({ partitions: [asked] }) => {
      if (breaks) for (const { socket, apiKey } of broker.broker.requests) if (apiKey === 1) socket.destroy()
      breaks = false
      return asked?.offset === 0 ? [{ ...asked, records: log('a') }] : undefined
    }
    read()
    reader.start(0, [at(0)])
    await expect.poll(() => valuesOf()).toEqual(['a'])
    const [broken, mended] = of('lane')
    expect(broken).toMatchObject({
      leader: broker.address,
      error: { code: 'ALERT_CONNECTION' },
      partitions: [{ topic: 't', partition: 0 }],
    })
    expect(mended).toMatchObject({ leader: broker.address, partitions: [{ topic: 't', partition: 0 }] })
    expect(mended?.error).toBeUndefined()
    expect(of('lane')).toHaveLength(2)
  })

  it('delivers what it has while the leader is away', async () => {
    let pausedFor = 0
    broker.onFetch = ({ partitions: [asked] }) => (asked?.offset === 0 ? [{ ...asked, records: log('a', 'b') }] : undefined)
    read()
    reader.start(0, [at(0)])
    reader.pause([at(0)])
    reader.resume([at(0)])
    onEvent = event => {
      if (event.type === 'alive' && pausedFor++ === 0) reader.pause([at(0)])
    }
    await expect.poll(() => of('alive').length).toBeGreaterThan(0)
    broker.broker.close()
    reader.resume([at(0)])
    await expect.poll(() => valuesOf()).toEqual(['a', 'b'])
  })

  it('ends when no broker answers, and says why', async () => {
    read()
    reader.start(0, [at(0)])
    await expect.poll(() => of('alive').length).toBeGreaterThan(0)
    broker.broker.close()
    await expect.poll(() => of('ended'), { timeout: 3000 }).toMatchObject([{ error: { code: 'ALERT_CONNECTION' } }])
    expect(events.at(-1)?.type).toBe('ended')
  })

  it('tells a topic that was made anew from an offset that is gone', async () => {
    broker.topics.set('t', { id: 1 })
    broker.onFetch = ({ partitions }) => partitions.map(each => ({ ...each, errorCode: 1 }))
    read()
    reader.start(0, [at(7)])
    await expect.poll(() => of('fault')).toMatchObject([{ error: { code: 'ALERT_OFFSET_RANGE' } }])
    broker.onFetch = ({ partitions }) => {
      broker.topics.set('t', { id: 2 })
      return partitions.map(each => ({ ...each, errorCode: 1 }))
    }
    reader.start(0, [at(8)])
    await expect.poll(() => of('fault').length).toBe(2)
    expect(of('fault')[1]?.error).toMatchObject({ code: 'ALERT_TOPIC_RECREATED', message: expect.stringContaining('t[0]@8') })
  })

  it('finds a topic that was made anew though its log goes on', async () => {
    serve('a')
    await links.close()
    links = new Links(engineConfig({ server: broker.address, lookAgain: 100 }))
    read()
    reader.start(0, [at(0)])
    await expect.poll(() => valuesOf()).toEqual(['a'])
    broker.topics.set('t', { id: 2 })
    await expect.poll(() => of('fault')).toMatchObject([{ of: { topic: 't', partition: 0 }, error: { code: 'ALERT_TOPIC_RECREATED' } }])
  })

  it('faults a partition that the topic has not, after a while', async () => {
    serve('a')
    read()
    reader.start(0, [at(0, 9), at(0, 0)])
    await expect.poll(() => valuesOf(0)).toEqual(['a'])
    await expect
      .poll(() => of('fault'), { timeout: 4000 })
      .toMatchObject([{ of: { partition: 9 }, error: { code: 'ALERT_TOPIC_UNKNOWN' } }])
  })

  it.each([
    ['that is cut off', batchBytes({ records: texts('a long value that is cut') }).subarray(0, 70)],
    ['that ends before the offset asked for', batchBytes({ base: 2, records: texts('a') })],
  ])('faults a batch %s even when it is the only one asked for', async (_, records) => {
    broker.onFetch = ({ partitions: [asked] }) => [{ ...asked!, records }]
    read({ maxBytes: 4 * MEGABYTE })
    reader.start(0, [at(5)])
    await expect
      .poll(() => of('fault'))
      .toMatchObject([{ error: { code: 'ALERT_DAMAGED', message: expect.stringContaining('its length is wrong') } }])
    expect(broker.fetches.map(({ partitions }) => partitions[0]!.maxBytes / MEGABYTE)).toEqual([2, 4])
  })

  it('delivers what stands before damage, says the fault once, and reads on where it is told', async () => {
    const damaged = batchBytes({ base: 1, records: texts('x'), count: 2 })
    broker.onFetch = ({ partitions: [asked] }) => {
      if (asked!.offset === 0)
        return [{ ...asked!, records: Buffer.concat([log('a'), damaged, batchBytes({ base: 2, records: texts('c') })]) }]
      return asked!.offset === 2 ? [{ ...asked!, records: batchBytes({ base: 2, records: texts('c') }) }] : undefined
    }
    read()
    reader.start(0, [at(0)])
    await expect.poll(() => of('fault')).toMatchObject([{ after: 2, error: { code: 'ALERT_DAMAGED' } }])
    expect(valuesOf()).toEqual(['a'])
    reader.start(0, [at(2)])
    await expect.poll(() => valuesOf()).toEqual(['a', 'c'])
    expect(of('fault')).toHaveLength(1)
  })

  it('takes an answer that cannot be read as a broken link', async () => {
    let answers = 0
    broker.onFetch = () => (answers++ < 2 ? 87 : undefined)
    read()
    reader.start(0, [at(0)])
    await expect.poll(() => of('alive').length, { timeout: 3000 }).toBeGreaterThan(0)
    expect(of('lane').map(({ error }) => error?.kafka)).toEqual(['INVALID_RECORD', 'INVALID_RECORD', undefined])
    expect(of('ended')).toEqual([])
  })

  it.each([
    ['an answer is looked at', 'endsInFault'],
    ['its batches are opened', 'done'],
  ] as const)('ends, and connects no more, by an error of our own while %s', async (_, getter) => {
    serve('a')
    const spy = vi.spyOn(RecordSet.prototype, getter, 'get').mockImplementation(() => {
      throw new TypeError('a fault of ours')
    })
    onTestFinished(() => spy.mockRestore())
    read()
    reader.start(0, [at(0)])
    await expect.poll(() => of('ended')).toMatchObject([{ error: { code: 'ALERT_REQUEST', message: 'a fault of ours' } }])
    expect(of('ended')[0]!.error!.cause).toBeInstanceOf(TypeError)
    expect([of('lane'), of('fault')]).toEqual([[], []])
  })

  it('ends, and nothing else does, when its handler throws', async () => {
    serve('a')
    read()
    onEvent = event => {
      if (event.type === 'records') throw new TypeError('a fault of the program')
    }
    reader.start(0, [at(0)])
    await expect.poll(() => of('ended')).toMatchObject([{ error: { message: 'a fault of the program' } }])
  })
})

describe('ending', () => {
  it('leaves no timer and no socket, whatever it was doing', async () => {
    broker.topics.set('t', { leaders: [true, false] })
    serve('a')
    for (const wait of [0, 1, 5, 20, 60]) {
      read()
      reader.start(0, [at(0, 0), at(0, 1), { topic: 'absent', partition: 0, offset: 0 }])
      await new Promise(resolve => setTimeout(resolve, wait))
      await reader.close(0)
      expect(events.at(-1)?.type).toBe('ended')
    }
    await links.close()
    await expect.poll(() => process.getActiveResourcesInfo().filter(name => name === 'TCPSocketWrap')).toEqual([])
  })

  it('is said once, and by whom it was closed: the transport', async () => {
    read()
    reader.start(0, [at(0)])
    await expect.poll(() => of('alive').length).toBeGreaterThan(0)
    await links.close()
    await expect.poll(() => of('ended')).toMatchObject([{ error: { code: 'ALERT_CLOSED' } }])
    expect(of('ended')[0]?.error).toBeInstanceOf(AlertError)
  })
})
