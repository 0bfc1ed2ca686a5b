import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import type { KafkaBed } from './kafka.ts'
import type { ProxiedName } from './listeners.ts'
import { closedPort } from './ports.ts'
import { type OnRequest, type OnResponse, ProxyConnection } from './proxyConnection.ts'

export type { OnRequest, OnResponse, ProxiedAnswer, ProxiedRequest, Verdict } from './proxyConnection.ts'

export interface ProxyOptions {
  /** Where to listen on 127.0.0.1. @default a free port */
  readonly port?: number | undefined
  readonly onRequest?: OnRequest | undefined
  readonly onResponse?: OnResponse | undefined
}

/** Counts by request key (`ApiKey`). */
export class Tally {
  readonly #counts = new Map<number, number>()

  add(apiKey: number): void {
    this.#counts.set(apiKey, this.of(apiKey) + 1)
  }

  of(apiKey: number): number {
    return this.#counts.get(apiKey) ?? 0
  }

  get total(): number {
    return [...this.#counts.values()].reduce((sum, count) => sum + count, 0)
  }
}

/**
 * A TCP proxy in front of one broker, with faults at hand. It understands Kafka's protocol where it is not encrypted (with SASL too);
 * TLS passes as bytes: the hooks and the counts by request see nothing of it.
 *
 * A client connects to the addresses in Kafka's answers, not to the one it began with. So that all its traffic passes through proxies,
 * either start the bed with `proxied: ['plaintext']` and use `proxyBrokers` (any protocol, all versions of clients), or give
 * `rewriteAddresses(...)` as `onResponse` (any cluster, plain protocol).
 */
export class KafkaProxy {
  readonly target: string
  readonly port: number
  readonly stats = { connections: 0, requests: new Tally(), answers: new Tally(), swallowed: new Tally(), cuts: new Tally() }
  /** May be changed at any time. */
  onRequest: OnRequest
  /** May be changed at any time. */
  onResponse: OnResponse
  readonly #connections = new Set<ProxyConnection>()
  readonly #errors: unknown[] = []
  #server: Server | undefined
  #delayMs = 0
  #pieceBytes = 0
  #resetsAtFirstBytes = false
  #passable: Promise<void> = Promise.resolve()
  /** Set while nothing may pass. */
  #release: (() => void) | undefined

  constructor(target: string, port: number, options: ProxyOptions) {
    this.target = target
    this.port = port
    this.onRequest = options.onRequest ?? (() => 'pass')
    this.onResponse = options.onResponse ?? (() => undefined)
  }

  /** 'host:port' for clients. */
  get address(): string {
    return `127.0.0.1:${this.port}`
  }

  /** Connections whose client has not gone. */
  get open(): number {
    return [...this.#connections].filter(({ isOpen }) => isOpen).length
  }

  /** Ends all connections of now. */
  cut(): void {
    for (const connection of this.#connections) connection.cut()
  }

  /** Resets (RST) all connections of now. */
  reset(): void {
    for (const connection of this.#connections) connection.reset()
  }

  /** Refuses new connections, as a port where nobody listens; those there are live on. */
  async refuse(refuses: boolean): Promise<void> {
    if (refuses) {
      this.#server?.close()
      this.#server = undefined
    } else if (!this.#server) {
      const server = createServer({ noDelay: true, allowHalfOpen: true }, socket => this.#accept(socket))
      server.listen(this.port, '127.0.0.1')
      await once(server, 'listening')
      this.#server = server
    }
  }

  /** Adds this to the way of every byte, in each direction, milliseconds. */
  delay(ms: number): void {
    this.#delayMs = ms
  }

  /** Lets nothing pass, in both directions; connections stay open and new ones are accepted. When it ends, what was held back passes. */
  blackhole(holds: boolean): void {
    if (holds === (this.#release !== undefined)) return
    this.#release?.()
    this.#release = undefined
    if (!holds) return
    this.#passable = new Promise(resolve => {
      this.#release = resolve
    })
  }

  /** The connections of now are dead for ever, and neither end is told; new ones work. */
  strand(): void {
    for (const connection of this.#connections) connection.strand()
  }

  /** Writes so many bytes at a time (1: byte by byte; slow); 0: as they come. */
  chunk(bytes: number): void {
    this.#pieceBytes = bytes
  }

  /** Resets each new connection when its client's first bytes arrive: in the midst of TLS's or Kafka's first exchange. */
  resetInHandshake(resets: boolean): void {
    this.#resetsAtFirstBytes = resets
  }

  /** Ends it all. Throws what a hook threw, if one did. */
  async close(): Promise<void> {
    await this.refuse(true)
    this.cut()
    if (this.#errors.length > 0) throw this.#errors[0]
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #accept(socket: Socket): void {
    this.stats.connections++
    const connection = new ProxyConnection(socket, {
      target: this.target,
      id: this.stats.connections,
      shape: () => ({ delayMs: this.#delayMs, pieceBytes: this.#pieceBytes }),
      passable: () => this.#passable,
      resetsAtFirstBytes: () => this.#resetsAtFirstBytes,
      onRequest: request => this.onRequest(request),
      onResponse: answer => this.onResponse(answer),
      count: (what, apiKey) => this.stats[what].add(apiKey),
      onError: error => this.#errors.push(error),
      onClosed: () => this.#connections.delete(connection),
    })
    this.#connections.add(connection)
  }
}

/** Starts a proxy in front of 'host:port'. */
export async function startProxy(target: string, options: ProxyOptions = {}): Promise<KafkaProxy> {
  const proxy = new KafkaProxy(target, options.port ?? (await closedPort()), options)
  await proxy.refuse(false)
  return proxy
}

/** One proxy a broker, at the addresses that a bed with `proxied: [protocol]` advertises: clients that begin at any of them use them all. */
export async function proxyBrokers(bed: KafkaBed, protocol: ProxiedName, options: Omit<ProxyOptions, 'port'> = {}): Promise<KafkaProxy[]> {
  return Promise.all(
    bed.brokers.map(({ proxied }) => {
      const listener = proxied[protocol]
      if (!listener) throw new Error(`the bed has no proxied listener for ${protocol}: start it with proxied: ['${protocol}']`)
      return startProxy(listener.target, { ...options, port: Number(listener.advertised.split(':').at(-1)) })
    }),
  )
}

/** A server that accepts connections, reads, and never answers. */
export async function silentServer(): Promise<{ readonly address: string; readonly port: number; close(): void }> {
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    socket.resume().once('error', () => {}) // its peer may go as it likes
  })
  const port = await closedPort()
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const close = () => {
    server.close()
    for (const socket of sockets) socket.destroy()
  }
  return { address: `127.0.0.1:${port}`, port, close }
}
