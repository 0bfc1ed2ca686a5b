import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterEach, describe, expect, it } from 'vitest'
import type { AlertError } from '../../src/errors.ts'
import type { RawRecord } from '../../src/record.ts'
import { KafkaTransport, type KafkaTransportOptions } from '../../src/transports/kafka/KafkaTransport.ts'
import type { ReadEvent, Reader, ReadOptions } from '../../src/transports/transport.ts'
import { uniqueName } from '../bed/bedClient.ts'
import { startKafka } from '../bed/kafka.ts'
import { confluentWrite } from '../bed/peerPrograms.ts'
import { proxyBrokers } from '../bed/proxy.ts'
import { sharedBed } from '../bed/shared.ts'
import { writeBatch } from './engineSupport.ts'

const bed = sharedBed()
const open: KafkaTransport[] = []

afterEach(async () => {
  await Promise.all(open.splice(0).map(transport => transport.close(1000)))
})

function connect(options: KafkaTransportOptions): KafkaTransport {
  const transport = new KafkaTransport(options)
  open.push(transport)
  return transport
}

type EventOf<T extends ReadEvent['type']> = Extract<ReadEvent, { type: T }>

/** A reader, what it said, and when each record came. */
class Reading {
  readonly events: ReadEvent[] = []
  readonly reader: Reader
  readonly records: { readonly partition: number; readonly record: RawRecord; readonly time: number }[] = []

  constructor(transport: KafkaTransport, options: Partial<ReadOptions> = {}) {
    this.reader = transport.read({ maxBytes: 16 << 20, maxWait: 200, maxBatchBytes: 1 << 27, ...options }, event => {
      this.events.push(event)
      if (event.type !== 'records') return
      for (const record of event.records) this.records.push({ partition: event.of.partition, record, time: performance.now() })
    })
  }

  all<T extends ReadEvent['type']>(type: T): EventOf<T>[] {
    return this.events.filter((event): event is EventOf<T> => event.type === type)
  }

  values(partition?: number): string[] {
    const own = this.records.filter(each => partition === undefined || each.partition === partition)
    return own.map(({ record }) => Buffer.from(record.value!).toString())
  }

  get lanes(): (AlertError['code'] | undefined)[] {
    return this.all('lane').map(({ error }) => error?.code)
  }
}

const plain = { server: bed.brokers[0]!.plaintext }

async function topicWith(values: readonly string[], partitions = 1): Promise<string> {
  const topic = uniqueName('engine')
  await bed.createTopic(topic, { partitions, config: { 'retention.ms': -1 } }) // some tests write times of long ago
  if (values.length > 0) await writeBatch(plain.server, { topic, partition: 0, values })
  return topic
}

describe('what others wrote', () => {
  it.each(['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const)('is read: %s by librdkafka', async codec => {
    const topic = await topicWith([])
    const values = ['', '{"a":1}', 'x'.repeat(100_000), ...Array.from({ length: 300 }, (_, n) => `{"superevent_id":"S${n}"}`)]
    const base64 = (text: string): string => Buffer.from(text).toString('base64')
    const messages = values.map((value, n) => ({
      value: base64(value),
      key: n === 1 ? undefined : base64(`k${n}`),
      headers: [['_id', Buffer.from([n & 255]).toString('base64')]] as const,
      timestamp: 1_700_000_000_000 + n,
    }))
    await confluentWrite(bed.access(), topic, { messages, codec })
    const reading = new Reading(connect(plain), { checkCrcs: true })
    reading.reader.start(0, [{ topic, partition: 0, offset: 0 }])
    await expect.poll(() => reading.records.length).toBe(values.length)
    expect(reading.values()).toEqual(values)
    for (const [n, { record }] of reading.records.entries()) {
      expect(record).toMatchObject({
        offset: n,
        timestamp: 1_700_000_000_000 + n,
        headers: [{ name: '_id', value: Uint8Array.of(n & 255) }],
      })
      expect(record.key && Buffer.from(record.key).toString()).toBe(n === 1 ? null : `k${n}`)
    }
  })

  it('is a fault when a byte of it was damaged and its CRC is looked at', async () => {
    await using kafka = await startKafka()
    const topic = uniqueName('engine')
    await kafka.createTopic(topic)
    const { plaintext } = kafka.brokers[0]!
    for (const value of ['a', 'b', 'c']) await writeBatch(plaintext, { topic, partition: 0, values: [value] })
    await kafka.damageSegment(topic, 0, 1, 'byte')
    const transport = connect({ server: plaintext })
    const strict = new Reading(transport, { checkCrcs: true })
    strict.reader.start(0, [{ topic, partition: 0, offset: 0 }])
    await expect.poll(() => strict.all('fault')).toMatchObject([{ error: { code: 'ALERT_DAMAGED' }, after: 2 }])
    expect(strict.values()).toEqual(['a'])
  })
})

