import type { Clock } from '../../../clock.ts'
import type { AlertError } from '../../../errors.ts'
import type { OutRecord, WriteOutcome } from '../../transport.ts'
import { Pending } from './Pending.ts'

/** So many settled records may lie among the open ones (beyond as many as those), payload and all, before the list is tidied: a Set costs more. */
const UNTIDY = 16

/** All records that wait for their outcome, wherever they are: the one place that knows the time, so that each settles by its deadline. */
export class Ledger {
  readonly #clock: Clock
  readonly #timeout: number
  /** In the order of their deadlines, which is that of their coming. */
  #pending: Pending[] = []
  #open = 0
  #cancelTimer: (() => void) | undefined
  #idleWaiters: (() => void)[] = []

  constructor(clock: Clock, timeout: number) {
    this.#clock = clock
    this.#timeout = timeout
  }

  enter(record: OutRecord, size: number, done: (outcome: WriteOutcome) => void): Pending {
    if (this.#pending.length > 2 * this.#open + UNTIDY) this.#pending = this.#pending.filter(({ settled }) => !settled)
    const pending = new Pending(record, size, this.#clock.tick() + this.#timeout, done, this.#onSettled)
    this.#pending.push(pending)
    this.#open++
    this.#cancelTimer ??= this.#clock.after(this.#timeout, this.#expire)
    return pending
  }

  /** Resolves when nothing is open, or after `deadline` ms. */
  idle(deadline: number): Promise<void> {
    if (this.#open === 0) return Promise.resolve()
    return new Promise(resolve => {
      const cancel = this.#clock.after(deadline, resolve)
      this.#idleWaiters.push(() => {
        cancel()
        resolve()
      })
    })
  }

  /** Fails all that is open. */
  abandon(error: AlertError): void {
    for (const pending of this.#pending) pending.fail(error)
  }

  readonly #onSettled = (): void => {
    if (--this.#open > 0) return
    this.#pending = []
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    for (const resolve of this.#idleWaiters.splice(0)) resolve()
  }

  readonly #expire = (): void => {
    const now = this.#clock.tick()
    const first = this.#pending.findIndex(({ deadline }) => deadline > now)
    const due = this.#pending.splice(0, first < 0 ? this.#pending.length : first)
    const next = this.#pending[0]
    this.#cancelTimer = next && this.#clock.after(next.deadline - now, this.#expire)
    for (const pending of due) pending.expire(this.#timeout)
  }
}
