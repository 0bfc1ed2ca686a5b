import { setMaxListeners } from 'node:events'
import { type Clock, systemClock } from '../../clock.ts'
import { AlertError } from '../../errors.ts'
import type { OutRecord, WriteOptions, WriteOutcome, Writer } from '../transport.ts'
import { unwritableCompression } from './compress.ts'
import { sizeOfRecord } from './encode.ts'
import type { LaneContext } from './writer/Lane.ts'
import { Leaders } from './writer/Leaders.ts'
import { Ledger } from './writer/Ledger.ts'
import type { WriteLinks } from './writer/links.ts'
import { guarded } from './writer/Pending.ts'
import { Places } from './writer/Places.ts'
import { ProducerIds } from './writer/ProducerIds.ts'
import { sizeLimitOf } from './writer/sizeLimit.ts'
import { WriterTopic } from './writer/WriterTopic.ts'

const DEFAULT_BATCH_BYTES = 900_000
/** How long a broker waits for its replicas, ms: it serves nothing else on that link meanwhile. */
const LONGEST_REPLICATION = 10_000
/** What a broker takes in one request if nobody raised its `socket.request.max.bytes`: beyond it, it closes the connection without a word. */
const LARGEST_RECORD = 100 * 1024 * 1024 - 4096

/** Writes records into Kafka: each is stored once, in order within its partition, or its `done` says what is known of it. */
export class KafkaWriter implements Writer {
  readonly #links: WriteLinks
  readonly #context: LaneContext
  readonly #ledger: Ledger
  readonly #topics = new Map<string, WriterTopic>()
  readonly #ended = new AbortController()
  #closing = false

  constructor(links: WriteLinks, options: WriteOptions, clock: Clock = systemClock) {
    const { deliveryTimeout, maxBatchBytes = DEFAULT_BATCH_BYTES, onPlain, onRetry } = options
    this.#links = links
    this.#ledger = new Ledger(clock, deliveryTimeout)
    setMaxListeners(0, this.#ended.signal) // every lane may listen
    this.#context = {
      clock,
      leaders: new Leaders(links, Math.min(LONGEST_REPLICATION, deliveryTimeout)),
      producers: new ProducerIds(links, error => onPlain?.(error)),
      sizeLimit: topic => sizeLimitOf(links, topic),
      maxBatchBytes,
      ended: this.#ended.signal,
      onRetry: (error, topic) => guarded(() => onRetry?.(error, topic)),
    }
  }

  write(record: OutRecord, done: (outcome: WriteOutcome) => void): void {
    const size = sizeOfRecord(record)
    const error = this.#closing ? new AlertError('ALERT_CLOSED', `${record.topic}: the writer is closed`) : unwritable(record, size)
    if (error) queueMicrotask(() => done({ error, stored: false }))
    else this.#topic(record.topic).write(this.#ledger.enter(record, size, done))
  }

  async close(deadline: number): Promise<void> {
    this.#closing = true
    await this.#ledger.idle(deadline)
    const error = new AlertError('ALERT_CLOSED', `the writer was closed, its time of ${deadline} ms being over`)
    this.#ledger.abandon(error)
    this.#ended.abort()
    this.#context.leaders.close(error)
  }

  #topic(name: string): WriterTopic {
    const known = this.#topics.get(name)
    if (known) return known
    const topic = new WriterTopic(this.#context, new Places(name, this.#links, this.#context.clock))
    this.#topics.set(name, topic)
    return topic
  }
}

/** What no broker could store, whatever it says. */
function unwritable(record: OutRecord, size: number): AlertError | undefined {
  const { topic, partition, timestamp, compression = 'none' } = record
  if (partition !== undefined && !(Number.isInteger(partition) && partition >= 0)) {
    return new AlertError('ALERT_UNWRITABLE', `${topic}: partition ${partition}; a whole number from 0 is expected`)
  }
  if (!Number.isSafeInteger(timestamp) || timestamp < 0) {
    return new AlertError('ALERT_UNWRITABLE', `${topic}: timestamp ${timestamp}; whole milliseconds since 1970 are expected`)
  }
  if (size > LARGEST_RECORD) {
    return new AlertError('ALERT_TOO_LARGE', `${topic}: a record of ${size} bytes; no request takes more than ${LARGEST_RECORD}`)
  }
  return unwritableCompression(compression)
}
