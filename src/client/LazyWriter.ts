import { type Clock, pause } from '../clock.ts'
import { AlertError, toAlertError } from '../errors.ts'
import type { OutRecord, WriteOptions, WriteOutcome, Writer } from '../transports/transport.ts'
import { closedError } from './closed.ts'

export interface LazyWriterOptions extends Pick<WriteOptions, 'deliveryTimeout'> {
  readonly clock: Clock
  readonly open: () => Promise<Writer>
  /** Adds to a record that was written before the opening what only the opening tells. */
  readonly complete: (record: OutRecord) => OutRecord
}

/** One record that was written before there was a writer. */
interface Waiting {
  readonly record: OutRecord
  readonly done: (outcome: WriteOutcome) => void
  readonly cancel: () => void
  /** Given to the writer: it may be in the log. */
  isSent: boolean
}

/** Keeps the order of what is written before there is a writer, and the time by which each record has to settle. */
export class LazyWriter implements Writer {
  readonly #options: LazyWriterOptions
  /** Not settled, in order. */
  readonly #waiting = new Set<Waiting>()
  #opened: Writer | undefined
  #opening: Promise<void> | undefined
  #closed = false

  constructor(options: LazyWriterOptions) {
    this.#options = options
  }

  write(record: OutRecord, done: (outcome: WriteOutcome) => void): void {
    if (this.#opened) {
      this.#opened.write(record, done)
      return
    }
    if (this.#closed) {
      queueMicrotask(() => done({ error: closedError(), stored: false }))
      return
    }
    const { clock, deliveryTimeout } = this.#options
    const waiting: Waiting = { record, done, isSent: false, cancel: clock.after(deliveryTimeout, () => this.#expire(waiting)) }
    this.#waiting.add(waiting)
    this.#opening ??= this.#open()
  }

  async close(deadline: number): Promise<void> {
    this.#closed = true
    const inTime = new AbortController()
    await Promise.race([this.#opening, pause(this.#options.clock, deadline, inTime.signal)])
    inTime.abort()
    this.#failUnsent(closedError())
    await this.#opened?.close(deadline)
  }

  async #open(): Promise<void> {
    try {
      const writer = await this.#options.open()
      this.#opened = writer
      for (const waiting of this.#waiting) {
        waiting.isSent = true
        writer.write(this.#options.complete(waiting.record), outcome => this.#settle(waiting, outcome))
      }
    } catch (error) {
      this.#failUnsent(toAlertError(error, 'ALERT_CONFIG'))
    } finally {
      // What failed is tried again with the next record.
      this.#opening = undefined
    }
  }

  #failUnsent(error: AlertError): void {
    for (const waiting of this.#waiting) if (!waiting.isSent) this.#settle(waiting, { error, stored: false })
  }

  #expire(waiting: Waiting): void {
    const { deliveryTimeout } = this.#options
    const error = new AlertError('ALERT_EXPIRED', `not stored within ${deliveryTimeout} ms, the connection was opened too late`)
    this.#settle(waiting, { error, stored: waiting.isSent ? 'unknown' : false })
  }

  #settle(waiting: Waiting, outcome: WriteOutcome): void {
    if (!this.#waiting.delete(waiting)) return
    waiting.cancel()
    waiting.done(outcome)
  }
}