describe('idling', () => {
  it('wakes up less than ten times a second, and reads the next record at once', async () => {
    const topic = await topicWith(['a'], 3)
    const reading = new Reading(connect(plain), { maxWait: 500 })
    reading.reader.start(
      0,
      [0, 1, 2].map(partition => ({ topic, partition, offset: 0 })),
    )
    await expect.poll(() => reading.records.length).toBe(1)
    const { setTimeout: original } = globalThis
    let callbacks = 0
    const counting = (fn: (...args: unknown[]) => void, ...rest: [number, ...unknown[]]): NodeJS.Timeout =>
      original(
        (...args: unknown[]) => {
          callbacks++
          fn(...args)
        },
        ...rest,
      )
    globalThis.setTimeout = Object.assign(counting, original)
    try {
      await new Promise(resolve => original(resolve, 2000))
    } finally {
      globalThis.setTimeout = original
    }
    expect(callbacks).toBeLessThan(20)
    await writeBatch(plain.server, { topic, partition: 2, values: ['b'] })
    const stored = performance.now()
    await expect.poll(() => reading.records.length, { interval: 1 }).toBe(2)
    expect(reading.records[1]!.time - stored).toBeLessThan(100)
  })
})

describe('a broker that goes', () => {
  it('and comes back costs no record, none twice, and no end while another one answers', async () => {
    await using kafka = await startKafka({ brokers: 3 })
    const topic = uniqueName('engine')
    await kafka.createTopic(topic, { partitions: 6 })
    const servers = kafka.brokers.map(({ plaintext }) => plaintext)
    const transport = connect({ server: servers[0]!, brokers: servers })
    const reading = new Reading(transport)
    const partitions = [0, 1, 2, 3, 4, 5]
    reading.reader.start(
      0,
      partitions.map(partition => ({ topic, partition, offset: 0 })),
    )
    const writer = transport.write({ deliveryTimeout: 60_000 })
    const stored: string[][] = partitions.map(() => [])
    let writing = true
    let underWay = 0
    const write = async (): Promise<void> => {
      for (let n = 0; writing; n++) {
        const partition = n % partitions.length
        underWay++
        writer.write({ topic, partition, key: null, value: Buffer.from(`v${n}`), headers: [], timestamp: Date.now() }, outcome => {
          underWay--
          if (!outcome.error) stored[partition]!.push(`v${n}`)
        })
        await new Promise(resolve => setTimeout(resolve, 20))
      }
    }
    const written = write()
    for (const broker of [1, 2]) {
      await expect.poll(() => reading.records.length, { timeout: 30_000 }).toBeGreaterThan(broker * 50)
      await kafka.kill(broker)
      await new Promise(resolve => setTimeout(resolve, 1500)) // how long it is away is what is tested
      await kafka.start(broker)
      await kafka.untilInSync(topic)
    }
    writing = false
    await written
    await expect.poll(() => underWay, { timeout: 60_000 }).toBe(0)
    await expect.poll(() => reading.records.length, { timeout: 30_000 }).toBeGreaterThanOrEqual(stored.flat().length)
    for (const partition of partitions) expect(reading.values(partition)).toEqual(stored[partition])
    expect(reading.all('ended')).toEqual([])
    expect(reading.all('fault')).toEqual([])
    expect(reading.lanes).toContain('ALERT_CONNECTION')
    expect(reading.lanes).toContain(undefined)
  }, 180_000)

  it('and says nothing is given up after the time-out, and is found again', async () => {
    await using kafka = await startKafka({ proxied: ['plaintext'] })
    const [proxy] = await proxyBrokers(kafka, 'plaintext')
    const topic = uniqueName('engine')
    await kafka.createTopic(topic)
    const transport = connect({ server: proxy!.address, requestTimeout: 1000 })
    const reading = new Reading(transport)
    reading.reader.start(0, [{ topic, partition: 0, offset: 0 }])
    await kafka.produce(topic, ['a'])
    await expect.poll(() => reading.values()).toEqual(['a'])
    proxy!.strand()
    await kafka.produce(topic, ['b'])
    await expect.poll(() => reading.values(), { timeout: 10_000 }).toEqual(['a', 'b'])
    expect(reading.lanes).toEqual(['ALERT_TIMEOUT', undefined])
    proxy!.blackhole(true)
    const from = performance.now()
    await transport.close(1000)
    expect(performance.now() - from).toBeLessThan(500)
    await proxy!.close()
  })

  it('takes the reader with it if it is the only one', async () => {
    await using kafka = await startKafka()
    const topic = uniqueName('engine')
    await kafka.createTopic(topic)
    const transport = connect({ server: kafka.brokers[0]!.plaintext })
    const reading = new Reading(transport)
    reading.reader.start(0, [{ topic, partition: 0, offset: 0 }])
    await kafka.produce(topic, ['a'])
    await expect.poll(() => reading.values()).toEqual(['a'])
    await kafka.kill(0)
    await expect.poll(() => reading.all('ended')).toMatchObject([{ error: { code: 'ALERT_CONNECTION' } }])
    await kafka.start(0)
    const again = new Reading(transport)
    again.reader.start(0, [{ topic, partition: 0, offset: 1 }])
    await kafka.produce(topic, ['b'])
    await expect.poll(() => again.values(), { timeout: 10_000 }).toEqual(['b'])
  })
})

