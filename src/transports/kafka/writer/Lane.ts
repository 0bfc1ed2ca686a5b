import { type Clock, pause } from '../../../clock.ts'
import type { AlertError } from '../../../errors.ts'
import { partitionKey } from '../../../place.ts'
import { kafkaError, sizeLimitMend } from '../../codes.ts'
import { PLAIN, type Producer } from '../encode.ts'
import type { ProduceAnswer } from '../produce.ts'
import { Batch } from './Batch.ts'
import { LaneQueue } from './LaneQueue.ts'
import type { Leader, Leaders } from './Leaders.ts'
import type { Holder, Pending } from './Pending.ts'
import type { Places } from './Places.ts'
import type { ProducerIds } from './ProducerIds.ts'
import { faultOf, Tries } from './Tries.ts'
import { DUPLICATE_SEQUENCE_NUMBER, MESSAGE_TOO_LARGE, reactionTo } from './verdicts.ts'

/** What the lanes of a writer share. */
export interface LaneContext {
  readonly clock: Clock
  readonly leaders: Leaders
  readonly producers: ProducerIds
  /** The bytes that a topic takes, if that can be known. */
  readonly sizeLimit: (topic: string) => Promise<number | undefined>
  readonly maxBatchBytes: number
  /** Aborted when the writer has ended. */
  readonly ended: AbortSignal
  readonly onRetry: (error: AlertError, topic: string) => void
}

/** Sequence numbers begin again at 0 behind 2^31 - 1. */
const SEQUENCES = 2 ** 31

/**
 * The way to one partition: a queue, and at most one batch out of it that is being written, with at most one request under way. So the
 * order is kept, and a batch that is sent again is known to the broker by its producer id and sequence number.
 */
export class Lane implements Holder {
  readonly partition: number
  readonly uncertain = false
  fault: AlertError | undefined
  readonly #context: LaneContext
  readonly #places: Places
  /** The next records had better go elsewhere: a batch is made here, or it cannot be written now. */
  readonly #onTurn: () => void
  readonly #tries = new Tries()
  readonly #queue: LaneQueue
  #batch: Batch | undefined
  #running = false
  #producer: Producer | undefined
  #sequence = 0

  constructor(context: LaneContext, places: Places, partition: number, onTurn: () => void) {
    this.#context = context
    this.#places = places
    this.partition = partition
    this.#onTurn = onTurn
    this.#queue = new LaneQueue(context.maxBatchBytes)
  }

  get topic(): string {
    return this.#places.topic
  }

  /** Its last try failed. */
  get failing(): boolean {
    return this.#tries.failing
  }

  add(pending: Pending): void {
    pending.holder = this
    this.#queue.add(pending)
    if (this.#running) return
    this.#running = true
    // Not at once: what is written in the same turn of the event loop goes together.
    setImmediate(() => void this.#run())
  }

  async #run(): Promise<void> {
    for (let batch = this.#current(); batch; batch = this.#current()) {
      const error = await this.#try(batch)
      if (!error) continue
      batch.fault = this.fault = error
      this.#context.onRetry(error, this.topic)
      this.#onTurn()
      await pause(this.#context.clock, this.#tries.wait(), this.#context.ended)
    }
    this.#running = false
    this.#queue.sifted()
    this.#tries.reset()
    this.fault = undefined
  }

  /** The batch that is being written, or else the next one. */
  #current(): Batch | undefined {
    const batch = this.#batch
    if (batch?.sendable) return batch
    if (batch) this.#giveBack(batch)
    const records = this.#queue.take()
    if (records.length === 0) return undefined
    this.#onTurn()
    this.#batch = new Batch(this.topic, this.partition, records)
    return this.#batch
  }

  /** What still waits of a batch goes back to the head of the queue. */
  #giveBack(batch: Batch): void {
    this.#drop(batch)
    const waiting = batch.records.filter(record => !record.settled)
    for (const record of waiting) {
      record.holder = this
      record.doubt ||= batch.doubt
    }
    this.#queue.putBack(waiting)
  }

