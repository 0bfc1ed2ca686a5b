import { type Delivery, decodePayload, handle, IgwnAlertClient, outgoing, parseJson, type StreamOptions, silentLogger } from 'igwn-alert-rx'
import { lastValueFrom, toArray } from 'rxjs'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { BedClient } from '../bed/bedClient.ts'
import { uniqueName } from '../bed/bedClient.ts'
import { confluentWrite, hopRead, hopWrite, igwnListen, igwnPublish } from '../bed/peerPrograms.ts'
import { sharedBed } from '../bed/shared.ts'

// Over SASL_SSL with SCRAM-SHA-512, as a user who has rights on the topic only.

const base64 = (text: string): string => Buffer.from(text).toString('base64')

describe('Python writes, we read; we write, Python reads', () => {
  let bed: BedClient
  let group: string
  let full: string
  let client: IgwnAlertClient

  beforeAll(() => {
    bed = sharedBed()
  })
  beforeEach(async () => {
    group = uniqueName('interop')
    full = `${group}.superevent`
    await bed.createTopic(full, { partitions: 1, config: { 'max.message.bytes': '4000000' } })
    await bed.grant('alice', 'topic', full, ['read', 'write', 'describe'])
    const auth = { username: 'alice', password: bed.users['alice'] ?? '', caFile: bed.caFile }
    client = new IgwnAlertClient({
      server: `kafka://${bed.brokers[0]?.saslSsl}/`,
      auth,
      group,
      from: 'earliest',
      untilEnd: true,
      logger: silentLogger,
    })
  })
  afterEach(() => client.close())

  const read = (options?: StreamOptions): Promise<Delivery[]> =>
    lastValueFrom(
      client.topic('superevent', options).pipe(
        handle(async record => record),
        toArray(),
      ),
    )
  const payloads = (): Promise<unknown[]> =>
    lastValueFrom(
      client.topic('superevent').pipe(
        parseJson({ bigints: true }),
        handle(async ({ payload }) => payload),
        toArray(),
      ),
    )

  it('reads what hop writes: JSON, JSON in a JSON string, NaN, long integers; tests only when asked', async () => {
    await hopWrite(bed.access('alice'), full, [
      { content: { uid: 'S1', list: [1, 2] } },
      { format: 'text', content: '{"uid": "S2"}' },
      { format: 'jsonText', content: '{"far": NaN, "gps_ns": 1419724818123456789}' },
      { content: { uid: 'T1' }, test: true },
      { content: { uid: 'S3' }, key: 'S3' },
    ])
    expect(await payloads()).toEqual([
      { uid: 'S1', list: [1, 2] },
      { uid: 'S2' },
      { far: Number.NaN, gps_ns: 1419724818123456789n },
      { uid: 'S3' },
    ])
    const all = await read({ tests: 'include' })
    expect(all.map(({ isTest }) => isTest)).toEqual([false, false, false, true, false])
    expect(all.map(({ sender, format }) => [sender, format])).toEqual(all.map(() => ['alice', 'json']))
    expect(all[4]?.key).toEqual(new TextEncoder().encode('S3'))
    expect(new Set(all.map(({ id }) => id)).size).toBe(5)
  })

  it('reads blobs, bare JSON, an empty value and a tombstone as hop decodes them', async () => {
    await hopWrite(bed.access('alice'), full, [{ format: 'blob', content: base64('\u0000{"a":1}') }])
    const messages = ['{"bare": true}', ''].map(value => ({ value: base64(value) }))
    await confluentWrite(bed.access('alice'), full, { messages: [...messages, { value: null }] })
    const got = (await read()).map(record => decodePayload(record))
    expect(got).toEqual([new TextEncoder().encode('\u0000{"a":1}'), { bare: true }, new Uint8Array(), null])
  })

  it.each(['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const)('reads %s, small and 1 MB', async codec => {
    const large = JSON.stringify({ pad: '0123456789abcdef'.repeat(65_000) })
    const values = [...Array.from({ length: 500 }, (_, i) => JSON.stringify({ i, pad: 'x'.repeat(i) })), large]
    const messages = values.map(value => ({ value: base64(value) }))
    const config = { 'message.max.bytes': 4_000_000 }
    await confluentWrite(bed.access('alice'), full, { codec, config, messages })
    expect(await payloads()).toEqual(values.map(value => JSON.parse(value)))
  })

  it('reads what igwn-alert publishes', async () => {
    await igwnPublish(bed.access('alice'), group, [
      { topic: 'superevent', payload: { uid: 'S1' } },
      { topic: 'superevent', payload: '{"uid": "S2"}' },
    ])
    expect(await payloads()).toEqual([{ uid: 'S1' }, { uid: 'S2' }])
  })

  it('writes what hop reads: payload and metadata', async () => {
    const sink = client.sink('superevent')
    const first = await sink.send(outgoing({ uid: 'S1', u: 'gravité ☄' }, { key: 'S1', headers: [['mine', 'x']] }))
    await sink.send('{"uid": "S2"}')
    await sink.send(new TextEncoder().encode('\u0000bytes'))
    await sink.send(outgoing({ uid: 'T1' }, { test: true }))
    await sink.send({ pad: 'y'.repeat(1_000_000) })
    const got = await hopRead(bed.access('alice'), { topics: [full], group: uniqueGroup(), tests: true })
    expect(got.map(({ payload }) => payload)).toEqual([
      { uid: 'S1', u: 'gravité ☄' },
      '{"uid": "S2"}',
      base64('\u0000bytes'),
      { uid: 'T1' },
      { pad: 'y'.repeat(1_000_000) },
    ])
    expect(got.map(({ test }) => test)).toEqual([false, false, false, true, false])
    expect(got.map(({ sender }) => sender)).toEqual(got.map(() => 'alice'))
    expect(got[0]?.id).toBe(first.id.replaceAll('-', ''))
    expect(got[0]?.headers.map(([name]) => name)).toEqual(['mine', '_id', '_sender', '_format'])
    expect(got[0]?.key).toBe(base64('S1'))
  })

  it("writes what igwn-alert's callback gets", async () => {
    await client.publish('superevent', { uid: 'S1' })
    await client.publish('superevent', '{"uid": "S2"}')
    const listener = await igwnListen(bed.access('alice'), { group, topics: ['superevent'], consumerGroup: uniqueGroup(), count: 2 })
    const { lines } = await listener.result
    expect(lines.filter(line => 'payload' in line).map(({ payload }) => payload)).toEqual([{ uid: 'S1' }, '{"uid": "S2"}'])
  })

  it('puts a key where librdkafka puts it', async () => {
    const other = `${group}.keys`
    await bed.createTopic(other, { partitions: 3 })
    await bed.grant('alice', 'topic', other, ['read', 'write', 'describe'])
    const keys = ['a', 'b', 'c', 'S1', 'S2', 'S250818ab']
    const theirs = await confluentWrite(bed.access('alice'), other, {
      messages: keys.map(key => ({ key: base64(key), value: base64(key) })),
    })
    const sink = client.sink('keys')
    const ours = await Promise.all(keys.map(key => sink.send(outgoing(1, { key }))))
    expect(ours.map(({ partition }) => partition)).toEqual(keys.map(key => theirs.find(({ value }) => value === key)?.partition))
  })

  let groups = 0
  /** A group that alice may read. */
  const uniqueGroup = (): string => `alice-${group}-${groups++}`
})
