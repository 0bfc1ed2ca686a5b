import { describe, expect, it, vi } from 'vitest'
import { type Clock, systemClock } from '../../../src/clock.ts'
import { Cursor } from '../../../src/cursor.ts'
import { events, type Serving, serve, TOPIC } from '../serve.ts'
import { metric, numbersTo } from './numbers.ts'
import { type RawClient, rawStream } from './rawClient.ts'

const CLIENTS = 200

/** The system's, which knows how many of its timers run. */
function countingClock(): Clock & { readonly timers: () => number } {
  const running = new Set<() => void>()
  return {
    ...systemClock,
    after(ms, fn) {
      const forget = systemClock.after(ms, () => {
        running.delete(forget)
        fn()
      })
      running.add(forget)
      return () => {
        running.delete(forget)
        forget()
      }
    },
    timers: () => running.size,
  }
}

const open = ({ url }: Serving, headers = {}): Promise<RawClient[]> =>
  Promise.all(Array.from({ length: CLIENTS }, () => rawStream(url, { headers })))

describe('200 clients that go at once and come again', () => {
  it('leave nothing behind, and miss nothing', async () => {
    const clock = countingClock()
    // A right to ask for again, a timer for each; and not one place more than they need.
    const serving = await serve({ clock, authorize: () => true, maxClients: CLIENTS })
    const { url, append, bridge } = serving
    const timers = clock.timers()
    let headers = {}
    for (let round = 0; round < 3; round++) {
      const clients = await open(serving, headers)
      expect(clock.timers()).toBeGreaterThanOrEqual(timers + CLIENTS)
      expect(await metric(url, 'clients')).toBe(CLIENTS)
      expect((await fetch(`${url}/stream`)).status).toBe(503)
      append({ n: 2 * round })
      // What came while nobody was there, and what came now.
      const expected = round === 0 ? [0] : [2 * round - 1, 2 * round]
      await vi.waitFor(() => expect(clients.map(({ numbers }) => numbers)).toEqual(clients.map(() => expected)), 5_000)
      const [first] = clients
      await vi.waitFor(() => expect(Cursor.parse(first!.cursors.at(-1)!).offset(TOPIC, 0)).toBe(2 * round + 1), 5_000)
      headers = { 'last-event-id': first!.cursors.at(-1)! }
      for (const { socket } of clients) socket.destroy()
      await vi.waitFor(async () => expect(await metric(url, 'clients')).toBe(0), 5_000)
      append({ n: 2 * round + 1 })
      await vi.waitFor(() => expect(clock.timers()).toBeLessThanOrEqual(timers + 1))
    }
    await bridge.close()
    expect(clock.timers()).toBe(0)
  })
})

describe('a long past that many clients ask for and do not take', () => {
  const RECORDS = 1_000
  const TEXT = 'x'.repeat(15_000)

  it('is read once, and not further than they go; others are not held up; each gets it, or is told to come again', async () => {
    const serving = await serve({ ring: { records: 5 }, maxReplays: 2 })
    const { url, append, client } = serving
    append(...numbersTo(RECORDS).map(n => ({ n, text: TEXT })))
    await vi.waitFor(async () => expect(await metric(url, 'entries_total')).toBe(RECORDS), 10_000)
    const cursor = (await client.cursor(['superevent'], 'earliest')).toString()
    const stopped = await Promise.all(
      numbersTo(50).map(async () => {
        const raw = await rawStream(url, { headers: { 'last-event-id': cursor } })
        raw.socket.pause()
        return raw
      }),
    )
    expect(await metric(url, 'replays')).toBe(1)
    const live = await events(`${url}/stream`)
    append({ n: RECORDS })
    await vi.waitFor(() => expect(live.payloads()).toEqual([{ n: RECORDS }]))
    expect(await metric(url, 'replays')).toBe(1)
    expect(await metric(url, 'replays_total')).toBe(1)
    for (const { socket } of stopped) socket.resume()
    const whole = numbersTo(RECORDS + 1)
    await vi.waitFor(() => expect(stopped.filter(({ isOver, numbers }) => !isOver && numbers.length < whole.length)).toEqual([]), 15_000)
    for (const { numbers, byes } of stopped) expect(byes.length === 1 || numbers.length === whole.length).toBe(true)
    for (const { numbers } of stopped) expect(numbers).toEqual(whole.slice(0, numbers.length))
    expect(stopped.some(({ numbers }) => numbers.length === whole.length)).toBe(true)
    expect(await metric(url, 'replays')).toBe(0)
  })
})
