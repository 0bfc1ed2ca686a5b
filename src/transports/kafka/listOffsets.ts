import { AlertError } from '../../errors.ts'
import { partitionKey, type TopicPartition } from '../../place.ts'
import { kafkaError } from '../codes.ts'
import type { Where } from '../transport.ts'
import type { Link } from './link.ts'

/** By partition. */
export type Offsets = ReadonlyMap<string, number | AlertError>

const EARLIEST = -2
const LATEST = -1
const READ_COMMITTED = 1

/**
 * Asks the leader of these partitions for their offsets; never gives a sentinel.
 *
 * For a time, the end is asked for first: if no record is at or after that time, the end of then is the answer. Records that came between
 * the two questions are older, or the second one would have found them.
 */
export async function listOffsets(link: Link, at: Where, partitions: readonly TopicPartition[]): Promise<Offsets> {
  if (at === 'earliest') return withoutSentinels(await ask(link, EARLIEST, partitions))
  const ends = ask(link, LATEST, partitions)
  if (at === 'latest') return withoutSentinels(await ends)
  const [atEnd, found] = await Promise.all([ends, ask(link, Math.max(Math.floor(at.time), 0), partitions)])
  return withoutSentinels(new Map([...found].map(([key, offset]) => [key, isSentinel(offset) ? (atEnd.get(key) ?? offset) : offset])))
}

const isSentinel = (offset: number | AlertError): boolean => typeof offset === 'number' && offset < 0

function withoutSentinels(offsets: Offsets): Offsets {
  const unknown = (key: string): AlertError => new AlertError('ALERT_BROKER', `locate ${key}: the broker knows no offset`)
  return new Map([...offsets].map(([key, offset]) => [key, isSentinel(offset) ? unknown(key) : offset]))
}

async function ask(link: Link, timestamp: number, partitions: readonly TopicPartition[]): Promise<Offsets> {
  const topics = [...new Set(partitions.map(({ topic }) => topic))].map(topic => {
    const own = partitions.filter(each => each.topic === topic)
    return { topic, partitions: own.map(({ partition }) => ({ partition, timestamp })) }
  })
  const { responses } = await link.call('ListOffsets', { isolationLevel: READ_COMMITTED, topics })
  const answers = responses.flatMap(({ topic, partitions }) =>
    partitions.map(({ partition, errorCode, offset }) => ({ key: partitionKey({ topic, partition }), errorCode, offset })),
  )
  return new Map(
    answers.map(({ key, errorCode, offset }) => [key, errorCode === 0 ? Number(offset) : kafkaError(errorCode, `locate ${key}`)]),
  )
}
