import { pause, systemClock } from '../../clock.ts'
import { AlertError, toAlertError } from '../../errors.ts'
import { type Position, partitionKey, type TopicPartition } from '../../place.ts'
import { kafkaError } from '../codes.ts'
import type { Per, Where } from '../transport.ts'
import type { Link } from './link.ts'
import type { Links, TopicMetadata } from './links.ts'

/** How long a leader that is away or just elected is asked again, ms. */
const PATIENCE = 5_000
const ASK_AGAIN = 100

const EARLIEST = -2
const LATEST = -1
const READ_COMMITTED = 1

const UNKNOWN_PARTITION = 3
const NO_LEADER = 5

/** May be another in a moment. A leader that does not know a partition that the metadata has is late itself. */
const TRANSIENT: ReadonlySet<string> = new Set(['ALERT_LEADER', 'ALERT_BROKER', 'ALERT_CONNECTION', 'ALERT_TIMEOUT', 'ALERT_TOPIC_UNKNOWN'])

type Answer = Per<Position>
type Answers = Map<string, Answer>

/** The offsets of a moment: one answer for each partition, in the order asked. Rejects only when no broker answers. */
export async function locate(
  links: Links,
  at: Where,
  partitions: readonly TopicPartition[],
  signal?: AbortSignal,
): Promise<readonly Answer[]> {
  const answers: Answers = new Map()
  const until = performance.now() + PATIENCE
  let left = [...new Map(partitions.map(each => [partitionKey(each), each])).values()]
  while (left.length > 0 && !signal?.aborted) {
    left = await askOnce(links, at, left, answers, until, signal)
    if (performance.now() >= until) break
    if (left.length > 0) await pause(systemClock, ASK_AGAIN, signal)
  }
  return partitions.map(each => answers.get(partitionKey(each)) ?? { fault: new AlertError('ALERT_CLOSED', 'locate was aborted') })
}

/** Asks all leaders side by side; gives what has to be asked again, each with its fault as the answer so far. */
async function askOnce(
  links: Links,
  at: Where,
  partitions: readonly TopicPartition[],
  answers: Answers,
  until: number,
  signal: AbortSignal | undefined,
): Promise<TopicPartition[]> {
  const known = await links.metadata(partitions.map(({ topic }) => topic))
  const again: TopicPartition[] = []
  const byLeader = new Map<string, TopicPartition[]>()
  for (const each of partitions) {
    const found = leaderOf(each, known.get(each.topic))
    if (typeof found === 'string') byLeader.set(found, [...(byLeader.get(found) ?? []), each])
    else answers.set(partitionKey(each), { fault: found })
    if (typeof found !== 'string' && found.code === 'ALERT_LEADER') again.push(each)
  }
  const asked = [...byLeader].map(async ([leader, own]) => {
    const offsets = await askLeader(links, leader, at, own, until, signal)
    for (const each of own) {
      const answer = offsets.get(partitionKey(each)) ?? { fault: missing(each) }
      const topicId = known.get(each.topic)?.topicId
      answers.set(partitionKey(each), 'fault' in answer ? answer : { ...answer, topicId })
      if ('fault' in answer && TRANSIENT.has(answer.fault.code)) again.push(each)
    }
  })
  await Promise.all(asked)
  return again
}

function leaderOf(of: TopicPartition, topic: TopicMetadata | undefined): string | AlertError {
  const where = `locate ${partitionKey(of)}`
  if (!topic || topic.error) return topic?.error ?? kafkaError(UNKNOWN_PARTITION, where)
  if (of.partition >= topic.leaders.length) return kafkaError(UNKNOWN_PARTITION, where)
  return topic.leaders[of.partition] ?? kafkaError(NO_LEADER, where)
}

/** A failure of the link is each partition's fault. */
async function askLeader(
  links: Links,
  leader: string,
  at: Where,
  partitions: readonly TopicPartition[],
  until: number,
  signal: AbortSignal | undefined,
): Promise<Answers> {
  try {
    const main = await links.main()
    if (main.address === leader) return await listOffsets(main, at, partitions)
    return await withOwnLink(links, leader, until, signal, link => listOffsets(link, at, partitions))
  } catch (error) {
    const fault = toAlertError(error, 'ALERT_CONNECTION')
    return new Map(partitions.map(each => [partitionKey(each), { fault }]))
  }
}

async function withOwnLink<T>(
  links: Links,
  leader: string,
  until: number,
  signal: AbortSignal | undefined,
  use: (link: Link) => Promise<T>,
): Promise<T> {
  const link = links.link(leader)
  const kill = (): void => link.kill(new AlertError('ALERT_TIMEOUT', `${leader}: no answer to ListOffsets in ${PATIENCE} ms`))
  const timer = setTimeout(kill, until - performance.now())
  signal?.addEventListener('abort', kill)
  try {
    return await use(link)
  } catch (error) {
    if (link.dead) links.noteFailed(leader)
    throw error
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', kill)
    link.kill(new AlertError('ALERT_CLOSED', `${leader}: the question is answered`))
  }
}

/**
 * For a time, the end is asked for first: if no record is at or after that time, the end of then is the answer. Records that came between
 * the two questions are older, or the second one would have found them.
 */
async function listOffsets(link: Link, at: Where, partitions: readonly TopicPartition[]): Promise<Answers> {
  if (at === 'earliest') return ask(link, EARLIEST, partitions)
  if (at === 'latest') return ask(link, LATEST, partitions)
  const [ends, found] = await Promise.all([ask(link, LATEST, partitions), ask(link, Math.max(Math.floor(at.time), 0), partitions)])
  return new Map([...found].map(([key, answer]) => [key, 'offset' in answer && answer.offset < 0 ? (ends.get(key) ?? answer) : answer]))
}

async function ask(link: Link, timestamp: number, partitions: readonly TopicPartition[]): Promise<Answers> {
  const names = [...new Set(partitions.map(({ topic }) => topic))]
  const topics = names.map(topic => {
    const own = partitions.filter(each => each.topic === topic)
    return { topic, partitions: own.map(({ partition }) => ({ partition, timestamp })) }
  })
  const { responses } = await link.call('ListOffsets', { isolationLevel: READ_COMMITTED, topics })
  const answers: Answers = new Map()
  for (const { topic, partitions } of responses) {
    for (const { partition, errorCode, offset } of partitions) {
      const of = { topic, partition }
      const key = partitionKey(of)
      answers.set(key, errorCode === 0 ? { ...of, offset: Number(offset) } : { fault: kafkaError(errorCode, `locate ${key}`) })
    }
  }
  return answers
}

const missing = (of: TopicPartition): AlertError =>
  new AlertError('ALERT_BROKER', `locate ${partitionKey(of)}: the broker did not answer for it`)
