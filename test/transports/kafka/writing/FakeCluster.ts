import { AlertError } from '../../../../src/errors.ts'
import { partitionKey, type TopicPartition } from '../../../../src/place.ts'
import { kafkaError } from '../../../../src/transports/codes.ts'
import type { AnswerOf, ApiName, Message } from '../../../../src/transports/kafka/apis.ts'
import type { TopicMetadata } from '../../../../src/transports/kafka/links.ts'
import type { ProduceAnswer } from '../../../../src/transports/kafka/produce.ts'
import type { WriteLink, WriteLinks } from '../../../../src/transports/kafka/writer/links.ts'
import { WireReader, WireWriter } from '../../../bed/wire.ts'
import { type ReadBatch, readBatch } from './batchReader.ts'
import { FakeLog } from './FakeLog.ts'

/**
 * What becomes of a batch. 'store': stored and said so, or what the log says to its numbers. 'cut': the connection breaks before the
 * broker has it; 'lose': behind that, so the answer is lost. A number: refused with that code; `{ stored }`: stored and yet that code.
 */
export type Fate = 'store' | 'cut' | 'lose' | number | { readonly stored: number }

/** A batch as it came to a broker. */
export interface Arrival extends TopicPartition {
  readonly address: string
  readonly request: number
  readonly batch: ReadBatch
  readonly bytes: Buffer
}

/** Links to brokers that are only spoken of: what the writer sends is read by the book and kept. */
export class FakeCluster implements WriteLinks {
  /** By topic: the leaders of its partitions, or its error code. */
  readonly topics = new Map<string, readonly (string | undefined)[] | number>()
  readonly arrivals: Arrival[] = []
  readonly links: FakeLink[] = []
  readonly failed: string[] = []
  /** What the logs said to the batches' numbers. */
  readonly answered: number[] = []
  requests = 0
  metadataAsked = 0
  producerIdsAsked = 0
  /** Asked for each batch that comes; a Promise holds the answer back. */
  fate: (arrival: Arrival) => Fate | Promise<Fate> = () => 'store'
  /** What a new link meets. */
  connect: (address: string) => void | Promise<void> = () => {}
  /** The code that answers InitProducerId; may throw. */
  initProducerId: () => number | Promise<number> = () => 0
  /** What a topic is said to take, bytes. Undefined: that is not told. */
  sizeLimit: number | undefined
  /** Thrown by a question for metadata. */
  metadataError: (() => AlertError | undefined) | undefined
  closed: AlertError | undefined
  readonly #logs = new Map<string, FakeLog>()

  constructor(topics: Readonly<Record<string, readonly (string | undefined)[] | number>> = { t: ['one'] }) {
    for (const [topic, leaders] of Object.entries(topics)) this.topics.set(topic, leaders)
  }

  log(topic: string, partition = 0): FakeLog {
    const key = partitionKey({ topic, partition })
    const log = this.#logs.get(key) ?? new FakeLog()
    this.#logs.set(key, log)
    return log
  }

  link(address: string): FakeLink {
    if (this.closed) throw this.closed
    const link = new FakeLink(this, address)
    this.links.push(link)
    return link
  }

  main(): Promise<WriteLink> {
    return Promise.resolve(new FakeLink(this, 'main'))
  }

