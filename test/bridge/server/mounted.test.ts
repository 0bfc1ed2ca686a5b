import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { serve as serveHono } from '@hono/node-server'
import express from 'express'
import { Hono } from 'hono'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { Bridge } from '../../../src/bridge.ts'
import { events, serve, TOPIC } from '../serve.ts'

const addressOf = (server: Server): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`

async function listening(server: Server): Promise<Server> {
  if (!server.listening) await new Promise(resolve => server.once('listening', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return server
}

/** Each serves the bridge below /alerts. */
const HOSTS: Record<string, (bridge: Bridge) => Promise<Server>> = {
  'node:http': bridge =>
    listening(
      createServer((req, res) => {
        req.url = req.url?.replace(/^\/alerts/, '')
        void bridge.node(req, res)
      }).listen(0, '127.0.0.1'),
    ),
  Express: bridge => {
    const app = express()
    app.use('/alerts', bridge.node)
    return listening(app.listen(0, '127.0.0.1'))
  },
  Hono: bridge => {
    const app = new Hono()
    app.all('/alerts/*', ({ req }) => bridge.fetch(req.raw, { mount: '/alerts' }))
    return listening(serveHono({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }) as Server)
  },
}

describe.each(Object.entries(HOSTS))('mounted in %s', (_name, mount) => {
  it('streams, lists, links, and lets go of a client that is gone', async () => {
    const { bridge, append } = await serve()
    const url = `${addressOf(await mount(bridge))}/alerts`
    const stream = await events(`${url}/stream`)
    expect(stream.response.headers.get('content-type')).toContain('text/event-stream')
    append({ uid: 'S1', skymap: 'x'.repeat(20_000) })
    await vi.waitFor(() => expect(stream.payloads()).toEqual([{ uid: 'S1', skymap: null }]))
    const { links } = stream.of('record')[0]!.data as { links: Record<string, { href: string }> }
    expect(await (await fetch(`${url}/${links['/skymap']!.href}`)).text()).toHaveLength(20_000)
    expect(await (await fetch(`${url}/topics`)).json()).toMatchObject({ topics: [{ id: TOPIC }] })
    const clients = async (): Promise<unknown> => ((await (await fetch(`${url}/health`)).json()) as { clients: number }).clients
    expect(await clients()).toBe(1)
    stream.stop()
    await vi.waitFor(async () => expect(await clients()).toBe(0))
    const missing = await fetch(`${url}/nowhere`)
    expect([missing.status, await missing.json()]).toMatchObject([404, { error: { code: 'not_found' } }])
    expect((await fetch(`${url}/stream`, { method: 'POST' })).status).toBe(405)
  })
})

describe('what the bridge says of itself', () => {
  it('is in /metrics, as Prometheus reads it', async () => {
    const { url, append } = await serve()
    const stream = await events(`${url}/stream`)
    append(1, 2)
    await vi.waitFor(() => expect(stream.payloads()).toEqual([1, 2]))
    await fetch(`${url}/nowhere`)
    const response = await fetch(`${url}/metrics`)
    expect(response.headers.get('content-type')).toContain('version=0.0.4')
    const text = await response.text()
    expect(text).toContain('\nigwn_alert_rx_bridge_clients 1\n')
    expect(text).toContain('\nigwn_alert_rx_bridge_entries_total 2\n')
    expect(text).toContain('\nigwn_alert_rx_bridge_refusals_total{code="not_found"} 1\n')
    for (const line of text.trimEnd().split('\n')) expect(line).toMatch(/^(# (HELP|TYPE) \w+ .+|\w+(\{\w+="\w+"\})? \d+)$/)
  })
})
