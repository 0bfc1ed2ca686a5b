import type { Question } from './ask.ts'
import { ApiKey, type WireReader, WireWriter } from './wire.ts'

export interface PartitionState {
  readonly partition: number
  /** -1: none now. */
  readonly leader: number
  readonly replicas: readonly number[]
  readonly inSync: readonly number[]
}

export interface TopicState {
  readonly name: string
  /** Kafka's error code; 0 none, 3 unknown topic, 29 not authorized. */
  readonly error: number
  /** 32 hexadecimal digits; another one after the topic was deleted and created again. */
  readonly id: string
  readonly partitions: readonly PartitionState[]
}

export interface ClusterState {
  readonly brokers: readonly { readonly node: number; readonly host: string; readonly port: number }[]
  readonly topics: readonly TopicState[]
}

/** Metadata, version 10 (Kafka 2.8 and newer): of the named topics, or of all (null). Creates no topic. */
export function metadataQuestion(topics: readonly string[] | null): Question {
  const body = new WireWriter().varint(topics === null ? 0 : topics.length + 1)
  for (const name of topics ?? []) body.raw(Buffer.alloc(16)).string(name, true).noTags()
  return { apiKey: ApiKey.Metadata, apiVersion: 10, flexible: true, body: body.int8(0).int8(0).int8(0).noTags().build() }
}

export function readMetadata(answer: WireReader): ClusterState {
  answer.int32() // throttle time
  const brokers = answer.array(() => {
    const broker = { node: answer.int32(), host: answer.string(true) ?? '', port: answer.int32() }
    answer.string(true) // rack
    answer.skipTags()
    return broker
  }, true)
  answer.string(true) // cluster id
  answer.int32() // controller
  return { brokers, topics: answer.array(() => readTopic(answer), true) }
}

function readTopic(answer: WireReader): TopicState {
  const error = answer.int16()
  const name = answer.string(true) ?? ''
  const id = answer.bytes(16).toString('hex')
  answer.int8() // internal
  const partitions = answer.array(() => readPartition(answer), true)
  answer.int32() // operations allowed to the asker
  answer.skipTags()
  return { name, error, id, partitions }
}

function readPartition(answer: WireReader): PartitionState {
  const nodes = () => answer.array(() => answer.int32(), true)
  answer.int16() // error
  const partition = answer.int32()
  const leader = answer.int32()
  answer.int32() // leader epoch
  const state = { partition, leader, replicas: nodes(), inSync: nodes() }
  nodes() // offline replicas
  answer.skipTags()
  return state
}
