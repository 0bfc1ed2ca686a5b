import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import { type Bridge, type BridgeOptions, createBridge } from '../../src/bridge.ts'
import { IgwnAlertClient, silentLogger } from '../../src/index.ts'
import { MemoryTransport } from '../../src/testing.ts'

export interface Serving {
  readonly bridge: Bridge
  readonly client: IgwnAlertClient
  readonly transport: MemoryTransport
  readonly url: string
  /** Publishes values as JSON, to partition 0 of gracedb.superevent. */
  append(...values: readonly unknown[]): void
  /** Cuts every connection; new ones are taken. */
  cut(): void
  close(): Promise<void>
}

export const TOPIC = 'gracedb.superevent'

/** A bridge in node:http over a log in memory, ready, closed when the test ends. */
export async function serve(options: Partial<BridgeOptions> = {}, transport = new MemoryTransport()): Promise<Serving> {
  const { log } = transport
  if (!(await transport.describe('all')).has(TOPIC)) log.createTopic(TOPIC, { partitions: 2 })
  const client = new IgwnAlertClient({ transport, logger: silentLogger })
  const bridge = createBridge({ streams: { client, topics: ['superevent'] }, logger: silentLogger, ...options })
  const server: Server = createServer((req, res) => void bridge.node(req, res))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const close = async (): Promise<void> => {
    await bridge.close()
    await client.close()
    server.closeAllConnections()
    await new Promise(resolve => server.close(resolve))
  }
  onTestFinished(close)
  await bridge.ready
  return {
    bridge,
    client,
    transport,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    append(...values) {
      for (const value of values) log.append(TOPIC, { value: JSON.stringify(value), timestamp: Date.now(), partition: 0 })
    },
    cut: () => server.closeAllConnections(),
    close,
  }
}

export interface SseEvent {
  readonly event: string
  readonly data: Record<string, unknown>
  readonly id: string | undefined
}

export interface Events {
  readonly response: Response
  /** All that came so far. */
  readonly got: readonly SseEvent[]
  readonly ended: Promise<void>
  of(name: string): SseEvent[]
  payloads(): unknown[]
  stop(): void
}

/** The events of a stream as they come, read by a few lines of the test's own. */
export async function events(url: string, headers: Record<string, string> = {}): Promise<Events> {
  const abort = new AbortController()
  onTestFinished(() => abort.abort())
  const response = await fetch(url, { headers, signal: abort.signal })
  const got: SseEvent[] = []
  const of = (name: string): SseEvent[] => got.filter(({ event }) => event === name)
  return {
    response,
    got,
    ended: response.ok ? collect(response, got) : Promise.resolve(),
    of,
    payloads: () => of('record').map(({ data }) => data['payload']),
    stop: () => abort.abort(),
  }
}

async function collect(response: Response, got: SseEvent[]): Promise<void> {
  const decoder = new TextDecoder()
  let text = ''
  try {
    for await (const chunk of response.body!) {
      const blocks = (text + decoder.decode(chunk, { stream: true })).split('\n\n')
      text = blocks.pop()!
      got.push(...blocks.flatMap(eventIn))
    }
  } catch {
    // Stopped by the test, or cut off.
  }
}

function eventIn(block: string): SseEvent[] {
  const fields = new Map(block.split('\n').map(line => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)] as const))
  const event = fields.get('event')
  return event === undefined ? [] : [{ event, data: JSON.parse(fields.get('data') ?? 'null'), id: fields.get('id') }]
}