  async metadata(topics: readonly string[] | 'all'): Promise<Map<string, TopicMetadata>> {
    this.metadataAsked++
    const error = this.metadataError?.()
    if (error) throw error
    return new Map([...topics].map(topic => [topic, this.#metadataOf(topic)]))
  }

  noteFailed(address: string): void {
    this.failed.push(address)
  }

  #metadataOf(topic: string): TopicMetadata {
    const said = this.topics.get(topic) ?? 3
    if (typeof said === 'number') return { error: kafkaError(said, topic), leaders: [], epochs: [], internal: false }
    return { leaders: said, epochs: said.map(() => 0), internal: false }
  }
}

export class FakeLink implements WriteLink {
  readonly address: string
  readonly ready: Promise<void>
  dead: AlertError | undefined
  readonly #cluster: FakeCluster
  #onDead: (error: AlertError) => void = () => {}
  readonly #death: Promise<never>

  constructor(cluster: FakeCluster, address: string) {
    this.#cluster = cluster
    this.address = address
    this.#death = new Promise((_, reject) => {
      this.#onDead = reject
    })
    this.#death.catch(() => {})
    this.ready = Promise.race([this.#open(), this.#death])
    this.ready.catch(() => {})
  }

  kill(error: AlertError): void {
    this.dead ??= error
    this.#onDead(this.dead)
  }

  async call<A extends ApiName>(api: A): Promise<AnswerOf<A>> {
    if (api === 'DescribeConfigs') return describedConfigs(this.#cluster.sizeLimit) as AnswerOf<A>
    const number = ++this.#cluster.producerIdsAsked
    const errorCode = await this.#cluster.initProducerId()
    return { errorCode, producerId: String(1000 + number), producerEpoch: 0 } as AnswerOf<A>
  }

  async raw<Decoded, Parsed>({ request, response }: Message<Decoded, Parsed>): Promise<Parsed> {
    await this.ready
    if (this.dead) throw this.dead
    const number = this.#cluster.requests++
    const arrivals = arrivalsIn(Buffer.from((await request.encode()).buffer)).map(each => ({
      ...each,
      address: this.address,
      request: number,
    }))
    this.#cluster.arrivals.push(...arrivals)
    const answers: [TopicPartition, ProduceAnswer][] = []
    for (const arrival of arrivals) answers.push([arrival, await Promise.race([this.#answer(arrival), this.#death])])
    return response.parse(await response.decode(encodeAnswer(answers)))
  }

  async #open(): Promise<void> {
    try {
      await this.#cluster.connect(this.address)
    } catch (error) {
      this.kill(error as AlertError)
      throw error
    }
  }

  async #answer(arrival: Arrival): Promise<ProduceAnswer> {
    const fate = await this.#cluster.fate(arrival)
    if (this.dead) throw this.dead
    const log = this.#cluster.log(arrival.topic, arrival.partition)
    if (typeof fate === 'number') return { error: fate, offset: -1 }
    if (fate === 'cut') throw this.#break()
    const answer = log.append(arrival.batch)
    this.#cluster.answered.push(answer.error)
    if (fate === 'lose') throw this.#break()
    return typeof fate === 'object' ? { error: fate.stored, offset: -1 } : answer
  }

  #break(): AlertError {
    const error = new AlertError('ALERT_CONNECTION', `${this.address}: connection closed`)
    this.kill(error)
    return error
  }
}

function arrivalsIn(body: Buffer): Omit<Arrival, 'address' | 'request'>[] {
  const reader = new WireReader(body)
  reader.string() // the transaction
  reader.int16() // acks
  reader.int32() // time-out
  const topics = reader.array(() => {
    const topic = reader.string() ?? ''
    return reader.array(() => {
      const partition = reader.int32()
      const bytes = reader.bytes(reader.int32())
      return { topic, partition, bytes, batch: readBatch(bytes) }
    })
  })
  return topics.flat()
}

function encodeAnswer(answers: readonly (readonly [TopicPartition, ProduceAnswer])[]): Buffer {
  const writer = new WireWriter().int32(answers.length)
  for (const [{ topic, partition }, { error, offset }] of answers) {
    writer.string(topic).int32(1).int32(partition).int16(error).raw(int64(offset)).raw(int64(-1)).raw(int64(0))
  }
  return writer.int32(0).build()
}

function int64(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(BigInt(value))
  return bytes
}

function describedConfigs(limit: number | undefined): AnswerOf<'DescribeConfigs'> {
  if (limit === undefined) return { resources: [{ errorCode: 29, configEntries: [] }] }
  return { resources: [{ errorCode: 0, configEntries: [{ configName: 'max.message.bytes', configValue: `${limit}` }] }] }
}
