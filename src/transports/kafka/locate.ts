import { pause, systemClock } from '../../clock.ts'
import { AlertError, toAlertError } from '../../errors.ts'
import { type Position, partitionKey, type TopicPartition } from '../../place.ts'
import { kafkaError } from '../codes.ts'
import type { Per, Where } from '../transport.ts'
import type { Link } from './link.ts'
import type { Links, TopicMetadata } from './links.ts'
import { listOffsets, type Offsets } from './listOffsets.ts'

/** How long a leader that is away or just elected is asked again, ms. */
const PATIENCE = 5_000
const ASK_AGAIN = 100

const UNKNOWN_PARTITION = 3
const NO_LEADER = 5

/** May be another in a moment. A leader that does not know a partition that the metadata has is late itself. */
const TRANSIENT: ReadonlySet<string> = new Set(['ALERT_LEADER', 'ALERT_BROKER', 'ALERT_CONNECTION', 'ALERT_TIMEOUT', 'ALERT_TOPIC_UNKNOWN'])

/** The offsets of a moment: one answer for each partition, in the order asked. Rejects only when no broker answers. */
export async function locate(
  links: Links,
  at: Where,
  partitions: readonly TopicPartition[],
  signal: AbortSignal = new AbortController().signal,
): Promise<readonly Per<Position>[]> {
  const question = new Question(links, at, signal)
  let left = [...new Map(partitions.map(each => [partitionKey(each), each])).values()]
  while (left.length > 0 && !signal.aborted) {
    left = await question.ask(left)
    if (question.late) break
    if (left.length > 0) await pause(systemClock, ASK_AGAIN, signal)
  }
  return partitions.map(each => question.answers.get(partitionKey(each)) ?? { fault: new AlertError('ALERT_CLOSED', 'locate was aborted') })
}

class Question {
  /** By partition, what is known so far. */
  readonly answers = new Map<string, Per<Position>>()
  readonly #links: Links
  readonly #at: Where
  readonly #signal: AbortSignal
  readonly #until = performance.now() + PATIENCE

  constructor(links: Links, at: Where, signal: AbortSignal) {
    this.#links = links
    this.#at = at
    this.#signal = signal
  }

  get late(): boolean {
    return performance.now() >= this.#until
  }

  /** Asks all leaders side by side; gives what is to be asked again. */
  async ask(partitions: readonly TopicPartition[]): Promise<TopicPartition[]> {
    const known = await this.#links.metadata(partitions.map(({ topic }) => topic))
    const again: TopicPartition[] = []
    const byLeader = new Map<string, TopicPartition[]>()
    for (const each of partitions) {
      const found = leaderOf(each, known.get(each.topic))
      if (typeof found === 'string') byLeader.set(found, [...(byLeader.get(found) ?? []), each])
      else if (this.#fault(each, found).code === 'ALERT_LEADER') again.push(each)
    }
    const asked = [...byLeader].map(async ([leader, own]) => {
      const offsets = await this.#askLeader(leader, own)
      for (const each of own) {
        const found = offsets.get(partitionKey(each)) ?? kafkaError(NO_LEADER, `locate ${partitionKey(each)}`)
        if (typeof found === 'number') this.#found(each, found, known.get(each.topic)?.topicId)
        else if (TRANSIENT.has(this.#fault(each, found).code)) again.push(each)
      }
    })
    await Promise.all(asked)
    return again
  }

  #found({ topic, partition }: TopicPartition, offset: number, topicId: string | undefined): void {
    this.answers.set(partitionKey({ topic, partition }), { topic, partition, offset, topicId })
  }

  #fault(of: TopicPartition, fault: AlertError): AlertError {
    this.answers.set(partitionKey(of), { fault })
    return fault
  }

  /** A failure of the link is each partition's fault. */
  async #askLeader(leader: string, partitions: readonly TopicPartition[]): Promise<Offsets> {
    try {
      const main = await this.#links.main()
      if (main.address === leader) return await listOffsets(main, this.#at, partitions)
      return await this.#askByOwnLink(leader, partitions)
    } catch (error) {
      const fault = toAlertError(error, 'ALERT_CONNECTION')
      return new Map(partitions.map(each => [partitionKey(each), fault]))
    }
  }

  async #askByOwnLink(leader: string, partitions: readonly TopicPartition[]): Promise<Offsets> {
    const link: Link = this.#links.link(leader)
    const giveUp = (): void => link.kill(new AlertError('ALERT_TIMEOUT', `${leader}: no answer to ListOffsets in ${PATIENCE} ms`))
    const timer = setTimeout(giveUp, this.#until - performance.now())
    this.#signal.addEventListener('abort', giveUp)
    try {
      return await listOffsets(link, this.#at, partitions)
    } catch (error) {
      if (link.dead) this.#links.noteFailed(leader)
      throw error
    } finally {
      clearTimeout(timer)
      this.#signal.removeEventListener('abort', giveUp)
      link.kill(new AlertError('ALERT_CLOSED', `${leader}: the question is answered`))
    }
  }
}

function leaderOf(of: TopicPartition, topic: TopicMetadata | undefined): string | AlertError {
  const where = `locate ${partitionKey(of)}`
  if (!topic || topic.error) return topic?.error ?? kafkaError(UNKNOWN_PARTITION, where)
  if (of.partition >= topic.leaders.length) return kafkaError(UNKNOWN_PARTITION, where)
  return topic.leaders[of.partition] ?? kafkaError(NO_LEADER, where)
}
