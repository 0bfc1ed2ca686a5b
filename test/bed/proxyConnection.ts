import { connect, type Socket } from 'node:net'
import { splitAddress } from './ask.ts'
import { Lane, type Shape } from './lane.ts'
import { FrameSplitter, frameOf, WireReader } from './wire.ts'

export interface ProxiedRequest {
  readonly apiKey: number
  readonly apiVersion: number
  readonly correlationId: number
  readonly clientId: string | null
  /** What follows the client id; in flexible versions it begins with the header's tagged fields. */
  readonly body: Buffer
  /** Number of the connection, from 1. */
  readonly connection: number
}

export interface ProxiedAnswer {
  readonly apiKey: number
  readonly apiVersion: number
  readonly correlationId: number
  /** The answer after its length: the correlation id and all that follows. */
  readonly frame: Buffer
  readonly connection: number
}

/**
 * What becomes of a request. 'pass': it is forwarded, its answer too. 'swallow-answer': it is forwarded, its answer is lost, the
 * connection lives. 'cut': the broker never sees it, the connection is cut. 'cut-when-sent': it is forwarded and the connection cut at
 * once. 'cut-when-answered': the connection is cut when its answer shows up, so the broker surely acted.
 */
export type Verdict = 'pass' | 'swallow-answer' | 'cut' | 'cut-when-sent' | 'cut-when-answered'

/** Asked before a request is forwarded; a Promise holds it up, and all requests behind it on its connection. */
export type OnRequest = (request: ProxiedRequest) => Verdict | Promise<Verdict>

/** Asked before an answer is forwarded; returns what is sent instead of its frame (without the length), or nothing to send it as it is. */
export type OnResponse = (answer: ProxiedAnswer) => Buffer | undefined | Promise<Buffer | undefined>

/** What a connection asks of its proxy, anew each time. */
export interface ConnectionOptions {
  readonly target: string
  readonly id: number
  readonly shape: () => Shape
  readonly passable: () => Promise<void>
  readonly resetsAtFirstBytes: () => boolean
  readonly onRequest: OnRequest
  readonly onResponse: OnResponse
  readonly count: (what: 'requests' | 'answers' | 'swallowed' | 'cuts', apiKey: number) => void
  readonly onError: (error: unknown) => void
  /** Both ends are closed. */
  readonly onClosed: () => void
}

interface Pending {
  readonly apiKey: number
  readonly apiVersion: number
  readonly verdict: Verdict
}

/** A client's connection and the proxy's to the broker. */
export class ProxyConnection {
  readonly #options: ConnectionOptions
  readonly #client: Socket
  readonly #broker: Socket
  readonly #requests: Lane
  readonly #answers: Lane
  readonly #pending = new Map<number, Pending>()
  readonly #requestFrames = new FrameSplitter()
  readonly #answerFrames = new FrameSplitter()
  /** Whether Kafka's protocol is spoken, unencrypted: undefined until the first bytes of each side tell. */
  readonly #isKafka: { client: boolean | undefined; broker: boolean | undefined } = { client: undefined, broker: undefined }
  #isStranded = false

  constructor(client: Socket, options: ConnectionOptions) {
    this.#options = options
    this.#client = client
    this.#broker = connect({ ...splitAddress(options.target), noDelay: true, allowHalfOpen: true })
    const onError = (error: unknown) => {
      options.onError(error)
      this.cut()
    }
    const common = { shape: options.shape, passable: () => this.#passable(), onError }
    this.#requests = new Lane(client, this.#broker, { ...common, handle: chunk => this.#fromClient(chunk) })
    this.#answers = new Lane(this.#broker, client, { ...common, handle: chunk => this.#fromBroker(chunk) })
    for (const socket of [client, this.#broker]) socket.once('close', () => client.closed && this.#broker.closed && options.onClosed())
  }

  get isOpen(): boolean {
    return !this.#client.destroyed
  }

  /** Nothing passes any more, in no direction, for ever; both ends stay open. */
  strand(): void {
    this.#isStranded = true
  }

  cut(): void {
    this.#client.destroy()
    this.#broker.destroy()
  }

  /** As if the machine between had forgotten the connection: both ends get a reset. */
  reset(): void {
    for (const socket of [this.#client, this.#broker]) socket.resetAndDestroy()
  }

  async #passable(): Promise<void> {
    await this.#options.passable()
    if (this.#isStranded) await new Promise(() => {})
  }

  async #fromClient(chunk: Buffer): Promise<void> {
    if (this.#options.resetsAtFirstBytes() && this.#isKafka.client === undefined) return this.reset()
    this.#isKafka.client ??= beginsFrame(chunk)
    if (!this.#isKafka.client) return this.#requests.write(chunk)
    for (const frame of this.#requestFrames.push(chunk)) {
      if (this.#client.destroyed) return
      await this.#onRequest(frame)
    }
  }

  async #onRequest(frame: Buffer): Promise<void> {
    const reader = new WireReader(frame)
    const [apiKey, apiVersion, correlationId] = [reader.int16(), reader.int16(), reader.int32()]
    const request = { apiKey, apiVersion, correlationId, clientId: reader.string(), body: reader.rest(), connection: this.#options.id }
    this.#options.count('requests', apiKey)
    const verdict = await this.#options.onRequest(request)
    if (verdict.startsWith('cut')) this.#options.count('cuts', apiKey)
    if (verdict === 'cut') return this.cut()
    this.#pending.set(correlationId, { apiKey, apiVersion, verdict })
    await this.#requests.write(frameOf(frame))
    if (verdict === 'cut-when-sent') this.#cutClient()
  }

  async #fromBroker(chunk: Buffer): Promise<void> {
    this.#isKafka.broker ??= beginsFrame(chunk)
    if (!this.#isKafka.client || !this.#isKafka.broker) return this.#answers.write(chunk)
    for (const frame of this.#answerFrames.push(chunk)) {
      if (this.#client.destroyed) return
      await this.#onAnswer(frame)
    }
  }

  async #onAnswer(frame: Buffer): Promise<void> {
    const correlationId = frame.readInt32BE(0)
    const request = this.#pending.get(correlationId)
    if (!request) return this.#answers.write(frameOf(frame))
    const { apiKey, apiVersion, verdict } = request
    this.#pending.delete(correlationId)
    this.#options.count('answers', apiKey)
    if (verdict === 'cut-when-answered') return this.cut()
    if (verdict === 'swallow-answer') return this.#options.count('swallowed', apiKey)
    const changed = await this.#options.onResponse({ apiKey, apiVersion, correlationId, frame, connection: this.#options.id })
    await this.#answers.write(frameOf(changed ?? frame))
  }

  /** The client is cut off now. What was sent has to arrive, so the broker gets an orderly end: a reset could overtake the bytes. */
  #cutClient(): void {
    this.#client.destroy()
    this.#broker.end()
    this.#broker.resume()
  }
}

/** The first frame of a connection is short, so its length begins with 0; TLS begins with 22 (a handshake) or 21 (an alert). */
function beginsFrame(chunk: Buffer): boolean {
  return chunk[0] === 0
}
