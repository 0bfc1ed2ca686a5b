import { type AlertError, ConfigError, toAlertError } from '../errors.ts'
import type { SaslProtocol } from './entry.ts'
import type { Proof } from './proof.ts'

/** The one credential that fits the server. */
export interface Choice {
  /** Empty: the token names the user. */
  readonly username: string
  readonly proof: Proof
  readonly protocol: SaslProtocol
  readonly caFile: string | undefined
  readonly from: string
}

/** What is chosen at each connection: the last good choice while there is no other. */
export class Choices {
  readonly #choose: () => Promise<Choice>
  readonly #onTrouble: (error: AlertError) => void
  #latest: Choice
  /** Made a moment ago: the first connection does not ask twice. */
  #isUnused = true
  #said: string | undefined

  constructor(first: Choice, choose: () => Promise<Choice>, onTrouble: (error: AlertError) => void) {
    this.#latest = first
    this.#choose = choose
    this.#onTrouble = onTrouble
  }

  async next(): Promise<Choice> {
    if (this.#isUnused) {
      this.#isUnused = false
      return this.#latest
    }
    try {
      this.#latest = await this.#again()
      this.#said = undefined
    } catch (thrown) {
      const error = toAlertError(thrown, 'ALERT_CREDENTIALS')
      if (error.message !== this.#said) this.#onTrouble(error)
      this.#said = error.message
    }
    return this.#latest
  }

  async #again(): Promise<Choice> {
    const { protocol } = this.#latest
    const next = await this.#choose()
    if (next.protocol === protocol) return next
    throw new ConfigError(`the credential's protocol was ${protocol} when this client connected, now it is ${next.protocol}`, {
      mend: 'Make a new client',
    })
  }
}
