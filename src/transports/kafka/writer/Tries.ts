import { AlertError, type AlertErrorCode } from '../../../errors.ts'

/** What time may cure. Everything else settles at once: a bad request, a missing right, a fault of ours. */
const TRANSIENT: ReadonlySet<AlertErrorCode> = new Set([
  'ALERT_CONNECTION',
  'ALERT_TIMEOUT',
  'ALERT_UNREACHABLE',
  'ALERT_BROKER',
  'ALERT_LEADER',
])
/** A login is refused this often, with credentials read anew, before it counts: a password may just be changing. */
const REFUSALS = 3
const SHORTEST_WAIT = 20
const LONGEST_WAIT = 1000

/** Tries that failed in a row, and what to do about the next. */
export class Tries {
  #failed = 0
  #refused = 0

  get failing(): boolean {
    return this.#failed > 0
  }

  /** Whether one more try may cure that. */
  allow(error: AlertError): boolean {
    if (error.code === 'ALERT_CREDENTIALS') return ++this.#refused < REFUSALS
    return TRANSIENT.has(error.code)
  }

  /** Counts a failed try; gives the ms to wait before the next: doubling, with jitter. */
  wait(): number {
    const wait = Math.min(SHORTEST_WAIT * 2 ** Math.min(this.#failed++, 6), LONGEST_WAIT)
    return wait * (0.5 + Math.random() / 2)
  }

  reset(): void {
    this.#failed = 0
    this.#refused = 0
  }
}

/** Whatever was thrown, as an AlertError; what is none is a fault of this library, and no reason to try again. */
export function faultOf(thrown: unknown): AlertError {
  if (thrown instanceof AlertError) return thrown
  return new AlertError('ALERT_REQUEST', thrown instanceof Error ? thrown.message : String(thrown), { cause: thrown })
}