  #drop(batch: Batch): void {
    this.#batch = undefined
    // Its fate is unknown, so its sequence numbers must never be given to other records: the broker would take those for it.
    if (batch.doubt) this.#renounce()
  }

  #renounce(): void {
    if (this.#producer) this.#context.producers.retire(this.#producer)
    this.#producer = undefined
  }

  #reconsider(): void {
    this.#context.producers.reconsider()
    this.#producer = undefined
  }

  /** One try. Gives what went wrong, if another may cure it. */
  async #try(batch: Batch): Promise<AlertError | undefined> {
    try {
      const [producer, leader] = await Promise.all([this.#identify(), this.#leader()])
      await batch.stamp(producer, this.#sequence)
      if (!batch.sendable) return undefined
      const answer = await leader.send(batch)
      batch.underWay = false
      return await this.#answered(batch, answer)
    } catch (thrown) {
      if (batch.underWay) batch.doubt = true
      batch.underWay = false
      this.#places.forget()
      const error = faultOf(thrown)
      if (this.#tries.allow(error)) return error
      this.#refuse(batch, error)
      return undefined
    }
  }

  async #identify(): Promise<Producer> {
    if (!this.#producer) {
      this.#producer = await this.#context.producers.get()
      this.#sequence = 0
    }
    return this.#producer
  }

  async #leader(): Promise<Leader> {
    return this.#context.leaders.at(await this.#places.leader(this.partition))
  }

  async #answered(batch: Batch, { error: code, offset }: ProduceAnswer): Promise<AlertError | undefined> {
    const { verdict, unsure } = reactionTo(code)
    if (verdict === 'stored') {
      this.#stored(batch, code === DUPLICATE_SEQUENCE_NUMBER ? undefined : offset)
      return undefined
    }
    if (unsure) batch.doubt = true
    const error = kafkaError(code, describe(batch))
    switch (verdict) {
      case 'again':
        return error
      case 'moved':
        this.#places.forget()
        return error
      case 'renew':
        this.#renounce()
        return error
      case 'plain':
        if (this.#producer === PLAIN) break
        this.#context.producers.fallBack(error)
        this.#producer = undefined
        return error
      case 'split': // in doubt as well: no log has taken what is too large
        if (batch.records.length > 1) {
          this.#queue.tooLarge(batch.records)
          this.#giveBack(batch)
        } else this.#refuse(batch, await this.#tooLarge(batch, code))
        return undefined
      case 'sift': // not in doubt: what is wrong now may have been right before
        if (batch.records.length === 1 || batch.doubt) break
        this.#queue.sift(batch.records)
        this.#giveBack(batch)
        return undefined
      case 'refused':
        break
    }
    this.#refuse(batch, error)
    return undefined
  }

  /** With the topic's limit, which the answer itself does not tell. */
  async #tooLarge(batch: Batch, code: number): Promise<AlertError> {
    const limit = await this.#context.sizeLimit(this.topic)
    return kafkaError(code, describe(batch), limit === undefined || code !== MESSAGE_TOO_LARGE ? {} : { mend: sizeLimitMend(limit) })
  }

  #stored(batch: Batch, offset: number | undefined): void {
    this.#batch = undefined
    this.#sequence = (this.#sequence + batch.records.length) % SEQUENCES
    this.#tries.reset()
    this.fault = undefined
    if (this.#producer === PLAIN) this.#context.producers.confirmPlain()
    batch.records.forEach((record, i) => {
      record.settle({ partition: this.partition, offset: offset === undefined ? undefined : offset + i })
    })
  }

  #refuse(batch: Batch, error: AlertError): void {
    if (this.#producer === PLAIN) this.#reconsider()
    this.#drop(batch)
    this.#queue.sifted()
    this.#tries.reset()
    for (const record of batch.records) record.fail(error)
  }
}

function describe(batch: Batch): string {
  const { records, bytes } = batch
  const { compression = 'none' } = records[0]!.record
  const what = records.length === 1 ? 'a record' : `a batch of ${records.length} records`
  const how = compression === 'none' ? '' : `, ${compression}`
  return `${what} (${bytes.length} bytes${how}) to ${partitionKey(batch)}`
}
