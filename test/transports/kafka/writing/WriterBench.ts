import { KafkaWriter } from '../../../../src/transports/kafka/writer.ts'
import type { OutRecord, WriteOptions, WriteOutcome } from '../../../../src/transports/transport.ts'
import { type Arrival, FakeCluster, type Fate } from './FakeCluster.ts'
import { ManualClock } from './ManualClock.ts'

export const DELIVERY_TIMEOUT = 10_000

/** A writer over a cluster that is only spoken of, and what it said of each record. Records are known by their value. */
export class WriterBench {
  readonly cluster: FakeCluster
  readonly clock = new ManualClock()
  readonly writer: KafkaWriter
  readonly outcomes = new Map<string, WriteOutcome>()
  /** When each record settled. */
  readonly settledAt = new Map<string, number>()
  readonly retries: string[] = []
  readonly plain: string[] = []
  #written = 0

  constructor(cluster: FakeCluster = new FakeCluster(), options: Partial<WriteOptions> = {}) {
    this.cluster = cluster
    this.writer = new KafkaWriter(
      cluster,
      {
        deliveryTimeout: DELIVERY_TIMEOUT,
        onRetry: error => this.retries.push(error.kafka ?? error.code),
        onPlain: error => this.plain.push(error.kafka ?? error.code),
        ...options,
      },
      this.clock,
    )
  }

  write(value: string, over: Partial<OutRecord> = {}): void {
    this.#written++
    let inside = true
    const record = { topic: 't', key: null, value: Buffer.from(value), headers: [], timestamp: this.clock.now(), ...over }
    this.writer.write(record, outcome => {
      if (inside) throw new Error(`${value} settled inside write()`)
      if (this.outcomes.has(value)) throw new Error(`${value} settled twice`)
      this.outcomes.set(value, outcome)
      this.settledAt.set(value, this.clock.tick())
    })
    inside = false
  }

  /** Lets time pass until every record has its outcome. */
  async settle(): Promise<void> {
    await this.clock.until(() => this.outcomes.size === this.#written)
  }

  /** Writes and waits. */
  async store(value: string, over: Partial<OutRecord> = {}): Promise<WriteOutcome> {
    this.write(value, over)
    await this.settle()
    return this.outcomes.get(value)!
  }

  /** The values that each request carried, in order. */
  get sent(): string[][] {
    return this.cluster.arrivals.map(arrival => arrival.batch.records.map(record => String(record.value)))
  }
}

/** These in order, then 'store'. */
export function fates(...list: readonly (Fate | Promise<Fate>)[]): (arrival: Arrival) => Fate | Promise<Fate> {
  let turn = 0
  return () => list[turn++] ?? 'store'
}

/** An answer that is held back until it is given. */
export function held(): { readonly fate: Promise<Fate>; give(fate: Fate): void } {
  let give: (fate: Fate) => void = () => {}
  const fate = new Promise<Fate>(resolve => {
    give = resolve
  })
  return { fate, give: fate => give(fate) }
}
