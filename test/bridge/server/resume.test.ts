import { describe, expect, it, vi } from 'vitest'
import { IgwnAlertClient, silentLogger } from '../../../src/index.ts'
import { MemoryTransport } from '../../../src/testing.ts'
import { type Events, events, type Serving, serve, TOPIC } from '../serve.ts'

/** Values 1 to n with a cursor after each: what a client had seen when it was cut there. */
async function cursorsOf({ url, append }: Serving, n: number): Promise<string[]> {
  const stream = await events(`${url}/stream`)
  await vi.waitFor(() => expect(stream.of('cursor')).toHaveLength(1))
  for (let value = 1; value <= n; value++) {
    append(value)
    await vi.waitFor(() => expect(stream.of('cursor')).toHaveLength(value + 1), { timeout: 3_000, interval: 20 })
  }
  stream.stop()
  return stream.of('cursor').map(({ id }) => id!)
}

const resumeAt = ({ url }: Serving, cursor: string, query = ''): Promise<Events> =>
  events(`${url}/stream${query}`, { 'last-event-id': cursor })

describe('a client that was cut', () => {
  it('at any event gets the rest, from the ring and from the log, of this and of another instance', async () => {
    const serving = await serve()
    const cursors = await cursorsOf(serving, 4)
    const others = [
      serving,
      await serve({ ring: { records: 2 } }, serving.transport),
      await serve({ ring: { history: 1 } }, serving.transport),
    ]
    for (const other of others) {
      for (const [index, cursor] of cursors.entries()) {
        const { payloads, of, stop } = await resumeAt(other, cursor)
        const rest = [1, 2, 3, 4].slice(index)
        await vi.waitFor(() => expect(payloads()).toEqual(rest))
        expect(of('gap')).toEqual([])
        stop()
      }
    }
  })

  it('hears of a topic that was made anew, and gets what is in it', async () => {
    const serving = await serve()
    const cursor = (await cursorsOf(serving, 2)).at(-1)!
    await serving.transport.deleteTopic(TOPIC)
    serving.transport.log.createTopic(TOPIC, { partitions: 2 })
    serving.append('anew')
    const other = await serve({}, serving.transport)
    const { payloads, of } = await resumeAt(other, cursor)
    await vi.waitFor(() => expect(payloads()).toEqual(['anew']))
    expect(of('gap').map(({ data }) => data)).toContainEqual({ topic: TOPIC, partition: 0, from: 2, to: 0, reason: 'recreated' })
  })

  it('is not sent a topic that it may no longer read, and is told so', async () => {
    const serving = await serve()
    serving.transport.log.createTopic('gracedb.secret')
    const { client } = serving
    const forbidden = new Set<string>()
    const both = await serve(
      {
        streams: { client, topics: ['superevent', 'secret'] },
        authorize: ({ topic, token }) => token === 'good' && !forbidden.has(topic.topic),
      },
      serving.transport,
    )
    const auth = { authorization: 'Bearer good' }
    const first = await events(`${both.url}/stream?topics=superevent,secret`, auth)
    serving.append(1)
    serving.transport.log.append('gracedb.secret', { value: '"secret"', timestamp: Date.now() })
    await vi.waitFor(() => expect(first.of('cursor')).toHaveLength(2), 3_000)
    expect(first.payloads()).toEqual(expect.arrayContaining([1, 'secret']))
    forbidden.add('secret')
    serving.transport.log.append('gracedb.secret', { value: '"more"', timestamp: Date.now() })
    serving.append(2)
    const cursor = first.of('cursor').at(-1)!.id!
    const second = await events(`${both.url}/stream?topics=superevent,secret`, { ...auth, 'last-event-id': cursor })
    await vi.waitFor(() => expect(second.payloads()).toEqual([2]))
    expect(second.of('hello')[0]!.data['refused']).toEqual([{ topic: 'secret', reason: 'forbidden' }])
    const echoed = Buffer.from(second.of('cursor')[0]!.id!, 'base64url').toString()
    expect(echoed).not.toContain('secret')
  })

  it('hears of what it does not get while too much of the past is being read', async () => {
    const serving = await serve()
    const cursors = await cursorsOf(serving, 3)
    for (let n = 0; n < 2_000; n++) serving.append('x'.repeat(2_000))
    const other = await serve({ ring: { records: 5 }, maxReplays: 1 }, serving.transport)
    // It takes nothing, so its replay waits.
    const stuck = new AbortController()
    await fetch(`${other.url}/stream`, { headers: { 'last-event-id': cursors[0]! }, signal: stuck.signal })
    const { of } = await resumeAt(other, cursors[1]!)
    await vi.waitFor(() => expect(of('record').length).toBeGreaterThan(0))
    expect(of('gap').map(({ data }) => data)).toMatchObject([{ topic: TOPIC, partition: 0, from: 1, reason: 'busy' }])
    expect(of('record')[0]!.data['offset']).toBe(of('gap')[0]!.data['to'])
    stuck.abort()
  })

  it('reads a long past, at its pace, and then goes on live', async () => {
    const serving = await serve()
    const cursor = (await cursorsOf(serving, 1))[0]!
    for (let n = 2; n <= 3_000; n++) serving.append(n)
    const other = await serve({ ring: { records: 10 } }, serving.transport)
    const { payloads } = await resumeAt(other, cursor)
    await vi.waitFor(() => expect(payloads()).toHaveLength(3_000), 10_000)
    serving.append(3_001)
    await vi.waitFor(() => expect(payloads()).toEqual(Array.from({ length: 3_001 }, (_, n) => n + 1)))
  })
})

describe('two servers with the same topics', () => {
  it('are told apart by names, and one cursor is of both', async () => {
    const [one, two] = [new MemoryTransport(), new MemoryTransport({ server: 'other.invalid:9092' })]
    for (const { log } of [one, two]) log.createTopic('igwn.gwalert')
    const clientOf = (transport: MemoryTransport): IgwnAlertClient => new IgwnAlertClient({ transport, group: null, logger: silentLogger })
    const streams = [
      { client: clientOf(one), topics: ['igwn.gwalert'], name: 'scimma' },
      { client: clientOf(two), topics: ['igwn.gwalert'], name: 'gcn' },
    ]
    const { url } = await serve({ streams })
    const first = await events(`${url}/stream?topics=scimma/igwn.gwalert,gcn/igwn.gwalert`)
    one.log.append('igwn.gwalert', { value: '1', timestamp: Date.now() })
    two.log.append('igwn.gwalert', { value: '2', timestamp: Date.now() })
    await vi.waitFor(() => expect(first.of('cursor')).toHaveLength(2), 3_000)
    expect(first.of('record').map(({ data }) => [data['topicId'], data['payload']])).toEqual(
      expect.arrayContaining([
        ['scimma/igwn.gwalert', 1],
        ['gcn/igwn.gwalert', 2],
      ]),
    )
    first.stop()
    one.log.append('igwn.gwalert', { value: '3', timestamp: Date.now() })
    two.log.append('igwn.gwalert', { value: '4', timestamp: Date.now() })
    const second = await events(`${url}/stream?topics=igwn.gwalert`, { 'last-event-id': first.of('cursor').at(-1)!.id! })
    await vi.waitFor(() => expect(second.payloads().toSorted()).toEqual([3, 4]))
    for (const { client } of streams) await client.close()
  })
})
