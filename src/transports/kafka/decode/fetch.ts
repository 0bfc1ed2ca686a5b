import { API, type Message } from '../apis.ts'
import { WireReader } from '../wire.ts'
import type { AbortedTransaction } from './Transactions.ts'

export interface FetchPartition {
  readonly topic: string
  readonly partition: number
  /** The next offset to read. */
  readonly offset: number
  /** As metadata gave it, -1: not known. A broker of another epoch refuses instead of answering from another log. */
  readonly leaderEpoch: number
  /** Bytes; one batch is sent even if it is larger. */
  readonly maxBytes: number
}

export interface FetchRequest {
  /** ms to wait for the first record. */
  readonly maxWait: number
  /** Bytes of the whole answer. */
  readonly maxBytes: number
  /** The first ones are answered first, when not all fits. */
  readonly partitions: readonly FetchPartition[]
}

export interface PartitionAnswer {
  readonly topic: string
  readonly partition: number
  readonly errorCode: number
  /** -1 with an error. */
  readonly highWatermark: number
  /** The first offset of a transaction that is still open, else the high watermark; nothing behind it is sent. */
  readonly lastStable: number
  /** The first offset that the log still has. */
  readonly logStart: number
  readonly aborted: readonly AbortedTransaction[]
  /** Record batches, the last one perhaps cut off: a view of the answer. */
  readonly records: Uint8Array
}

export interface FetchAnswer {
  readonly clientSideThrottleTime: number
  readonly errorCode: number
  readonly partitions: readonly PartitionAnswer[]
}

/** Reads committed records only, without a fetch session. */
export const fetchMessage = (args: FetchRequest): Message<FetchAnswer> => ({
  request: { apiKey: API.Fetch.key, apiVersion: API.Fetch.version, apiName: 'Fetch', encode: () => ({ buffer: encodeFetch(args) }) },
  response: { decode: decodeFetch, parse: answer => answer },
})

const CONSUMER = -1
const READ_COMMITTED = 1
const NO_SESSION = 0
const NO_SESSION_EPOCH = -1

function encodeFetch({ maxWait, maxBytes, partitions }: FetchRequest): Buffer {
  const topics = inRuns(partitions)
  const names = topics.map(([{ topic }]) => Buffer.from(topic))
  const body = Buffer.allocUnsafe(35 + names.reduce((sum, name) => sum + name.length + 6, 0) + partitions.length * 28)
  let at = 0
  const int32 = (value: number): void => {
    at = body.writeInt32BE(value, at)
  }
  const int64 = (value: number): void => {
    at = body.writeBigInt64BE(BigInt(value), at)
  }
  int32(CONSUMER)
  int32(maxWait)
  int32(1) // bytes to wait for
  int32(maxBytes)
  at = body.writeInt8(READ_COMMITTED, at)
  int32(NO_SESSION)
  int32(NO_SESSION_EPOCH)
  int32(topics.length)
  for (const [index, own] of topics.entries()) {
    const name = names[index]!
    at = body.writeInt16BE(name.length, at)
    at += name.copy(body, at)
    int32(own.length)
    for (const { partition, offset, leaderEpoch, maxBytes: most } of own) {
      int32(partition)
      int32(leaderEpoch)
      int64(offset)
      int64(-1) // where the log of a follower begins
      int32(most)
    }
  }
  int32(0) // topics to forget
  body.writeInt16BE(0, at) // rack
  return body
}

/** Neighbours of one topic together; the order stays as it is, so a topic may come twice. */
function inRuns(partitions: readonly FetchPartition[]): [FetchPartition, ...FetchPartition[]][] {
  const runs: [FetchPartition, ...FetchPartition[]][] = []
  for (const each of partitions) {
    const run = runs.at(-1)
    if (run?.[0].topic === each.topic) run.push(each)
    else runs.push([each])
  }
  return runs
}

function decodeFetch(payload: Buffer): FetchAnswer {
  const wire = new WireReader(payload)
  const clientSideThrottleTime = wire.int32()
  const errorCode = wire.int16()
  wire.int32() // session
  const partitions = wire.array(() => {
    const topic = wire.string()
    return wire.array(() => decodePartition(wire, topic))
  })
  return { clientSideThrottleTime, errorCode, partitions: partitions.flat() }
}

function decodePartition(wire: WireReader, topic: string): PartitionAnswer {
  const partition = wire.int32()
  const errorCode = wire.int16()
  const highWatermark = wire.int64()
  const lastStable = wire.int64()
  const logStart = wire.int64()
  const aborted = wire.array(() => ({ producerId: wire.bigint64(), firstOffset: wire.int64() }))
  wire.int32() // a replica that is nearer
  const { buffer, byteOffset, length } = wire.bytes(Math.max(wire.int32(), 0))
  return { topic, partition, errorCode, highWatermark, lastStable, logStart, aborted, records: new Uint8Array(buffer, byteOffset, length) }
}
