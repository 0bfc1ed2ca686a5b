import { decode, ExternalReference, IgwnAlertClient, parseJson, type Status, silentLogger } from 'igwn-alert-rx'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { type Access, uniqueName } from '../bed/bedClient.ts'
import { type KafkaBed, startKafka } from '../bed/kafka.ts'
import { OffloadServer } from '../bed/offloadServer.ts'
import { hopRead, hopWrite, igwnListen } from '../bed/peerPrograms.ts'
import { base64 } from './rig.ts'

const LIMIT = 2_000
const LARGE = { uid: 'S1', pad: 'gravité ☄'.repeat(1_000) }
const HUGE = { pad: '0123456789abcdef'.repeat(1 << 18) }

let bed: KafkaBed
let server: OffloadServer
let access: Access
let group: string
let full: string

/** A Kafka of its own: every client of it looks for this one topic, under this one name. */
beforeAll(async () => {
  bed = await startKafka()
  await bed.createTopic('sys.metadata')
  await bed.grant('alice', 'topic', 'sys.metadata', ['read'])
  access = bed.access('alice')
})
afterAll(() => bed.close())

beforeEach(async () => {
  server = await OffloadServer.start({ users: { alice: access.password! } })
  await bed.produce('sys.metadata', [JSON.stringify({ LargeMessageUploadEndpoint: server.origin })])
  group = uniqueName('offload')
  full = `${group}.superevent`
  await bed.createTopic(full, { config: { 'max.message.bytes': `${LIMIT}` } })
  await bed.grant('alice', 'topic', full, ['read', 'write', 'describeConfigs'])
})
afterEach(() => server[Symbol.asyncDispose]())

const statuses: Status[] = []

function clientOf(mechanism: 'SCRAM-SHA-512' | 'SCRAM-SHA-256' = 'SCRAM-SHA-512', fetchExternal = true): IgwnAlertClient {
  const client = new IgwnAlertClient({
    server: `kafka://${access.server}/`,
    auth: { username: 'alice', password: access.password!, mechanism, caFile: bed.caFile },
    group,
    from: 'earliest',
    untilEnd: true,
    fetchExternal,
    logger: silentLogger,
  })
  statuses.length = 0
  client.status$.subscribe(status => statuses.push(status))
  onTestFinished(() => client.close())
  return client
}

const requests = (method: string): number => server.seen.filter(seen => seen.method === method).length

/** What hop's consumers, and ours, read of a message that hop has put elsewhere. */
describe('hop writes what is too large for its topic, we read it', () => {
  it.each(['SCRAM-SHA-512', 'SCRAM-SHA-256'] as const)('with decode({ external }), by %s', async mechanism => {
    const headers = [
      ['note', base64('hi')],
      ['note', base64('\u0000')],
    ] as const
    await hopWrite(access, full, [{ content: { small: 1 } }, { content: LARGE, key: 'S1', headers }, { content: { small: 2 } }])
    expect(requests('POST')).toBe(2)
    const client = clientOf(mechanism)
    const records = []
    for await (const record of client.topic('superevent').pipe(decode({ external: client.external() }))) records.push(record)
    expect(records.map(({ offset, payload }) => [offset, payload])).toEqual([
      [0, { small: 1 }],
      [1, LARGE],
      [2, { small: 2 }],
    ])

    const [, theirs] = await hopRead(access, { topics: [full], group: uniqueName('alice') })
    const { key, headers: ours, id, sender, format, timestamp } = records[1]!
    expect(theirs).toMatchObject({ payload: LARGE, format, sender, timestamp, offset: 1 })
    expect(theirs?.headers).toEqual(ours.map(({ name, value }) => [name, Buffer.from(value!).toString('base64')]))
    expect(theirs).toMatchObject({ key: Buffer.from(key!).toString('base64'), id: id?.replaceAll('-', '') })
    expect(ours.map(({ name }) => name)).toEqual(['note', 'note', '_id', '_sender', '_format'])
    expect(client.metrics().topics[full]).toMatchObject({ fetched: 1, fetchFailures: 0, handled: 3, failed: 0 })
  })

  it('with listen(), as its own igwn-alert does', async () => {
    await hopWrite(access, full, [{ content: HUGE }, { content: { small: 1 } }, { format: 'text', content: JSON.stringify(LARGE) }])
    const got: unknown[] = []
    await clientOf().listen((topic, payload) => got.push([topic, payload]), 'superevent').done
    expect(got).toEqual([HUGE, { small: 1 }, JSON.stringify(LARGE)].map(payload => ['superevent', payload]))

    await using theirs = await igwnListen(access, { group, topics: ['superevent'], consumerGroup: uniqueName('alice'), count: 3 })
    expect((await theirs.until(3)).map(({ topic, payload }) => [topic, payload])).toEqual(got)
  })

  it('as a reference where it is not to be fetched', async () => {
    await hopWrite(access, full, [{ content: LARGE }])
    const got: unknown[] = []
    await clientOf('SCRAM-SHA-512', false).listen((_topic, payload) => got.push(payload), 'superevent').done
    expect(got).toEqual([new ExternalReference(expect.stringContaining(`${server.origin}/msg/`))])
    expect(requests('GET')).toBe(0)
  })

  it('not at all where it is a test', async () => {
    await hopWrite(access, full, [{ content: LARGE, test: true }, { content: 1 }])
    const got: unknown[] = []
    await clientOf().listen((_topic, payload) => got.push(payload), 'superevent').done
    expect(got).toEqual([1])
    expect(requests('GET')).toBe(0)
  })

  it('where hop itself fails: text in a header of a store that keeps it as it was sent', async () => {
    const url = server.put({
      message: Buffer.from('{"a": 1}'),
      headers: [
        ['note', 'hi'],
        ['_format', Buffer.from('json')],
      ],
    })
    await bed.produce(full, [JSON.stringify({ url })], { headers: { _format: 'external' } })
    const client = clientOf()
    const records = []
    for await (const record of client.topic('superevent').pipe(decode({ external: client.external() }))) records.push(record)
    expect(records.map(({ payload, headers }) => [payload, headers[0]])).toEqual([
      [{ a: 1 }, { name: 'note', value: new TextEncoder().encode('hi') }],
    ])
    await expect(hopRead(access, { topics: [full], group: uniqueName('alice') })).rejects.toThrow('Malformed original message header')
  })
})

