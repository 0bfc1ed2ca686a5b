import { AlertError } from '../../../errors.ts'
import { decompress } from '../codecs/codecs.ts'
import { tooLarge } from '../codecs/limit.ts'
import { crc32c } from '../crc32c.ts'
import type { BatchRecord } from './BatchRecord.ts'
import { type BatchFrame, type BatchHeader, CRC_FROM, frameAt, HEADER_LENGTH, headerOf, isCredible } from './batch.ts'
import { readRecords } from './records.ts'
import { type AbortedTransaction, Transactions } from './Transactions.ts'
import { Unreadable } from './Unreadable.ts'

export interface DecodeOptions {
  /** Bytes of one batch after decompression. */
  readonly maxBatchBytes: number
  readonly checkCrcs: boolean
}

/** Enough for one event: a batch is never parted, but small ones are put together. */
const STEP_RECORDS = 500
const STEP_BYTES = 1024 * 1024

export interface Step {
  readonly records: readonly BatchRecord[]
  /** The offset behind what was read so far. */
  readonly next: number
  /** Bytes of the batches that were opened. */
  readonly bytes: number
  /** What stands behind `next` cannot be read. `after`: the offset behind that, where it can be told. */
  readonly fault?: { readonly error: AlertError; readonly after: number | undefined } | undefined
}

/**
 * The record set of one partition in one fetch. Its frames are looked over at once, so that the next fetch can be asked for; its batches
 * are opened step by step, so that no more than a few are decompressed at a time.
 */
export class RecordSet {
  /** The offset behind all whole batches: what to fetch next, unless a fault comes first. */
  readonly next: number
  readonly #place: string
  readonly #bytes: Uint8Array
  readonly #options: DecodeOptions
  readonly #frames: readonly BatchFrame[]
  readonly #transactions: Transactions
  /** Where no batch stands, although bytes do. */
  readonly #garbageAt: number | undefined
  #nextFrame = 0
  #position: number
  #faulty = false

  /** @param place the partition, as errors name it */
  constructor(place: string, bytes: Uint8Array, from: number, aborted: readonly AbortedTransaction[], options: DecodeOptions) {
    this.#place = place
    this.#bytes = bytes
    this.#options = options
    this.#transactions = new Transactions(aborted)
    this.#position = from
    const { frames, garbageAt } = framesOf(bytes)
    this.#frames = frames
    this.#garbageAt = garbageAt
    this.next = frames.reduce((next, { last }) => Math.max(next, last + 1), from)
  }

  /** It ends in bytes that are no batch: its last step tells a fault. */
  get endsInFault(): boolean {
    return this.#garbageAt !== undefined
  }

  /** Whether no step would tell anything more: neither records nor a fault. */
  get done(): boolean {
    return this.#faulty || (this.#nextFrame >= this.#frames.length && this.#garbageAt === undefined)
  }

  /** Opens the next batches. */
  step(): Step {
    const records: BatchRecord[] = []
    let bytes = 0
    let fault: Step['fault']
    while (!fault && !this.done && bytes < STEP_BYTES && records.length < STEP_RECORDS) {
      const frame = this.#frames[this.#nextFrame]
      try {
        if (!frame) throw new Unreadable(`what stands at byte ${this.#garbageAt} of the answer is no record batch`)
        bytes += this.#open(frame, records)
        this.#nextFrame++
        this.#position = Math.max(this.#position, frame.last + 1)
      } catch (error) {
        fault = this.#fault(error, frame)
      }
    }
    return { records, next: this.#position, bytes, fault }
  }

  /** Appends the records of one batch; gives the bytes that it took. */
  #open(frame: BatchFrame, records: BatchRecord[]): number {
    if (frame.magic < 2) {
      throw new Unreadable(`message format v${frame.magic} (Kafka before 0.11) is not read, only record batches (v2)`, {
        mend: "Have the topic's records rewritten by a newer broker or producer",
      })
    }
    const header = headerOf(this.#bytes, frame)
    const body = frame.start + HEADER_LENGTH
    const isSound = !this.#options.checkCrcs || crc32c(this.#bytes, frame.start + CRC_FROM, frame.end) === header.crc
    if (!isSound) throw new Unreadable('its CRC-32C is wrong')
    const admitted = this.#transactions.admits(header, this.#bytes, body)
    if (!admitted || header.last < this.#position) return 0
    return this.#read(header, body, records)
  }

  #read(header: BatchHeader, body: number, records: BatchRecord[]): number {
    const { maxBatchBytes } = this.#options
    const stored = this.#bytes.subarray(body, header.end)
    if (header.codec !== 0) {
      const bytes = decompress(header.codec, stored, maxBatchBytes)
      readRecords(bytes, 0, bytes.length, header, this.#position, records)
      return bytes.length
    }
    if (stored.length > maxBatchBytes) throw tooLarge(maxBatchBytes)
    readRecords(this.#bytes, body, header.end, header, this.#position, records)
    return stored.length
  }

  #fault(cause: unknown, frame: BatchFrame | undefined): Step['fault'] {
    this.#faulty = true
    const said = cause instanceof Error ? cause.message : String(cause)
    const mend = cause instanceof Unreadable ? cause.mend : undefined
    const error = new AlertError('ALERT_DAMAGED', `${this.#place}@${this.#position}: the record batch cannot be read: ${said}`, {
      cause,
      mend,
    })
    return { error, after: frame && this.#after(frame) }
  }

  /** The offset behind a damaged batch: where the next one begins, or by its own header if that agrees with itself. */
  #after(frame: BatchFrame): number | undefined {
    const next = this.#frames[this.#nextFrame + 1]
    if (next) return next.base > this.#position ? next.base : undefined
    const behind = frame.last + 1
    const whole = frame.magic < 2 || headerOf(this.#bytes, frame).count === behind - frame.base
    return behind > this.#position && (whole || this.#garbageAt === undefined) ? behind : undefined
  }
}

/** The whole batches from the start on, and where garbage follows them. A last batch that is cut off is neither: it is fetched again. */
function framesOf(bytes: Uint8Array): { readonly frames: readonly BatchFrame[]; readonly garbageAt: number | undefined } {
  const frames: BatchFrame[] = []
  for (let at = 0; ; ) {
    const frame = frameAt(bytes, at)
    if (!frame) return { frames, garbageAt: undefined }
    if (!isCredible(frame)) return { frames, garbageAt: at }
    if (frame.end > bytes.length) return { frames, garbageAt: undefined }
    frames.push(frame)
    at = frame.end
  }
}
