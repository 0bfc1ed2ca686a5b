import type { Clock } from '../../clock.ts'
import type { Cursor } from '../../cursor.ts'
import { toAlertError } from '../../errors.ts'
import type { PayloadReader } from '../../formats/payload.ts'
import type { Limits } from '../../limits.ts'
import type { Logger } from '../../status.ts'
import { mergeCursors } from '../protocol/bridgeCursor.ts'
import { type ByeReason, type Hello, PROTOCOL, type ServedTopic } from '../protocol/events.ts'
import { encodeEvent, retryField } from '../protocol/sse.ts'
import { Beginnings } from './Beginnings.ts'
import { Catalog, idOf } from './Catalog.ts'
import { bridgeReader, encodeRecord } from './encodeRecord.ts'
import { Feed } from './Feed.ts'
import { GrantedTopics, Mark } from './Mark.ts'
import { Pieces } from './Pieces.ts'
import { type Entry, Ring } from './Ring.ts'
import { readOne } from './readOne.ts'
import { Refusal } from './request.ts'
import { Session } from './Session.ts'
import type { BridgeStream } from './streams.ts'

export interface HubOptions {
  readonly streams: readonly BridgeStream[]
  readonly ring: { readonly bytes: number; readonly records: number; readonly history: number }
  /** ms */
  readonly heartbeat: number
  /** Told to clients, ms. */
  readonly retry: number
  readonly maxReplays: number
  /** How often new topics are looked for, ms. */
  readonly refresh: number
  readonly tests: 'exclude' | 'include' | 'only' | undefined
  readonly limits: Partial<Limits> | undefined
  readonly clock: Clock
  readonly logger: Logger
}

export interface Wish {
  readonly granted: readonly ServedTopic[]
  readonly refused: Hello['refused']
  readonly from: string
  /** Topics that begin now where the cursor does not have them: the client has asked for them only now. */
  readonly added: readonly ServedTopic[]
}

/** Cursors are told so often while records flow, and so long after the last one, ms. */
const MARK_INTERVAL = 1_000

/** The middle of a bridge: from the streams into the ring, from the ring to the sessions. */
export class Hub {
  readonly catalog: Catalog = new Catalog()
  readonly ring: Ring
  readonly counts: Record<'entries' | 'bytes' | 'opened' | 'replays' | 'busy' | 'slow', number> = {
    entries: 0,
    bytes: 0,
    opened: 0,
    replays: 0,
    busy: 0,
    slow: 0,
  }
  readonly #options: HubOptions
  readonly #read: PayloadReader
  readonly #feeds: readonly Feed[]
  readonly #sessions = new Set<Session>()
  readonly #beginnings: Beginnings
  readonly #pieces = new Pieces()
  readonly #timers = new Set<() => void>()
  #reads = 0
  #isMarkDue = false
  #isWakeDue = false
  #isClosed = false

