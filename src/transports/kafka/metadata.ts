import { AlertError } from '../../errors.ts'
import { kafkaError } from '../codes.ts'
import { formatAddress } from './address.ts'
import { type AnswerOf, API, type Message } from './apis.ts'
import { WireReader } from './wire.ts'

/** What a broker says of one topic. */
export interface TopicMetadata {
  /** The topic is unknown, forbidden or badly named; then there are no leaders. */
  readonly error?: AlertError | undefined
  /** As Kafka prints it; undefined where the broker has no ids (Kafka before 2.8). */
  readonly topicId?: string | undefined
  /** By partition: the leader's host:port, undefined while there is none. */
  readonly leaders: readonly (string | undefined)[]
  /** By partition: the leader's epoch, -1 where the broker does not say. */
  readonly epochs: readonly number[]
  /** Kafka's own, as `__consumer_offsets`. */
  readonly internal: boolean
  /** What this user may do with it, a bit for each of Kafka's operations; undefined where it was not asked for, or the broker does not say. */
  readonly rights?: number | undefined
}

/** What a broker says of its cluster. */
export interface ClusterMetadata {
  /** host:port of all brokers that are alive. */
  readonly brokers: readonly string[]
  readonly controller: string | undefined
  /** Undefined where the broker does not say. */
  readonly clusterId?: string | undefined
  readonly topics: ReadonlyMap<string, TopicMetadata>
}

/** The version with topic ids, which kafkajs lacks. */
export const WITH_TOPIC_IDS = 10

interface Partition {
  readonly partition: number
  readonly leader: number
  readonly epoch: number
}

interface Answer {
  readonly clientSideThrottleTime: number
  readonly brokers: ReadonlyMap<number, string>
  readonly controllerId: number
  readonly clusterId?: string | undefined
  readonly topics: readonly {
    readonly errorCode: number
    readonly topic: string
    readonly topicId?: string | undefined
    readonly internal: boolean
    readonly rights?: number | undefined
    readonly partitions: readonly Partition[]
  }[]
}

/** Asks for topics with their ids, and with this user's rights if `rights` is set. Null: all. Never creates one. */
export function metadataRequest(topics: readonly string[] | null, rights = false): Message<Answer, ClusterMetadata> {
  return {
    request: {
      apiKey: API.Metadata.key,
      apiVersion: WITH_TOPIC_IDS,
      apiName: 'Metadata',
      encode: () => ({ buffer: encodeRequest(topics, rights) }),
    },
    response: { decode: decodeAnswer, parse: readAnswer },
  }
}

/** The same of an answer without ids, as kafkajs decodes it. */
export function fromOldAnswer({ brokers, controllerId, topicMetadata }: AnswerOf<'Metadata'>): ClusterMetadata {
  const topics = topicMetadata.map(({ topicErrorCode, topic, isInternal, partitionMetadata }) => ({
    errorCode: topicErrorCode,
    topic,
    internal: isInternal,
    partitions: partitionMetadata.map(({ partitionId, leader }) => ({ partition: partitionId, leader, epoch: -1 })),
  }))
  return readAnswer({
    clientSideThrottleTime: 0,
    brokers: addressesOf(brokers),
    controllerId,
    topics,
  })
}

function readAnswer({ brokers, controllerId, clusterId, topics }: Answer): ClusterMetadata {
  const described = topics.map(({ topic, errorCode, topicId, internal, rights, partitions }): [string, TopicMetadata] => {
    if (errorCode !== 0) return [topic, { error: kafkaError(errorCode, topic), leaders: [], epochs: [], internal }]
    const sorted = partitions.toSorted((a, b) => a.partition - b.partition)
    if (sorted.some(({ partition }, index) => partition !== index))
      return [topic, { error: unnumbered(topic), leaders: [], epochs: [], internal }]
    const leaders = sorted.map(({ leader }) => brokers.get(leader))
    return [topic, { topicId, leaders, epochs: sorted.map(({ epoch }) => epoch), internal, rights }]
  })
  return { brokers: [...brokers.values()], controller: brokers.get(controllerId), clusterId, topics: new Map(described) }
}

/** A broker without a usable address is as good as none. */
function addressesOf(brokers: AnswerOf<'Metadata'>['brokers']): ReadonlyMap<number, string> {
  const usable = brokers.filter(({ host, port }) => host !== '' && port > 0 && port < 65_536)
  return new Map(usable.map(broker => [broker.nodeId, formatAddress(broker)]))
}

const unnumbered = (topic: string): AlertError => new AlertError('ALERT_BROKER', `${topic}: the broker named only some of its partitions`)

/** A header of a flexible version ends with tagged fields; those of the request, none, are the first byte of the body here. */
function encodeRequest(topics: readonly string[] | null, rights: boolean): Buffer {
  const names = topics?.map(topic => Buffer.from(topic)) ?? []
  const parts: Buffer[] = [Buffer.from([0]), uvarint(topics === null ? 0 : names.length + 1)]
  for (const name of names) parts.push(NO_ID, uvarint(name.length + 1), name, NO_TAGS)
  parts.push(Buffer.from([0, 0, Number(rights)]), NO_TAGS) // no creation of topics, no rights to the cluster, those to topics
  return Buffer.concat(parts)
}

const NO_ID = Buffer.alloc(16)
/** Of rights. */
const NOT_SAID = -(2 ** 31)
const NO_TAGS = Buffer.from([0])

function uvarint(value: number): Buffer {
  const bytes: number[] = []
  let rest = value
  for (; rest > 127; rest >>>= 7) bytes.push((rest & 127) | 128)
  return Buffer.from([...bytes, rest])
}

function decodeAnswer(payload: Buffer): Answer {
  const wire = new WireReader(payload)
  wire.skipTags()
  const clientSideThrottleTime = wire.int32()
  const brokers = wire.compactArray(() => {
    const broker = { nodeId: wire.int32(), host: wire.compactString() ?? '', port: wire.int32() }
    wire.compactString() // rack
    wire.skipTags()
    return broker
  })
  const clusterId = wire.compactString() ?? undefined
  const controllerId = wire.int32()
  const topics = wire.compactArray(() => {
    const errorCode = wire.int16()
    const topic = wire.compactString() ?? ''
    const id = wire.bytes(16)
    const internal = wire.int8() !== 0
    const partitions = wire.compactArray(() => decodePartition(wire))
    const rights = wire.int32()
    wire.skipTags()
    const topicId = id.equals(NO_ID) ? undefined : id.toString('base64url')
    return { errorCode, topic, topicId, internal, rights: rights === NOT_SAID ? undefined : rights, partitions }
  })
  return { clientSideThrottleTime, brokers: addressesOf(brokers), controllerId, clusterId, topics }
}

function decodePartition(wire: WireReader): Partition {
  wire.int16() // an error here says no more than a missing leader does
  const partition = wire.int32()
  const leader = wire.int32()
  const epoch = wire.int32()
  for (const _ of ['replicas', 'in sync', 'offline']) wire.compactArray(() => wire.int32())
  wire.skipTags()
  return { partition, leader, epoch }
}
