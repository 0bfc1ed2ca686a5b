import type { Clock } from '../clock.ts'
import { AlertError, type AlertErrorCode, asFatal } from '../errors.ts'

export interface VerdictOptions {
  readonly server: string
  /** ms; nothing reachable for so long before the first success is fatal. */
  readonly connectTimeout: number
  /** ms; refused for so long after a success is fatal. */
  readonly refusalTimeout: number
}

export type Judgement =
  | { readonly what: 'fatal'; readonly error: AlertError }
  /** The broker refuses; tried again, fatal at `until` (ms since 1970), if ever: in `left` ms. */
  | { readonly what: 'refused'; readonly error: AlertError; readonly until: number | undefined; readonly left: number }
  | { readonly what: 'transient'; readonly error: AlertError }

/** What the broker, or our own check, says and waiting does not cure. Everything else is transient. */
const REFUSALS: ReadonlySet<AlertErrorCode> = new Set([
  'ALERT_TLS_TRUST',
  'ALERT_TLS_HOSTNAME',
  'ALERT_PROTOCOL',
  'ALERT_GROUP_FORBIDDEN',
  'ALERT_FORBIDDEN',
])
const ALWAYS_FATAL: ReadonlySet<AlertErrorCode> = new Set([
  'ALERT_CONFIG',
  'ALERT_GROUP_INVALID',
  'ALERT_GROUP_FENCED',
  'ALERT_SHARED',
  'ALERT_GAP',
  'ALERT_CLOSED',
])
const NETWORK: ReadonlySet<AlertErrorCode> = new Set(['ALERT_CONNECTION', 'ALERT_TIMEOUT'])
/** A first refusal may be a password on its way to all brokers: two fresh tries confirm it. */
const CREDENTIAL_TRIES = 3

/**
 * Whether an error ends one subscription. Before its first success the broker's word counts at once (credentials after two fresh tries);
 * after it a refusal is suspended for `refusalTimeout`. A closed socket is never a verdict, only `connectTimeout` is.
 */
export class Verdict {
  readonly #clock: Clock
  readonly #options: VerdictOptions
  readonly #begun: number
  #reached = false
  #succeeded = false
  #credentialTries = 0
  #refusedSince: number | undefined

  constructor(clock: Clock, options: VerdictOptions) {
    this.#clock = clock
    this.#options = options
    this.#begun = clock.tick()
  }

  /** Some broker answered a question. */
  reached(): void {
    this.#reached = true
  }

  /** Records can flow. */
  succeeded(): void {
    this.#reached = true
    this.#succeeded = true
    this.#credentialTries = 0
    this.#refusedSince = undefined
  }

  judge(error: AlertError): Judgement {
    const { code } = error
    if (error.fatal || ALWAYS_FATAL.has(code)) return { what: 'fatal', error: asFatal(error) }
    if (code === 'ALERT_CREDENTIALS') return this.#refused(error, !this.#succeeded && ++this.#credentialTries >= CREDENTIAL_TRIES)
    if (REFUSALS.has(code)) return this.#refused(error, !this.#succeeded)
    // A broker that says that it cannot do it now is there.
    if (error.kafka !== undefined) this.#reached = true
    if (NETWORK.has(code) && this.#timedOut) return { what: 'fatal', error: this.unreachable(error) }
    return { what: 'transient', error }
  }

  /** Refused after a success: how long is it borne? */
  #refused(error: AlertError, confirmed: boolean): Judgement {
    if (confirmed) return { what: 'fatal', error: asFatal(error) }
    if (!this.#succeeded) return { what: 'refused', error, until: undefined, left: Number.POSITIVE_INFINITY }
    const now = this.#clock.tick()
    this.#refusedSince ??= now
    const left = this.#refusedSince + this.#options.refusalTimeout - now
    if (left <= 0) return { what: 'fatal', error: asFatal(error) }
    return { what: 'refused', error, until: Number.isFinite(left) ? Math.round(this.#clock.now() + left) : undefined, left }
  }

  get #timedOut(): boolean {
    return !this.#reached && this.#clock.tick() - this.#begun >= this.#options.connectTimeout
  }

  /** Records could flow at some time. */
  get hasSucceeded(): boolean {
    return this.#succeeded
  }

  /** Whether no broker has answered anything yet. */
  get isUnreached(): boolean {
    return !this.#reached
  }

  unreachable(last: AlertError | undefined): AlertError {
    const { server, connectTimeout } = this.#options
    const why = last ? `: ${last.message}${last.hint ? ` (${last.hint})` : ''}` : ''
    return new AlertError('ALERT_UNREACHABLE', `${server} could not be reached in ${connectTimeout} ms${why}`, {
      mend: 'Check the server, the port and the firewall, or set connectTimeout: Infinity to wait for it',
      fatal: true,
      cause: last,
      hint: last?.hint,
    })
  }
}
