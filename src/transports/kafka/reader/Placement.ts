import { pause, systemClock } from '../../../clock.ts'
import { AlertError, toAlertError } from '../../../errors.ts'
import { kafkaError } from '../../codes.ts'
import { backoff } from '../backoff.ts'
import type { Links, TopicMetadata } from '../links.ts'
import type { ReadPartition } from './ReadPartition.ts'

/** A broker that has just started, and a topic just made, are unknown for a moment. */
const UNKNOWN_PATIENCE = 2_000

/** Tries without a leader: an election is over sooner. */
const WORTH_A_WORD = 5

const LEADER_NOT_AVAILABLE = 5

export interface PlacementHost {
  /** Its leader is known; called for all that one answer places, then `placed`. */
  place(partition: ReadPartition, leader: string): void
  placed(): void
  fault(partition: ReadPartition, error: AlertError): void
  /** It has had no leader for some time: said once, and waited on. */
  leaderless(partition: ReadPartition, error: AlertError): void
  /** No broker answers. */
  lost(error: AlertError): void
}

interface Waiting {
  /** When to ask, by `performance.now()`. */
  due: number
  readonly since: number
  tries: number
}

/** Finds the leaders of partitions, as often as it takes: one question at a time, for all that are due. */
export class Placement {
  readonly #links: Links
  readonly #host: PlacementHost
  readonly #waiting = new Map<ReadPartition, Waiting>()
  readonly #over = new AbortController()
  #sleep = new AbortController()
  #running = false

  constructor(links: Links, host: PlacementHost) {
    this.#links = links
    this.#host = host
  }

  /** Each is placed, a fault, or over in the end. `delay`: ms to wait before the first question. */
  add(partitions: readonly ReadPartition[], delay = 0): void {
    const now = performance.now()
    for (const partition of partitions) this.#waiting.set(partition, { due: now + delay, since: now, tries: 0 })
    this.#sleep.abort()
    if (!this.#running) void this.#run()
  }

  close(): void {
    this.#over.abort()
    this.#sleep.abort()
  }

  async #run(): Promise<void> {
    this.#running = true
    try {
      while (!this.#over.signal.aborted && this.#forgetOver() > 0) {
        const now = performance.now()
        const due = [...this.#waiting].filter(([, { due }]) => due <= now).map(([partition]) => partition)
        if (due.length > 0) await this.#ask(due)
        else await this.#wait(Math.min(...[...this.#waiting.values()].map(({ due }) => due)) - now)
      }
    } catch (error) {
      if (!this.#over.signal.aborted) this.#host.lost(toAlertError(error, 'ALERT_REQUEST'))
    } finally {
      this.#running = false
    }
  }

  #forgetOver(): number {
    for (const partition of this.#waiting.keys()) if (partition.over) this.#waiting.delete(partition)
    return this.#waiting.size
  }

  async #wait(ms: number): Promise<void> {
    this.#sleep = new AbortController()
    await pause(systemClock, ms, this.#sleep.signal)
  }

  async #ask(partitions: readonly ReadPartition[]): Promise<void> {
    const known = await this.#links.metadata(partitions.map(({ topic }) => topic))
    if (this.#over.signal.aborted) return
    for (const partition of partitions) {
      const waiting = this.#waiting.get(partition)
      const topic = known.get(partition.topic)
      if (waiting && topic && !partition.over) this.#decide(partition, waiting, topic)
    }
    this.#host.placed()
  }

  #decide(partition: ReadPartition, waiting: Waiting, { error, topicId, leaders, epochs }: TopicMetadata): void {
    const leader = leaders[partition.partition]
    const fault = error ? faultOf(error, waiting) : (recreated(partition, topicId) ?? missing(partition, leaders.length, waiting))
    if (fault) {
      this.#waiting.delete(partition)
      this.#host.fault(partition, fault)
    } else if (leader === undefined) {
      waiting.tries++
      waiting.due = performance.now() + backoff(waiting.tries)
      if (waiting.tries === WORTH_A_WORD) this.#host.leaderless(partition, kafkaError(LEADER_NOT_AVAILABLE, partition.key))
    } else {
      this.#waiting.delete(partition)
      partition.topicId ??= topicId
      partition.leaderEpoch = epochs[partition.partition] ?? -1
      this.#host.place(partition, leader)
    }
  }
}

/** Another topic stands under the name: offsets mean something else there. */
export function recreated(partition: ReadPartition, topicId: string | undefined): AlertError | undefined {
  if (topicId === undefined || partition.topicId === undefined || topicId === partition.topicId) return undefined
  const text = `${partition.key}@${partition.next}: the topic was deleted and made anew: its id was ${partition.topicId}, it is ${topicId}`
  return new AlertError('ALERT_TOPIC_RECREATED', text)
}

const FINAL: ReadonlySet<string> = new Set(['ALERT_TOPIC_FORBIDDEN', 'ALERT_TOPIC_INVALID'])

function faultOf(error: AlertError, waiting: Waiting): AlertError | undefined {
  if (FINAL.has(error.code)) return error
  return error.code === 'ALERT_TOPIC_UNKNOWN' && isTired(waiting) ? error : undefined
}

function missing(partition: ReadPartition, count: number, waiting: Waiting): AlertError | undefined {
  if (partition.partition < count || !isTired(waiting)) return undefined
  return new AlertError('ALERT_TOPIC_UNKNOWN', `${partition.key}: the topic has ${count} partitions`)
}

const isTired = ({ since }: Waiting): boolean => performance.now() - since >= UNKNOWN_PATIENCE
