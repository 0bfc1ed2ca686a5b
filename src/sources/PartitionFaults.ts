import { type AlertError, asFatal } from '../errors.ts'
import { isFaulty } from '../transports/transport.ts'
import { type ReadingContext, sayGap } from './context.ts'
import { Outages } from './Outages.ts'
import type { Part } from './Part.ts'
import { TOPIC_FAULTS, type Topics } from './Topics.ts'

/** A batch that cannot be read is fetched again so often before it is skipped: the network may have damaged it. */
const DAMAGED_TRIES = 3
/** ms before the first new try of one partition; doubling to `LONGEST`. */
const FIRST = 50
const LONGEST = 30_000

/** What is done about one partition that stands still, by what its reader said. */
export class PartitionFaults {
  readonly #context: ReadingContext
  readonly #topics: Topics
  readonly #outages: Outages

  constructor(context: ReadingContext, topics: Topics) {
    this.#context = context
    this.#topics = topics
    this.#outages = new Outages(context)
  }

  /** @param after where the log goes on behind a batch that cannot be read */
  on(part: Part, error: AlertError, after: number | undefined): void {
    part.fault = error
    part.tries++
    const { topic } = part.atFetch
    if (TOPIC_FAULTS.has(error.code)) this.#topics.fault(topic, error)
    else if (error.code === 'ALERT_TOPIC_RECREATED') this.#topics.recreated(topic)
    else if (error.code === 'ALERT_OFFSET_RANGE') void this.#offsetLost(part, error)
    else if (error.code === 'ALERT_DAMAGED' || error.code === 'ALERT_TOO_LARGE') this.#damaged(part, error, after)
    else this.#again(part, error)
  }

  /** Its leader is not heard of; nothing is done about it here. */
  away(part: Part, error: AlertError): void {
    part.away = true
    this.#outages.begin(part, error)
  }

  /** It is read. */
  back(part: Part): void {
    part.away = false
    this.#outages.end(part)
  }

  /** No leader is known to be away. */
  readerBegins(): void {
    for (const part of this.#context.parts.values()) part.away = false
    this.#outages.resume()
  }

  readerEnded(): void {
    this.#outages.suspend()
  }

  #again(part: Part, error: AlertError): void {
    if (part.leaving || this.#context.signal.aborted) return
    const { clock, logger } = this.#context.options
    const delay = Math.min(FIRST * 2 ** Math.min(part.tries - 1, 20), LONGEST)
    const { topic, partition, offset } = part.atFetch
    logger.info({ topic, partition, offset, code: error.code, delay }, `${error.message}; tried again in ${delay} ms`)
    this.#outages.begin(part, error, delay)
    this.#context.say({ type: 'reconnecting', attempt: part.tries, delay, error, partitions: [{ topic, partition }] })
    const cancel = clock.after(delay, () => {
      this.#context.signal.removeEventListener('abort', cancel)
      this.#revive(part)
    })
    this.#context.signal.addEventListener('abort', cancel)
  }

  #revive(part: Part): void {
    if (part.leaving || this.#context.signal.aborted) return
    part.fault = undefined
    this.#context.start([part])
  }

  #skip(part: Part, offset: number): void {
    part.skipTo(offset)
    this.#context.wake()
    this.#revive(part)
  }

  #damaged(part: Part, error: AlertError, after: number | undefined): void {
    const from = part.fetchAt
    // Without a credible header nobody knows where the next batch begins.
    if (part.tries < DAMAGED_TRIES || after === undefined || after <= from) {
      this.#again(part, error)
      return
    }
    if (!sayGap(this.#context, { ...part.atFetch, from, to: after, reason: 'damaged' }, error)) return
    this.#skip(part, after)
  }

  async #offsetLost(part: Part, error: AlertError): Promise<void> {
    const { transport, onOffsetLost } = this.#context.options
    const at = part.atFetch
    if (onOffsetLost === 'error') {
      sayGap(this.#context, { ...at, from: at.offset, to: at.offset, reason: 'offset-lost' }, error)
      this.#context.fail(asFatal(error))
      return
    }
    try {
      const [found] = await transport.locate(onOffsetLost, [{ topic: at.topic, partition: at.partition }], this.#context.signal)
      if (part.leaving || this.#context.signal.aborted) return
      if (!found || isFaulty(found)) {
        this.#again(part, found?.fault ?? error)
        return
      }
      if (!sayGap(this.#context, { ...at, from: at.offset, to: found.offset, reason: 'offset-lost' }, error)) return
      this.#skip(part, found.offset)
    } catch {
      this.#again(part, error)
    }
  }
}
