import { partitionKey, type TopicPartition } from '../../../place.ts'
import { byTopic } from '../byTopic.ts'
import { WireReader } from '../wire.ts'

// What the members of a group tell each other through the coordinator, which does not look at it. We write version 0. What later versions
// add (Java and librdkafka write up to 3) comes behind it and is of no use to our assigners. The bytes are those of other programs.

const VERSION = 0

/** The same for the same topics in any order: a member that joins again with the same bytes disturbs nobody. */
export function encodeSubscription(topics: readonly string[]): Buffer {
  return Buffer.concat([int16(VERSION), int32(topics.length), ...topics.toSorted().map(text), NO_USER_DATA])
}

/** @throws RangeError when it cannot be read */
export function decodeSubscription(bytes: Buffer): string[] {
  const wire = begun(bytes)
  return [...new Set(wire.array(() => wire.string()))]
}

export function encodeAssignment(partitions: readonly TopicPartition[]): Buffer {
  const topics = byTopic(partitions, ({ partition }) => int32(partition))
  const parts = topics.flatMap(({ topic, partitions }) => [text(topic), int32(partitions.length), ...partitions])
  return Buffer.concat([int16(VERSION), int32(topics.length), ...parts, NO_USER_DATA])
}

/** No bytes: no partitions. @throws RangeError when it cannot be read */
export function decodeAssignment(bytes: Buffer): TopicPartition[] {
  if (bytes.length === 0) return []
  const wire = begun(bytes)
  const all = wire.array(() => {
    const topic = wire.string()
    return wire.array(() => ({ topic, partition: atLeast0(wire.int32(), 'partition') }))
  })
  return [...new Map(all.flat().map(each => [partitionKey(each), each])).values()]
}

function begun(bytes: Buffer): WireReader {
  const wire = new WireReader(bytes)
  atLeast0(wire.int16(), 'version')
  return wire
}

function atLeast0(value: number, what: string): number {
  if (value < 0) throw new RangeError(`${what} ${value}`)
  return value
}

function int16(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(2)
  bytes.writeInt16BE(value)
  return bytes
}

function int32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4)
  bytes.writeInt32BE(value)
  return bytes
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value)
  return Buffer.concat([int16(bytes.length), bytes])
}

const NO_USER_DATA = int32(0)