describe('a password that is changed', () => {
  it('ends the reader when questions are refused too; what was read goes on where it was', async () => {
    await using kafka = await startKafka({ reauthMs: 2000 })
    const topic = uniqueName('engine')
    await kafka.createTopic(topic)
    await kafka.grant('alice', 'topic', topic, ['read'])
    const password = kafka.users['alice']!
    const credentials = () => ({ mechanism: 'SCRAM-SHA-512', username: 'alice', password }) as const
    const transport = connect({ server: kafka.brokers[0]!.saslSsl, tls: { ca: kafka.ca }, credentials })
    const reading = new Reading(transport)
    reading.reader.start(0, [{ topic, partition: 0, offset: 0 }])
    await kafka.produce(topic, ['a'])
    await expect.poll(() => reading.values(), { timeout: 5000 }).toEqual(['a'])
    await kafka.setPassword('alice', 'another')
    await expect.poll(() => reading.all('ended'), { timeout: 10_000 }).toMatchObject([{ error: { code: 'ALERT_CREDENTIALS' } }])
    expect(JSON.stringify(reading.events)).not.toContain(password)
    await kafka.produce(topic, ['b'])
    await kafka.setPassword('alice', password)
    const again = new Reading(transport)
    again.reader.start(0, [{ topic, partition: 0, offset: 1 }])
    await expect.poll(() => again.values(), { timeout: 10_000 }).toEqual(['b'])
    expect(again.lanes).toEqual([])
  })
})

describe('a process', () => {
  it('ends by itself once the transport is closed', async () => {
    const topic = await topicWith(['a', 'b'])
    const program = `
      import { KafkaTransport } from './src/transports/kafka/KafkaTransport.ts'
      const transport = new KafkaTransport({ server: '${plain.server}' })
      const reader = transport.read({ maxBytes: 1e6, maxWait: 200, maxBatchBytes: 1e8 }, event => {
        if (event.type === 'records') console.log(event.records.length), void transport.close(1000)
      })
      reader.start(0, [{ topic: '${topic}', partition: 0, offset: 0 }])
    `
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let said = ''
    child.stdout.on('data', chunk => {
      said += String(chunk)
    })
    const timer = setTimeout(() => child.kill('SIGKILL'), 15_000)
    const [code] = await once(child, 'exit')
    clearTimeout(timer)
    expect([said.trim(), code]).toEqual(['2', 0])
  })
})
