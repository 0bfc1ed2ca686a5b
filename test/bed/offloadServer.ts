import { randomUUID } from 'node:crypto'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { Binary, deserialize, Long, serialize } from 'bson'
import { type ScramLies, ScramServer } from './offloadServerScram.ts'

export interface OffloadServerOptions {
  /** Passwords by user; none of both: whoever asks is answered. */
  readonly users?: Readonly<Record<string, string>> | undefined
  /** Which bearer tokens are taken. */
  readonly takesToken?: ((token: string) => boolean) | undefined
  /** Of SCRAM. @default 4096 */
  readonly iterations?: number | undefined
}

/** A request as it came, before anything was looked at. */
export interface SeenRequest {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
}

/** What a store keeps of a large message; values of headers as they were sent: hop sends bytes as binary, text as a string. */
export interface StoredMessage {
  readonly message: Uint8Array
  readonly headers?: readonly (readonly [name: string, value: Uint8Array | string])[] | undefined
  /** ms since 1970. @default now */
  readonly timestamp?: number | undefined
  readonly key?: Uint8Array | string | undefined
  readonly topic?: string | undefined
}

/** Answers instead of the server. */
export type Instead = (request: IncomingMessage, response: ServerResponse) => void

/** Where hop puts messages that are too large for Kafka: takes them by POST, gives them by GET, after SCRAM or for a bearer token. */
export class OffloadServer implements AsyncDisposable {
  /** Every request so far, with all its headers. */
  readonly seen: SeenRequest[] = []
  /** Answers of the next requests that have proved who asks, one each; then the store's own. */
  readonly instead: Instead[] = []
  readonly #server: Server
  readonly #options: OffloadServerOptions
  readonly #scram: ScramServer
  /** BSON by the message's UUID. */
  readonly #stored = new Map<string, Uint8Array>()

  private constructor(server: Server, options: OffloadServerOptions) {
    const { users = {}, iterations = 4096 } = options
    this.#server = server
    this.#options = options
    this.#scram = new ScramServer(users, iterations)
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      this.#answer(request, response).catch(error => response.destroy(error))
    })
  }

  static async start(options: OffloadServerOptions = {}): Promise<OffloadServer> {
    const server = createServer()
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    return new OffloadServer(server, options)
  }

  /** What `sys.metadata` announces. */
  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** The headers `Authorization` it was sent. */
  get authorizations(): readonly string[] {
    return this.seen.map(({ headers }) => headers.authorization).filter(header => header !== undefined)
  }

  /** What it lies about in its next exchange. */
  set lies(lies: ScramLies) {
    this.#scram.lies = lies
  }

  /** Keeps a message; gives its URL. */
  put(stored: StoredMessage, id: string = randomUUID()): string {
    const { message, headers = [], timestamp = Date.now(), key, topic } = stored
    const metadata = { headers: headers.map(([name, value]) => [name, packed(value)]), timestamp: Long.fromNumber(timestamp), topic }
    return this.putBytes(
      serialize({ message: packed(message), metadata: { ...metadata, ...(key !== undefined && { key: packed(key) }) } }),
      id,
    )
  }

  /** Keeps what it answers, whatever it is; gives the URL. */
  putBytes(bytes: Uint8Array, id: string = randomUUID()): string {
    this.#stored.set(id, bytes)
    return `${this.origin}/msg/${id}`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise(resolve => this.#server.close(resolve))
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url: path = '', headers } = request
    this.seen.push({ method, path, headers })
    const body = await buffer(request)
    if (!this.#isProved(headers.authorization, response)) return
    const instead = this.instead.shift()
    if (instead) instead(request, response)
    else if (method === 'POST') this.#take(path, body, response)
    else this.#give(path, response)
  }

  /** Says who is asked for a proof, or whose is wrong, itself. */
  #isProved(authorization: string | undefined, response: ServerResponse): boolean {
    const { users, takesToken } = this.#options
    if (users === undefined && takesToken === undefined) return true
    const token = /^Bearer (.+)$/.exec(authorization ?? '')?.[1]
    if (token !== undefined && takesToken?.(token)) return true
    const answer = this.#scram.answer(authorization ?? '')
    if (answer.type === 'proved') response.setHeader('Authentication-Info', answer.info)
    if (answer.type === 'challenge') response.setHeader('WWW-Authenticate', answer.header)
    if (answer.type !== 'proved') response.writeHead(401).end()
    return answer.type === 'proved'
  }

  #take(path: string, body: Uint8Array, response: ServerResponse): void {
    const { message, headers, key } = deserialize(body, { promoteBuffers: true }) as StoredMessage
    const id = headers?.findLast(([name]) => name === '_id')?.[1]
    if (!(id instanceof Uint8Array) || id.length !== 16) {
      response.writeHead(400).end()
      return
    }
    const uuid = Buffer.from(id)
      .toString('hex')
      .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
    // hop sends text as text, and its reader expects what Kafka has: bytes.
    const bytes = typeof key === 'string' ? Buffer.from(key) : key
    this.put({ message, headers, key: bytes, topic: path.replace(/^\/topic\//, '') }, uuid)
    response.writeHead(201).end()
  }

  #give(path: string, response: ServerResponse): void {
    const bytes = this.#stored.get(path.replace(/^\/msg\//, ''))
    if (bytes) response.writeHead(200, { 'Content-Length': bytes.length }).end(bytes)
    else response.writeHead(404).end()
  }
}

const packed = (value: Uint8Array | string): Binary | string => (typeof value === 'string' ? value : new Binary(value))