  constructor(options: HubOptions) {
    this.#options = options
    const { streams, ring, tests, limits, clock, logger } = options
    this.#read = bridgeReader(limits)
    const read = this.#read
    this.ring = new Ring(ring)
    const since = new Date(clock.now() - ring.history)
    const { catalog } = this
    this.#feeds = streams.map(
      stream => new Feed({ stream, catalog, since, tests, read, clock, logger, onEntry: entry => this.#store(entry) }),
    )
    const { maxReplays } = options
    const present = (): Mark => this.#present()
    this.#beginnings = new Beginnings({
      catalog,
      ring: this.ring,
      feeds: this.#feeds,
      maxReplays,
      tests,
      read,
      clock,
      logger,
      counts: this.counts,
      present,
    })
  }

  start(): void {
    for (const stream of this.#options.streams) for (const topic of stream.topics ?? []) this.catalog.add(stream, topic)
    for (const feed of this.#feeds) feed.start()
    this.#every(this.#options.refresh, () => void this.lookForTopics())
    this.#every(this.#options.heartbeat / 2, () => this.#beat())
  }

  get sessions(): ReadonlySet<Session> {
    return this.#sessions
  }

  get replays(): number {
    return this.#beginnings.replays.size
  }

  get feeds(): readonly Feed[] {
    return this.#feeds
  }

  get isReady(): boolean {
    return this.#feeds.every(({ isWarm, error }) => isWarm && error === undefined)
  }

  /** Of streams that are whole groups: finds the topics that they have now. */
  async lookForTopics(): Promise<void> {
    for (const stream of this.#options.streams) {
      if (stream.topics) continue
      try {
        for (const topic of await stream.client.getTopics()) this.catalog.add(stream, topic)
      } catch (thrown) {
        this.#options.logger.info({}, `the bridge could not look for topics of ${stream.client.server}: ${toAlertError(thrown).message}`)
      }
    }
  }

  /**
   * A session for a client.
   *
   * @throws BadCursor, NotReady
   */
  async open({ granted, refused, from, added }: Wish): Promise<Session> {
    const topics = new GrantedTopics(granted)
    const start = from === 'latest' ? this.#beginnings.latest(topics) : await this.#beginnings.past(topics, from, added)
    const { retry, heartbeat } = this.#options
    const hello: Hello = { protocol: PROTOCOL, granted, refused, oldest: this.ring.oldest ?? null, heartbeat }
    const preamble = [
      retryField(retry),
      encodeEvent('hello', hello),
      ...(start.mark ? [start.mark.event(topics)] : []),
      ...start.gaps.map(gap => encodeEvent('gap', gap)),
    ]
    const session = new Session({ granted: topics, preamble, track: start.track, seen: start.seen, retry, pieces: this.#pieces })
    this.#sessions.add(session)
    start.replay?.join(session)
    this.counts.opened++
    // It may have been told to stop while the log was asked.
    if (this.#isClosed) session.end('closing')
    return session
  }

  /** One record from the log. @throws Refusal when too much is read already */
  async readAgain(topic: ServedTopic, partition: number, offset: number): Promise<Entry | undefined> {
    const stream = this.catalog.streamOf(topic)
    const { maxReplays, tests } = this.#options
    if (!stream) return undefined
    if (this.#reads >= maxReplays)
      throw new Refusal(503, 'busy', 'too many old records are being read', { headers: { 'retry-after': '5' } })
    this.#reads++
    try {
      const record = await readOne(stream.client, topic, partition, offset, tests)
      return record && encodeRecord(record, topic, this.#read)
    } finally {
      this.#reads--
    }
  }

  close(session: Session): void {
    session.close()
    if (this.#sessions.delete(session) && session.wasSlow) this.counts.slow++
    for (const replay of this.#beginnings.replays) replay.leave(session)
  }

  /** Every client is told to come again elsewhere. */
  stop(reason: ByeReason): void {
    this.#isClosed = true
    for (const forget of this.#timers) forget()
    for (const feed of this.#feeds) feed.stop()
    for (const session of this.#sessions) session.end(reason)
  }

  #store(entry: Entry): void {
    const { topicId, partition, offset } = entry
    if (this.ring.startOf(topicId, partition) === undefined) this.ring.begin(topicId, partition, offset)
    this.ring.push(entry)
    this.counts.entries++
    this.counts.bytes += entry.bytes.length
    this.#markLater()
    this.#wakeLater()
  }

  /** Once for all that came in one turn of the event loop. */
  #wakeLater(): void {
    if (this.#isWakeDue) return
    this.#isWakeDue = true
    setImmediate(() => {
      this.#isWakeDue = false
      for (const session of this.#sessions) session.wake()
    })
  }

  #markLater(): void {
    if (this.#isMarkDue || this.#isClosed) return
    this.#isMarkDue = true
    this.#after(MARK_INTERVAL, () => {
      this.#isMarkDue = false
      this.ring.push(this.#present())
      this.#wakeLater()
    })
  }

  #present(): Mark {
    const cursors = this.#cursors()
    for (const { stream, cursor } of this.#feeds) {
      for (const { topic, partition, offset } of cursor?.positions ?? []) {
        const id = idOf(stream, topic)
        if (this.ring.startOf(id, partition) === undefined) this.ring.begin(id, partition, offset)
      }
    }
    return new Mark(cursors)
  }

  #cursors(): readonly Cursor[] {
    return mergeCursors(this.#feeds.flatMap(({ cursor }) => cursor ?? []))
  }

  /** Signs of life, and the end of those that take nothing any more. */
  #beat(): void {
    for (const session of this.#sessions) {
      if (session.isBehind && !session.isWaiting) session.abandon()
      else session.beat()
    }
    for (const replay of this.#beginnings.replays) if (replay.isHeldUp()) for (const session of replay.sessions) session.abandon()
  }

  #after(ms: number, work: () => void): void {
    const forget = this.#options.clock.after(ms, () => {
      this.#timers.delete(forget)
      work()
    })
    this.#timers.add(forget)
  }

  #every(ms: number, work: () => void): void {
    this.#after(ms, () => {
      work()
      if (!this.#isClosed) this.#every(ms, work)
    })
  }
}
