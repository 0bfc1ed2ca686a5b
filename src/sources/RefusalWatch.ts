import { type AlertError, asFatal } from '../errors.ts'
import type { ReadingContext } from './context.ts'
import { faultOf, type Known } from './known.ts'

/** While a topic is on trial it is looked at again so soon whether all are refused, ms. */
const SOON = 100

/** Every topic is refused: after a success that is borne for `refusalTimeout`; at the start it is an error, unless it is waited for. */
export class RefusalWatch {
  readonly #context: ReadingContext
  readonly #known: ReadonlyMap<string, Known>
  readonly #hasSucceeded: () => boolean
  #cancel: (() => void) | undefined

  constructor(context: ReadingContext, known: ReadonlyMap<string, Known>, hasSucceeded: () => boolean) {
    this.#context = context
    this.#known = known
    this.#hasSucceeded = hasSucceeded
  }

  /** What is known of the topics may have changed. */
  look(): void {
    if (this.#context.signal.aborted) return
    const { clock, times, missing } = this.#context.options
    const faults = [...this.#known.values()].map(faultOf)
    if (faults.length === 0 || !faults.every(fault => fault?.code === 'ALERT_TOPIC_FORBIDDEN')) {
      this.stop()
      return
    }
    const atStart = missing === 'wait' ? Number.POSITIVE_INFINITY : 0
    const borne = this.#hasSucceeded() ? times.refusalTimeout : atStart
    this.#cancel ??= clock.after(borne, () => this.#refusedForGood())
  }

  stop(): void {
    this.#cancel?.()
    this.#cancel = undefined
  }

  /** Unless one is on trial, which ends in a moment, one way or the other. */
  #refusedForGood(): void {
    const known = [...this.#known.values()]
    const fault: AlertError | undefined = known[0]?.fault
    if (fault && known.every(({ trial }) => !trial)) this.#context.fail(asFatal(fault))
    else this.#cancel = this.#context.options.clock.after(SOON, () => this.#refusedForGood())
  }
}
