import { AlertError, copyOf } from '../../../errors.ts'
import type { OutRecord, WriteOutcome } from '../../transport.ts'
import type { SizedRecord } from '../encode.ts'

/** Where a record waits, and so what is known of its fate. */
export interface Holder {
  /** What went wrong last. */
  readonly fault: AlertError | undefined
  /** The record may be in the log. */
  readonly uncertain: boolean
}

/** Not held by anything yet. */
const NOWHERE: Holder = { fault: undefined, uncertain: false }

/** A record from `write()` until its `done` was called, which happens once. */
export class Pending implements SizedRecord {
  readonly record: OutRecord
  /** Bytes of key, value and headers. */
  readonly size: number
  /** When it settles at the latest, by the clock's tick. */
  readonly deadline: number
  holder: Holder = NOWHERE
  /** It was in a batch that may be in the log and had to be made anew. */
  doubt = false
  readonly #onSettled: () => void
  #done: ((outcome: WriteOutcome) => void) | undefined

  constructor(record: OutRecord, size: number, deadline: number, done: (outcome: WriteOutcome) => void, onSettled: () => void) {
    this.record = record
    this.size = size
    this.deadline = deadline
    this.#done = done
    this.#onSettled = onSettled
  }

  get settled(): boolean {
    return this.#done === undefined
  }

  get uncertain(): boolean {
    return this.doubt || this.holder.uncertain
  }

  settle(outcome: WriteOutcome): void {
    const done = this.#done
    if (!done) return
    this.#done = undefined
    this.#onSettled()
    guarded(() => done(outcome))
  }

  /** With an error object of its own, whatever its receiver does to it. */
  fail(error: AlertError): void {
    if (!this.settled) this.settle({ error: copyOf(error), stored: this.uncertain ? 'unknown' : false })
  }

  /** Its time is over. */
  expire(timeout: number): void {
    const { fault } = this.holder
    const what = this.uncertain ? `no word of the broker within ${timeout} ms, it may be in the log` : `not stored within ${timeout} ms`
    const why = fault ? `; last: ${fault.message}` : ''
    this.fail(new AlertError('ALERT_EXPIRED', `${this.record.topic}: ${what}${why}`, { cause: fault }))
  }
}

/** Calls what others gave us: if it throws, that is nobody's failure here, but it does not go unnoticed. */
export function guarded(call: () => void): void {
  try {
    call()
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}
