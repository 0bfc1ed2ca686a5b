import { describe, expect, it, vi } from 'vitest'
import { events, serve } from '../serve.ts'

describe('a stream of the bridge', () => {
  it('says hello, where it stands, and then the records as they come', async () => {
    const { url, append } = await serve()
    const { response, got, of, payloads } = await events(`${url}/stream?topics=superevent`)
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
    await vi.waitFor(() => expect(got).toHaveLength(2))
    expect(got[0]).toMatchObject({
      event: 'hello',
      data: { protocol: 1, granted: [{ id: 'gracedb.superevent', topic: 'superevent' }], refused: [] },
    })
    expect(got[1]).toMatchObject({ event: 'cursor', data: {}, id: expect.any(String) })
    append({ uid: 'S1' }, { uid: 'S2\n\nevent: evil' })
    await vi.waitFor(() => expect(payloads()).toEqual([{ uid: 'S1' }, { uid: 'S2\n\nevent: evil' }]))
    await vi.waitFor(() => expect(of('cursor')).toHaveLength(2), 3_000)
    expect(got.at(-1)!.event).toBe('cursor')
  })

  it('resumes at a cursor, from the ring: nothing lost, nothing doubled', async () => {
    const { url, append } = await serve()
    const first = await events(`${url}/stream`)
    append(1, 2, 3)
    await vi.waitFor(() => expect(first.of('cursor')).toHaveLength(2), 3_000)
    first.stop()
    append(4, 5)
    const second = await events(`${url}/stream`, { 'last-event-id': first.of('cursor').at(-1)!.id! })
    await vi.waitFor(() => expect(second.payloads()).toEqual([4, 5]))
    append(6)
    await vi.waitFor(() => expect(second.payloads()).toEqual([4, 5, 6]))
  })

  it('resumes at another instance, from the log, where its ring does not reach back', async () => {
    const { url, append, transport } = await serve()
    const first = await events(`${url}/stream`)
    append(1)
    await vi.waitFor(() => expect(first.of('cursor')).toHaveLength(2), 3_000)
    append(2, 3, 4, 5)
    const other = await serve({ ring: { records: 2 } }, transport)
    const second = await events(`${other.url}/stream`, { 'last-event-id': first.of('cursor').at(-1)!.id! })
    await vi.waitFor(() => expect(second.payloads()).toEqual([2, 3, 4, 5]))
    append(6)
    await vi.waitFor(() => expect(second.payloads()).toEqual([2, 3, 4, 5, 6]))
    expect(second.of('gap')).toEqual([])
  })

  it('says what the log no longer has', async () => {
    const { url, append, transport } = await serve()
    const first = await events(`${url}/stream`)
    append(1)
    await vi.waitFor(() => expect(first.of('cursor')).toHaveLength(2), 3_000)
    append(2, 3, 4)
    transport.log.truncate('gracedb.superevent', 0, 3)
    const other = await serve({ ring: { records: 1, history: 1 } }, transport)
    const second = await events(`${other.url}/stream`, { 'last-event-id': first.of('cursor').at(-1)!.id! })
    await vi.waitFor(() => expect(second.payloads()).toEqual([4]))
    expect(second.of('gap').map(({ data }) => data)).toEqual([
      { topic: 'gracedb.superevent', partition: 0, from: 1, to: 3, reason: 'offset-lost' },
    ])
  })

  it('refuses a cursor that is forged', async () => {
    const { url } = await serve()
    const first = await events(`${url}/stream`)
    await vi.waitFor(() => expect(first.of('cursor')).toHaveLength(1))
    const json = JSON.parse(Buffer.from(first.of('cursor')[0]!.id!, 'base64url').toString())
    json.topics['gracedb.superevent'].at[0] = 999
    const forged = Buffer.from(JSON.stringify(json)).toString('base64url')
    for (const cursor of [forged, 'nonsense', Buffer.from('{}').toString('base64url')]) {
      const { response } = await events(`${url}/stream?from=${cursor}`)
      expect(response.status).toBe(400)
      expect(await response.json()).toMatchObject({ error: { code: 'cursor' } })
    }
  })

  it('says goodbye when the bridge closes', async () => {
    const { url, bridge } = await serve()
    const { of, ended } = await events(`${url}/stream`)
    await vi.waitFor(() => expect(of('hello')).toHaveLength(1))
    await bridge.close()
    await ended
    expect(of('bye')).toMatchObject([{ data: { reason: 'closing', retryMs: 2_000 } }])
  })
})

describe('what was lifted out', () => {
  it('is fetched by its link, from the ring and from the log', async () => {
    const { url, append, transport } = await serve()
    const skymap = 'x'.repeat(50_000)
    append({ event: { skymap } })
    const { of } = await events(`${url}/stream?from=earliest`)
    await vi.waitFor(() => expect(of('record')).toHaveLength(1))
    const { payload, links } = of('record')[0]!.data as { payload: unknown; links: Record<string, { href: string; bytes: number }> }
    expect(payload).toEqual({ event: { skymap: null } })
    const other = await serve({ ring: { history: 1 } }, transport)
    for (const base of [url, other.url]) {
      const response = await fetch(`${base}/${links['/event/skymap']!.href}`)
      expect(await response.text()).toBe(skymap)
    }
  })
})