describe('what cannot be fetched', () => {
  const received = async (): Promise<unknown[]> => {
    const got: unknown[] = []
    await clientOf().listen((_topic, payload) => got.push(payload), 'superevent').done
    return got
  }
  const failures = () => statuses.filter(status => status.type === 'failed')

  it('is said, and the next alert comes: a password that the server does not know', async () => {
    await hopWrite(access, full, [{ content: LARGE }, { content: 1 }])
    await server[Symbol.asyncDispose]()
    server = await OffloadServer.start({ users: { alice: 'another' } })
    await bed.produce('sys.metadata', [JSON.stringify({ LargeMessageUploadEndpoint: server.origin })])
    await bed.produce(full, [JSON.stringify({ url: server.put({ message: Buffer.from('1') }) })], { headers: { _format: 'external' } })
    expect(await received()).toEqual([1])
    expect(failures()).toMatchObject([
      { offset: 0, error: { message: expect.stringContaining('alone') } },
      { offset: 2, error: { message: expect.stringContaining('HTTP status 401') } },
    ])
  })

  it('is said: no right to read sys.metadata', async () => {
    await hopWrite(access, full, [{ content: LARGE }, { content: 1 }])
    await bed.revoke('alice', 'topic', 'sys.metadata', ['read'])
    onTestFinished(() => bed.grant('alice', 'topic', 'sys.metadata', ['read']))
    expect(await received()).toEqual([1])
    expect(failures()).toMatchObject([{ offset: 0, error: { message: expect.stringContaining('TOPIC_AUTHORIZATION_FAILED') } }])
    expect(requests('GET')).toBe(0)
  })

  it('is said: the message is there no more', async () => {
    const gone = `${server.origin}/msg/00000000-0000-4000-8000-000000000000`
    await bed.produce(full, [JSON.stringify({ url: gone }), '1'], { headers: { _format: 'external' } })
    await bed.produce(full, ['2'])
    expect(await received()).toEqual([2])
    expect(failures()).toMatchObject([
      { offset: 0, error: { message: expect.stringContaining('HTTP status 404') } },
      { offset: 1, error: { message: expect.stringContaining('expected { url') } },
    ])
  })
})

/** Uploading is hop's: what we are given and the topic does not take is refused, never cut or put elsewhere. */
describe('we write what is too large for its topic', () => {
  it('is refused with the reason, and what fits goes on', async () => {
    const client = clientOf()
    const error = await client.publish('superevent', LARGE).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({
      code: 'ALERT_TOO_LARGE',
      stored: false,
      message: expect.stringContaining('The topic takes 2000 bytes (max.message.bytes)'),
    })
    await client.publish('superevent', { small: 1 })
    const got: unknown[] = []
    for await (const { payload } of client.topic('superevent').pipe(parseJson())) got.push(payload)
    expect(got).toEqual([{ small: 1 }])
    expect(server.seen).toEqual([])
  })
})
