import type { Clock } from '../../clock.ts'
import type { Cursor } from '../../cursor.ts'
import { ConfigError, toAlertError } from '../../errors.ts'
import type { PayloadReader } from '../../formats/payload.ts'
import type { Limits } from '../../limits.ts'
import type { Logger } from '../../status.ts'
import { mergeCursors, splitCursors } from '../protocol/bridgeCursor.ts'
import { type ByeReason, type Gap, type Hello, PROTOCOL, type ServedTopic } from '../protocol/events.ts'
import { encodeEvent, retryField } from '../protocol/sse.ts'
import { Catalog, idOf } from './Catalog.ts'
import { bridgeReader, encodeRecord } from './encodeRecord.ts'
import { Feed } from './Feed.ts'
import { GrantedTopics, Mark } from './Mark.ts'
import { Pieces } from './Pieces.ts'
import { Replay, type Stretch } from './Replay.ts'
import { type Entry, Ring } from './Ring.ts'
import { readOne } from './readOne.ts'
import { Refusal } from './request.ts'
import { BadCursor, checkAgainstLog, isInRing, seenOf, withAdded } from './resume.ts'
import { Session, type Track } from './Session.ts'
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

/** node:http takes a quarter of it. */
const LONGEST_CURSOR = 64 * 1024

