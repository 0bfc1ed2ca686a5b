import type { Clock } from '../clock.ts'
import { Cursor } from '../cursor.ts'
import { type AlertError, ConfigError } from '../errors.ts'
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
  /** The end that is asked for is that of this moment, ms since 1970. */
  readonly since: number | undefined
  readonly partitions: TopicPartition[]
  readonly recreatedFrom: Map<string, number>
}

interface Rule extends Pick<Question, 'where'> {
  readonly since?: number | undefined
  readonly recreatedFrom?: number | undefined
}

/** What is known of a topic when its start is asked for. */
interface Asked {
  /** ms since 1970: `latest` is this moment. */
  readonly moment: number
  /** The same by the clock's tick: the wall clock may be set before the answer comes. */
  readonly tick: number
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
  /** Of subscribing, ms since 1970. */
  readonly #moment: number
  readonly #tick: number
  readonly #asked = new Map<string, Asked>()
  /** The first question got no answer. */
  #unanswered = false

  constructor(clock: Clock, start: Start) {
    this.#clock = clock
    this.#start = start
    this.#moment = clock.now()
    this.#tick = clock.tick()
  }

  /** What has no position yet is read from here on, ms since 1970. */
  get since(): number {
    const start = this.#start
    if (start instanceof Cursor) return start.time
    if (start instanceof Date) return start.getTime()
    return start === 'earliest' ? 0 : this.#moment - CLOCK_DOUBT
  }

  /** The topic belongs to the subscription since `moment`, by default since that of subscribing. */
  ask(topic: string, moment: number = this.#moment): void {
    if (this.#asked.has(topic)) return
    const first = moment === this.#moment
    const tick = first ? this.#tick : this.#clock.tick()
    this.#asked.set(topic, { moment, tick, absent: false, pinnable: !(this.#unanswered && first) })
  }

  /** It belongs to the subscription no more. */
  forget(topic: string): void {
    this.#asked.delete(topic)
  }

  /** The whole server did not answer: by the time it does, the ends are others. */
  unanswered(): void {
    this.#unanswered = true
    for (const asked of this.#asked.values()) asked.pinnable = false
  }

  /** It appeared by itself after the moment of the subscription: `since`, ms since 1970. */
  appeared(topic: string, since: number): void {
    if (!this.#asked.has(topic)) this.#asked.set(topic, { moment: since, tick: this.#clock.tick(), absent: false, pinnable: false })
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
    this.#asked.set(topic, { moment: this.#clock.now(), tick: this.#clock.tick(), absent: true, pinnable: false })
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
        const { where, since } = rule
        const name = `${typeof where === 'string' ? where : where.time} ${since}`
        const question: Question = questions.get(name) ?? { where, since, partitions: [], recreatedFrom: new Map() }
        question.partitions.push(at)
        if (rule.recreatedFrom !== undefined) question.recreatedFrom.set(key, rule.recreatedFrom)
        questions.set(name, question)
      }
    }
    for (const { where, since, partitions, recreatedFrom } of questions.values()) {
      const found = await this.#find(transport, where, since, partitions, signal)
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

  async #find(
    transport: Transport,
    where: Where,
    since: number | undefined,
    partitions: readonly TopicPartition[],
    signal: AbortSignal,
  ): Promise<readonly Per<Position>[]> {
    try {
      if (since === undefined) return await transport.locate(where, partitions, signal)
      // What was published after the moment and before the answer came later than the subscription: it is read too.
      const asked = [transport.locate(where, partitions, signal), transport.locate({ time: since + 1 }, partitions, signal)] as const
      const [ends, sinces] = await Promise.all(asked)
      return ends.map((end, i) => earlier(end, sinces[i]!))
    } catch (thrown) {
      this.unanswered()
      throw thrown
    }
  }

  #rule(at: TopicPartition, topicId: string | undefined): { offset: number } | Rule {
    const start = this.#start
    const asked = this.#asked.get(at.topic)
    if (start === 'earliest' || asked?.absent) return { where: 'earliest' }
    if (start instanceof Date) return { where: { time: start.getTime() } }
    if (start instanceof Cursor) return fromCursor(start, at, topicId)
    if (!asked) return { where: 'latest' }
    const { moment, tick, pinnable } = asked
    const inTime = this.#clock.tick() - tick <= PINNED_WITHIN
    return pinnable && inTime ? { where: 'latest', since: moment } : { where: { time: moment - CLOCK_DOUBT } }
  }
}

/** @throws ConfigError when it is a cursor of another server */
export function checkServer(cursor: unknown, { transport: { server } }: { readonly transport: Pick<Transport, 'server'> }): void {
  if (!(cursor instanceof Cursor) || cursor.server === server) return
  throw new ConfigError(`The cursor is of ${cursor.server}, not of ${server}: its offsets mean nothing here`, {
    mend: 'Use latest, earliest or a Date, or read from the server that it is of',
  })
}

const earlier = (a: Per<Position>, b: Per<Position>): Per<Position> => (isFaulty(a) || (!isFaulty(b) && a.offset <= b.offset) ? a : b)

function fromCursor(cursor: Cursor, { topic, partition }: TopicPartition, topicId: string | undefined): { offset: number } | Rule {
  const known = cursor.topics.get(topic)
  if (!known) return { where: { time: cursor.time } }
  const offset = known.offsets.get(partition)
  if (known.id !== undefined && topicId !== undefined && known.id !== topicId) return { where: 'earliest', recreatedFrom: offset }
  return offset === undefined ? { where: 'earliest' } : { offset }
}
