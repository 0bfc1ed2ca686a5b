import { AlertError } from '../../errors.ts'
import { partitionKey, type TopicPartition } from '../../place.ts'
import type { EncodedBody, Message } from './apis.ts'

/** A stamped record batch on its way to its partition. */
export interface ProducePart extends TopicPartition {
  readonly bytes: Uint8Array
}

/** The broker's word on one part. */
export interface ProduceAnswer {
  /** Kafka's error code, 0: stored. */
  readonly error: number
  /** The offset of the batch's first record, -1 if the broker does not say. */
  readonly offset: number
}

const API_KEY = 0
/** Known to brokers since 2.1, still known to 4.1; below 7 they refuse zstd. */
const API_VERSION = 7
const ALL_REPLICAS = -1

/**
 * A Produce request of at most one batch a partition, for partitions that one broker leads; answered once all replicas in sync have it.
 * The answers come in the order of the parts, an error code being an answer.
 *
 * @param wait longest time the broker waits for the replicas, ms
 */
export function produce(parts: readonly ProducePart[], wait: number): Message<Produced, readonly ProduceAnswer[]> {
  return {
    request: { apiKey: API_KEY, apiVersion: API_VERSION, apiName: 'Produce', encode: () => encodeProduce(parts, wait) },
    response: { decode: decodeProduce, parse: ({ answers }) => parts.map(part => answerTo(part, answers)) },
  }
}

function encodeProduce(parts: readonly ProducePart[], wait: number): EncodedBody {
  const topics = byTopic(parts)
  let size = 2 + 2 + 4 + 4
  for (const [topic, own] of topics) {
    size += 2 + Buffer.byteLength(topic) + 4
    for (const { bytes } of own) size += 4 + 4 + bytes.length
  }
  const buffer = Buffer.allocUnsafe(size)
  let at = buffer.writeInt16BE(-1, 0) // no transaction
  at = buffer.writeInt16BE(ALL_REPLICAS, at)
  at = buffer.writeInt32BE(wait, at)
  at = buffer.writeInt32BE(topics.size, at)
  for (const [topic, own] of topics) {
    at = buffer.writeInt16BE(Buffer.byteLength(topic), at)
    at += buffer.write(topic, at)
    at = buffer.writeInt32BE(own.length, at)
    for (const { partition, bytes } of own) {
      at = buffer.writeInt32BE(partition, at)
      at = buffer.writeInt32BE(bytes.length, at)
      buffer.set(bytes, at)
      at += bytes.length
    }
  }
  return { buffer }
}

function byTopic(parts: readonly ProducePart[]): ReadonlyMap<string, readonly ProducePart[]> {
  const topics = new Map<string, ProducePart[]>()
  for (const part of parts) {
    const own = topics.get(part.topic)
    if (own) own.push(part)
    else topics.set(part.topic, [part])
  }
  return topics
}

interface Produced {
  readonly answers: ReadonlyMap<string, ProduceAnswer>
  readonly clientSideThrottleTime: number
}

function decodeProduce(payload: Buffer): Produced {
  const answers = new Map<string, ProduceAnswer>()
  let at = 4
  for (let topics = payload.readInt32BE(0); topics > 0; topics--) {
    const length = payload.readInt16BE(at)
    const topic = payload.toString('utf8', at + 2, at + 2 + length)
    at += 2 + length
    let partitions = payload.readInt32BE(at)
    for (at += 4; partitions > 0; partitions--) {
      const partition = payload.readInt32BE(at)
      answers.set(partitionKey({ topic, partition }), {
        error: payload.readInt16BE(at + 4),
        offset: Number(payload.readBigInt64BE(at + 6)),
      })
      at += 4 + 2 + 8 + 8 + 8 // partition, error, offset, and the times of appending and of the log's start that we do not need
    }
  }
  return { answers, clientSideThrottleTime: payload.readInt32BE(at) }
}

function answerTo(part: ProducePart, answers: ReadonlyMap<string, ProduceAnswer>): ProduceAnswer {
  const answer = answers.get(partitionKey(part))
  if (answer) return answer
  throw new AlertError('ALERT_PROTOCOL', `the broker's answer to Produce does not speak of ${partitionKey(part)}, which was in the request`)
}
