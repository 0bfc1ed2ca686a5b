import { describe, expect, it } from 'vitest'
import { IgwnAlertClient, silentLogger } from '../../../src/index.ts'
import { MemoryTransport } from '../../../src/testing.ts'
import { type Events, events, serve } from '../serve.ts'
import { server } from './rig.ts'

interface CursorJson {
  v: unknown
  server: unknown
  time: unknown
  topics: unknown
}

const encode = (json: unknown): string => Buffer.from(typeof json === 'string' ? json : JSON.stringify(json)).toString('base64url')
const decode = (cursor: string): CursorJson => JSON.parse(Buffer.from(cursor, 'base64url').toString())

/** A server with three records, and the cursor behind them. */
async function withCursor() {
  const served = await server()
  served.append('superevent', 1, 2, 3)
  const stream = await events(`${served.url}/stream?from=earliest`)
  await expect.poll(() => stream.payloads()).toEqual([1, 2, 3])
  stream.stop()
  const { client } = served
  const cursor = (await client.cursor(['superevent'], 'latest')).toString()
  const asked: string[] = []
  const cursorOf = client.cursor.bind(client)
  client.cursor = (names, at) => {
    asked.push(`${names?.join()} ${String(at)}`)
    return cursorOf(names, at)
  }
  return { ...served, cursor, asked }
}

/** Where the cursor stands in a topic's partitions. */
const at = (topic: string, offsets: object, more: object = {}) => ({ [topic]: { at: offsets, ...more } })

const FORGED: Record<string, (good: CursorJson) => string> = {
  'of another server': good => encode({ ...good, server: 'kafka.evil.example:9092' }),
  'of a server that is an object': good => encode({ ...good, server: { toString: 'memory:9092' } }),
  'of no server': ({ v, time, topics }) => encode({ v, time, topics }),
  'of another version': good => encode({ ...good, v: 2 }),
  'without a time': good => encode({ ...good, time: null }),
  'whose topics are a list': good => encode({ ...good, topics: [] }),
  'whose topic is a number': good => encode({ ...good, topics: { 'gracedb.superevent': 1 } }),
  'beyond the log': good => encode({ ...good, topics: at('gracedb.superevent', { 0: 4 }) }),
  'far beyond the log': good => encode({ ...good, topics: at('gracedb.superevent', { 0: Number.MAX_SAFE_INTEGER }) }),
  'of a larger number than there is': good => encode({ ...good, topics: at('gracedb.superevent', { 0: 2 ** 60 }) }),
  'that is negative': good => encode({ ...good, topics: at('gracedb.superevent', { 0: -1 }) }),
  'between two records': good => encode({ ...good, topics: at('gracedb.superevent', { 0: 1.5 }) }),
  'whose offset is a text': good => encode({ ...good, topics: at('gracedb.superevent', { 0: '1' }) }),
  'whose offset is no number': good =>
    encode(JSON.stringify({ ...good, topics: at('gracedb.superevent', { 0: 1 }) }).replace('":1}', '":1e999}')),
  'of a partition that does not exist': good => encode({ ...good, topics: at('gracedb.superevent', { 0: 3, 1: 0, 2: 0 }) }),
  'of partition 999999999': good => encode({ ...good, topics: at('gracedb.superevent', { 999999999: 0 }) }),
  'of partition -1': good => encode({ ...good, topics: at('gracedb.superevent', { '-1': 0 }) }),
  'of partition __proto__': good =>
    encode(JSON.stringify({ ...good, topics: at('gracedb.superevent', { 0: 1 }) }).replace('"0"', '"__proto__"')),
  'whose id is an object': good => encode({ ...good, topics: at('gracedb.superevent', { 0: 1 }, { id: {} }) }),
  'of the same server twice': good => `${encode(good)}.${encode(good)}`,
  'of the same server a hundred times': good =>
    Array(100)
      .fill(encode({ ...good, topics: {} }))
      .join('.'),
  'and more behind it': good => `${encode(good)}.`,
  'and another one behind it': good => `${encode(good)}.${encode({ ...good, server: 'evil.example:9092' })}`,
  'cut short': good => encode(good).slice(0, -7),
  'of JSON that is nested deeply': () => encode(`${'['.repeat(4_000)}${']'.repeat(4_000)}`),
  'of topics that are nested deeply': good =>
    encode(JSON.stringify({ ...good, topics: null }).replace('null', `${'{"a":'.repeat(1_500)}1${'}'.repeat(1_500)}`)),
  'of null': () => encode(null),
  'of a text': () => encode('"latest"'),
  'of bytes that are no UTF-8': () => Buffer.from([0x7b, 0xff, 0xfe, 0x7d]).toString('base64url'),
  'of no base64': () => 'not%20a%20cursor',
  'of line breaks': () => '%0d%0aevent:%20x',
  'of NUL': () => '%00',
  'that is a date': () => '2026-01-01',
}

