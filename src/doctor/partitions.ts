import { type AlertError, toAlertError } from '../errors.ts'
import { partitionKey, type TopicPartition } from '../place.ts'
import { kafkaError } from '../transports/codes.ts'
import { API } from '../transports/kafka/apis.ts'
import { fetchMessage } from '../transports/kafka/decode/fetch.ts'
import type { Link } from '../transports/kafka/link.ts'
import { listOffsets, type Offsets } from '../transports/kafka/listOffsets.ts'
import { newestTimestamps, WITH_NEWEST } from './requests/newest.ts'

/** What is known of a partition. */
export interface PartitionLook extends TopicPartition {
  /** host:port; undefined: there is none now. */
  readonly leader: string | undefined
  /** Of its log; undefined where its leader was not reached. */
  readonly start?: number | undefined
  readonly end?: number | undefined
  /** The newest timestamp, ms since 1970; undefined without a record, and where the broker cannot say. */
  readonly newest?: number | undefined
  /** Why it cannot be read. */
  readonly fault?: AlertError | undefined
}

interface Topic {
  readonly topic: string
  /** By partition. */
  readonly leaders: readonly (string | undefined)[]
}

interface Led extends TopicPartition {
  readonly leader: string | undefined
}

/** Asks the leaders, side by side, for the bounds of their partitions, and for no record of each: by topic. */
export async function lookIntoPartitions(
  brokers: ReadonlyMap<string, Link>,
  topics: readonly Topic[],
): Promise<ReadonlyMap<string, readonly PartitionLook[]>> {
  const all = topics.flatMap(({ topic, leaders }) => leaders.map((leader, partition): Led => ({ topic, partition, leader })))
  const asked = [...brokers].map(([address, link]) =>
    askLeader(
      link,
      all.filter(({ leader }) => leader === address),
    ),
  )
  const looks = new Map((await Promise.all(asked)).flat().map(look => [partitionKey(look), look]))
  const lookOf = (each: Led): PartitionLook => looks.get(partitionKey(each)) ?? each
  return new Map(topics.map(({ topic }) => [topic, all.filter(each => each.topic === topic).map(lookOf)]))
}

async function askLeader(link: Link, partitions: readonly Led[]): Promise<readonly PartitionLook[]> {
  if (partitions.length === 0) return []
  try {
    const [starts, ends, newest] = await Promise.all([
      listOffsets(link, 'earliest', partitions),
      listOffsets(link, 'latest', partitions),
      newestOf(link, partitions),
    ])
    const refusals = await fetchNothing(link, partitions, ends)
    return partitions.map(each => {
      const key = partitionKey(each)
      const [start, end] = [starts.get(key), ends.get(key)]
      const fault = refusals.get(key) ?? [start, end].find(bound => typeof bound === 'object')
      if (typeof start !== 'number' || typeof end !== 'number') return { ...each, fault }
      return { ...each, start, end, newest: newest.get(key), fault }
    })
  } catch (error) {
    const fault = toAlertError(error, 'ALERT_CONNECTION')
    return partitions.map(each => ({ ...each, fault }))
  }
}

async function newestOf(link: Link, partitions: readonly TopicPartition[]): Promise<ReadonlyMap<string, number>> {
  return link.speaks(API.ListOffsets.key, WITH_NEWEST) ? link.raw(newestTimestamps(partitions)) : new Map()
}

/** What stands against reading: a fetch at the end of the log finds nothing, and needs the right to. */
async function fetchNothing(link: Link, partitions: readonly TopicPartition[], ends: Offsets): Promise<ReadonlyMap<string, AlertError>> {
  const places = partitions.flatMap(each => {
    const offset = ends.get(partitionKey(each))
    return typeof offset === 'number' ? [{ topic: each.topic, partition: each.partition, offset, leaderEpoch: -1, maxBytes: 1 }] : []
  })
  const { partitions: answers } = await link.raw(fetchMessage({ maxWait: 0, maxBytes: 1, partitions: places }))
  const refused = answers.filter(({ errorCode }) => errorCode !== 0)
  return new Map(refused.map(each => [partitionKey(each), kafkaError(each.errorCode, `fetch of ${partitionKey(each)}`)]))
}
