import { AlertError, toAlertError } from '../errors.ts'
import type { OutRecord, ReadEvent, Reader, ReadOptions, Transport, WriteOptions, WriteOutcome, Writer } from '../transports/transport.ts'

/** A transport that is made when it is first needed: credentials may have to be read from a file, or asked for. */
export class LazyTransport implements Transport {
  readonly server: string
  readonly #open: () => Promise<Transport>
  readonly #complete: (record: OutRecord) => OutRecord
  #opened: Transport | undefined
  #opening: Promise<Transport> | undefined
  #closed = false

  /** @param complete adds to a record that was written before the opening what only the opening tells */
  constructor(server: string, open: () => Promise<Transport>, complete: (record: OutRecord) => OutRecord) {
    this.server = server
    this.#open = open
    this.#complete = complete
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
    if (!this.#opened) throw closedError(this.server)
    return this.#opened.read(options, on)
  }

  write(options: WriteOptions): Writer {
    return this.#opened?.write(options) ?? new LazyWriter(async () => (await this.#get()).write(options), this.#complete)
  }

  async close(deadline: number): Promise<void> {
    this.#closed = true
    await this.#opening?.catch(() => {})
    await this.#opened?.close(deadline)
  }

  #get(): Promise<Transport> {
    if (this.#closed) return Promise.reject(closedError(this.server))
    // What failed is tried again by the next who asks: a file may have been mended.
    this.#opening ??= this.#open().then(
      opened => {
        this.#opened = opened
        return opened
      },
      error => {
        this.#opening = undefined
        throw error
      },
    )
    return this.#opening
  }
}

/** Keeps the order of what is written before there is a writer. */
class LazyWriter implements Writer {
  readonly #open: () => Promise<Writer>
  readonly #complete: (record: OutRecord) => OutRecord
  #opened: Writer | undefined
  #opening: Promise<Writer> | undefined

  constructor(open: () => Promise<Writer>, complete: (record: OutRecord) => OutRecord) {
    this.#open = open
    this.#complete = complete
  }

  write(record: OutRecord, done: (outcome: WriteOutcome) => void): void {
    if (this.#opened) this.#opened.write(record, done)
    else
      this.#get().then(
        writer => writer.write(this.#complete(record), done),
        error => done({ error: toAlertError(error, 'ALERT_CONFIG'), stored: false }),
      )
  }

  async close(deadline: number): Promise<void> {
    if (this.#opening) await (await this.#opening).close(deadline)
  }

  #get(): Promise<Writer> {
    this.#opening ??= this.#open().then(
      writer => {
        // Those who waited write first.
        queueMicrotask(() => {
          this.#opened = writer
        })
        return writer
      },
      error => {
        this.#opening = undefined
        throw error
      },
    )
    return this.#opening
  }
}

const closedError = (server: string): AlertError =>
  new AlertError('ALERT_CLOSED', `the connection to ${server} is closed`, { mend: 'Make a new client', fatal: true })
