import { connect, type Socket } from 'node:net'
import { expect, onTestFinished } from 'vitest'
import { type BridgeOptions, createBridge, type ServeOptions, serveBridge } from '../../../src/bridge.ts'
import { IgwnAlertClient, silentLogger } from '../../../src/index.ts'
import { MemoryTransport } from '../../../src/testing.ts'

export interface Server {
  readonly url: string
  readonly port: number
  readonly transport: MemoryTransport
  readonly client: IgwnAlertClient
  /** Publishes to partition 0 of a topic of the group. */
  append(topic: string, ...values: readonly unknown[]): void
  /** What /metrics says of refusals, by code. */
  refusals(): Promise<Record<string, number>>
  clients(): Promise<number>
}

/** A bridge of the topics `superevent` and `secret` behind `serveBridge`; only a token of `admin` reads `secret`, if there are rights. */
export async function server(options: Partial<BridgeOptions> = {}, serving: ServeOptions = {}): Promise<Server> {
  const transport = new MemoryTransport()
  for (const topic of ['superevent', 'secret']) transport.log.createTopic(`gracedb.${topic}`, { partitions: 2 })
  const client = new IgwnAlertClient({ transport, logger: silentLogger })
  const bridge = createBridge({ streams: { client, topics: ['superevent', 'secret'] }, logger: silentLogger, ...options })
  const { url, close } = await serveBridge(bridge, { port: 0, ...serving })
  onTestFinished(async () => {
    await close()
    await client.close()
  })
  await bridge.ready
  // Within this process: a scrape is not to fail when all places are taken.
  const metrics = async (): Promise<string> => (await bridge.fetch(new Request(`${url}/metrics`))).text()
  return {
    url,
    port: Number(new URL(url).port),
    transport,
    client,
    append(topic, ...values) {
      for (const value of values) {
        transport.log.append(`gracedb.${topic}`, { value: JSON.stringify(value), timestamp: Date.now(), partition: 0 })
      }
    },
    async refusals() {
      const lines = (await metrics()).matchAll(/refusals_total\{code="(\w+)"\} (\d+)/g)
      return Object.fromEntries(Array.from(lines, ([, code, count]) => [code, Number(count)]))
    },
    async clients() {
      return Number(/bridge_clients (\d+)/.exec(await metrics())?.[1])
    },
  }
}

export interface Raw {
  readonly socket: Socket
  /** All that came. */
  text(): string
  readonly closed: Promise<string>
}

/** A connection that sends bytes as they are. */
export function raw(port: number, bytes: string | Uint8Array): Raw {
  const socket = connect(port, '127.0.0.1')
  onTestFinished(() => void socket.destroy())
  let text = ''
  socket.on('data', chunk => {
    text += chunk.toString('latin1')
  })
  const closed = new Promise<string>(resolve => socket.on('error', () => {}).on('close', () => resolve(text)))
  socket.write(bytes)
  return { socket, text: () => text, closed }
}

/** The status of one request, its head as it stands here; the connection is closed behind it. */
export async function statusOf(port: number, ...head: readonly string[]): Promise<number> {
  const { text, socket } = raw(port, `${head.join('\r\n')}\r\n\r\n`)
  await expect.poll(text).toContain('\r\n\r\n')
  socket.destroy()
  return statusIn(text())
}

export const statusIn = (text: string): number => Number(/^HTTP\/1\.1 (\d{3}) /.exec(text)?.[1])

export const statusesIn = (text: string): number[] => Array.from(text.matchAll(/HTTP\/1\.1 (\d{3}) /g), ([, status]) => Number(status))
