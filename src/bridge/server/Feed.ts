import { type Subscription, timer } from 'rxjs'
import { retry } from 'rxjs/operators'
import type { Clock } from '../../clock.ts'
import type { Cursor } from '../../cursor.ts'
import { type AlertError, toAlertError } from '../../errors.ts'
import type { PayloadReader } from '../../formats/payload.ts'
import { Checkpoint } from '../../sources/Checkpoint.ts'
import type { Logger, Status } from '../../status.ts'
import { encodeEvent } from '../protocol/sse.ts'
import { type Catalog, idOf } from './Catalog.ts'
import { encodeRecord } from './encodeRecord.ts'
import type { Entry } from './Ring.ts'
import type { BridgeStream } from './streams.ts'

/** After a fatal error of a stream: how long until it is tried again, ms. */
const AGAIN = 10_000

export interface FeedOptions {
  readonly stream: BridgeStream
  readonly catalog: Catalog
  /** Where it begins. */
  readonly since: Date
  readonly tests: 'exclude' | 'include' | 'only' | undefined
  readonly read: PayloadReader
  readonly clock: Clock
  readonly logger: Logger
  readonly onEntry: (entry: Entry) => void
}

/** From one stream into the ring, for ever: what is in the ring counts as handled. */
export class Feed {
  readonly stream: BridgeStream
  readonly #options: FeedOptions
  readonly #checkpoint: Checkpoint
  #subscription: Subscription | undefined
  #error: AlertError | undefined
  #end: Cursor | undefined
  #isEndAsked = false

  constructor(options: FeedOptions) {
    this.stream = options.stream
    this.#options = options
    this.#checkpoint = new Checkpoint(options.since)
  }

  /** Up to where everything is in the ring; undefined: it has not started yet. */
  get cursor(): Cursor | undefined {
    return this.#checkpoint.cursor
  }

  /** It has read up to where the log ended when it began: the ring holds the past that it is to hold. */
  get isWarm(): boolean {
    const { cursor } = this
    if (!cursor || !this.#isEndAsked) return false
    return this.#end?.positions.every(({ topic, partition, offset }) => (cursor.offset(topic, partition) ?? 0) >= offset) ?? true
  }

  /** Where the log ended when it began; undefined: that is not known. */
  get end(): Cursor | undefined {
    return this.#end
  }

  /** Why it does not read now; it is tried again. */
  get error(): AlertError | undefined {
    return this.#error
  }

  start(): void {
    void this.#findEnd()
    const { catalog, tests, read, logger, onEntry } = this.#options
    const { client, topics } = this.stream
    // A Checkpoint resumes: nothing is read twice, nothing skipped.
    const onStatus = (status: Status): void => this.#hear(status)
    const records = client.topics(topics, { from: this.#checkpoint, tests, onStatus }).pipe(
      retry({
        delay: thrown => {
          this.#error = toAlertError(thrown)
          logger.error(
            { code: this.#error.code },
            `the bridge cannot read ${client.server}: ${this.#error.message}. Tried again in ${AGAIN / 1000} s`,
          )
          return timer(AGAIN)
        },
      }),
    )
    this.#subscription = records.subscribe(record => {
      try {
        onEntry(encodeRecord(record, catalog.add(this.stream, record.topic), read))
      } catch (error) {
        record.fail(error)
      }
    })
  }

  #hear(status: Status): void {
    if (status.type === 'connected') this.#error = undefined
    if (status.type === 'gap') this.#options.onEntry(gapEntry(idOf(this.stream, status.topic), status))
  }

  /** Topics that cannot be asked are not waited for. */
  async #findEnd(): Promise<void> {
    const { client, topics } = this.stream
    try {
      const names = topics ?? (await client.getTopics())
      if (names.length > 0) this.#end = await client.cursor(names, 'latest')
    } catch (thrown) {
      this.#options.logger.info({}, `the bridge does not know where ${client.server} ends: ${toAlertError(thrown).message}`)
    }
    this.#isEndAsked = true
  }

  stop(): void {
    this.#subscription?.unsubscribe()
  }
}

function gapEntry(topicId: string, { partition, from, to, reason, time }: Extract<Status, { type: 'gap' }>): Entry {
  const bytes = encodeEvent('gap', { topic: topicId, partition, from, to, reason })
  return { topicId, partition, offset: to, timestamp: time, bytes, isAnew: reason === 'recreated' }
}
