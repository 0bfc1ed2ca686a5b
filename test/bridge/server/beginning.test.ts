import { describe, expect, it, vi } from 'vitest'
import { events, serve, TOPIC } from '../serve.ts'

describe('a client from the beginning', () => {
  it.each([
    ['the ring', {}],
    ['the log', { ring: { history: 1 } }],
  ])('that is cut off at once, served from %s, hears at the next instance of what is gone', async (_, options) => {
    const serving = await serve()
    serving.append(1, 2, 3)
    const first = await serve(options, serving.transport)
    const { of, payloads, stop } = await events(`${first.url}/stream?from=earliest`)
    await vi.waitFor(() => expect(payloads()).toEqual([1, 2, 3]))
    const cursor = of('cursor')[0]!.id!
    stop()
    serving.append(4, 5)
    serving.transport.log.truncate(TOPIC, 0, 4)
    const second = await serve({}, serving.transport)
    const resumed = await events(`${second.url}/stream`, { 'last-event-id': cursor })
    await vi.waitFor(() => expect(resumed.payloads()).toEqual([5]))
    expect(resumed.of('gap').map(({ data }) => data)).toEqual([{ topic: TOPIC, partition: 0, from: 0, to: 4, reason: 'offset-lost' }])
  })

  it('is told where it stands before it is sent anything', async () => {
    const { url, append } = await serve()
    append(1)
    const { got } = await events(`${url}/stream?from=earliest`)
    await vi.waitFor(() => expect(got.map(({ event }) => event).slice(0, 3)).toEqual(['hello', 'cursor', 'record']))
  })
})
