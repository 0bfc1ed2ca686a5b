import { AlertError, toAlertError } from '../../errors.ts'
import { partitionKey } from '../../place.ts'
import { type KafkaErrorName, kafkaError, sizeLimitMend } from '../codes.ts'
import type { OutRecord, WriteOptions, WriteOutcome, Writer } from '../transport.ts'
import { type Client, RETRY_PAUSE } from './Client.ts'
import { isLostConnection, isTransient } from './faults.ts'
import { isTopicName } from './MemoryLog.ts'
import { sizeOf } from './MemoryRecord.ts'
import { type PendingWrite, PendingWrites } from './PendingWrites.ts'
import { Partitioner } from './partitioner.ts'
import { TimerScope } from './TimerScope.ts'
import { turn } from './turn.ts'

/** What waits for one partition, in order. */
interface Queue {
  readonly topic: string
  readonly partition: number
  writes: PendingWrite[]
  /** For the next try. */
  isWaiting: boolean
}

interface FailedTry {
  readonly error: AlertError
  /** The records may be in the log all the same. */
  readonly isUnsure?: boolean
}

/** Answers after which a record may be in the log all the same. */
const UNSURE: ReadonlySet<string | undefined> = new Set<KafkaErrorName>(['REQUEST_TIMED_OUT', 'NOT_ENOUGH_REPLICAS_AFTER_APPEND'])

/** Appends to the log, idempotently as Kafka's producers do: what is sent again after a lost answer is not stored twice. */
export class MemoryWriter implements Writer {
  readonly #client: Client
  readonly #options: WriteOptions
  readonly #timers: TimerScope
  readonly #pending: PendingWrites
  readonly #partitioner = new Partitioner()
  readonly #queues = new Map<string, Queue>()
  #incoming: PendingWrite[] = []
  #isAwake = false
  #isIdempotent = true
  #closing: Promise<void> | undefined
  readonly #onClosed: () => void

  constructor(client: Client, options: WriteOptions, onClosed: () => void) {
    this.#client = client
    this.#options = options
    this.#timers = new TimerScope(client.timers)
    this.#pending = new PendingWrites(this.#timers, options.deliveryTimeout)
    this.#onClosed = onClosed
  }

  write(record: OutRecord, done: (outcome: WriteOutcome) => void): void {
    if (this.#closing) {
      turn(() => done({ error: new AlertError('ALERT_CLOSED', `${record.topic}: the writer is closed`), stored: false }))
      return
    }
    this.#incoming.push(this.#pending.add(record, done))
    this.#wake()
  }

  close(deadline: number): Promise<void> {
    this.#closing ??= this.#close(deadline)
    return this.#closing
  }

