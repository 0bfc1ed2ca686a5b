import { WireWriter } from '../../bed/wire.ts'
import { type FakeBroker, type FakeRequest, fakeBroker } from './fakeBroker.ts'

export interface FetchAsked {
  readonly maxWait: number
  readonly maxBytes: number
  readonly partitions: readonly AskedPartition[]
  /** Number of the fetch connection, in the order of the first fetch. */
  readonly connection: number
}

export interface AskedPartition {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly leaderEpoch: number
  readonly maxBytes: number
}

export interface GivenPartition {
  readonly topic: string
  readonly partition: number
  readonly errorCode?: number | undefined
  readonly end?: number | undefined
  readonly records?: Uint8Array | undefined
}

export interface FakeTopic {
  readonly errorCode?: number | undefined
  readonly id?: number | undefined
  /** By partition: whether it has a leader. @default one with a leader */
  readonly leaders?: readonly boolean[] | undefined
  readonly epoch?: number | undefined
}

/** What the broker gives; an error code answers the whole fetch with it. Nothing: it waits as long as it may and gives nothing. */
export type OnFetch = (
  asked: FetchAsked,
) => readonly GivenPartition[] | number | undefined | Promise<readonly GivenPartition[] | number | undefined>

/** One broker with topics that are read as the test says. */
export class ReadBroker {
  readonly topics = new Map<string, FakeTopic>()
  readonly fetches: FetchAsked[] = []
  metadataAsked = 0
  onFetch: OnFetch = () => undefined
  readonly broker: FakeBroker
  readonly #connections: number[] = []

  static async start(): Promise<ReadBroker> {
    const broker = await fakeBroker()
    const made = new ReadBroker(broker)
    broker.answer = request => made.#answer(request)
    return made
  }

  private constructor(broker: FakeBroker) {
    this.broker = broker
  }

  get address(): string {
    return this.broker.address
  }

  #answer(request: FakeRequest): Buffer | undefined | Promise<Buffer | undefined> {
    if (request.apiKey === 3) return this.#metadata(request)
    if (request.apiKey === 1) return this.#fetch(request)
    return undefined
  }

  #metadata({ body }: FakeRequest): Buffer {
    this.metadataAsked++
    body.skipTags()
    const names = body.array(() => {
      body.bytes(16)
      const name = body.string(true)!
      body.skipTags()
      return name
    }, true)
    const [host, port] = this.address.split(':') as [string, string]
    const writer = new WireWriter().noTags().int32(0).varint(2).int32(1).string(host, true).int32(Number(port)).string(null, true).noTags()
    writer
      .string('cluster', true)
      .int32(1)
      .varint(names.length + 1)
    for (const name of names) this.#topic(writer, name)
    return writer.int32(0).noTags().build()
  }

  #topic(writer: WireWriter, name: string): void {
    const { errorCode = 0, id = 1, leaders = [true], epoch = 5 } = this.topics.get(name) ?? { errorCode: 3 }
    const known = errorCode === 0 ? leaders : []
    writer
      .int16(errorCode)
      .string(name, true)
      .raw(Buffer.alloc(16, errorCode === 0 ? id : 0))
      .int8(0)
      .varint(known.length + 1)
    for (const [partition, hasLeader] of known.entries()) {
      writer
        .int16(hasLeader ? 0 : 5)
        .int32(partition)
        .int32(hasLeader ? 1 : -1)
        .int32(epoch)
        .varint(1)
        .varint(1)
        .varint(1)
        .noTags()
    }
    writer.int32(0).noTags()
  }

  async #fetch({ body, connection }: FakeRequest): Promise<Buffer | undefined> {
    body.int32()
    const maxWait = body.int32()
    body.int32()
    const maxBytes = body.int32()
    body.int8()
    body.int32()
    body.int32()
    const partitions = body
      .array(() => {
        const topic = body.string()!
        return body.array(() => {
          const [partition, leaderEpoch, offset] = [body.int32(), body.int32(), Number(body.int64())]
          body.int64()
          return { topic, partition, leaderEpoch, offset, maxBytes: body.int32() }
        })
      })
      .flat()
    if (!this.#connections.includes(connection)) this.#connections.push(connection)
    const asked = { maxWait, maxBytes, partitions, connection: this.#connections.indexOf(connection) + 1 }
    this.fetches.push(asked)
    const given = await this.onFetch(asked)
    if (given === undefined) await new Promise(resolve => setTimeout(resolve, maxWait))
    const answers = typeof given === 'object' ? given : partitions
    const writer = new WireWriter()
      .int32(0)
      .int16(typeof given === 'number' ? given : 0)
      .int32(0)
      .int32(answers.length)
    for (const answer of answers) this.#partition(writer, answer)
    return writer.build()
  }

  #partition(writer: WireWriter, { topic, partition, errorCode = 0, end = 1000, records = new Uint8Array() }: GivenPartition): void {
    const offset = Buffer.alloc(8)
    offset.writeBigInt64BE(BigInt(errorCode === 0 ? end : -1))
    writer.string(topic).int32(1).int32(partition).int16(errorCode).raw(offset).raw(offset).raw(Buffer.alloc(8)).int32(0).int32(-1)
    writer.int32(records.length).raw(Buffer.from(records))
  }
}
