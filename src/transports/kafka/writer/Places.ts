import type { Clock } from '../../../clock.ts'
import { AlertError } from '../../../errors.ts'
import { partitionKey } from '../../../place.ts'
import type { WriteLinks } from './links.ts'

/** A topic that was just made is not known to every broker at once, ms. */
const APPEARANCE = 5000
/** Partitions may be added: nobody tells, so one looks. ms */
const OLDEST = 5 * 60_000

/** Where a topic's partitions are led: asked once for all its lanes, kept until something shows that it is old. */
export class Places {
  readonly topic: string
  readonly #links: WriteLinks
  readonly #clock: Clock
  #leaders: readonly (string | undefined)[] = []
  #fresh = false
  #askedAt = Number.NEGATIVE_INFINITY
  #missingSince: number | undefined
  #asking: Promise<void> | undefined

  constructor(topic: string, links: WriteLinks, clock: Clock) {
    this.topic = topic
    this.#links = links
    this.#clock = clock
  }

  /** Partitions of the topic as last known; 0: not known yet. */
  get count(): number {
    return this.#leaders.length
  }

  isLed(partition: number): boolean {
    return this.#leaders[partition] !== undefined
  }

  /** The leaders may have changed. */
  forget(): void {
    this.#fresh = false
  }

  /** Looks again, once in a while, for added partitions; what goes wrong is no news: it is met again when writing. */
  refresh(): void {
    if (this.#clock.tick() - this.#askedAt > OLDEST) this.ask().catch(() => {})
  }

  /** host:port. Rejects with ALERT_LEADER while there is none, and as `ask()`. */
  async leader(partition: number): Promise<string> {
    if (!this.#fresh || partition >= this.count) await this.ask()
    const address = this.#leaders[partition]
    if (address !== undefined) return address
    const where = partitionKey({ topic: this.topic, partition })
    if (partition >= this.count) {
      throw new AlertError('ALERT_TOPIC_UNKNOWN', `${where} was asked for, the topic has ${this.count} partitions`, {
        mend: 'They are numbered from 0; leave the choice to the writer',
      })
    }
    throw new AlertError('ALERT_LEADER', `${where} has no leader at present`)
  }

  /** Asks the cluster, once for all who ask at a time. Rejects with the topic's error; one that is unknown is ALERT_LEADER for the first seconds. */
  ask(): Promise<void> {
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined
    })
    return this.#asking
  }

  async #ask(): Promise<void> {
    this.#askedAt = this.#clock.tick()
    const said = (await this.#links.metadata([this.topic])).get(this.topic)
    if (!said) throw new AlertError('ALERT_PROTOCOL', `the broker was asked for ${this.topic} and did not speak of it`)
    if (said.error) throw this.#mayAppear(said.error) ? notYet(said.error) : said.error
    if (said.leaders.length === 0) throw new AlertError('ALERT_LEADER', `${this.topic} has no partitions yet`)
    this.#missingSince = undefined
    this.#leaders = said.leaders
    this.#fresh = true
  }

  #mayAppear(error: AlertError): boolean {
    if (error.code !== 'ALERT_TOPIC_UNKNOWN') return false
    const now = this.#clock.tick()
    this.#missingSince ??= now
    return now - this.#missingSince < APPEARANCE
  }
}

const notYet = (error: AlertError): AlertError => new AlertError('ALERT_LEADER', error.message, { cause: error, kafka: error.kafka })
