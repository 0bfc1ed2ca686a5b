import type { AlertError } from '../../../errors.ts'
import { kafkaError } from '../../codes.ts'
import { PLAIN, type Producer } from '../encode.ts'
import type { WriteLinks } from './links.ts'
import { guarded } from './Pending.ts'
import { reactionTo } from './verdicts.ts'

/** Said with every InitProducerId, of use to transactions alone, ms. */
const TRANSACTION_TIMEOUT = 60_000
const TRANSACTIONAL_ID_AUTHORIZATION_FAILED = 53

/** The producer id that the lanes of a writer share, until one of them can no longer use it. */
export class ProducerIds {
  readonly #links: WriteLinks
  readonly #onPlain: (error: AlertError) => void
  #asking: Promise<Producer> | undefined
  #latest: Producer | undefined
  #refusal: AlertError | undefined
  #confirmed = false

  constructor(links: WriteLinks, onPlain: (error: AlertError) => void) {
    this.#links = links
    this.#onPlain = onPlain
  }

  /** The current one, asked for if there is none; `PLAIN` once the broker has refused to be idempotent. Rejects with what the broker said. */
  async get(): Promise<Producer> {
    if (this.#latest) return this.#latest
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined
    })
    return this.#asking
  }

  /** Its sequence numbers are no longer in order for someone: nobody begins with it any more. Lanes in order go on with it. */
  retire(producer: Producer): void {
    if (producer === this.#latest && producer !== PLAIN) this.#latest = undefined
  }

  /** The broker does not let us be idempotent. */
  fallBack(error: AlertError): void {
    this.#latest = PLAIN
    this.#refusal = error
  }

  /** A batch was stored plainly: so it is idempotence that is not granted. */
  confirmPlain(): void {
    if (this.#confirmed || !this.#refusal) return
    this.#confirmed = true
    const error = this.#refusal
    guarded(() => this.#onPlain(error))
  }

  /** A plain batch was refused: perhaps it was the right to write at all that was missing, and is granted later. */
  reconsider(): void {
    if (!this.#confirmed) this.#latest = undefined
  }

  async #ask(): Promise<Producer> {
    const link = await this.#links.main()
    const answer = await link.call('InitProducerId', { transactionalId: null, transactionTimeout: TRANSACTION_TIMEOUT })
    const { errorCode, producerId, producerEpoch } = answer
    if (errorCode === 0) this.#latest = { id: BigInt(producerId), epoch: producerEpoch }
    else this.#refused(errorCode)
    return this.#latest ?? PLAIN
  }

  #refused(code: number): void {
    const error = kafkaError(code, 'a producer id was asked for')
    if (reactionTo(code).verdict !== 'plain' && code !== TRANSACTIONAL_ID_AUTHORIZATION_FAILED) throw error
    this.fallBack(error)
  }
}
