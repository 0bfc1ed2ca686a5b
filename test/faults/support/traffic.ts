import type { ClientOptions } from 'igwn-alert-rx'
import { type BedClient, uniqueName } from '../../bed/bedClient.ts'
import { until } from '../../bed/run.ts'
import { longestLag, told } from './ledger.ts'
import { Pace } from './pace.ts'
import { Reading } from './reading.ts'
import { seconds } from './time.ts'
import { Writing } from './writing.ts'

export interface TrafficOptions {
  readonly bed: BedClient
  /** How the product reaches the bed: through the faults. Each reader and the writer has a client of its own. */
  readonly client: ClientOptions
  readonly perSecond: number
  /** A second reader, in this group. @default none */
  readonly consumerGroup?: string | undefined
  /** @default 6 */
  readonly partitions?: number | undefined
}

/** What is not there after so long is lost, ms. */
const PATIENCE = 60_000

/**
 * Alerts both ways at a steady pace: what an independent writer sends comes in, to a reader without a consumer group and to one with it; what a
 * sink publishes goes out, and is read back by an independent reader.
 */
export class Traffic implements AsyncDisposable {
  /** What comes in. */
  readonly topic: string
  readonly reading: Reading
  readonly grouped: Reading | undefined
  readonly writing: Writing
  readonly #bed: BedClient
  readonly #partitions: number
  readonly #pace: Pace

  /** Resolves when alerts flow both ways. */
  static async start({ bed, client, perSecond, consumerGroup, partitions = 6 }: TrafficOptions): Promise<Traffic> {
    const [topic, out] = [uniqueName('in'), uniqueName('out')]
    for (const name of [topic, out]) await bed.createTopic(name, { partitions })
    const readings = [new Reading(topic, client)]
    if (consumerGroup !== undefined) readings.push(new Reading(topic, client, { consumerGroup }))
    try {
      for (const reading of readings) await reading.untilConnected()
    } catch (error) {
      await Promise.all(readings.map(reading => reading.close()))
      throw error
    }
    const brokers = bed.brokers.map(({ plaintext }) => plaintext)
    const pace = await Pace.start({ brokers, topic, partitions, perSecond, ledgers: readings.map(({ ledger }) => ledger) })
    const traffic = new Traffic(bed, topic, partitions, readings, pace, new Writing(out, client, perSecond))
    await traffic.flows()
    return traffic
  }

  private constructor(bed: BedClient, topic: string, partitions: number, readings: readonly Reading[], pace: Pace, writing: Writing) {
    this.#bed = bed
    this.topic = topic
    this.#partitions = partitions
    this.reading = readings[0]!
    this.grouped = readings[1]
    this.#pace = pace
    this.writing = writing
  }

  get readings(): readonly Reading[] {
    return this.grouped ? [this.reading, this.grouped] : [this.reading]
  }

  /** Resolves once so many more have come and gone. */
  async flows(more = 10): Promise<void> {
    const counts = (): number[] => [...this.readings.map(({ ledger }) => ledger.arrived), this.writing.ledger.acknowledged]
    const before = counts()
    await until(() => counts().every((count, i) => count >= before[i]! + more), 'alerts do not flow', PATIENCE)
  }

  /** Sends no more, and waits until all is where it belongs, or lost. */
  async settle(): Promise<void> {
    await Promise.all([this.#pace.stop(), this.writing.stop()])
    const isThere = (): boolean => this.readings.every(({ ledger }) => ledger.missing === 0)
    await until(isThere, 'missing', PATIENCE).catch(() => {}) // the verdict says what is lost
    await this.#flushDoubled()
    await this.writing.readBack(this.#bed)
  }

  /** For figures. @param moment from which recovery is counted */
  figures(moment: number): readonly (readonly [what: string, value: string])[] {
    const read = ({ ledger }: Reading): string =>
      `${told(ledger.verdict())}; all there ${seconds(ledger.recovery(moment))} after; longest way ${seconds(longestLag(ledger.passages()))}`
    const { ledger, worst } = this.writing
    return [
      ['reading', read(this.reading)],
      ...(this.grouped ? [['reading in a group', read(this.grouped)] as const] : []),
      ['writing', `${told(ledger.verdict())}; all settled ${seconds(this.writing.recovery(moment))} after; longest send ${seconds(worst)}`],
    ]
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.readings.map(reading => reading.close()), this.writing[Symbol.asyncDispose]()])
    await this.#pace.stop()
  }

  /** What comes twice comes before a last record of each partition. */
  async #flushDoubled(): Promise<void> {
    for (let partition = 0; partition < this.#partitions; partition++) {
      const offset = (await this.#bed.produce(this.topic, ['{}'], { partition })).get(partition)!
      for (const { ledger } of this.readings) ledger.sent(partition, offset)
    }
    const isThere = (): boolean => this.readings.every(({ ledger }) => ledger.missing === 0)
    await until(isThere, 'missing', PATIENCE).catch(() => {})
  }
}
