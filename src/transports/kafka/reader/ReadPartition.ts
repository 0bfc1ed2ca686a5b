import { type Position, partitionKey, type TopicPartition } from '../../../place.ts'
import type { RecordSet } from '../decode/RecordSet.ts'
import type { Lane } from './Lane.ts'

/** What was fetched and is not wholly delivered yet. */
export interface Held {
  readonly set: RecordSet
  /** The end of the log, as the broker said beside it. */
  readonly end: number
}

/** One partition, from one `start()` on: a later one makes it anew. */
export class ReadPartition implements TopicPartition {
  readonly key: string
  readonly topic: string
  readonly partition: number
  readonly epoch: number
  /** That of the position, else the first one found. */
  topicId: string | undefined
  /** Where the next fetch begins: behind all that is held. */
  next: number
  /** The offset behind all that was delivered. */
  delivered: number
  leaderEpoch = -1
  /** Bytes of one fetch. */
  maxBytes: number
  /** Full ones in a row that were waited for. */
  slowAnswers = 0
  paused: boolean
  /** Stopped, moved or faulty: nothing of it is delivered any more. */
  over = false
  /** What is held ends in a fault: nothing is fetched beyond it. */
  blocked = false
  /** A `lane` event called it broken. */
  troubled = false
  /** How often in a row a leader sent it away. */
  rejections = 0
  lane: Lane | undefined
  /** In the order in which it came. */
  readonly held: Held[] = []

  constructor(epoch: number, { topic, partition, offset, topicId }: Position, maxBytes: number, paused: boolean) {
    this.key = partitionKey({ topic, partition })
    this.topic = topic
    this.partition = partition
    this.epoch = epoch
    this.topicId = topicId
    this.next = offset
    this.delivered = offset
    this.maxBytes = maxBytes
    this.paused = paused
  }

  get place(): TopicPartition {
    return { topic: this.topic, partition: this.partition }
  }

  /** Worth a fetch: the next one comes while the last one is delivered, and no more than that. */
  get wanting(): boolean {
    return !this.paused && !this.over && !this.blocked && this.held.length < 2
  }

  get deliverable(): boolean {
    return !this.paused && !this.over && this.held.length > 0
  }

  /** Takes it out of the reading. */
  end(): void {
    this.over = true
    this.held.length = 0
    this.lane?.remove(this)
  }
}
