import { pause, systemClock } from '../../../clock.ts'
import { AlertError, ConfigError, toAlertError } from '../../../errors.ts'
import { type Position, partitionKey, type TopicPartition } from '../../../place.ts'
import type { ReadEvent, Reader, ReadOptions } from '../../transport.ts'
import { backoff } from '../backoff.ts'
import type { Links } from '../links.ts'
import { Member } from '../member/Member.ts'
import type { LaneOptions } from './Lane.ts'
import { Lanes } from './Lanes.ts'
import { Placement, recreated } from './Placement.ts'
import { ReadPartition } from './ReadPartition.ts'
import { Turns } from './Turns.ts'

/** What one fetch of a partition begins with: the quickest for a near broker. It grows while waiting takes the time. */
const FIRST_FETCH = 2 * 1024 * 1024

/** Of the protocol. */
const LARGEST_NUMBER = 2 ** 31 - 1

/** There is no other without a group. */
const WITHOUT_GROUP = 0

/** Then the group's leader counts its partitions. */
const OF_THE_TOPIC: ReadonlySet<string> = new Set(['ALERT_TOPIC_UNKNOWN', 'ALERT_TOPIC_RECREATED'])

/** A record counts for one, or for each 2 KiB of it: what is large takes more of a turn. */
const BYTES_OF_ONE = 2048

/** So often in a row a leader sends a partition away: a move is over sooner. */
const WORTH_A_WORD = 5

/**
 * Reads partitions from where it is told to; with a group, those that its member is assigned. A dead link is its partitions' business: they
 * are placed anew. It ends only when it is closed, when no broker answers questions any more, when the group has no place for it, or by a
 * fault of the program.
 */
export class KafkaReader implements Reader {
  readonly #links: Links
  readonly #options: LaneOptions
  readonly #on: (event: ReadEvent) => void
  readonly #partitions = new Map<string, ReadPartition>()
  readonly #turns: Turns
  readonly #lanes: Lanes
  readonly #placement: Placement
  readonly #member: Member | undefined
  readonly #over = new AbortController()
  /** Of what is read now; undefined while a member has nothing. */
  #epoch: number | undefined
  #ended: Promise<void> | undefined