/** What was not ready yet may be in a moment. */
export class NotReady extends Error {}

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
  readonly #replays = new Set<Replay>()
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
    return this.#replays.size
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
    const start = from === 'latest' ? this.#fromLatest() : await this.#fromPast(topics, from, added)
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
    for (const replay of this.#replays) replay.leave(session)
  }

  /** Every client is told to come again elsewhere. */
  stop(reason: ByeReason): void {
    this.#isClosed = true
    for (const forget of this.#timers) forget()
    for (const feed of this.#feeds) feed.stop()
    for (const session of this.#sessions) session.end(reason)
  }

  #fromLatest(): Start {
    return { track: { ring: this.ring, index: this.ring.head }, mark: this.#present(), gaps: [] }
  }

  async #fromPast(granted: GrantedTopics, from: string, added: readonly ServedTopic[]): Promise<Start> {
    const isEarliest = from === 'earliest'
    const given = isEarliest ? [] : this.#parse(from)
    const unready = this.#feeds.find(({ stream, cursor }) => !cursor && this.catalog.of(stream, granted.topics).length > 0)
    if (unready) throw new NotReady(`${unready.stream.client.server} is not reached yet`)
    const now = this.#cursors()
    const cursors = isEarliest ? await this.#beginning(granted) : withAdded(given, added, now)
    const seen = seenOf(granted, cursors)
    if (isInRing(this.ring, granted, cursors, now) && !this.#isAhead(granted, cursors, now)) {
      return { track: { ring: this.ring, index: this.ring.tail }, mark: markOf(cursors), gaps: [], seen }
    }
    const past = isEarliest ? { cursors, gaps: [], deleted: [] } : await this.#check(granted, cursors)
    return this.#fromLog(granted, past, `${from}\n${granted.key}`)
  }

  /** Where the log begins now: who is cut off before the next cursor resumes there, and hears of what is gone by then. */
  async #beginning(granted: GrantedTopics): Promise<readonly Cursor[]> {
    const cursors = this.#feeds.flatMap(({ stream, cursor }) => {
      const there = this.catalog.of(stream, granted.topics).filter(({ fullTopic }) => cursor?.topics.has(fullTopic))
      const names = there.map(({ topic }) => topic)
      return names.length > 0 ? [stream.client.cursor(names, 'earliest')] : []
    })
    return mergeCursors(await Promise.all(cursors))
  }

  /** Reads again what the ring does not hold; with others that want the same, if some do. */
  #fromLog(granted: GrantedTopics, { cursors, gaps, deleted }: Past, key: string): Start {
    const mark = markOf(cursors)
    const known = [...this.#replays].find(replay => replay.isJoinableFor(key))
    if (known) return { track: known.track, mark, gaps, replay: known }
    if (this.#replays.size >= this.#options.maxReplays) {
      this.counts.busy++
      const missed = this.#missed(granted, cursors)
      return {
        track: { ring: this.ring, index: this.ring.tail },
        mark,
        gaps: [...gaps, ...missed],
        seen: seenOf(granted, cursors),
      }
    }
    const there = granted.topics.filter(({ id }) => !deleted.includes(id))
    const replay = this.#replay(key, there, cursors)
    return { track: replay.track, mark, gaps, replay }
  }

  #replay(key: string, granted: readonly ServedTopic[], cursors: readonly Cursor[] | undefined): Replay {
    const { tests, clock, logger } = this.#options
    const stretches = this.#feeds.flatMap(({ stream, cursor }): Stretch[] => {
      const topics = this.catalog.of(stream, granted).filter(({ fullTopic }) => cursor?.topics.has(fullTopic))
      if (!cursor || topics.length === 0) return []
      const from = cursors?.find(({ server }) => server === stream.client.server) ?? 'earliest'
      return [{ stream, topics: topics.map(({ topic }) => topic), from, until: cursor }]
    })
    const next: Track = { ring: this.ring, index: this.ring.head }
    const onPush = (pushed: Replay): void => {
      for (const session of pushed.sessions) session.wake()
    }
    const onEnd = (ended: Replay): void => {
      this.#replays.delete(ended)
      onPush(ended)
    }
    const replay = new Replay({ key, stretches, next, catalog: this.catalog, tests, read: this.#read, clock, logger, onPush, onEnd })
    this.#replays.add(replay)
    this.counts.replays++
    void replay.run()
    return replay
  }

  async #check(granted: GrantedTopics, cursors: readonly Cursor[]): Promise<Past> {
    const checked = await Promise.all(
      cursors.flatMap(cursor =>
        this.#options.streams
          .filter(({ client }) => client.server === cursor.server)
          .map(stream => checkAgainstLog(stream.client, this.catalog.of(stream, granted.topics), cursor)),
      ),
    )
    return {
      cursors: mergeCursors(checked.map(({ cursor }) => cursor)),
      gaps: checked.flatMap(({ gaps }) => gaps),
      deleted: checked.flatMap(({ deleted }) => deleted),
    }
  }

  /** What a client does not get: from where it stands to where the ring begins. */
  #missed(granted: GrantedTopics, cursors: readonly Cursor[]): Gap[] {
    return granted.topics.flatMap(({ id, server, fullTopic }) =>
      [...this.ring.startsOf(id)].flatMap(([partition, to]): Gap[] => {
        const from = cursors.find(cursor => cursor.server === server)?.offset(fullTopic, partition) ?? 0
        return from < to ? [{ topic: id, partition, from, to, reason: 'busy' }] : []
      }),
    )
  }

  #parse(text: string): readonly Cursor[] {
    if (text.length > LONGEST_CURSOR) throw new BadCursor(`it is longer than ${LONGEST_CURSOR} characters`)
    let cursors: readonly Cursor[]
    try {
      cursors = splitCursors(text)
    } catch (thrown) {
      throw new BadCursor(thrown instanceof ConfigError ? thrown.message : 'it cannot be read')
    }
    const foreign = cursors.find(({ server }) => this.#options.streams.every(({ client }) => client.server !== server))
    if (foreign) throw new BadCursor('it is of another server')
    // Each would be asked of the log.
    if (new Set(cursors.map(({ server }) => server)).size < cursors.length) throw new BadCursor('it has a server twice')
    return cursors
  }

  /** Another instance may have been further on, or the cursor is forged: the log says which. */
  #isAhead(granted: GrantedTopics, cursors: readonly Cursor[], now: readonly Cursor[]): boolean {
    return granted.topics.some(({ server, fullTopic }) => {
      const present = now.find(cursor => cursor.server === server)?.topics.get(fullTopic)
      const wanted = cursors.find(cursor => cursor.server === server)?.topics.get(fullTopic)
      if (!present || !wanted) return false
      return [...wanted.offsets].some(([partition, offset]) => offset > (present.offsets.get(partition) ?? -1))
    })
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
    for (const replay of this.#replays) if (replay.isHeldUp()) for (const session of replay.sessions) session.abandon()
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

/** What became of where a client stood. */
interface Past {
  readonly cursors: readonly Cursor[]
  readonly gaps: readonly Gap[]
  readonly deleted: readonly string[]
}

interface Start {
  readonly track: Track
  readonly mark: Mark | undefined
  readonly gaps: readonly Gap[]
  readonly seen?: ReadonlyMap<string, number> | undefined
  readonly replay?: Replay | undefined
}

const markOf = (cursors: readonly Cursor[]): Mark | undefined => (cursors.length > 0 ? new Mark(cursors) : undefined)