  async #close(deadline: number): Promise<void> {
    await this.#timers.within(deadline, this.#pending.allSettled())
    this.#pending.abandon(`the writer was closed, its ${deadline} ms being over`)
    this.#timers.clear()
    this.#onClosed()
  }

  #wake(): void {
    if (this.#isAwake) return
    this.#isAwake = true
    this.#client.link.delay(() => void this.#flush(), this.#timers)
  }

  async #flush(): Promise<void> {
    try {
      await this.#client.link.ready()
    } catch (thrown) {
      this.#unreachable(toAlertError(thrown))
      return
    } finally {
      this.#isAwake = false
    }
    this.#partitioner.nextBatch()
    const incoming = this.#incoming
    this.#incoming = []
    for (const write of incoming) if (!write.isSettled) this.#place(write)
    for (const [key, queue] of this.#queues) {
      if (!queue.isWaiting) this.#send(queue)
      if (queue.writes.length === 0) this.#queues.delete(key)
    }
  }

  /** Into the queue of its partition, unless this record alone cannot be written. */
  #place(write: PendingWrite): void {
    const { record } = write
    const { topic, key } = record
    const refusal = this.#refusal(record)
    if (refusal) {
      write.fail(refusal)
      return
    }
    const count = this.#client.log.topic(topic)!.partitions.length
    const partition = record.partition ?? this.#partitioner.choose(topic, key, count)
    const name = partitionKey({ topic, partition })
    const queue = this.#queues.get(name) ?? { topic, partition, writes: [], isWaiting: false }
    this.#queues.set(name, queue)
    queue.writes.push(write)
  }

  #refusal(record: OutRecord): AlertError | undefined {
    const { log, rights } = this.#client
    const where = `write to ${record.topic}`
    if (!isTopicName(record.topic)) return kafkaError('INVALID_TOPIC_EXCEPTION', where)
    if (!rights.may('write', record.topic)) return kafkaError('TOPIC_AUTHORIZATION_FAILED', where)
    const topic = log.topic(record.topic)
    if (!topic) return kafkaError('UNKNOWN_TOPIC_OR_PARTITION', where)
    if (record.partition !== undefined && !topic.partitions[record.partition]) {
      return kafkaError('UNKNOWN_TOPIC_OR_PARTITION', `${where}[${record.partition}]`)
    }
    const [size, limit] = [sizeOf(record), topic.maxMessageBytes]
    if (size > limit) return kafkaError('MESSAGE_TOO_LARGE', `${where} of ${size} bytes`, { mend: sizeLimitMend(limit) })
    return undefined
  }

  /** All that waits for one partition, in one request. */
  #send(queue: Queue): void {
    const { topic, partition } = queue
    queue.writes = queue.writes.filter(({ isSettled }) => !isSettled)
    const failed = queue.writes.length > 0 ? this.#try(queue) : undefined
    if (failed && isTransient(failed.error)) {
      for (const write of queue.writes) write.failedTry(failed.error, failed.isUnsure)
      this.#options.onRetry?.(failed.error, topic)
      this.#wait(queue)
      return
    }
    for (const write of queue.writes) {
      if (failed) write.fail(failed.error)
      else write.settle({ partition, offset: write.storedAt })
    }
    queue.writes = []
  }

  /** Gives what went wrong. */
  #try({ topic, partition, writes }: Queue): FailedTry | undefined {
    const { log, swallowsAnswer } = this.#client
    const where = `write to ${partitionKey({ topic, partition })}`
    if (!log.isUp(log.leaderOf({ topic, partition }))) return { error: new AlertError('ALERT_CONNECTION', `${where}: nobody answers`) }
    const fault = this.#fault(topic, partition)
    if (fault) return { error: fault, isUnsure: isLostConnection(fault) || UNSURE.has(fault.kafka) }
    const target = log.topic(topic)?.partitions[partition]
    if (!target) return { error: kafkaError('UNKNOWN_TOPIC_OR_PARTITION', where) }
    const now = log.clock.now()
    for (const write of writes) {
      if (write.storedAt === undefined || !this.#isIdempotent) write.storedAt = target.append(write.record, now)
    }
    log.wake()
    if (!swallowsAnswer()) return undefined
    return { error: new AlertError('ALERT_CONNECTION', `${where}: the answer was lost`), isUnsure: true }
  }

  #fault(topic: string, partition: number): AlertError | undefined {
    const fault = this.#client.faults.take('write', topic, partition)
    if (fault?.kafka !== 'CLUSTER_AUTHORIZATION_FAILED' || !this.#isIdempotent) return fault
    // The right to be idempotent is missing; Kafka takes the records all the same when they are written plainly.
    this.#isIdempotent = false
    this.#options.onPlain?.(fault)
    return undefined
  }

  #wait(queue: Queue): void {
    queue.isWaiting = true
    this.#timers.after(RETRY_PAUSE, () => {
      queue.isWaiting = false
      this.#wake()
    })
  }

  /** Nothing was sent. */
  #unreachable(error: AlertError): void {
    if (!isTransient(error)) {
      this.#pending.failAll(error)
      return
    }
    const topics = this.#pending.failedTry(error)
    for (const topic of topics) this.#options.onRetry?.(error, topic)
    if (topics.size > 0) this.#timers.after(RETRY_PAUSE, () => this.#wake())
  }
}
