import { AlertError, copyOf } from '../../errors.ts'
import type { OutRecord, WriteOutcome } from '../transport.ts'
import type { TimerScope } from './TimerScope.ts'

/** A record whose `done` has not been called yet. */
export class PendingWrite {
  readonly record: OutRecord
  readonly deadline: number
  /** Its offset, when the log has it and nobody has told us. */
  storedAt: number | undefined
  #done: ((outcome: WriteOutcome) => void) | undefined
  #lastError: AlertError | undefined
  /** A try ended without a word of the broker. */
  #isUnsure = false
  readonly #onSettled: () => void

  constructor(record: OutRecord, deadline: number, done: (outcome: WriteOutcome) => void, onSettled: () => void) {
    this.record = record
    this.deadline = deadline
    this.#done = done
    this.#onSettled = onSettled
  }

  get isSettled(): boolean {
    return this.#done === undefined
  }

  settle(outcome: WriteOutcome): void {
    const done = this.#done
    if (!done) return
    this.#done = undefined
    this.#onSettled()
    done(outcome)
  }

  /** With an error object of its own, whatever its receiver does to it. */
  fail(error: AlertError): void {
    this.settle({ error: copyOf(error), stored: this.#isUnsure ? 'unknown' : false })
  }

  failedTry(error: AlertError, isUnsure = false): void {
    this.#lastError = error
    this.#isUnsure ||= isUnsure
  }

  giveUp(code: 'ALERT_EXPIRED' | 'ALERT_CLOSED', why: string): void {
    const cause = this.#lastError
    const last = cause ? `; last: ${cause.message}` : ''
    this.fail(new AlertError(code, `${this.record.topic}: ${why}${last}`, { cause }))
  }
}

/** The records of one writer that are not settled, and the moment at which each has to be. */
export class PendingWrites {
  readonly #timers: TimerScope
  readonly #timeout: number
  /** In the order of their deadlines; settled ones stay until it is worth while to take them out. */
  #writes: PendingWrite[] = []
  #unsettled = 0
  #stopTimer: (() => void) | undefined
  #onEmpty: (() => void) | undefined

  constructor(timers: TimerScope, timeout: number) {
    this.#timers = timers
    this.#timeout = timeout
  }

  add(record: OutRecord, done: (outcome: WriteOutcome) => void): PendingWrite {
    const write = new PendingWrite(record, this.#timers.tick() + this.#timeout, done, this.#settled)
    this.#writes.push(write)
    this.#unsettled++
    this.#stopTimer ??= this.#timers.after(this.#timeout, () => this.#expire())
    return write
  }

  allSettled(): Promise<void> {
    return new Promise(resolve => {
      if (this.#unsettled === 0) resolve()
      else this.#onEmpty = resolve
    })
  }

  failAll(error: AlertError): void {
    for (const write of this.#waiting()) write.fail(error)
  }

  /** @returns the topics of those that wait */
  failedTry(error: AlertError): Set<string> {
    const waiting = this.#waiting()
    for (const write of waiting) write.failedTry(error)
    return new Set(waiting.map(({ record }) => record.topic))
  }

  abandon(why: string): void {
    for (const write of this.#waiting()) write.giveUp('ALERT_CLOSED', why)
  }

  #expire(): void {
    this.#stopTimer = undefined
    const now = this.#timers.tick()
    for (const write of this.#waiting()) {
      if (write.deadline > now) break
      write.giveUp('ALERT_EXPIRED', `not stored within ${this.#timeout} ms`)
    }
    const [next] = this.#waiting()
    if (next) this.#stopTimer ??= this.#timers.after(next.deadline - now, () => this.#expire())
  }

  #waiting(): PendingWrite[] {
    return this.#writes.filter(({ isSettled }) => !isSettled)
  }

  readonly #settled = (): void => {
    this.#unsettled--
    if (this.#writes.length > 2 * this.#unsettled + 1000) this.#writes = this.#waiting()
    if (this.#unsettled > 0) return
    this.#writes = []
    this.#stopTimer?.()
    this.#stopTimer = undefined
    this.#onEmpty?.()
  }
}
