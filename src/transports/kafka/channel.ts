import type { Socket } from 'node:net'
import type { ConnectionOptions } from 'node:tls'
import { AlertError, toAlertError } from '../../errors.ts'
import { parseAddress } from './address.ts'
import type { RequestMessage } from './apis.ts'
import { deadline } from './deadline.ts'
import { FrameReader } from './frames.ts'
import { openSocket } from './socket.ts'
import { connectionError } from './troubles.ts'

interface Owed {
  readonly id: number
  readonly api: string
  /** When it was sent, by `performance.now()`. */
  readonly since: number
  readonly silence: number
  readonly resolve: (payload: Buffer) => void
  readonly reject: (error: AlertError) => void
}

export interface ChannelOptions {
  readonly address: string
  readonly tls: ConnectionOptions | undefined
  readonly clientId: string
  readonly onDead: (error: AlertError) => void
}

/** One socket: requests out, answers in, in the same order. It opens at once, tries nothing twice, and once dead it stays dead. */
export class Channel {
  readonly address: string
  /** TCP and, where asked for, TLS stand; rejects with `dead`. */
  readonly connected: Promise<void>
  /** Rejects with `dead`, never resolves. */
  readonly died: Promise<never>
  /** The socket is gone. */
  readonly closed: Promise<void>
  /** Set by the owner, for the guess that goes with a bare close. */
  opened = false
  authenticated = false
  readonly #options: ChannelOptions
  readonly #socket: Socket
  readonly #clientId: Buffer
  readonly #owed: Owed[] = []
  readonly #quietWaiters: (() => void)[] = []
  #dead: AlertError | undefined
  #die: (error: AlertError) => void = () => {}
  #nextId = 0
  #heard = 0
  #callOff: () => void = () => {}
  #reached = false
  #secured = false
  #answered = false

  /** @throws ConfigError when the address is none */
  constructor(options: ChannelOptions) {
    this.#options = options
    this.address = options.address
    this.#clientId = Buffer.from(options.clientId)
    const frames = new FrameReader(options.address, frame => this.#answer(frame))
    const reception = { room: () => frames.room(), took: (count: number) => this.#read(frames, count) }
    const socket = openSocket(parseAddress(options.address), options.tls, reception)
    this.#socket = socket
    this.closed = new Promise(resolve => socket.once('close', () => resolve()))
    this.died = new Promise((_, reject) => {
      this.#die = reject
    })
    const opened = new Promise<void>(resolve => socket.once(options.tls ? 'secureConnect' : 'connect', () => resolve()))
    this.connected = Promise.race([opened, this.died])
    this.connected.catch(() => {})
    socket.once('connect', () => {
      this.#reached = true
    })
    socket.once('secureConnect', () => {
      this.#secured = true
    })
    socket.on('error', error => this.#lost(error))
    socket.once('end', () => this.#lost())
    socket.once('close', () => this.#lost())
  }

  get dead(): AlertError | undefined {
    return this.#dead
  }

  /** What `connected` waits for. */
  get step(): string {
    return this.#reached ? 'the TLS handshake' : 'the connection'
  }

  /** Writes at once and resolves with the answer's bytes behind its correlation id. `silence`: ms without a byte after which the channel is given up. */
  request({ apiKey, apiVersion, apiName }: RequestMessage, body: Uint8Array, silence: number): Promise<Buffer> {
    if (this.#dead) return Promise.reject(this.#dead)
    const id = this.#nextId
    this.#nextId = (id + 1) & 0x7fffffff
    return new Promise((resolve, reject) => {
      this.#owed.push({ id, api: apiName, since: performance.now(), silence, resolve, reject })
      this.#watch()
      this.#socket.cork()
      this.#socket.write(this.#header(apiKey, apiVersion, id, body.length))
      this.#socket.write(body)
      this.#socket.uncork()
    })
  }

  /** Resolves when no answer is owed. */
  quiet(): Promise<void> {
    return this.#owed.length === 0 ? Promise.resolve() : new Promise(resolve => this.#quietWaiters.push(resolve))
  }

  /** Immediate and final. */
  kill(error: AlertError): void {
    if (this.#dead) return
    this.#dead = error
    this.#callOff()
    this.#socket.destroy()
    for (const owed of this.#owed.splice(0)) owed.reject(error)
    this.#noneOwed()
    this.#die(error)
    this.#options.onDead(error)
  }

  #header(apiKey: number, apiVersion: number, id: number, bodyLength: number): Buffer {
    const header = Buffer.allocUnsafe(14 + this.#clientId.length)
    header.writeInt32BE(header.length - 4 + bodyLength, 0)
    header.writeInt16BE(apiKey, 4)
    header.writeInt16BE(apiVersion, 6)
    header.writeInt32BE(id, 8)
    header.writeInt16BE(this.#clientId.length, 12)
    this.#clientId.copy(header, 14)
    return header
  }

  #read(frames: FrameReader, count: number): void {
    if (this.#dead) return
    this.#heard = performance.now()
    try {
      frames.took(count)
    } catch (error) {
      this.kill(toAlertError(error, 'ALERT_PROTOCOL'))
    }
  }

  #answer(frame: Buffer): void {
    if (this.#dead) return
    const owed = this.#owed.shift()
    const id = frame.readInt32BE(0)
    if (owed?.id !== id) {
      owed?.reject(this.#refuse(`answer ${id} came where ${owed.id} was due`))
      if (!owed) this.#refuse(`answer ${id} came unasked`)
      return
    }
    if (this.opened) this.#answered = true
    this.#watch()
    if (this.#owed.length === 0) this.#noneOwed()
    owed.resolve(frame.subarray(4))
  }

  #refuse(what: string): AlertError {
    const error = new AlertError('ALERT_PROTOCOL', `${this.address}: ${what}`)
    this.kill(error)
    return error
  }

  #noneOwed(): void {
    for (const resolve of this.#quietWaiters.splice(0)) resolve()
  }

  /** Each answer is due within its silence since the last byte that came, or since it was asked for. */
  #due(): number {
    return Math.min(...this.#owed.map(({ since, silence }) => Math.max(since, this.#heard) + silence))
  }

  #watch(): void {
    this.#callOff()
    if (this.#owed.length > 0) this.#callOff = deadline(this.#due() - performance.now(), () => this.#check())
  }

  #check(): void {
    if (this.#due() > performance.now()) this.#watch()
    else this.kill(this.#silent())
  }

  #silent(): AlertError {
    const { api, since } = this.#owed[0]!
    const waited = Math.round(performance.now() - Math.max(since, this.#heard))
    return new AlertError('ALERT_TIMEOUT', `${this.address}: no answer to ${api}, nothing at all in ${waited} ms`)
  }

  #lost(cause?: Error): void {
    if (this.#dead) return
    const progress = {
      tls: this.#options.tls !== undefined,
      reached: this.#reached,
      secured: this.#secured,
      answered: this.#answered,
      opened: this.opened,
      authenticated: this.authenticated,
    }
    this.kill(connectionError(this.address, cause, progress))
  }
}
