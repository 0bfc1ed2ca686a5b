import { once } from 'node:events'
import { connect } from 'node:net'
import { Kafka, logLevel, Partitioners } from 'kafkajs'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ask, splitAddress } from './ask.ts'
import { batchesIn } from './batches.ts'
import { uniqueName } from './bedClient.ts'
import { startKafka } from './kafka.ts'
import { metadataQuestion, readMetadata } from './metadata.ts'
import { confluentRead, hopRead, hopWrite } from './peerPrograms.ts'
import { closedPort } from './ports.ts'
import { type KafkaProxy, type ProxyOptions, proxyBrokers, silentServer, startProxy } from './proxy.ts'
import { chain, damageFetched, fetchedRecords, rewriteAddresses } from './rewrite.ts'
import { sharedBed } from './shared.ts'
import { ApiKey, WireWriter } from './wire.ts'

const bed = sharedBed()
const broker = bed.brokers[0]!.plaintext

/** A proxy before the shared broker that clients do not leave. */
async function proxied(options: Pick<ProxyOptions, 'onRequest'> = {}): Promise<KafkaProxy> {
  const port = await closedPort()
  const proxy = await startProxy(broker, { port, onResponse: rewriteAddresses({ [broker]: `127.0.0.1:${port}` }), ...options })
  onTestFinished(() => proxy.close())
  return proxy
}

/** Writes one record through the proxy with a producer that tries again after 1 s without an answer. */
async function write(proxy: KafkaProxy, topic: string): Promise<void> {
  const kafka = new Kafka({ brokers: [proxy.address], requestTimeout: 1000, retry: { initialRetryTime: 50 }, logLevel: logLevel.NOTHING })
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })
  await producer.connect()
  await producer.send({ topic, messages: [{ value: 'x' }] })
  await producer.disconnect()
}

async function newTopic(): Promise<string> {
  const topic = uniqueName('proxy')
  await bed.createTopic(topic)
  return topic
}

const askCluster = async (proxy: KafkaProxy, within?: number) => readMetadata(await ask(proxy.address, metadataQuestion([]), within))

describe('requests', () => {
  test('pass, are counted, and all go through the proxy', async () => {
    const [topic, proxy] = [await newTopic(), await proxied()]
    await write(proxy, topic)
    expect(await bed.endOffsets(topic)).toEqual([1])
    expect(proxy.stats.requests.of(ApiKey.Produce)).toBe(1)
    expect(proxy.stats.answers.total).toBe(proxy.stats.requests.total)
    expect(proxy.stats.cuts.total + proxy.stats.swallowed.total).toBe(0)
  })

  test.each([
    ['swallow-answer', 2],
    ['cut-when-answered', 2],
    ['cut', 1],
  ] as const)('%s at the first Produce: a plain producer stores its record %i times', async (verdict, times) => {
    const topic = await newTopic()
    let produced = 0
    const proxy = await proxied({ onRequest: ({ apiKey }) => (apiKey === ApiKey.Produce && ++produced === 1 ? verdict : 'pass') })
    // kafkajs's producer does not survive a cut by itself: its user tries again.
    await write(proxy, topic).catch(() => write(proxy, topic))
    expect(await bed.endOffsets(topic)).toEqual([times])
    const { swallowed, cuts } = proxy.stats
    expect([swallowed.of(ApiKey.Produce), cuts.of(ApiKey.Produce)]).toEqual(verdict === 'swallow-answer' ? [1, 0] : [0, 1])
  })

  test('cut-when-sent: the broker has the request, the client no answer', async () => {
    const proxy = await proxied({ onRequest: () => 'cut-when-sent' })
    await expect(askCluster(proxy)).rejects.toThrow(/closed the connection/)
    expect(proxy.stats.requests.total).toBe(1)
  })

  test('are held up while the hook takes its time', async () => {
    let release = () => {}
    const gate = new Promise<void>(resolve => {
      release = resolve
    })
    const proxy = await proxied({ onRequest: () => gate.then(() => 'pass' as const) })
    await expect(askCluster(proxy, 200)).rejects.toThrow(/no answer/)
    const answer = askCluster(proxy)
    release()
    expect((await answer).brokers).toHaveLength(1)
  })

  test('a hook that throws cuts the connection and fails close()', async () => {
    const proxy = await startProxy(broker, {
      onRequest: () => {
        throw new Error('a mistake in the hook')
      },
    })
    await expect(askCluster(proxy)).rejects.toThrow()
    await expect(proxy.close()).rejects.toThrow('a mistake in the hook')
  })
})

