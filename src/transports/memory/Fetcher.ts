import { AlertError, type AlertErrorCode } from '../../errors.ts'
import { type Position, partitionKey, type TopicPartition } from '../../place.ts'
import { kafkaError } from '../codes.ts'
import type { ReadEvent, ReadOptions } from '../transport.ts'
import { type Client, RETRY_PAUSE } from './Client.ts'
import { isLostConnection, isTransient } from './faults.ts'
import type { MemoryPartition } from './MemoryPartition.ts'
import { TimerScope } from './TimerScope.ts'

/** A partition that is read. */
interface Part extends TopicPartition {
  readonly epoch: number
  /** The next to be delivered. */
  offset: number
  topicId: string | undefined
  paused: boolean
  /** `waiting`: for the next try. `faulted`: for `start()`. */
  state: 'reading' | 'waiting' | 'faulted'
}

export interface FetcherEvents {
  emit(event: ReadEvent): void
  /** Nothing can be read any more. */
  failed(error: AlertError): void
}

/** What a fetch says of one partition alone. */
const OF_ONE_PARTITION: ReadonlySet<AlertErrorCode> = new Set<AlertErrorCode>([
  'ALERT_TOPIC_UNKNOWN',
  'ALERT_TOPIC_FORBIDDEN',
  'ALERT_TOPIC_INVALID',
  'ALERT_TOPIC_RECREATED',
  'ALERT_OFFSET_RANGE',
  'ALERT_DAMAGED',
  'ALERT_TOO_LARGE',
])

/** Where one reader stands in each partition, and the fetches that move it on: one answer of each broker at a time, in a turn of its own. */
export class Fetcher {
  readonly #client: Client
  readonly #options: ReadOptions
  readonly #events: FetcherEvents
  readonly #timers: TimerScope
  /** In the order in which they are fetched. */
  readonly #parts = new Map<string, Part>()
  /** Brokers whose connection broke and that have not answered since. */
  readonly #broken = new Set<number>()
  /** Brokers that are left alone for a moment. */
  readonly #avoided = new Set<number>()
  #isAwake = false
  #isClosed = false
  #stopIdling = (): void => {}

  constructor(client: Client, options: ReadOptions, events: FetcherEvents) {
    this.#client = client
    this.#options = options
    this.#events = events
    this.#timers = new TimerScope(client.timers)
  }

  start(epoch: number, at: readonly Position[]): void {
    for (const { topic, partition, offset, topicId } of at) {
      const key = partitionKey({ topic, partition })
      const paused = this.#parts.get(key)?.paused ?? false
      this.#parts.set(key, { topic, partition, epoch, offset, topicId, paused, state: 'reading' })
    }
    this.wake()
  }

  stop(partitions: readonly TopicPartition[]): void {
    for (const of of partitions) this.#parts.delete(partitionKey(of))
  }

  stopAll(): void {
    this.#parts.clear()
  }

  pause(partitions: readonly TopicPartition[], paused: boolean): void {
    for (const of of partitions) {
      const part = this.#parts.get(partitionKey(of))
      if (part) part.paused = paused
    }
    if (!paused) this.wake()
  }

  /** There may be something to fetch. */
  wake(): void {
    if (this.#isAwake || this.#isClosed || this.#parts.size === 0) return
    this.#isAwake = true
    this.#client.link.delay(() => {
      this.#isAwake = false
      this.#poll()
    }, this.#timers)
  }

