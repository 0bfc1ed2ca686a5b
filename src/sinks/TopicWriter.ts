import type { Clock } from '../clock.ts'
import { AlertError, type PublishError } from '../errors.ts'
import type { RecordHeader } from '../record.ts'
import type { Logger, StatusEvent } from '../status.ts'
import type { OutRecord, WriteOutcome, Writer } from '../transports/transport.ts'
import { FailureReport } from './FailureReport.ts'
import { senderHeader } from './headers.ts'

export interface TopicWriterOptions {
  /** Without the group's prefix. */
  readonly topic: string
  /** Kafka's name. */
  readonly fullTopic: string
  /** The transport's writer; it serves all topics and stays open. */
  readonly writer: Writer
  /** The user name of the credentials, undefined without them; asked for at each message. */
  readonly sender: () => string | undefined
  readonly clock: Clock
  readonly logger: Logger
  /** Told of failures that nobody saw: for `status$`. */
  readonly report: (event: StatusEvent) => void
  /** Told of the fate of each message, also of one that could not be given to `writer`. */
  readonly onSettled?: ((id: string, outcome: WriteOutcome) => void) | undefined
  /** Records that are not yet settled. @default 10_000 */
  readonly maxRecords?: number | undefined
  /** Bytes of the records that are not yet settled. @default 64_000_000 */
  readonly maxBytes?: number | undefined
}

/** What a writer knows of its fronts. */
export interface Front {
  complete(): void
  /** Resolves once the front has ended and all of it is settled; never rejects. */
  readonly ended: Promise<void>
}

export type Draft = Pick<OutRecord, 'key' | 'value' | 'headers' | 'compression'>

const DEFAULTS = { maxRecords: 10_000, maxBytes: 64_000_000 }

/** The one writer of a topic, shared by its fronts: a bounded queue in front of the transport's writer. */
export class TopicWriter {
  readonly topic: string
  readonly fullTopic: string
  readonly logger: Logger
  readonly #options: TopicWriterOptions
  readonly #maxRecords: number
  readonly #maxBytes: number
  readonly #failures: FailureReport
  readonly #fronts = new Set<Front>()
  readonly #waiting: (() => void)[] = []
  /** Those whose `ready()` resolved and who have not written since: their places are kept. */
  #expected = 0
  #forgetting = false
  #records = 0
  #bytes = 0
  #lastSize = 0
  #closed = false
  #senderName: string | undefined
  #senderHeader: RecordHeader | undefined

  constructor(options: TopicWriterOptions) {
    const { topic, fullTopic, logger, maxRecords, maxBytes } = options
    this.topic = topic
    this.fullTopic = fullTopic
    this.logger = logger
    this.#options = options
    this.#maxRecords = maxRecords ?? DEFAULTS.maxRecords
    this.#maxBytes = maxBytes ?? DEFAULTS.maxBytes
    this.#failures = new FailureReport(options)
  }

  /** The fronts end when the writer does. */
  attach(front: Front): void {
    this.#fronts.add(front)
    void front.ended.then(() => this.#fronts.delete(front))
    if (this.#closed) front.complete()
  }

  /** The header `_sender`, undefined without credentials. */
  get sender(): RecordHeader | undefined {
    const name = this.#options.sender()
    if (name !== this.#senderName) {
      this.#senderName = name
      this.#senderHeader = senderHeader(name)
    }
    return this.#senderHeader
  }

  /**
   * Whether a record can be written now. While the bounds are not reached one is taken whatever its size.
   *
   * @throws AlertError ALERT_CLOSED, ALERT_OVERFLOW
   */
  check(): void {
    if (this.#closed) throw new AlertError('ALERT_CLOSED', 'the topic was disconnected', { mend: 'Connect it again and take a new sink' })
    if (!this.#hasRoom(0)) throw this.#overflow()
  }

  /** Only after a `check()`. */
  write({ key, value, headers, compression }: Draft, done: (outcome: WriteOutcome) => void): void {
    const size = sizeOf(key, value, headers)
    this.#records++
    this.#bytes += size
    this.#lastSize = size
    if (this.#expected > 0) this.#expected--
    const timestamp = this.#options.clock.now()
    this.#options.writer.write({ topic: this.fullTopic, key, value, headers, timestamp, compression }, outcome => {
      this.#records--
      this.#bytes -= size
      this.#wake()
      done(outcome)
    })
  }

  /** Resolves when a record can be written, first come, first served; at once when closed. */
  ready(): Promise<void> {
    return new Promise(resolve => {
      this.#waiting.push(resolve)
      this.#wake()
    })
  }

  /** A message of a front is settled. */
  settled(id: string, outcome: WriteOutcome): void {
    this.#options.onSettled?.(id, outcome)
  }

  /** A failure that nobody saw. */
  unseen(error: PublishError): void {
    this.#failures.add(error)
  }

  /** Ends all fronts; resolves once everything is settled, or after `deadline` ms: what is under way then settles later. */
  async close(deadline: number): Promise<void> {
    this.#closed = true
    this.#wake()
    const fronts = [...this.#fronts]
    for (const front of fronts) front.complete()
    let cancel = (): void => {}
    const late = new Promise<void>(resolve => {
      cancel = this.#options.clock.after(deadline, resolve)
    })
    await Promise.race([Promise.all(fronts.map(({ ended }) => ended)), late])
    cancel()
  }

  #hasRoom(expected: number): boolean {
    return this.#records + expected < this.#maxRecords && this.#bytes + expected * this.#lastSize < this.#maxBytes
  }

  #wake(): void {
    while (this.#waiting.length > 0 && (this.#closed || this.#hasRoom(this.#expected))) {
      this.#expected++
      this.#waiting.shift()!()
    }
    if (this.#waiting.length > 0 && this.#records === 0) this.#forgetExpected()
  }

  /** Nothing is under way that would wake the rest: those that were woken and do not write in this turn lose their places. */
  #forgetExpected(): void {
    if (this.#forgetting) return
    this.#forgetting = true
    this.#options.clock.after(0, () => {
      this.#forgetting = false
      this.#expected = 0
      this.#wake()
    })
  }

  #overflow(): AlertError {
    const [bytes, bound] = [this.#bytes, this.#maxBytes].map(n => `${(n / 1e6).toFixed(1)} MB`)
    return new AlertError(
      'ALERT_OVERFLOW',
      `the queue is full: ${this.#records} records (${bytes}) are under way, bounds ${this.#maxRecords} records and ${bound}`,
      { mend: 'Wait for room before each message: await sink.ready(), or for each to be stored: await sink.send(alert)' },
    )
  }
}

function sizeOf(key: Uint8Array | null, value: Uint8Array | null, headers: readonly RecordHeader[]): number {
  let size = (key?.length ?? 0) + (value?.length ?? 0)
  for (const header of headers) size += header.name.length + (header.value?.length ?? 0)
  return size
}