  constructor(links: Links, options: ReadOptions, on: (event: ReadEvent) => void) {
    const { maxBytes, maxWait, maxBatchBytes, checkCrcs = false } = options
    this.#links = links
    this.#options = { maxBytes: Math.min(maxBytes, LARGEST_NUMBER), maxWait: Math.min(maxWait, LARGEST_NUMBER), maxBatchBytes, checkCrcs }
    this.#on = on
    this.#turns = new Turns(
      partition => this.#deliver(partition),
      error => this.#failed(error),
    )
    this.#lanes = new Lanes(links, this.#options, {
      fetched: partition => this.#turns.add(partition),
      fault: (partition, error) => this.#fault(partition, error),
      misplaced: ({ leader }, partition, error) => this.#misplaced(leader, partition, error),
      outOfRange: (partition, error) => void this.#outOfRange(partition, error),
      alive: ({ leader }, partitions) => this.#alive(leader, partitions),
      lost: (leader, error, partitions, delay) => this.#lost(leader, error, partitions, delay),
      failed: error => this.#failed(error),
    })
    this.#placement = new Placement(links, {
      place: (partition, leader) => this.#lanes.place(partition, leader),
      placed: () => {
        this.#lanes.wake()
        this.#lanes.closeEmpty()
      },
      fault: (partition, error) => this.#fault(partition, error),
      leaderless: (partition, error) => this.#troubled(links.config.server, partition, error),
      lost: error => void this.#end(error),
    })
    if (options.group) this.#member = this.#memberOf(options.group)
    else this.#epoch = WITHOUT_GROUP
    if (links.over) {
      queueMicrotask(() => void this.#end(links.over))
    } else {
      void this.#watch()
      void this.#member?.run()
    }
  }

  start(epoch: number, at: readonly Position[]): void {
    if (epoch !== this.#epoch || this.#ended) return
    const firstFetch = Math.min(FIRST_FETCH, this.#options.maxBytes)
    const started = at.map(position => {
      const before = this.#partitions.get(partitionKey(position))
      before?.end()
      return new ReadPartition(epoch, position, firstFetch, before?.paused ?? false)
    })
    for (const partition of started) this.#partitions.set(partition.key, partition)
    this.#placement.add(started)
  }

  stop(partitions: readonly TopicPartition[]): void {
    for (const partition of this.#of(partitions)) {
      partition.end()
      this.#partitions.delete(partition.key)
    }
    this.#lanes.closeEmpty()
  }

  pause(partitions: readonly TopicPartition[]): void {
    for (const partition of this.#of(partitions)) partition.paused = true
  }

  resume(partitions: readonly TopicPartition[]): void {
    for (const partition of this.#of(partitions)) {
      partition.paused = false
      if (partition.deliverable) this.#turns.add(partition)
      partition.lane?.wake()
    }
  }

  commit(epoch: number, at: readonly Position[]): Promise<void> {
    if (this.#member) return this.#member.commit(epoch, at)
    return Promise.reject(new ConfigError('Offsets are committed to a consumer group; this reader is in none'))
  }

  release(epoch: number): void {
    this.#member?.release(epoch)
  }

  subscribe(topics: readonly string[]): void {
    this.#member?.subscribe(topics)
  }

  close(deadline: number): Promise<void> {
    return this.#end(undefined, deadline)
  }

  #memberOf(group: NonNullable<ReadOptions['group']>): Member {
    return new Member(this.#links, group, {
      assigned: (epoch, memberId, partitions) => {
        this.#epoch = epoch
        this.#emit({ type: 'assigned', epoch, memberId, partitions })
        if (partitions.length === 0) this.#lanes.closeEmpty()
      },
      revoked: (epoch, lost) => {
        this.#epoch = undefined
        for (const partition of this.#partitions.values()) partition.end()
        this.#partitions.clear() // the lanes stay: most of it comes back
        this.#emit({ type: 'revoked', epoch, lost })
      },
      alive: () => this.#emit({ type: 'alive' }),
      away: (leader, error) => this.#emit({ type: 'lane', leader, error, partitions: [] }),
      back: leader => this.#emit({ type: 'lane', leader, partitions: [] }),
      failed: error => void this.#end(error),
    })
  }

  #of(partitions: readonly TopicPartition[]): ReadPartition[] {
    return partitions.map(partition => this.#partitions.get(partitionKey(partition))).filter(partition => partition !== undefined)
  }

  #emit(event: ReadEvent): void {
    if (this.#ended) return
    try {
      this.#on(event)
    } catch (error) {
      this.#failed(error)
    }
  }

  /** A fault of the program, a handler's or our own: it ends the reader, loudly, and nothing else. */
  #failed(error: unknown): void {
    void this.#end(toAlertError(error, 'ALERT_REQUEST'))
  }

  #deliver(partition: ReadPartition): number {
    const { set, end } = partition.held[0]!
    const { records, next, bytes, fault } = set.step()
    if (set.done) partition.held.shift()
    if (next > partition.delivered) {
      partition.delivered = next
      const { epoch, place, topicId } = partition
      this.#emit({ type: 'records', epoch, of: place, records, next, end, topicId })
    }
    if (fault && !partition.over) this.#fault(partition, fault.error, fault.after)
    partition.lane?.wake()
    return Math.max(records.length, bytes / BYTES_OF_ONE)
  }

  #fault(partition: ReadPartition, error: AlertError, after?: number): void {
    partition.end()
    this.#emit({ type: 'fault', of: partition.place, error, after })
    this.#lanes.closeEmpty()
    if (OF_THE_TOPIC.has(error.code)) this.#member?.look()
  }

  #alive(leader: string, partitions: readonly ReadPartition[]): void {
    const mended = partitions.filter(({ troubled }) => troubled)
    for (const partition of mended) partition.troubled = false
    if (mended.length > 0) this.#emit({ type: 'lane', leader, partitions: mended.map(({ place }) => place) })
    this.#emit({ type: 'alive' })
  }

  #lost(leader: string, error: AlertError, partitions: readonly ReadPartition[], delay: number): void {
    if (partitions.length === 0) return
    for (const partition of partitions) partition.troubled = true
    this.#placement.add(partitions, delay)
    this.#emit({ type: 'lane', leader, error, partitions: partitions.map(({ place }) => place) })
  }

  #misplaced(leader: string, partition: ReadPartition, error: AlertError): void {
    this.#placement.add([partition], backoff(partition.rejections))
    if (partition.rejections >= WORTH_A_WORD) this.#troubled(leader, partition, error)
  }

  #troubled(leader: string, partition: ReadPartition, error: AlertError): void {
    if (partition.troubled) return // it is said already
    partition.troubled = true
    this.#emit({ type: 'lane', leader, error, partitions: [partition.place] })
  }

  /** Another topic under the same name looks like this too, if its log is shorter. */
  async #outOfRange(partition: ReadPartition, error: AlertError): Promise<void> {
    const known = await this.#links.metadata([partition.topic]).catch(() => undefined)
    if (!partition.over) this.#fault(partition, recreated(partition, known?.get(partition.topic)?.topicId) ?? error)
  }

  /** A topic that is made anew with a longer log is read on without a word, but for this. */
  async #watch(): Promise<void> {
    for (;;) {
      await pause(systemClock, this.#links.config.lookAgain, this.#over.signal)
      if (this.#ended) return
      const reading = [...this.#partitions.values()].filter(({ over }) => !over)
      const known = await this.#links.metadata(reading.map(({ topic }) => topic)).catch(() => undefined) // the lanes tell what is wrong
      for (const partition of reading) {
        const fault = recreated(partition, known?.get(partition.topic)?.topicId)
        if (fault && !partition.over) this.#fault(partition, fault)
      }
    }
  }

  #end(error: AlertError | undefined, deadline = 0): Promise<void> {
    this.#ended ??= this.#close(error, deadline)
    return this.#ended
  }

  async #close(error: AlertError | undefined, deadline: number): Promise<void> {
    this.#over.abort()
    this.#turns.close()
    this.#placement.close()
    for (const partition of this.#partitions.values()) partition.over = true
    const closed = this.#lanes.close(error ?? new AlertError('ALERT_CLOSED', 'the reader was closed'))
    // One that broke, or is given no time, does not leave: its successor takes the member's place, and nobody else has to join again.
    await Promise.all([closed, this.#member?.close(error === undefined && deadline > 0, deadline)])
    this.#on({ type: 'ended', error, memberId: error && (this.#member?.memberId || undefined) })
  }
}
