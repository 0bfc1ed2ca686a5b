import { readFile } from 'node:fs/promises'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join } from 'node:path'
import { onTestFinished } from 'vitest'
import { type Bridge, type BridgeOptions, createBridge } from '../../../src/bridge.ts'
import { IgwnAlertClient, silentLogger } from '../../../src/index.ts'
import { MemoryTransport } from '../../../src/testing.ts'

export const TOPIC = 'gracedb.superevent'
const MOUNT = '/alerts'
const TYPES: Readonly<Record<string, string>> = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css' }

export interface SiteOptions {
  /** The files of the pages. */
  readonly folder: string
  readonly bridge?: Partial<BridgeOptions> | undefined
  /** One that goes on with the log of another site. */
  readonly transport?: MemoryTransport | undefined
  readonly port?: number | undefined
}

/** Pages and, below /alerts, a bridge of `gracedb.superevent`: one origin, on loopback, by HTTP/1.1. */
export interface Site {
  readonly url: string
  readonly port: number
  readonly transport: MemoryTransport
  readonly bridge: Bridge
  /** The headers of each request for a stream. */
  readonly streams: readonly IncomingHttpHeaders[]
  /** Publishes values as JSON, to partition 0. */
  append(...values: readonly unknown[]): void
  /** One of the bridge's own numbers. */
  metric(name: string): Promise<number>
  /** Streams that are open, as the bridge counts them. */
  clients(): Promise<number>
  /** Cuts every connection; new ones are taken. */
  cut(): void
  /** No goodbye, as after SIGKILL: connections break, nobody listens at the port any more. */
  kill(): Promise<void>
}

export async function openSite({ folder, bridge: options, transport = new MemoryTransport(), port = 0 }: SiteOptions): Promise<Site> {
  const { log } = transport
  if (!(await transport.describe('all')).has(TOPIC)) log.createTopic(TOPIC, { partitions: 2 })
  const client = new IgwnAlertClient({ transport, logger: silentLogger })
  const bridge = createBridge({ streams: { client, topics: ['superevent'] }, retry: 200, logger: silentLogger, ...options })
  const streams: IncomingHttpHeaders[] = []
  const server = createServer((req, res) => {
    const path = req.url ?? '/'
    if (!path.startsWith(`${MOUNT}/`)) {
      void serveFile(folder, path, res)
      return
    }
    if (path.startsWith(`${MOUNT}/stream`)) streams.push(req.headers)
    req.url = path.slice(MOUNT.length)
    void bridge.node(req, res)
  })
  await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve))
  const kill = async (): Promise<void> => {
    const closed = new Promise(resolve => server.close(resolve))
    server.closeAllConnections()
    await closed
    await bridge.close()
    await client.close()
  }
  onTestFinished(kill)
  await bridge.ready
  const listening = (server.address() as AddressInfo).port
  const url = `http://127.0.0.1:${listening}`
  const metric = async (name: string): Promise<number> => {
    const text = await (await fetch(`${url}${MOUNT}/metrics`)).text()
    const value = new RegExp(`^igwn_alert_rx_bridge_${name} (.+)$`, 'm').exec(text)?.[1]
    if (value === undefined) throw new Error(`/metrics has no ${name}`)
    return Number(value)
  }
  return {
    url,
    port: listening,
    transport,
    bridge,
    streams,
    append(...values) {
      for (const value of values) log.append(TOPIC, { value: JSON.stringify(value), timestamp: Date.now(), partition: 0 })
    },
    metric,
    clients: () => metric('clients'),
    cut: () => server.closeAllConnections(),
    kill,
  }
}

async function serveFile(folder: string, path: string, res: ServerResponse): Promise<void> {
  // A URL's path has no `..` left.
  const { pathname } = new URL(path, 'http://site.invalid')
  const file = join(folder, pathname.endsWith('/') ? `${pathname}index.html` : pathname)
  try {
    const body = await readFile(file)
    res.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' }).end(body)
  } catch {
    res.writeHead(404).end()
  }
}
