import { type Clock, pause } from '../clock.ts'
import { AlertError, toAlertError } from '../errors.ts'

/** A token, as its origin gives it. */
export interface Issued {
  readonly token: string
  /** Whom it is for, if it says so. */
  readonly subject: string | undefined
  /** How long it is good for, ms from when it was asked for. Undefined: not known, so it is not used twice. */
  readonly lifetime: number | undefined
}

/** A way to a token. */
export interface TokenRequest {
  /** As errors name it. */
  readonly what: string
  /** Rejects with an AlertError that holds no secret, or whatever, once the signal aborts. */
  readonly ask: (signal: AbortSignal, clock: Clock) => Promise<Issued>
}

/** How long one request may take, ms. */
const LIMIT = 10_000
/** How long whoever asks waits: less than a connection waits for its credentials, so that it is told what they wait for. ms */
const PATIENCE = 8_000
/**
 * A token is renewed in the last third of its life, not more than this before its end, ms. Connections renew their sessions in the last
 * quarter, at most 72 s before the end: then there is a fresh token.
 */
const EARLIEST_RENEWAL = 90_000
/** How long one waits for a fresh token while the old one is still good, ms. */
const GRACE = 1_000
/** Waits between requests that fail, ms; less than PATIENCE together with a request. */
const FIRST_WAIT = 250
const LONGEST_WAIT = 5_000
/** A token that the broker refuses is replaced, if it is older than this: a broker that takes none is not to cost a request each time. ms */
const LEAST_AGE = 10_000

/** By the clock's tick. */
interface Held extends Issued {
  readonly since: number
  readonly freshUntil: number
  readonly goodUntil: number
}

export interface TokenSourceOptions {
  readonly clock: Clock
  /** Aborts what is under way. */
  readonly signal: AbortSignal
  /** ms that one request may take. @default 10_000 */
  readonly limit?: number | undefined
}

/**
 * Tokens from one origin: kept while they are good, renewed before they end, one request at a time however many ask. While the origin fails a
 * good token is used on; requests that fail are apart by 0.25 s, doubling to 5 s. Nothing is asked for unless somebody wants a token.
 */
export class TokenSource {
  readonly #request: TokenRequest
  readonly #options: TokenSourceOptions
  #held: Held | undefined
  #coming: Promise<Held> | undefined
  #failures = 0
  #notBefore = 0
  #lastError: AlertError | undefined

  constructor(request: TokenRequest, options: TokenSourceOptions) {
    this.#request = request
    this.#options = options
  }

  /** Rejects with an AlertError: that of the origin, or ALERT_TIMEOUT after 8 s. */
  async get(): Promise<Issued> {
    const held = this.#held
    if (held && this.#now < held.freshUntil) return held
    const isFailing = this.#failures > 0
    this.#coming ??= this.#fetch().finally(() => {
      this.#coming = undefined
    })
    const coming = this.#coming
    coming.catch(() => {})
    if (held && this.#now < held.goodUntil) {
      if (isFailing) return held
      const fresh = await this.#within(
        GRACE,
        coming.catch(() => held),
      )
      return fresh ?? held
    }
    return (await this.#within(PATIENCE, coming)) ?? this.#impatient()
  }

  /** The broker does not take it. */
  refused(token: string): void {
    const held = this.#held
    if (held?.token === token && this.#now >= held.since + LEAST_AGE) this.#held = undefined
  }

  get #now(): number {
    return this.#options.clock.tick()
  }

  async #fetch(): Promise<Held> {
    const { clock, signal } = this.#options
    if (this.#now < this.#notBefore) await pause(clock, this.#notBefore - this.#now, signal)
    const begun = this.#now
    try {
      const issued = await this.#ask()
      this.#failures = 0
      this.#lastError = undefined
      return this.#keep(issued, begun)
    } catch (thrown) {
      const error = toAlertError(thrown, 'ALERT_CONNECTION')
      this.#lastError = error
      const longest = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** this.#failures++)
      // Half of it by chance: many clients of one provider should not come back as one.
      this.#notBefore = this.#now + longest * (0.5 + Math.random() / 2)
      throw error
    }
  }

  /** One request, which ends in time. */
  #ask(): Promise<Issued> {
    const { clock, signal, limit = LIMIT } = this.#options
    return new Promise<Issued>((resolve, reject) => {
      const over = new AbortController()
      const end = (settle: () => void): void => {
        cancel()
        signal.removeEventListener('abort', closed)
        settle()
        over.abort()
      }
      const fail = (error: unknown): void => end(() => reject(error))
      const closed = (): void => fail(new AlertError('ALERT_CLOSED', 'it was closed'))
      const late = (): void => fail(new AlertError('ALERT_TIMEOUT', `${this.#request.what} has not given a token in ${limit} ms`))
      const cancel = clock.after(limit, late)
      signal.addEventListener('abort', closed)
      if (signal.aborted) closed()
      else this.#request.ask(over.signal, clock).then(issued => end(() => resolve(issued)), fail)
    })
  }

  #keep(issued: Issued, begun: number): Held {
    const { lifetime = 0 } = issued
    const goodUntil = begun + lifetime
    const held = { ...issued, since: begun, goodUntil, freshUntil: goodUntil - Math.min(lifetime / 3, EARLIEST_RENEWAL) }
    this.#held = held
    return held
  }

  /** What it gives, or undefined after `ms`. */
  async #within<T>(ms: number, promise: Promise<T>): Promise<T | undefined> {
    const over = new AbortController()
    try {
      return await Promise.race([promise, pause(this.#options.clock, ms, over.signal).then(() => undefined)])
    } finally {
      over.abort()
    }
  }

  #impatient(): never {
    const before = this.#lastError ? `; before that: ${this.#lastError.message}` : ''
    throw new AlertError('ALERT_TIMEOUT', `${this.#request.what} has not given a token in ${PATIENCE} ms${before}`)
  }
}
