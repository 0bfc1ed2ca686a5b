import type { AlertError } from '../../../errors.ts'
import { partitionKey } from '../../../place.ts'
import { compressBatch, encodeBatch, type Producer, stampBatch } from '../encode.ts'
import type { ProducePart } from '../produce.ts'
import type { Holder, Pending } from './Pending.ts'

/** Records that go to one partition together, and what is known of their fate. */
export class Batch implements Holder, ProducePart {
  readonly topic: string
  readonly partition: number
  readonly records: readonly Pending[]
  fault: AlertError | undefined
  /** An earlier try may have stored it. Never taken back: what a later try says is said by another log. */
  doubt = false
  /** A try is under way. */
  underWay = false
  #bytes: Buffer | undefined
  #producer: Producer | undefined

  constructor(topic: string, partition: number, records: readonly Pending[]) {
    this.topic = topic
    this.partition = partition
    this.records = records
    for (const record of records) record.holder = this
  }

  get uncertain(): boolean {
    return this.doubt || this.underWay
  }

  /** Every record has its outcome: nobody waits for this batch. */
  get over(): boolean {
    return this.records.every(record => record.settled)
  }

  /**
   * May it be sent as it is? A batch in doubt must not change, so that the broker knows it again. From one that is in no log the records
   * whose time ran out have to be taken first: they were said not to be stored.
   */
  get sendable(): boolean {
    return this.doubt ? !this.over : !this.records.some(record => record.settled)
  }

  /** The stamped batch: the same bytes at each try with the same producer. */
  get bytes(): Buffer {
    if (!this.#bytes) throw new Error(`the batch to ${partitionKey(this)} is not stamped`)
    return this.#bytes
  }

  /** Encodes it at the first call; a new producer id needs a new stamp alone. */
  async stamp(producer: Producer, sequence: number): Promise<void> {
    if (producer === this.#producer) return
    this.#bytes ??= await this.#encode()
    stampBatch(this.#bytes, producer, sequence)
    this.#producer = producer
  }

  #encode(): Promise<Buffer> {
    return compressBatch(encodeBatch(this.records), this.records[0]!.record.compression ?? 'none')
  }
}
