import { describe, expect, it, vi } from 'vitest'
import { Catalog } from '../../../src/bridge/server/Catalog.ts'
import { bridgeReader } from '../../../src/bridge/server/encodeRecord.ts'
import { GrantedTopics } from '../../../src/bridge/server/Mark.ts'
import { Pieces } from '../../../src/bridge/server/Pieces.ts'
import { Replay } from '../../../src/bridge/server/Replay.ts'
import { Ring } from '../../../src/bridge/server/Ring.ts'
import { Session } from '../../../src/bridge/server/Session.ts'
import { systemClock } from '../../../src/clock.ts'
import { IgwnAlertClient, silentLogger } from '../../../src/index.ts'
import { MemoryTransport } from '../../../src/testing.ts'
import { events, type Serving, serve } from '../serve.ts'

const MANY = 3_000
const numbers = (count: number): number[] => Array.from({ length: count }, (_, n) => n)

/** A server whose ring holds next to nothing of a long past, and a cursor at the beginning of it. */
async function withPast(options: Parameters<typeof serve>[0] = {}): Promise<Serving & { cursor: string }> {
  const transport = new MemoryTransport()
  transport.log.createTopic('gracedb.superevent', { partitions: 1 })
  const serving = await serve({ ring: { records: 5 }, ...options }, transport)
  serving.append(...numbers(MANY).map(n => ({ n, text: 'x'.repeat(2_000) })))
  await vi.waitFor(async () => expect(await metric(serving, 'entries_total')).toBe(MANY), 10_000)
  return { ...serving, cursor: (await serving.client.cursor(['superevent'], 'earliest')).toString() }
}

async function metric({ url }: Serving, name: string): Promise<number> {
  return Number(new RegExp(`bridge_${name} (\\d+)`).exec(await (await fetch(`${url}/metrics`)).text())?.[1])
}

describe('replays', () => {
  it('a client that is cut in the middle and comes again at once with the same cursor gets everything', async () => {
    const { url, cursor } = await withPast()
    for (let round = 0; round < 5; round++) {
      const cut = await events(`${url}/stream`, { 'last-event-id': cursor })
      await vi.waitFor(() => expect(cut.of('record').length).toBeGreaterThan(0), 10_000)
      cut.stop()
    }
    const { of, stop } = await events(`${url}/stream`, { 'last-event-id': cursor })
    await vi.waitFor(() => expect(of('record')).toHaveLength(MANY), 10_000)
    expect(of('record').map(({ data }) => data['offset'])).toEqual(numbers(MANY))
    expect(of('gap')).toEqual([])
    stop()
  })

  it('two clients with the same cursor share one; each gets everything', async () => {
    const serving = await withPast({ maxReplays: 1 })
    const headers = { 'last-event-id': serving.cursor }
    const streams = await Promise.all([events(`${serving.url}/stream`, headers), events(`${serving.url}/stream`, headers)])
    for (const { of } of streams) {
      await vi.waitFor(() => expect(of('record')).toHaveLength(MANY), 10_000)
      expect(of('gap')).toEqual([])
    }
    expect(await metric(serving, 'replays_total')).toBe(1)
  })

  it('a client that takes nothing loses its place to others', async () => {
    const serving = await withPast({ maxReplays: 1, heartbeat: 1_000 })
    const stuck = new AbortController()
    await fetch(`${serving.url}/stream`, { headers: { 'last-event-id': serving.cursor }, signal: stuck.signal })
    await vi.waitFor(async () => expect(await metric(serving, 'slow_total')).toBe(1), 10_000)
    await vi.waitFor(async () => expect(await metric(serving, 'replays')).toBe(0), 10_000)
    const { of } = await events(`${serving.url}/stream`, { 'last-event-id': serving.cursor })
    await vi.waitFor(() => expect(of('record')).toHaveLength(MANY), 10_000)
    expect(of('gap')).toEqual([])
    stuck.abort()
  })

  it('of several servers, each with a long past, come to their end', async () => {
    const transports = [new MemoryTransport(), new MemoryTransport({ server: 'other.invalid:9092' })]
    const streams = transports.map((transport, n) => {
      transport.log.createTopic('gracedb.superevent')
      // More than the connection takes at once: the reading of both has to wait.
      const value = JSON.stringify('x'.repeat(2_000))
      for (const _ of numbers(MANY)) transport.log.append('gracedb.superevent', { value, timestamp: Date.now() })
      return { client: new IgwnAlertClient({ transport, logger: silentLogger }), topics: ['superevent'], name: `server${n}` }
    })
    const { url } = await serve({ streams, ring: { records: 5 } })
    const { of, stop } = await events(`${url}/stream?from=earliest`)
    await vi.waitFor(() => expect(of('record')).toHaveLength(2 * MANY), 10_000)
    for (const name of ['server0', 'server1']) {
      const offsets = of('record').flatMap(({ data }) => (data['topicId'] === `${name}/gracedb.superevent` ? [data['offset']] : []))
      expect(offsets).toEqual(numbers(MANY))
    }
    stop()
    for (const { client } of streams) await client.close()
  })

  it('that its last client has left leads nobody on: who comes in this moment is told to come again', async () => {
    const transport = new MemoryTransport()
    transport.log.createTopic('gracedb.superevent')
    for (const n of numbers(MANY)) transport.log.append('gracedb.superevent', { value: `${n}` })
    const client = new IgwnAlertClient({ transport, logger: silentLogger })
    const catalog = new Catalog()
    const stream = { client, topics: ['superevent'] }
    const granted = new GrantedTopics([catalog.add(stream, 'superevent')])
    const ring = new Ring({ bytes: 1e6, records: 1e3 })
    const until = await client.cursor(['superevent'], 'latest')
    const replay = new Replay({
      key: 'k',
      stretches: [{ stream, topics: ['superevent'], from: 'earliest', until }],
      next: { ring, index: 0 },
      catalog,
      tests: undefined,
      read: bridgeReader(undefined),
      clock: systemClock,
      logger: silentLogger,
      onPush: () => {},
      onEnd: () => {},
    })
    const session = (): Session => new Session({ granted, pieces: new Pieces(), preamble: [], track: replay.track, retry: 1 })
    const [first, late] = [session(), session()]
    replay.join(first)
    const run = replay.run()
    expect([replay.isJoinableFor('k'), replay.isJoinableFor('other')]).toEqual([true, false])
    replay.leave(first)
    expect(replay.isJoinableFor('k')).toBe(false)
    replay.join(late)
    expect(new TextDecoder().decode(late.take(1).at(-1))).toContain('"reason":"failed"')
    await run
    expect(replay.track.ended!()).toBe(false)
    await client.close()
  })
})
