import { AlertError } from '../../../errors.ts'
import { partitionKey } from '../../../place.ts'
import { kafkaError } from '../../codes.ts'
import { type FetchAnswer, fetchMessage, type PartitionAnswer } from '../decode/fetch.ts'
import { type DecodeOptions, RecordSet } from '../decode/RecordSet.ts'
import type { Link } from '../link.ts'
import type { ReadPartition } from './ReadPartition.ts'

/** A poll cannot be cut short: it is short while a paused partition of the same leader may be resumed. */
const SHORT_WAIT = 100

/** An answer that takes longer is large enough: the first record in it waits for the last. */
const SLOW_ANSWER = 1_000

/** Answers that come at this rate, in bytes a ms, are large enough: JSON is hardly read faster, and larger ones cost memory and the processor's caches. */
const QUICK_ANSWER = 100_000

/** So many slow ones in a row: the first answer of all is late because nothing is compiled yet. */
const SLOW_ANSWERS = 2

/** Larger ones gain nothing from any distance. */
const LARGEST_FETCH = 16 * 1024 * 1024

/** An answer with this part of what it may have is full: batches are not cut to measure. */
const FULL = 0.75

const OFFSET_OUT_OF_RANGE = 1

/** The leader has moved, is not ready, or does not know the partition any more; -1 is Kafka's "unexpected". */
const MISPLACED: ReadonlySet<number> = new Set([-1, 3, 5, 6, 9, 13, 56, 74, 75, 78, 100, 103])

export interface LaneOptions extends DecodeOptions {
  /** Longest wait of one fetch, ms. */
  readonly maxWait: number
  /** Bytes of one fetch. */
  readonly maxBytes: number
}

/** What a lane tells, synchronously. */
export interface LaneHost {
  /** Something of it is held now. */
  fetched(partition: ReadPartition): void
  /** It cannot be read on. */
  fault(partition: ReadPartition, error: AlertError): void
  /** The leader sent it away, as so often before in a row as its `rejections` say. It has left the lane and has to be placed anew. */
  misplaced(lane: Lane, partition: ReadPartition, error: AlertError): void
  /** It has left the lane; the log does not have that offset, or is another one. */
  outOfRange(partition: ReadPartition, error: AlertError): void
  /** The leader answered a fetch of these. */
  alive(lane: Lane, partitions: readonly ReadPartition[]): void
  /** The link is dead. These have left the lane and have to be placed anew. */
  lost(lane: Lane, error: AlertError, partitions: readonly ReadPartition[]): void
  /** Another link would meet it too. */
  failed(error: unknown): void
}

/** One leader: a link of its own, and one fetch at a time for all partitions that are read there. */
export class Lane {
  readonly leader: string
  readonly #link: Link
  readonly #options: LaneOptions
  readonly #host: LaneHost
  /** In the order in which they are asked for: who got something goes to the end. */
  readonly #partitions = new Set<ReadPartition>()
  #asking = false
  #over = false

  constructor(leader: string, link: Link, options: LaneOptions, host: LaneHost) {
    this.leader = leader
    this.#link = link
    this.#options = options
    this.#host = host
  }

  get empty(): boolean {
    return this.#partitions.size === 0
  }

  /** The socket is gone. */
  get closed(): Promise<void> {
    return this.#link.closed
  }

  add(partition: ReadPartition): void {
    partition.lane = this
    this.#partitions.add(partition)
  }

  remove(partition: ReadPartition): void {
    partition.lane = undefined
    this.#partitions.delete(partition)
  }

