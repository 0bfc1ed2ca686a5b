import type { Clock } from '../clock.ts'
import type { OutRecord, ReadEvent, Reader, ReadOptions, Transport, WriteOptions, Writer } from '../transports/transport.ts'
import { closedError } from './closed.ts'
import { LazyWriter } from './LazyWriter.ts'

export interface LazyTransportOptions {
  readonly server: string
  readonly clock: Clock
  readonly open: () => Promise<Transport>
  /** Adds to a record that was written before the opening what only the opening tells. */
  readonly complete: (record: OutRecord) => OutRecord
}

/** A transport that is made when it is first needed: credentials may have to be read from a file, or asked for. */
export class LazyTransport implements Transport {
  readonly #options: LazyTransportOptions
  #opened: Transport | undefined
  #opening: Promise<Transport> | undefined
  #closed = false

  constructor(options: LazyTransportOptions) {
    this.#options = options
  }

  get server(): string {
    return this.#options.server
  }

  async describe(...args: Parameters<Transport['describe']>): ReturnType<Transport['describe']> {
    return (await this.#get()).describe(...args)
  }

  async locate(...args: Parameters<Transport['locate']>): ReturnType<Transport['locate']> {
    return (await this.#get()).locate(...args)
  }

  async deleteTopic(topic: string): Promise<void> {
    await (await this.#get()).deleteTopic(topic)
  }

  /** Whoever reads has described the topics before. */
  read(options: ReadOptions, on: (event: ReadEvent) => void): Reader {
    if (!this.#opened || this.#closed) throw closedError()
    return this.#opened.read(options, on)
  }

  write(options: WriteOptions): Writer {
    if (this.#opened) return this.#opened.write(options)
    const { clock, complete } = this.#options
    return new LazyWriter({ ...options, clock, complete, open: async () => (await this.#get()).write(options) })
  }

  async close(deadline?: number): Promise<void> {
    this.#closed = true
    await this.#opened?.close(deadline)
  }

  #get(): Promise<Transport> {
    if (this.#closed) return Promise.reject(closedError())
    // What failed is tried again by the next who asks: a file may have been mended.
    this.#opening ??= this.#open().catch(error => {
      this.#opening = undefined
      throw error
    })
    return this.#opening
  }

  async #open(): Promise<Transport> {
    const opened = await this.#options.open()
    if (this.#closed) {
      // Nobody waited for it.
      await opened.close(0)
      throw closedError()
    }
    this.#opened = opened
    return opened
  }
}
