import { type ClientOptions, IgwnAlertClient, outgoing, silentLogger, type TopicSink } from 'igwn-alert-rx'
import type { BedClient } from '../../bed/bedClient.ts'
import { until } from '../../bed/run.ts'
import { readBack } from '../../kafka/writing/readBack.ts'
import { Ledger } from './ledger.ts'
import { now } from './time.ts'

/** How often what is due is looked at, ms. */
const TICK = 10
/** More than partitions, so that each partition gets some. */
const KEYS = 60

interface Send {
  readonly called: number
  settled: number | undefined
}

/** A client that publishes alerts `{ n }` through a sink, keyed, at a steady pace; each send written down. */
export class Writing implements AsyncDisposable {
  /** By the alerts' numbers, in the partitions that the sink told. */
  readonly ledger = new Ledger()
  readonly failures: unknown[] = []
  readonly #client: IgwnAlertClient
  readonly #sink: TopicSink<{ readonly n: number }>
  readonly #topic: string
  readonly #sends: Send[] = []
  readonly #started = performance.now()
  readonly #perSecond: number
  readonly #timer: NodeJS.Timeout

  constructor(topic: string, client: ClientOptions, perSecond: number) {
    this.#topic = topic
    this.#perSecond = perSecond
    this.#client = new IgwnAlertClient({ group: null, logger: silentLogger, ...client })
    this.#sink = this.#client.sink(topic)
    this.#timer = setInterval(() => this.#sendDue(), TICK)
  }

  get unsettled(): number {
    return this.#sends.filter(({ settled }) => settled === undefined).length
  }

  /** The longest that a send took, ms. */
  get worst(): number {
    return this.#sends.reduce((worst, { called, settled }) => Math.max(worst, (settled ?? Number.POSITIVE_INFINITY) - called), 0)
  }

  /** How long after `moment` the last send from before it was settled, ms. */
  recovery(moment: number): number {
    const due = this.#sends.filter(({ called }) => called <= moment)
    return due.reduce((latest, { settled }) => Math.max(latest, (settled ?? Number.POSITIVE_INFINITY) - moment), 0)
  }

  /** Sends no more, and waits until all is settled. */
  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#sink.flush()
    await until(() => this.unsettled === 0, 'a send is not settled though the sink is flushed')
  }

  /** What is in the log, as librdkafka reads it, goes into the ledger. */
  async readBack(bed: BedClient): Promise<void> {
    for (const { partition, value, timestamp } of await readBack(bed, this.#topic)) {
      const { n } = JSON.parse(Buffer.from(value ?? '', 'base64').toString()) as { readonly n: number }
      this.ledger.got(partition, n, timestamp)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer)
    await this.#client.close()
  }

  #sendDue(): void {
    const due = ((performance.now() - this.#started) / 1000) * this.#perSecond
    while (this.#sends.length < due) void this.#send(this.#sends.length)
  }

  async #send(n: number): Promise<void> {
    const send: Send = { called: now(), settled: undefined }
    this.#sends.push(send)
    try {
      const { partition } = await this.#sink.send(outgoing({ n }, { key: `key-${n % KEYS}` }))
      this.ledger.sent(partition, n)
    } catch (error) {
      this.failures.push(error)
    } finally {
      send.settled = now()
    }
  }
}