describe('a forged cursor', () => {
  it.each(Object.entries(FORGED))('%s: 400, and next to no work', async (_name, forge) => {
    const { url, cursor, refusals, asked, clients } = await withCursor()
    const forged = forge(decode(cursor))
    for (const response of [
      await fetch(`${url}/stream?topics=superevent&from=${forged}`),
      await fetch(`${url}/stream?topics=superevent&lastEventId=${forged}`),
    ]) {
      expect([response.status, await response.json()]).toMatchObject([400, { error: { code: 'cursor' } }])
    }
    expect(await refusals()).toEqual({ cursor: 2 })
    // Where the log begins and ends, of the one topic that is asked for.
    expect(asked.length).toBeLessThanOrEqual(4)
    expect(await clients()).toBe(0)
  })

  it('in Last-Event-ID is the same', async () => {
    const { url, cursor } = await withCursor()
    const forged = encode({ ...decode(cursor), topics: at('gracedb.superevent', { 0: 4 }) })
    expect((await fetch(`${url}/stream`, { headers: { 'last-event-id': forged } })).status).toBe(400)
    expect((await fetch(`${url}/stream`, { headers: { 'last-event-id': 'x, y' } })).status).toBe(400)
  })

  it('of a megabyte, through a host that takes such an address, is answered at once', async () => {
    const served = await serve()
    const huge = encode({ v: 1, server: 'memory:9092', time: 0, topics: at(`gracedb.${'x'.repeat(1_000_000)}`, {}) })
    const before = performance.now()
    const response = await served.bridge.fetch(new Request(`http://localhost/stream?from=${huge}`))
    expect(response.status).toBe(400)
    expect(performance.now() - before).toBeLessThan(1_000)
  })
})