describe('connections', () => {
  test('nothing passes a black hole until it ends', async () => {
    const proxy = await proxied()
    proxy.blackhole(true)
    await expect(askCluster(proxy, 300)).rejects.toThrow(/no answer/)
    const answer = askCluster(proxy)
    await expect.poll(() => proxy.open).toBe(1)
    proxy.blackhole(false)
    expect((await answer).brokers).toHaveLength(1)
  })

  test('stranded ones are dead without being told, new ones work', async () => {
    const proxy = await proxied()
    const { host, port } = splitAddress(proxy.address)
    const socket = connect({ host, port })
    onTestFinished(() => void socket.destroy())
    await expect.poll(() => proxy.open).toBe(1)
    proxy.strand()
    socket.write(Buffer.alloc(64))
    expect((await askCluster(proxy)).brokers).toHaveLength(1)
    await expect.poll(() => proxy.open).toBe(1)
    expect([socket.destroyed, socket.bytesRead]).toEqual([false, 0])
  })

  test('are cut, reset, refused, and reset in the handshake', async () => {
    const proxy = await proxied({ onRequest: () => new Promise(() => {}) })
    const failing = async (how: () => unknown) => {
      const before = proxy.stats.requests.total
      const answer = askCluster(proxy).then(String, error => error.message)
      await expect.poll(() => proxy.stats.requests.total).toBe(before + 1)
      await how()
      return answer
    }
    expect(await failing(() => proxy.cut())).toMatch(/closed the connection/)
    expect(await failing(() => proxy.reset())).toMatch(/ECONNRESET/)
    await proxy.refuse(true)
    await expect(askCluster(proxy)).rejects.toThrow(/ECONNREFUSED/)
    await proxy.refuse(false)
    proxy.resetInHandshake(true)
    await expect(askCluster(proxy)).rejects.toThrow(/ECONNRESET/)
  })

  test('bytes come one by one, and late', async () => {
    const proxy = await proxied()
    proxy.chunk(1)
    const { host, port } = splitAddress(proxy.address)
    const socket = connect({ host, port, noDelay: true })
    onTestFinished(() => void socket.destroy())
    const apiVersions = Buffer.from([0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 7, 0, 0])
    let pieces = 0
    socket.on('data', () => pieces++)
    socket.write(apiVersions)
    await expect.poll(() => socket.bytesRead).toBeGreaterThan(300)
    expect(pieces).toBeGreaterThan(socket.bytesRead / 4)
    proxy.chunk(0)
    proxy.delay(100)
    const from = performance.now()
    await askCluster(proxy)
    expect(performance.now() - from).toBeGreaterThanOrEqual(195)
  })

  test('of a broker that is away are reset', async () => {
    const proxy = await startProxy(`127.0.0.1:${await closedPort()}`)
    onTestFinished(() => proxy.close())
    await expect(askCluster(proxy)).rejects.toThrow(/ECONNRESET|closed the connection/)
  })

  test('a silent server takes all and says nothing; a closed port refuses', async () => {
    const silent = await silentServer()
    onTestFinished(() => silent.close())
    await expect(ask(silent.address, metadataQuestion([]), 200)).rejects.toThrow(/no answer/)
    const socket = connect({ host: '127.0.0.1', port: await closedPort() })
    await expect(once(socket, 'connect')).rejects.toThrow(/ECONNREFUSED/)
  })
})

describe('answers', () => {
  /** Fetch, version 4, from offset 0: the stored bytes of a partition. */
  async function fetched(address: string, topic: string): Promise<Buffer> {
    const body = new WireWriter()
      .int32(-1)
      .int32(100)
      .int32(1)
      .int32(1 << 20)
      .int8(0)
    body
      .int32(1)
      .string(topic)
      .int32(1)
      .int32(0)
      .int64(0)
      .int32(1 << 20)
    const answer = await ask(address, { apiKey: ApiKey.Fetch, apiVersion: 4, body: body.build() })
    return fetchedRecords(answer.buffer, 4)[0]!.records
  }

  test.each(['byte', 'record', 'magic'] as const)('the %s of one batch is damaged on its way', async damage => {
    const topic = await newTopic()
    await bed.produce(topic, ['good'])
    await bed.produce(topic, ['bad'])
    const proxy = await proxied()
    proxy.onResponse = chain(proxy.onResponse, damageFetched(topic, 0, 1, damage))
    const [stored, read] = [await fetched(broker, topic), await fetched(proxy.address, topic)]
    const [first, second] = batchesIn(stored)
    expect(second!.baseOffset).toBe(1)
    expect(read.subarray(0, first!.length)).toEqual(stored.subarray(0, first!.length))
    const differing = [...stored.keys()].filter(n => stored[n] !== read[n])
    expect(differing.map(n => n - second!.position)).toEqual([{ byte: second!.length - 1, record: 61, magic: 16 }[damage]])
  })
})

test('with proxied listeners any client stays in the proxies, over TLS too', async () => {
  await using own = await startKafka({ proxied: ['plaintext', 'saslSsl'] })
  await own.createTopic('through')
  await own.grant('alice', 'topic', 'through', ['read', 'write', 'describeConfigs'])
  const [plain] = await proxyBrokers(own, 'plaintext')
  const [encrypted] = await proxyBrokers(own, 'saslSsl')
  for (const proxy of [plain!, encrypted!]) onTestFinished(() => proxy.close())
  await hopWrite({ ...own.access('alice'), server: encrypted!.address }, 'through', [{ content: { n: 1 } }])
  await own.stop(0)
  await own.start(0)
  const read = await hopRead({ ...own.access('alice'), server: encrypted!.address }, { topics: ['through'] })
  expect(read.map(({ payload }) => payload)).toEqual([{ n: 1 }])
  const reader = await confluentRead({ ...own.access(), server: plain!.address }, { topics: ['through'], count: 1 })
  expect((await reader.result).code).toBe(0)
  expect(plain!.stats.requests.of(ApiKey.Fetch)).toBeGreaterThan(0)
  expect([encrypted!.stats.connections > 0, encrypted!.stats.requests.total]).toEqual([true, 0])
})