  /** Fetches what is wanted now, unless a fetch is under way: the next one looks again. */
  wake(): void {
    if (!this.#asking && !this.#over) void this.#ask()
  }

  close(error: AlertError): void {
    this.#over = true
    this.#leave()
    this.#link.kill(error)
  }

  async #ask(): Promise<void> {
    this.#asking = true
    try {
      await this.#link.ready // all that is placed here by then is in the first fetch
      while (!this.#over) {
        const asked = [...this.#partitions].filter(({ wanting }) => wanting)
        if (asked.length === 0) break
        const from = performance.now()
        const answer = await this.#fetch(asked)
        if (!this.#over) this.#take(answer, asked, performance.now() - from)
      }
    } catch (error) {
      if (isOfTheLink(error)) this.#lose(error)
      else if (!this.#over) this.#host.failed(error)
    } finally {
      this.#asking = false
    }
  }

  #fetch(asked: readonly ReadPartition[]): Promise<FetchAnswer> {
    const mayResume = [...this.#partitions].some(({ paused, held }) => paused && held.length === 0)
    const maxWait = mayResume ? Math.min(this.#options.maxWait, SHORT_WAIT) : this.#options.maxWait
    const partitions = asked.map(({ topic, partition, next, leaderEpoch, maxBytes }) => ({
      topic,
      partition,
      offset: next,
      leaderEpoch,
      maxBytes,
    }))
    return this.#link.raw(fetchMessage({ maxWait, maxBytes: this.#options.maxBytes, partitions }), maxWait + this.#link.requestTimeout)
  }

  #take(answer: FetchAnswer, asked: readonly ReadPartition[], took: number): void {
    if (answer.errorCode !== 0) throw kafkaError(answer.errorCode, `${this.leader}: fetch`)
    const byKey = new Map(asked.map(partition => [partition.key, partition]))
    const alive: ReadPartition[] = []
    for (const each of answer.partitions) {
      const partition = byKey.get(partitionKey(each))
      if (partition?.lane !== this) continue // stopped or moved meanwhile
      if (each.errorCode !== 0) {
        this.#refused(partition, each)
      } else {
        alive.push(partition)
        partition.rejections = 0
        if (each.records.length > 0) this.#hold(partition, each, took, partition === asked[0])
      }
    }
    this.#host.alive(this, alive)
  }

  #refused(partition: ReadPartition, { errorCode, logStart, highWatermark }: PartitionAnswer): void {
    const known = highWatermark >= 0 ? `, the log has ${logStart} to ${highWatermark}` : ''
    const error = kafkaError(errorCode, `${partition.key}@${partition.next}${known}`)
    if (errorCode === OFFSET_OUT_OF_RANGE) {
      this.remove(partition)
      this.#host.outOfRange(partition, error)
    } else if (MISPLACED.has(errorCode)) {
      this.remove(partition)
      partition.rejections++
      this.#host.misplaced(this, partition, error)
    } else {
      this.#host.fault(partition, error)
    }
  }

  #hold(partition: ReadPartition, answer: PartitionAnswer, took: number, first: boolean): void {
    const { records, aborted, lastStable, highWatermark } = answer
    const set = new RecordSet(partition.key, records, partition.next, aborted, this.#options)
    if (set.next === partition.next && !set.endsInFault) {
      this.#noProgress(partition, first)
      return
    }
    if (records.length >= partition.maxBytes * FULL) this.#adapt(partition, records.length, took)
    partition.next = set.next
    partition.blocked = set.endsInFault
    const end = lastStable >= 0 ? lastStable : highWatermark // as it was before the records were read: there may be more of them
    partition.held.push({ set, end: Math.max(end, set.next) })
    this.#partitions.delete(partition)
    this.#partitions.add(partition)
    this.#host.fetched(partition)
  }

  /** Larger fetches, while waiting for full ones takes the time. */
  #adapt(partition: ReadPartition, bytes: number, took: number): void {
    const isSlow = partition.held.length === 0 && took < SLOW_ANSWER && bytes < took * QUICK_ANSWER
    partition.slowAnswers = isSlow ? partition.slowAnswers + 1 : 0
    if (partition.slowAnswers < SLOW_ANSWERS || partition.maxBytes >= LARGEST_FETCH) return
    partition.slowAnswers = 0
    this.#grow(partition)
  }

  #grow(partition: ReadPartition): void {
    partition.maxBytes = Math.min(partition.maxBytes * 2, this.#options.maxBytes)
  }

  /**
   * Bytes, but no batch that ends behind the offset asked for. The broker sends the first batch of the first partition whole, so that one's
   * length is wrong; of another one it may be too large for what was left.
   */
  #noProgress(partition: ReadPartition, first: boolean): void {
    if (first && partition.maxBytes >= this.#options.maxBytes) {
      const text = `${partition.key}@${partition.next}: the record batch cannot be read: its length is wrong`
      this.#host.fault(partition, new AlertError('ALERT_DAMAGED', text))
    } else {
      this.#grow(partition)
      const others = [...this.#partitions].filter(other => other !== partition)
      this.#partitions.clear()
      for (const each of [partition, ...others]) this.#partitions.add(each)
    }
  }

  #lose(error: AlertError): void {
    if (this.#over) return
    this.#over = true
    this.#link.kill(error)
    this.#host.lost(this, error, this.#leave())
  }

  #leave(): ReadPartition[] {
    const left = [...this.#partitions]
    for (const partition of left) this.remove(partition)
    return left
  }
}

/** What is not is a fault of the program, or a request that no waiting makes right. */
const isOfTheLink = (error: unknown): error is AlertError => error instanceof AlertError && error.code !== 'ALERT_REQUEST'
