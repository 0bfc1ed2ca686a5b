import { describe, expect, it, vi } from 'vitest'
import { MemoryTransport } from '../../../src/testing.ts'
import { type Events, events, type Serving, serve, TOPIC } from '../serve.ts'
import { metric, numbersTo } from './numbers.ts'
import { rawStream } from './rawClient.ts'

/** Of one record: more than what a connection's buffers take is then soon there. */
const LARGE = Array.from({ length: 16 }, () => 'x'.repeat(15_000))
const BYTES = 2_000_000
/** All of them are 24 MB: the kernel's buffers of a connection take some of that. */
const RECORDS = 100

/** One after the other, each when the others have the one before: it is not they who are slow. */
async function publishSlowly({ append }: Serving, others: readonly Events[]): Promise<void> {
  for (let n = 0; n < RECORDS; n++) {
    append({ n, large: LARGE })
    await vi.waitFor(() => expect(others.map(({ of }) => of('record').length)).toEqual(others.map(() => n + 1)), {
      timeout: 5_000,
      interval: 5,
    })
  }
}

const numbersOf = ({ payloads }: Events): unknown[] => payloads().map(payload => (payload as { n: number }).n)

describe('a client that stands still among others', () => {
  it('is dropped, and counted; the others get everything, and the ring stays within its limit', async () => {
    const serving = await serve({ ring: { bytes: BYTES }, heartbeat: 100 })
    const others = await Promise.all([events(`${serving.url}/stream`), events(`${serving.url}/stream`)])
    const stopped = await rawStream(serving.url)
    stopped.socket.pause()
    await publishSlowly(serving, others)
    for (const other of others) expect(numbersOf(other)).toEqual(numbersTo(RECORDS))
    await vi.waitFor(async () => expect(await metric(serving.url, 'clients')).toBe(others.length))
    expect(await metric(serving.url, 'slow_total')).toBe(1)
    expect(await metric(serving.url, 'ring_bytes')).toBeLessThanOrEqual(BYTES)
    expect(await metric(serving.url, 'ring_entries')).toBeLessThan(RECORDS / 2)
    expect(await metric(serving.url, 'entries_total')).toBe(RECORDS)
    stopped.socket.resume()
    await vi.waitFor(() => expect(stopped.isOver).toBe(true))
    expect(stopped.byes).toEqual([])
  })

  it('that takes again is told goodbye, after all that came before, and resumes without a loss', async () => {
    const serving = await serve({ ring: { bytes: BYTES } })
    const other = await events(`${serving.url}/stream`)
    const stopped = await rawStream(serving.url)
    stopped.socket.pause()
    await publishSlowly(serving, [other])
    stopped.socket.resume()
    await vi.waitFor(() => expect(stopped.isOver).toBe(true))
    expect(stopped.byes).toEqual([JSON.stringify({ reason: 'slow', retryMs: 2_000 })])
    const got = stopped.numbers
    expect(got.length).toBeLessThan(RECORDS)
    expect(got).toEqual(numbersTo(got.length))
    expect(await metric(serving.url, 'slow_total')).toBe(1)

    const again = await events(`${serving.url}/stream`, { 'last-event-id': stopped.cursors.at(-1)! })
    await vi.waitFor(() => expect(numbersOf(again).at(-1)).toBe(RECORDS - 1), 5_000)
    const [first = 0] = numbersOf(again) as number[]
    expect(first).toBeLessThanOrEqual(got.length)
    expect(numbersOf(again)).toEqual(numbersTo(RECORDS).slice(first))
    expect(again.of('gap')).toEqual([])
  })
})

describe('a record that is larger than the ring', () => {
  it('comes all the same, live and from the log', async () => {
    const transport = new MemoryTransport()
    transport.log.createTopic(TOPIC, { maxMessageBytes: 20_000_000 })
    const serving = await serve({ ring: { bytes: 1_000 } }, transport)
    const live = await events(`${serving.url}/stream`)
    // 9 MB: a replay has a ring of its own, of 8 MiB.
    for (const value of [{ n: 0, larger: Array.from({ length: 60 }, () => LARGE.slice(0, 10)) }, { n: 1 }]) {
      serving.append(value)
      await vi.waitFor(() => expect(numbersOf(live).at(-1)).toBe(value.n), 10_000)
    }
    expect(numbersOf(live)).toEqual([0, 1])
    const again = await events(`${serving.url}/stream?from=earliest`)
    await vi.waitFor(() => expect(numbersOf(again)).toEqual([0, 1]), 10_000)
    expect(again.of('bye')).toEqual([])
  })
})

describe('a client that reads one byte at a time', () => {
  it('gets everything, and holds up nobody', async () => {
    const { url, append } = await serve()
    const other = await events(`${url}/stream`)
    const slow = await rawStream(url, { readBytes: 1 })
    append(...numbersTo(100).map(n => ({ n, text: 'naïve\n\nevent: evil' })))
    await vi.waitFor(() => expect(numbersOf(other)).toEqual(numbersTo(100)))
    await vi.waitFor(() => expect(slow.numbers).toEqual(numbersTo(100)), 10_000)
    expect(slow.isOver).toBe(false)
  })
})
