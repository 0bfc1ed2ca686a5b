import type { Clock } from '../../clock.ts'
import { AlertError, ConfigError } from '../../errors.ts'
import { type Position, partitionKey, type TopicPartition } from '../../place.ts'
import { kafkaError, kafkaErrorCode } from '../codes.ts'
import {
  CLOSE_DEADLINE,
  type Credentials,
  type Per,
  type ReadEvent,
  type Reader,
  type ReadOptions,
  type TopicDescription,
  type Transport,
  type Where,
  type WriteOptions,
  type Writer,
} from '../transport.ts'
import type { Client } from './Client.ts'
import { type FaultKind, type FaultOptions, Faults } from './faults.ts'
import { Link } from './Link.ts'
import { isInternal, isTopicName, MemoryLog } from './MemoryLog.ts'
import { MemoryReader } from './MemoryReader.ts'
import { MemoryWriter } from './MemoryWriter.ts'
import { type Operation, Rights } from './rights.ts'
import { TimerScope } from './TimerScope.ts'

/** A connection's options. */
export interface MemoryTransportOptions {
  /** What it reads and writes; several transports may share one. @default a new one */
  readonly log?: MemoryLog | undefined
  /** host:port, as records and cursors name it. @default 'memory:9092' */
  readonly server?: string | undefined
  /** @default the log's, or else the system's */
  readonly clock?: Clock | undefined
  /** Called at each connection; what it gives is not looked at, see `refuseCredentials()`. @default none */
  readonly credentials?: Credentials | undefined
  /** ms from each request to its answer. @default 0: the next turn of the event loop */
  readonly latency?: number | undefined
  /** Records of one fetch at most. @default 500 */
  readonly batchRecords?: number | undefined
}

/** What is open: all zero once everything is closed. */
export interface OpenCounts {
  readonly readers: number
  readonly writers: number
  readonly timers: number
}

/**
 * A transport without a network: Kafka's semantics over a `MemoryLog`, and faults on demand. For tests, demonstrations and pages.
 *
 * @example
 * const transport = new MemoryTransport()
 * transport.log.createTopic('gracedb.superevent')
 * transport.log.append('gracedb.superevent', { value: '{"superevent_id": "S230518h"}' })
 * transport.fail('NOT_LEADER_OR_FOLLOWER', { at: 'fetch', times: 3 })
 */
export class MemoryTransport implements Transport {
  readonly server: string
  readonly log: MemoryLog
  readonly #client: Client
  readonly #readers = new Set<MemoryReader>()
  readonly #writers = new Set<Writer>()
  #swallowed = 0
  #closing: Promise<void> | undefined

  constructor({
    log,
    server = 'memory:9092',
    clock,
    credentials = () => undefined,
    latency = 0,
    batchRecords = 500,
  }: MemoryTransportOptions = {}) {
    if (!(Number.isInteger(batchRecords) && batchRecords > 0))
      throw new ConfigError(`batchRecords is ${batchRecords}; expected a whole number from 1`)
    this.server = server
    this.log = log ?? new MemoryLog({ clock })
    const timers = new TimerScope(clock ?? this.log.clock)
    const faults = new Faults()
    const link = new Link({ server, log: this.log, faults, timers, credentials, latency })
    const swallowsAnswer = (): boolean => this.#swallowed > 0 && this.#swallowed-- > 0
    this.#client = { server, log: this.log, link, faults, rights: new Rights(), timers, batchRecords, swallowsAnswer }
  }

