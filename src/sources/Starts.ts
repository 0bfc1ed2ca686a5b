import type { Clock } from '../clock.ts'
import { Cursor } from '../cursor.ts'
import type { AlertError } from '../errors.ts'
import { type Position, partitionKey, type TopicPartition } from '../place.ts'
import { isFaulty, type Per, type Transport, type Where } from '../transports/transport.ts'

/** Where a reader starts; a `Checkpoint` is loaded to one of these first. */
export type Start = 'latest' | 'earliest' | Date | Cursor

/** Our clock is not the producers': what could not be pinned to its end starts so much before the moment of subscribing, ms. */
const CLOCK_DOUBT = 5 * 60_000
/** An answer that took longer says nothing about the moment at which it was asked for, ms. */
const PINNED_WITHIN = 10_000

export interface Found extends Position {
  /** The cursor's topic was another one of the same name: the offset that it stood at. */
  readonly recreatedFrom?: number | undefined
}

interface Question {
  readonly where: Where
  readonly partitions: TopicPartition[]
  readonly recreatedFrom: Map<string, number>
}

/** What is known of a topic when its start is asked for. */
interface Asked {
  /** ms since 1970: `latest` is this moment. */
  readonly moment: number
  /** It did not exist then: all that is in it came later. */
  absent: boolean
  /** The first question was answered in time: the end then is the start. */
  pinnable: boolean
}

/**
 * The start positions of one subscription, and of those that resume it. `latest` is the moment of subscribing: what answers at once is pinned
 * to its end, what could not be asked starts five minutes before that moment, what did not exist, at its beginning.
 */
export class Starts {
  readonly #clock: Clock
  readonly #start: Start
  readonly #asked = new Map<string, Asked>()

  constructor(clock: Clock, start: Start) {
    this.#clock = clock
    this.#start = start
  }

  /** The topic belongs to the subscription from now on. */
  ask(topic: string): void {
    if (!this.#asked.has(topic)) this.#asked.set(topic, { moment: this.#clock.now(), absent: false, pinnable: true })
  }

  /** It appeared by itself after the moment of the subscription: `since`, ms since 1970. */
  appeared(topic: string, since: number): void {
    if (!this.#asked.has(topic)) this.#asked.set(topic, { moment: since, absent: false, pinnable: false })
  }

  /** The question was answered with an error: its end is not known any more. */
  missed(topic: string, error: AlertError): void {
    const asked = this.#asked.get(topic)
    if (!asked || asked.absent) return
    if (asked.pinnable && this.#start === 'latest' && error.code === 'ALERT_TOPIC_UNKNOWN') asked.absent = true
    asked.pinnable = false
  }

  /** Another topic under that name begins where it begins. */
  recreated(topic: string): void {
    this.#asked.set(topic, { moment: this.#clock.now(), absent: true, pinnable: false })
  }

  /** One answer for each partition. `grown`: partitions that came to a topic that is already read, which start at their beginning. */
  async locate(
    transport: Transport,
    partitions: readonly TopicPartition[],
    topicIds: ReadonlyMap<string, string | undefined>,
    grown: ReadonlySet<string>,
    signal: AbortSignal,
  ): Promise<Per<Found>[]> {
    const answers = new Map<string, Per<Found>>()
    const questions = new Map<string, Question>()
    for (const at of partitions) {
      const key = partitionKey(at)
      const topicId = topicIds.get(at.topic)
      const rule = grown.has(key) ? { where: 'earliest' as const } : this.#rule(at, topicId)
      if ('offset' in rule) answers.set(key, { ...at, offset: rule.offset, topicId })
      else {
        const name = typeof rule.where === 'string' ? rule.where : String(rule.where.time)
        const question: Question = questions.get(name) ?? { where: rule.where, partitions: [], recreatedFrom: new Map() }
        question.partitions.push(at)
        if (rule.recreatedFrom !== undefined) question.recreatedFrom.set(key, rule.recreatedFrom)
        questions.set(name, question)
      }
    }
    for (const { where, partitions, recreatedFrom } of questions.values()) {
      const found = await transport.locate(where, partitions, signal)
      partitions.forEach((at, i) => {
        const key = partitionKey(at)
        const answer = found[i]!
        if (isFaulty(answer)) this.missed(at.topic, answer.fault)
        answers.set(
          key,
          isFaulty(answer)
            ? answer
            : { ...answer, topicId: topicIds.get(at.topic) ?? answer.topicId, recreatedFrom: recreatedFrom.get(key) },
        )
      })
    }
    return partitions.map(at => answers.get(partitionKey(at))!)
  }

  #rule(at: TopicPartition, topicId: string | undefined): { offset: number } | { where: Where; recreatedFrom?: number | undefined } {
    const start = this.#start
    const asked = this.#asked.get(at.topic)
    if (start === 'earliest' || asked?.absent) return { where: 'earliest' }
    if (start instanceof Date) return { where: { time: start.getTime() } }
    if (start instanceof Cursor) return fromCursor(start, at, topicId)
    if (!asked) return { where: 'latest' }
    const inTime = this.#clock.now() - asked.moment <= PINNED_WITHIN
    return { where: asked.pinnable && inTime ? 'latest' : { time: asked.moment - CLOCK_DOUBT } }
  }
}

function fromCursor(
  cursor: Cursor,
  { topic, partition }: TopicPartition,
  topicId: string | undefined,
): { offset: number } | { where: Where; recreatedFrom?: number | undefined } {
  const known = cursor.topics.get(topic)
  if (!known) return { where: { time: cursor.time } }
  const offset = known.offsets.get(partition)
  if (known.id !== undefined && topicId !== undefined && known.id !== topicId) return { where: 'earliest', recreatedFrom: offset }
  return offset === undefined ? { where: 'earliest' } : { offset }
}
