import type { Socket } from 'node:net'
import { setImmediate, setTimeout } from 'node:timers/promises'

/** How bytes pass; read anew for each piece, so that it can change while they flow. */
export interface Shape {
  /** Milliseconds from arriving to leaving. */
  readonly delayMs: number
  /** Bytes written at a time, each piece in a turn of the event loop of its own; 0: as they come. */
  readonly pieceBytes: number
}

export interface LaneOptions {
  readonly shape: () => Shape
  /** Resolves when anything may pass. */
  readonly passable: () => Promise<void>
  /** Gets each chunk when its turn comes; what it does not write is lost. The next chunk waits for it. */
  readonly handle: (chunk: Buffer) => Promise<void>
  /** `handle` threw. */
  readonly onError: (error: unknown) => void
}

type Item = { readonly due: number; readonly what: Buffer | 'end' | 'reset' }

/** Chunks are kept here while they may not pass, up to this many bytes; then the sender has to wait. */
const capacity = 1 << 20

/** One direction of a proxied connection: carries bytes, the end and a reset from one socket to the other, in order. */
export class Lane {
  readonly #from: Socket
  readonly #to: Socket
  readonly #options: LaneOptions
  readonly #items: Item[] = []
  #bytes = 0
  #busy = false

  constructor(from: Socket, to: Socket, options: LaneOptions) {
    this.#from = from
    this.#to = to
    this.#options = options
    from.on('data', chunk => this.#take(chunk))
    from.once('end', () => this.#take('end'))
    from.on('error', () => this.#take('reset'))
  }

  /** Sends bytes on, in pieces if so shaped; waits while nothing may pass or the receiver is slow. */
  async write(bytes: Buffer): Promise<void> {
    const { pieceBytes } = this.#options.shape()
    const size = pieceBytes > 0 ? pieceBytes : bytes.length
    for (let from = 0; from < bytes.length; from += size) {
      await this.#options.passable()
      if (this.#to.destroyed || this.#to.writableEnded) return
      const isRoom = this.#to.write(bytes.subarray(from, from + size))
      if (pieceBytes > 0) await setImmediate()
      if (!isRoom) await drained(this.#to)
    }
  }

  #take(what: Item['what']): void {
    if (typeof what !== 'string') this.#count(what.length)
    this.#items.push({ due: Date.now() + this.#options.shape().delayMs, what })
    if (!this.#busy) void this.#drain()
  }

  #count(bytes: number): void {
    this.#bytes += bytes
    if (this.#bytes > capacity) this.#from.pause()
    else if (this.#from.isPaused()) this.#from.resume()
  }

  async #drain(): Promise<void> {
    this.#busy = true
    for (let item = this.#items.shift(); item; item = this.#items.shift()) {
      const wait = item.due - Date.now()
      if (wait > 0) await setTimeout(wait)
      await this.#options.passable()
      await this.#pass(item.what)
    }
    this.#busy = false
  }

  async #pass(what: Item['what']): Promise<void> {
    if (this.#to.destroyed) return
    if (what === 'end') this.#to.end()
    else if (what === 'reset') this.#to.resetAndDestroy()
    else {
      this.#count(-what.length)
      await this.#options.handle(what).catch(error => this.#options.onError(error))
    }
  }
}

/** Resolves when the socket takes more, or is closed. */
function drained(socket: Socket): Promise<void> {
  return new Promise(resolve => {
    const done = () => {
      socket.off('drain', done).off('close', done)
      resolve()
    }
    socket.once('drain', done).once('close', done)
  })
}
