import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { startNginx } from '../bed/nginx.ts'
import { events, type Serving, serve } from './serve.ts'
import { metric, numbersTo } from './server/numbers.ts'
import { rawStream } from './server/rawClient.ts'

/** A bridge below /alerts/ of an nginx that is as it was installed, but for the two lines of docs/bridge.md. */
async function behindNginx(options: Parameters<typeof serve>[0] = {}): Promise<Serving & { readonly behind: string }> {
  const serving = await serve(options)
  const { url, close } = await startNginx(`location /alerts/ {\n  proxy_pass ${serving.url}/;\n}`)
  onTestFinished(close)
  return { ...serving, behind: `${url}/alerts` }
}

describe('behind a real nginx with its default configuration', () => {
  it('the first event, and each record, comes at once', async () => {
    const { behind, append } = await behindNginx()
    const asked = performance.now()
    const { of, payloads, response } = await events(`${behind}/stream`)
    await vi.waitFor(() => expect(of('hello')).toHaveLength(1), { interval: 5 })
    expect(performance.now() - asked).toBeLessThan(1_000)
    expect(response.headers.get('server')).toContain('nginx')
    // Small ones: nginx would keep them until its buffer is full.
    for (const n of numbersTo(10)) {
      const appended = performance.now()
      append(n)
      await vi.waitFor(() => expect(payloads()).toEqual(numbersTo(n + 1)), { interval: 5 })
      expect(performance.now() - appended).toBeLessThan(1_000)
    }
  })

  it('a client resumes', async () => {
    const { behind, append } = await behindNginx()
    const first = await events(`${behind}/stream`)
    append('sooner')
    await vi.waitFor(() => expect(first.of('cursor')).toHaveLength(2), 3_000)
    first.stop()
    append('later')
    const second = await events(`${behind}/stream`, { 'last-event-id': first.of('cursor').at(-1)!.id! })
    await vi.waitFor(() => expect(second.payloads()).toEqual(['later']))
  })

  it('what was lifted out is fetched, also where the id of its topic has a slash', async () => {
    const { client, append } = await serve()
    const { behind } = await behindNginx({ streams: { client, topics: ['superevent'], name: 'scimma' } })
    const { of } = await events(`${behind}/stream`)
    append({ skymap: 'x'.repeat(20_000) })
    await vi.waitFor(() => expect(of('record')).toHaveLength(1))
    const { links } = of('record')[0]!.data as { links: Record<string, { href: string }> }
    const { href } = links['/skymap']!
    expect(href).toContain('scimma%2Fgracedb.superevent')
    expect(await (await fetch(`${behind}/${href}`)).text()).toBe('x'.repeat(20_000))
  })

  it('a client that goes is gone for the bridge too; one that stands still is dropped', async () => {
    const { url, behind, append } = await behindNginx({ ring: { records: 5 }, heartbeat: 100 })
    const other = await events(`${behind}/stream`)
    const stopped = await rawStream(behind)
    stopped.socket.pause()
    const large = Array.from({ length: 16 }, () => 'x'.repeat(15_000))
    for (const n of numbersTo(100)) {
      append({ n, large })
      await vi.waitFor(() => expect(other.of('record')).toHaveLength(n + 1), { timeout: 5_000, interval: 5 })
    }
    await vi.waitFor(async () => expect(await metric(url, 'slow_total')).toBe(1))
    expect(await metric(url, 'clients')).toBe(1)
    other.stop()
    await vi.waitFor(async () => expect(await metric(url, 'clients')).toBe(0))
  })

  it('a bridge that closes says goodbye', async () => {
    const { behind, bridge } = await behindNginx()
    const { of, ended } = await events(`${behind}/stream`)
    await vi.waitFor(() => expect(of('hello')).toHaveLength(1))
    await bridge.close()
    await ended
    expect(of('bye')).toMatchObject([{ data: { reason: 'closing' } }])
  })
})