describe('a cursor with more than was granted', () => {
  it.each(['__proto__', 'constructor', 'toString', 'gracedb.nowhere', ''])('of the topic %j: that is passed over', async topic => {
    const { url, cursor, append } = await withCursor()
    const good = decode(cursor)
    const topics = JSON.stringify({ ...good, topics: { ...at('gracedb.superevent', { 0: 2, 1: 0 }), TOPIC: { at: { 0: 0 } } } })
    const stream = await events(`${url}/stream?topics=superevent&from=${encode(topics.replace('TOPIC', topic))}`)
    append('superevent', 4)
    await expect.poll(() => stream.payloads()).toEqual([3, 4])
    const told = decode(stream.of('cursor')[0]!.id!)
    expect(Object.keys(told.topics as object)).toEqual(['gracedb.superevent'])
    expect({}).not.toHaveProperty('at')
  })

  it('is asked for each of its topics again: those that may not be read are not sent, however they are named', async () => {
    const forbidden = new Set<string>()
    const { url, append, client } = await server({ authorize: ({ topic }) => !forbidden.has(topic.topic) })
    append('secret', 's1', 's2')
    append('superevent', 1)
    const first = await events(`${url}/stream?from=earliest`)
    await expect.poll(() => first.of('record').length).toBe(3)
    first.stop()
    const good = decode((await client.cursor(['superevent', 'secret'], 'latest')).toString())
    const start = encode({ ...good, topics: { ...at('gracedb.superevent', { 0: 0, 1: 0 }), ...at('gracedb.secret', { 0: 0, 1: 0 }) } })
    forbidden.add('secret')
    append('secret', 's3')
    append('superevent', 2)
    const queries = ['', 'topics=superevent,secret', 'topics=superevent&new=secret', 'topics=superevent&new=gracedb.secret']
    const streams: Events[] = []
    for (const query of queries) streams.push(await events(`${url}/stream?${query}`, { 'last-event-id': start }))
    for (const { payloads } of streams) await expect.poll(payloads).toEqual([1, 2])
    append('secret', 's4')
    append('superevent', 3)
    for (const { payloads, of } of streams) {
      await expect.poll(payloads).toEqual([1, 2, 3])
      expect(
        of('cursor')
          .map(({ id }) => Buffer.from(id!, 'base64url').toString())
          .join(),
      ).not.toContain('secret')
    }
    expect(streams.map(({ of }) => of('hello')[0]!.data['refused'])).toEqual([[], [{ topic: 'secret', reason: 'forbidden' }], [], []])
    expect((await fetch(`${url}/stream?topics=secret`, { headers: { 'last-event-id': start } })).status).toBe(401)
  })
})

describe('a cursor of a topic that was deleted', () => {
  it('is no forgery: the gap is told, the other topics go on', async () => {
    const { url, client, transport, append } = await server({ ring: { records: 1 } })
    append('secret', 's')
    append('superevent', 1, 2)
    const start = (await client.cursor(['superevent', 'secret'], 'earliest')).toString()
    await transport.deleteTopic('gracedb.secret')
    for (const topics of ['', 'topics=superevent,secret', 'topics=secret']) {
      const { of, payloads, stop } = await events(`${url}/stream?${topics}`, { 'last-event-id': start })
      await expect
        .poll(() => of('gap').map(({ data }) => data))
        .toEqual([
          { topic: 'gracedb.secret', partition: 0, from: 0, to: 0, reason: 'deleted' },
          { topic: 'gracedb.secret', partition: 1, from: 0, to: 0, reason: 'deleted' },
        ])
      if (topics === 'topics=secret') continue
      await expect.poll(payloads).toEqual([1, 2])
      stop()
    }
  })
})

describe('two streams of one server', () => {
  it('share a place in the cursor: both resume, nothing is lost or doubled', async () => {
    const transport = new MemoryTransport()
    for (const topic of ['one.t', 'two.t']) transport.log.createTopic(topic)
    const clients = ['one', 'two'].map(group => new IgwnAlertClient({ transport, group, logger: silentLogger }))
    const publish = (n: number): void => {
      for (const topic of ['one.t', 'two.t']) transport.log.append(topic, { value: JSON.stringify(`${topic} ${n}`), timestamp: Date.now() })
    }
    const streams = clients.map(client => ({ client, topics: ['t'] }))
    const bridges = [await serve({ streams }), await serve({ streams, ring: { history: 1 } })]
    const first = await events(`${bridges[0]!.url}/stream`)
    await expect.poll(() => first.of('cursor')).toHaveLength(1)
    publish(1)
    await expect.poll(() => first.of('cursor').length, { timeout: 3_000 }).toBe(2)
    first.stop()
    publish(2)
    publish(3)
    // From its ring, and from the log.
    const late = await serve({ streams, ring: { history: 1, records: 1 } })
    for (const { url } of [...bridges, late]) {
      const { payloads, of } = await events(`${url}/stream`, { 'last-event-id': first.of('cursor').at(-1)!.id! })
      await expect.poll(() => payloads().toSorted()).toEqual(['one.t 2', 'one.t 3', 'two.t 2', 'two.t 3'])
      expect(of('gap')).toEqual([])
    }
    for (const client of clients) await client.close()
  })
})
