import { Kafka, logLevel, Partitioners, type Producer } from 'kafkajs'
import type { Ledger } from './ledger.ts'

export interface PaceOptions {
  /** Plain addresses: a way that no fault is on. */
  readonly brokers: readonly string[]
  readonly topic: string
  readonly partitions: number
  readonly perSecond: number
  /** Gets each acknowledged record by its offset. */
  readonly ledgers: readonly Ledger[]
  /** Bytes of padding in each alert. @default 0 */
  readonly padding?: number | undefined
}

/** How often what is due is looked at, ms. */
const TICK = 10
const LARGEST_BATCH = 200
/** kafkajs's patience: it asks again for some 100 s. */
const RETRY = { retries: 100, initialRetryTime: 50, maxRetryTime: 1000 }

/**
 * Writes alerts `{ n }` at a steady pace, over all partitions in turn, acknowledged by all replicas in sync: by kafkajs, so that nothing of
 * what is tested is in it. What was not acknowledged does not count; what waits for a broker is sent when it is back.
 */
export class Pace implements AsyncDisposable {
  readonly #options: PaceOptions
  readonly #producer: Producer
  readonly #lanes: { readonly waiting: string[]; sending: Promise<void> | undefined }[]
  readonly #started = performance.now()
  readonly #timer: NodeJS.Timeout
  readonly #padding: string
  #next = 0
  /** Records whose fate kafkajs does not know. */
  failed = 0

  static async start(options: PaceOptions): Promise<Pace> {
    const kafka = new Kafka({ brokers: [...options.brokers], logLevel: logLevel.NOTHING, connectionTimeout: 1000, retry: RETRY })
    const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner, allowAutoTopicCreation: false, retry: RETRY })
    await producer.connect()
    return new Pace(options, producer)
  }

  private constructor(options: PaceOptions, producer: Producer) {
    this.#options = options
    this.#producer = producer
    this.#padding = 'x'.repeat(options.padding ?? 0)
    this.#lanes = Array.from({ length: options.partitions }, () => ({ waiting: [], sending: undefined }))
    this.#timer = setInterval(() => this.#sendDue(), TICK)
  }

  /** Sends what is due no more, and waits for what is under way. */
  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await Promise.all(this.#lanes.map(({ sending }) => sending ?? Promise.resolve()))
    await this.#producer.disconnect()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  #sendDue(): void {
    const due = ((performance.now() - this.#started) / 1000) * this.#options.perSecond
    for (; this.#next < due; this.#next++) {
      const partition = this.#next % this.#lanes.length
      const lane = this.#lanes[partition]!
      lane.waiting.push(JSON.stringify({ n: this.#next, padding: this.#padding }))
      lane.sending ??= this.#drain(partition).finally(() => {
        lane.sending = undefined
      })
    }
  }

  /** One request at a time a partition, whatever waits in it: in an outage many small ones would keep kafkajs busy. */
  async #drain(partition: number): Promise<void> {
    const { waiting } = this.#lanes[partition]!
    while (waiting.length > 0) {
      const values = waiting.splice(0, LARGEST_BATCH)
      try {
        const messages = values.map(value => ({ partition, value }))
        const [stored] = await this.#producer.send({ topic: this.#options.topic, acks: -1, messages })
        const base = Number(stored!.baseOffset)
        for (const ledger of this.#options.ledgers) for (const i of values.keys()) ledger.sent(partition, base + i)
      } catch {
        this.failed += values.length
      }
    }
  }
}