  /** All connections broke at once. */
  broke(error: AlertError): void {
    for (const [broker, parts] of this.#byBroker()) this.#breakLane(broker, parts, error)
  }

  close(): void {
    this.#isClosed = true
    this.#parts.clear()
    this.#timers.clear()
  }

  #poll(): void {
    const { link, log, server } = this.#client
    if (this.#isClosed || !link.isOpen) return
    this.#stopIdling()
    this.#rotate()
    let hasMore = false
    for (const [broker, parts] of this.#byBroker()) {
      // Whoever was told of the last broker may have closed the reader.
      if (this.#isClosed) return
      if (!log.isUp(broker)) this.#breakLane(broker, parts, new AlertError('ALERT_CONNECTION', `${this.#address(broker)}: nobody answers`))
      else if (!this.#avoided.has(broker)) hasMore = this.#fetch(broker, parts) || hasMore
    }
    if (this.#isClosed) return
    if (!log.isReachable) this.#events.failed(new AlertError('ALERT_CONNECTION', `${server}: no broker answers`))
    else if (hasMore) this.wake()
    else this.#stopIdling = this.#timers.after(this.#options.maxWait, () => this.wake())
  }

  /** One answer of one broker; tells whether it has more. */
  #fetch(broker: number, parts: readonly Part[]): boolean {
    const ready = parts.filter(part => this.#isReady(part))
    if (ready.length === 0) return false
    const hasMore = this.#answer(broker, ready)
    // A fetch that failed as a whole did not come back.
    if (this.#isClosed || this.#avoided.has(broker)) return false
    this.#mendLane(broker, parts)
    this.#events.emit({ type: 'alive' })
    return hasMore
  }

  #answer(broker: number, ready: readonly Part[]): boolean {
    let bytes = this.#options.maxBytes
    let records = this.#client.batchRecords
    let hasMore = false
    for (const part of ready) {
      // Whoever was told of the last partition may have paused or stopped this one.
      if (!this.#isReady(part)) continue
      if (bytes <= 0 || records <= 0) return true
      const source = this.#source(part)
      if (source instanceof AlertError) {
        this.#meet(part, broker, source)
        if (this.#avoided.has(broker)) return false
        continue
      }
      const got = source.fetch(part.offset, { bytes, records, batchBytes: this.#options.maxBatchBytes })
      if (got === 'out of range') this.#fault(part, outOfRange(part, source))
      else if ('after' in got) this.#fault(part, new AlertError('ALERT_DAMAGED', `${placeOf(part)}: ${got.why}`), got.after)
      else {
        bytes -= got.bytes
        records -= got.records.length
        this.#deliver(part, got.records, got.next, source.end)
        hasMore ||= this.#isReady(part) && part.offset < source.end
      }
    }
    return hasMore
  }

  /** The log of a partition, or what stands between. */
  #source(part: Part): MemoryPartition | AlertError {
    const { faults, rights, log } = this.#client
    const fault = faults.take('fetch', part.topic, part.partition)
    if (fault) return fault
    const place = `fetch of ${partitionKey(part)}`
    if (!rights.may('read', part.topic)) return kafkaError('TOPIC_AUTHORIZATION_FAILED', place)
    const topic = log.topic(part.topic)
    const source = topic?.partitions[part.partition]
    if (!topic || !source) return kafkaError('UNKNOWN_TOPIC_OR_PARTITION', place)
    part.topicId ??= topic.id
    if (part.topicId === topic.id) return source
    return new AlertError('ALERT_TOPIC_RECREATED', `${place}: the topic was created again: its id was ${part.topicId}, it is ${topic.id}`)
  }

  #deliver(part: Part, records: Extract<ReadEvent, { type: 'records' }>['records'], next: number, end: number): void {
    if (next === part.offset) return
    part.offset = next
    const { topic, partition, epoch, topicId } = part
    this.#events.emit({ type: 'records', epoch, of: { topic, partition }, records, next, end, topicId })
  }

  /** A failed fetch concerns its partition, its broker or the whole reader. */
  #meet(part: Part, broker: number, error: AlertError): void {
    if (OF_ONE_PARTITION.has(error.code)) this.#fault(part, error)
    else if (isLostConnection(error)) {
      this.#avoided.add(broker)
      this.#breakLane(broker, this.#byBroker().get(broker) ?? [], error)
      this.#timers.after(RETRY_PAUSE, () => {
        this.#avoided.delete(broker)
        this.wake()
      })
    } else if (isTransient(error)) {
      part.state = 'waiting'
      this.#timers.after(RETRY_PAUSE, () => {
        if (part.state === 'waiting') part.state = 'reading'
        this.wake()
      })
    } else this.#events.failed(error)
  }

  #fault(part: Part, error: AlertError, after?: number): void {
    part.state = 'faulted'
    const { topic, partition } = part
    this.#events.emit({ type: 'fault', of: { topic, partition }, error, after })
  }

  #breakLane(broker: number, parts: readonly Part[], error: AlertError): void {
    if (this.#broken.has(broker)) return
    this.#broken.add(broker)
    this.#events.emit({ type: 'lane', leader: this.#address(broker), error, partitions: parts.map(placed) })
  }

  #mendLane(broker: number, parts: readonly Part[]): void {
    if (!this.#broken.delete(broker)) return
    this.#events.emit({ type: 'lane', leader: this.#address(broker), partitions: parts.map(placed) })
  }

  /** What is read, or would be were it not paused. */
  #byBroker(): Map<number, Part[]> {
    const lanes = new Map<number, Part[]>()
    for (const part of this.#parts.values()) {
      if (part.state === 'faulted') continue
      const broker = this.#client.log.leaderOf(part)
      const lane = lanes.get(broker)
      if (lane) lane.push(part)
      else lanes.set(broker, [part])
    }
    return lanes
  }

  #isReady(part: Part): boolean {
    return part.state === 'reading' && !part.paused && this.#parts.get(partitionKey(part)) === part
  }

  /** Else the first partition with much to read would starve the others. */
  #rotate(): void {
    for (const [key, part] of this.#parts) {
      this.#parts.delete(key)
      this.#parts.set(key, part)
      return
    }
  }

  #address(broker: number): string {
    const [, host, port] = /^(.*):(\d+)$/.exec(this.#client.server) ?? []
    return host === undefined ? `${this.#client.server}/${broker}` : `${host}:${Number(port) + broker}`
  }
}

const placed = ({ topic, partition }: TopicPartition): TopicPartition => ({ topic, partition })

const placeOf = (part: Part): string => `${partitionKey(part)}@${part.offset}`

const outOfRange = (part: Part, { start, end }: MemoryPartition): AlertError =>
  kafkaError('OFFSET_OUT_OF_RANGE', `fetch of ${placeOf(part)}, of a log from ${start} to ${end}`)
