import { partitionKey, type TopicPartition } from '../../place.ts'
import { API, type Message } from '../../transports/kafka/apis.ts'
import { byTopic } from '../../transports/kafka/byTopic.ts'
import { WireReader } from '../../transports/kafka/wire.ts'
import { Body } from './Body.ts'

/** The first version that knows the newest timestamp (Kafka 3.0). */
export const WITH_NEWEST = 7

const CLIENT = -1
const UNCOMMITTED_TOO = 0
const ANY_EPOCH = -1
const NEWEST = -3

/** ListOffsets, version 7: the newest timestamp of each partition, ms since 1970; those without a record are not in it. */
export const newestTimestamps = (partitions: readonly TopicPartition[]): Message<ReadonlyMap<string, number>> => ({
  request: { apiKey: API.ListOffsets.key, apiVersion: WITH_NEWEST, apiName: 'ListOffsets', encode: () => ({ buffer: encode(partitions) }) },
  response: { decode, parse: newest => newest },
})

function encode(partitions: readonly TopicPartition[]): Buffer {
  const topics = byTopic(partitions, ({ partition }) => partition)
  const body = new Body().noTags().int32(CLIENT).int8(UNCOMMITTED_TOO)
  body.compactArray(topics, ({ topic, partitions: own }) => {
    body.compactString(topic).compactArray(own, partition => body.int32(partition).int32(ANY_EPOCH).int64(NEWEST).noTags())
    body.noTags()
  })
  return body.noTags().bytes()
}

function decode(payload: Buffer): ReadonlyMap<string, number> {
  const wire = new WireReader(payload)
  wire.skipTags()
  wire.int32() // throttle time
  const newest = new Map<string, number>()
  wire.compactArray(() => {
    const topic = wire.compactString() ?? ''
    wire.compactArray(() => {
      const partition = wire.int32()
      const errorCode = wire.int16()
      const timestamp = wire.int64()
      wire.int64() // its offset
      wire.int32() // leader epoch
      wire.skipTags()
      if (errorCode === 0 && timestamp >= 0) newest.set(partitionKey({ topic, partition }), timestamp)
    })
    wire.skipTags()
  })
  return newest
}