  /** @internal */
  async describe(topics: readonly string[] | 'all', signal?: AbortSignal): Promise<ReadonlyMap<string, Per<TopicDescription>>> {
    const { link, rights } = this.#client
    return link.request(
      'describe',
      () => {
        const names = topics === 'all' ? this.log.topics.filter(name => !isInternal(name) && rights.may('describe', name)) : topics
        return new Map(names.map(name => [name, this.#describe(name)]))
      },
      { signal },
    )
  }

  /** @internal */
  async locate(at: Where, partitions: readonly TopicPartition[], signal?: AbortSignal): Promise<readonly Per<Position>[]> {
    return this.#client.link.request('locate', () => partitions.map(of => this.#locate(at, of)), { signal })
  }

  /** @internal */
  read(options: ReadOptions, on: (event: ReadEvent) => void): Reader {
    const reader = new MemoryReader(this.#client, options, event => {
      if (event.type === 'ended') this.#readers.delete(reader)
      on(event)
    })
    this.#readers.add(reader)
    return reader
  }

  /** @internal */
  write(options: WriteOptions): Writer {
    const writer = new MemoryWriter(this.#client, options, () => this.#writers.delete(writer))
    this.#writers.add(writer)
    return writer
  }

  /** @internal */
  async deleteTopic(topic: string): Promise<void> {
    const { link, rights } = this.#client
    await link.request('delete', () => {
      if (!rights.may('delete', topic)) throw kafkaError('TOPIC_AUTHORIZATION_FAILED', `delete ${topic}`)
      if (!this.log.topic(topic)) throw kafkaError('UNKNOWN_TOPIC_OR_PARTITION', `delete ${topic}`)
      this.log.deleteTopic(topic)
    })
  }

  close(deadline: number = CLOSE_DEADLINE): Promise<void> {
    this.#closing ??= this.#close(deadline)
    return this.#closing
  }

  /** Readers and writers that are not closed, and timers that are set. */
  get open(): OpenCounts {
    return { readers: this.#readers.size, writers: this.#writers.size, timers: this.#client.timers.pending }
  }

  /**
   * The next request of that kind meets an error: one of Kafka's, by name or number, or any other. What it does is what a Kafka client does
   * with it: a partition is faulted, tried again, the reader ends, the member joins again.
   *
   * @returns what calls it off
   */
  fail(kind: FaultKind, options: FaultOptions): () => void {
    if (!(kind instanceof AlertError) && !kafkaErrorCode(kind)) throw new ConfigError(`${kind} is not an error of Kafka`)
    const heal = this.#client.faults.add(kind, options)
    this.log.wake()
    return heal
  }

  /** Every connection breaks; the next try connects again. Readers say it as `lane` and go on. */
  disconnect(): void {
    this.#client.link.break('the connection was closed')
  }

  /**
   * Readers that are open hear nothing any more, and nobody tells them that their connections are dead, as behind a firewall that forgot them.
   * New ones are answered.
   */
  goSilent(): void {
    for (const reader of this.#readers) reader.goSilent()
  }

  /** Nobody answers any more: readers end. */
  goOffline(): void {
    this.#client.link.goOffline()
  }

  /** Somebody answers again. */
  goOnline(): void {
    this.#client.link.goOnline()
  }

  /** Takes rights on a topic from this user: those that are named, else all. */
  forbid(topic: string, ...operations: Operation[]): void {
    this.#client.rights.forbid(topic, operations)
    this.log.wake()
  }

  /** Gives them back. */
  allow(topic: string): void {
    this.#client.rights.allow(topic)
    this.log.wake()
  }

  /** New connections are refused; those that are open stay so, as at a broker. */
  refuseCredentials(): void {
    this.#client.link.refuses = true
  }

  /** As `refuseCredentials()` had not been called. */
  acceptCredentials(): void {
    this.#client.link.refuses = false
  }

  /** The next `count` writes are stored, and the answers to them get lost. */
  swallowAnswers(count: number): void {
    this.#swallowed = count
  }

  async #close(deadline: number): Promise<void> {
    await Promise.all([...this.#readers, ...this.#writers].map(open => open.close(deadline)))
    this.#client.link.close()
  }

  #describe(topic: string): Per<TopicDescription> {
    const { faults, rights } = this.#client
    const where = `describe ${topic}`
    const fault = faults.take('describe', topic)
    if (fault) return { fault }
    if (!isTopicName(topic)) return { fault: kafkaError('INVALID_TOPIC_EXCEPTION', where) }
    if (!rights.may('describe', topic)) return { fault: kafkaError('TOPIC_AUTHORIZATION_FAILED', where) }
    const known = this.log.topic(topic)
    if (!known) return { fault: kafkaError('UNKNOWN_TOPIC_OR_PARTITION', where) }
    return { partitions: known.partitions.length, topicId: known.id }
  }

  #locate(at: Where, of: TopicPartition): Per<Position> {
    const { faults, rights } = this.#client
    const { topic, partition } = of
    const where = `locate ${partitionKey(of)}`
    const fault = faults.take('locate', topic, partition)
    if (fault) return { fault }
    if (!rights.may('describe', topic)) return { fault: kafkaError('TOPIC_AUTHORIZATION_FAILED', where) }
    const known = this.log.topic(topic)
    const log = known?.partitions[partition]
    if (!known || !log) return { fault: kafkaError('UNKNOWN_TOPIC_OR_PARTITION', where) }
    if (!this.log.isUp(this.log.leaderOf(of))) return { fault: kafkaError('LEADER_NOT_AVAILABLE', where) }
    const offset = at === 'earliest' ? log.start : at === 'latest' ? log.end : log.offsetAt(at.time)
    return { topic, partition, offset, topicId: known.id }
  }
}
