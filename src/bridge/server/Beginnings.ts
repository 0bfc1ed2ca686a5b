import type { Clock } from '../../clock.ts'
import { Cursor } from '../../cursor.ts'
import type { PayloadReader } from '../../formats/payload.ts'
import type { Logger } from '../../status.ts'
import { mergeCursors } from '../protocol/bridgeCursor.ts'
import type { Gap, ServedTopic } from '../protocol/events.ts'
import type { Catalog } from './Catalog.ts'
import type { Feed } from './Feed.ts'
import { type GrantedTopics, Mark } from './Mark.ts'
import { Replay, type Stretch } from './Replay.ts'
import type { Ring } from './Ring.ts'
import { checkAgainstLog, isAhead, isInRing, missedOf, parseCursors, seenOf, withAdded } from './resume.ts'
import type { Track } from './Session.ts'

/** Where a session begins, and what it is told at once. */
export interface Beginning {
  readonly track: Track
  readonly mark: Mark | undefined
  readonly gaps: readonly Gap[]
  /** What the client has already, or did not ask for, by topic id and partition. */
  readonly seen?: ReadonlyMap<string, number> | undefined
  readonly replay?: Replay | undefined
}

export interface BeginningsOptions {
  readonly catalog: Catalog
  readonly ring: Ring
  readonly feeds: readonly Feed[]
  readonly maxReplays: number
  readonly tests: 'exclude' | 'include' | 'only' | undefined
  readonly read: PayloadReader
  readonly clock: Clock
  readonly logger: Logger
  readonly counts: Record<'replays' | 'busy', number>
  /** Where the ring stands. */
  readonly present: () => Mark
}

/** What was not ready yet may be in a moment. */
export class NotReady extends Error {}

/** What became of where a client stood. */
interface Past {
  readonly cursors: readonly Cursor[]
  readonly gaps: readonly Gap[]
  readonly deleted: readonly string[]
}

/** Finds where clients begin: at the present, in the ring, or in the log, which is then read again up to the ring. */
export class Beginnings {
  readonly #options: BeginningsOptions
  readonly #replays = new Set<Replay>()

  constructor(options: BeginningsOptions) {
    this.#options = options
  }

  get replays(): ReadonlySet<Replay> {
    return this.#replays
  }

  /** Now. What the ring still takes in of the past, while it begins, is not new. */
  latest(granted: GrantedTopics): Beginning {
    const { ring, present, feeds } = this.#options
    const ends = mergeCursors(feeds.flatMap(({ isWarm, end }) => (isWarm || !end ? [] : end)))
    return { track: { ring, index: ring.head }, mark: present(), gaps: [], seen: seenOf(granted, ends) }
  }

  /**
   * At the beginning of the log, or at a cursor.
   *
   * @param added topics that begin now where the cursor does not have them
   * @throws BadCursor, NotReady
   */
  async past(granted: GrantedTopics, from: string, added: readonly ServedTopic[]): Promise<Beginning> {
    const { catalog, ring, feeds, present } = this.#options
    const isEarliest = from === 'earliest'
    const given = isEarliest
      ? []
      : parseCursors(
          from,
          feeds.map(({ stream }) => stream.client.server),
        )
    const unready = feeds.find(({ stream, cursor }) => !cursor && catalog.of(stream, granted.topics).length > 0)
    if (unready) throw new NotReady(`${unready.stream.client.server} is not reached yet`)
    const now = present().cursors
    const cursors = isEarliest ? await this.#beginning(granted) : withAdded(given, added, now)
    const seen = seenOf(granted, cursors)
    if (isInRing(ring, granted, cursors, now) && !isAhead(granted, cursors, now)) {
      return { track: { ring, index: ring.tail }, mark: markOf(cursors), gaps: [], seen }
    }
    const past = isEarliest ? { cursors, gaps: [], deleted: [] } : await this.#check(granted, cursors)
    return this.#fromLog(granted, past, `${from}\n${granted.key}`)
  }

  /** Where the log begins now: who is cut off before the next cursor resumes there, and hears of what is gone by then. */
  async #beginning(granted: GrantedTopics): Promise<readonly Cursor[]> {
    const { catalog, feeds } = this.#options
    const cursors = feeds.flatMap(({ stream, cursor }) => {
      const there = catalog.of(stream, granted.topics).filter(({ fullTopic }) => cursor?.topics.has(fullTopic))
      const names = there.map(({ topic }) => topic)
      return names.length > 0 ? [stream.client.cursor(names, 'earliest')] : []
    })
    return mergeCursors(await Promise.all(cursors))
  }

  /** Reads again what the ring does not hold; with others that want the same, if some do. */
  #fromLog(granted: GrantedTopics, { cursors, gaps, deleted }: Past, key: string): Beginning {
    const { ring, maxReplays, counts } = this.#options
    const mark = markOf(cursors)
    const known = [...this.#replays].find(replay => replay.isJoinableFor(key))
    if (known) return { track: known.track, mark, gaps, replay: known }
    if (this.#replays.size >= maxReplays) {
      counts.busy++
      const missed = missedOf(ring, granted, cursors)
      return {
        track: { ring, index: ring.tail },
        mark,
        gaps: [...gaps, ...missed],
        seen: seenOf(granted, cursors),
      }
    }
    const there = granted.topics.filter(({ id }) => !deleted.includes(id))
    const replay = this.#replay(key, there, cursors)
    return { track: replay.track, mark, gaps, replay }
  }

  #replay(key: string, granted: readonly ServedTopic[], cursors: readonly Cursor[]): Replay {
    const { catalog, ring, feeds, tests, read, clock, logger, counts } = this.#options
    const time = Math.min(...cursors.map(cursor => cursor.time))
    const stretches = feeds.flatMap(({ stream, cursor }): Stretch[] => {
      const topics = catalog.of(stream, granted).filter(({ fullTopic }) => cursor?.topics.has(fullTopic))
      if (!cursor || topics.length === 0) return []
      const { server } = stream.client
      // Of a server that was not reached when the cursor was taken: what is since then.
      const from = cursors.find(known => known.server === server) ?? new Cursor(server, time, new Map())
      return [{ stream, topics: topics.map(({ topic }) => topic), from, until: cursor }]
    })
    const next: Track = { ring, index: ring.head }
    const onPush = (pushed: Replay): void => {
      for (const session of pushed.sessions) session.wake()
    }
    const onEnd = (ended: Replay): void => {
      this.#replays.delete(ended)
      onPush(ended)
    }
    const replay = new Replay({ key, stretches, next, catalog, tests, read, clock, logger, onPush, onEnd })
    this.#replays.add(replay)
    counts.replays++
    void replay.run()
    return replay
  }

  async #check(granted: GrantedTopics, cursors: readonly Cursor[]): Promise<Past> {
    const { catalog, feeds } = this.#options
    const checked = await Promise.all(
      cursors.flatMap(cursor =>
        feeds
          .filter(({ stream }) => stream.client.server === cursor.server)
          .map(({ stream }) => checkAgainstLog(stream.client, catalog.of(stream, granted.topics), cursor)),
      ),
    )
    return {
      cursors: mergeCursors(checked.map(({ cursor }) => cursor)),
      gaps: checked.flatMap(({ gaps }) => gaps),
      deleted: checked.flatMap(({ deleted }) => deleted),
    }
  }
}

const markOf = (cursors: readonly Cursor[]): Mark | undefined => (cursors.length > 0 ? new Mark(cursors) : undefined)
