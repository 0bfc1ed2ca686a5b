import { lastValueFrom, merge } from 'rxjs'
import type { Clock } from '../../clock.ts'
import type { Cursor } from '../../cursor.ts'
import { toAlertError } from '../../errors.ts'
import type { PayloadReader } from '../../formats/payload.ts'
import { handle } from '../../operators/handle.ts'
import type { Delivery } from '../../record.ts'
import type { AlertStream } from '../../sources/AlertStream.ts'
import { Checkpoint } from '../../sources/Checkpoint.ts'
import type { Logger } from '../../status.ts'
import { mergeCursors } from '../protocol/bridgeCursor.ts'
import type { Catalog } from './Catalog.ts'
import { encodeRecord } from './encodeRecord.ts'
import { Mark } from './Mark.ts'
import { Ring } from './Ring.ts'
import type { Session, Track } from './Session.ts'
import type { BridgeStream } from './streams.ts'

/** What is read again of one stream. */
export interface Stretch {
  readonly stream: BridgeStream
  readonly topics: readonly string[]
  readonly from: Cursor | 'earliest'
  readonly until: Cursor
}

interface Part {
  readonly stretch: Stretch
  readonly checkpoint: Checkpoint
}

export interface ReplayOptions {
  /** The same for who wants the same. */
  readonly key: string
  readonly stretches: readonly Stretch[]
  /** Where the ring goes on. */
  readonly next: Track
  readonly catalog: Catalog
  readonly tests: 'exclude' | 'include' | 'only' | undefined
  readonly read: PayloadReader
  readonly clock: Clock
  readonly logger: Logger
  /** There is something to take. */
  readonly onPush: (replay: Replay) => void
  readonly onEnd: (replay: Replay) => void
}

/** A replay keeps so much for the slower ones of its sessions; who falls off comes again, further on. */
const REPLAY_RING = { bytes: 8 * 1024 * 1024, records: 10_000 }
/** It reads so far ahead of its fastest session: less than what its ring holds, or that one would fall off too. */
const AHEAD = { bytes: REPLAY_RING.bytes / 2, records: 200 }
/** Cursors are told so often, ms. */
const MARK_INTERVAL = 1_000

/**
 * Reads a stretch of the log for one or more sessions, which then go on in the ring. It is paced by the fastest of them: one that stands still
 * holds up nobody.
 */
export class Replay {
  readonly #options: ReplayOptions
  readonly #ring = new Ring(REPLAY_RING)
  readonly #sessions = new Set<Session>()
  readonly #parts: readonly Part[]
  readonly #stopped = new AbortController()
  #furthest = 0
  #furthestBefore = -1
  /** Of each stretch: resolved when there is room for its next record. */
  #waiting: (() => void)[] = []
  #isDone = false
  #forgetTimer: () => void = () => {}

  constructor(options: ReplayOptions) {
    this.#options = options
    this.#parts = options.stretches.map(stretch => ({ stretch, checkpoint: new Checkpoint(stretch.from) }))
  }

  /** Where a session begins. */
  get track(): Track {
    return { ring: this.#ring, index: 0, ended: () => this.#isDone, next: this.#options.next, reached: index => this.#reached(index) }
  }

  /** Whether it still holds all that it has read, and goes on. */
  isJoinableFor(key: string): boolean {
    return key === this.#options.key && this.#ring.tail === 0 && !this.#isDone && !this.#stopped.signal.aborted
  }

  /** Whether none of its sessions has taken anything since the last call, though there is something to take: others wait for its place. */
  isHeldUp(): boolean {
    const isHeldUp = this.#furthest === this.#furthestBefore && this.#waiting.length > 0
    this.#furthestBefore = this.#furthest
    return isHeldUp
  }

  get sessions(): ReadonlySet<Session> {
    return this.#sessions
  }

  join(session: Session): void {
    this.#sessions.add(session)
    // The last of the others left in this moment.
    if (this.#stopped.signal.aborted) session.end('failed')
  }

  /** Once nobody is left, it stops. */
  leave(session: Session): void {
    this.#sessions.delete(session)
    if (this.#sessions.size === 0) this.#stop()
  }

  async run(): Promise<void> {
    const { logger, onEnd } = this.#options
    this.#markLater()
    try {
      const streams = this.#parts.map(part => this.#records(part).pipe(handle(record => this.#store(part.stretch, record), { retry: 0 })))
      await lastValueFrom(merge(...streams), { defaultValue: undefined })
      if (this.#stopped.signal.aborted) return
      this.#mark()
      this.#isDone = true
    } catch (thrown) {
      const error = toAlertError(thrown)
      logger.warn(
        { code: error.code },
        `the bridge could not read the past for ${this.#sessions.size} clients: ${error.message}. They are told to come again`,
      )
      for (const session of this.#sessions) session.end('failed')
    } finally {
      this.#forgetTimer()
      onEnd(this)
    }
  }

  #records({ stretch: { stream, topics, until }, checkpoint }: Part): AlertStream<Delivery> {
    return stream.client.topics(topics, { from: checkpoint, until, tests: this.#options.tests, signal: this.#stopped.signal })
  }

  /** Resolves when there is room for the next record. */
  async #store({ stream }: Stretch, record: Delivery): Promise<void> {
    const { catalog, read, onPush } = this.#options
    this.#ring.push(encodeRecord(record, catalog.add(stream, record.topic), read))
    onPush(this)
    if (!this.#isAhead() || this.#stopped.signal.aborted) return
    await new Promise<void>(resolve => this.#waiting.push(resolve))
  }

  #reached(index: number): void {
    this.#furthest = Math.max(this.#furthest, index)
    if (!this.#isAhead()) this.#goOn()
  }

  #isAhead(): boolean {
    return this.#ring.head - this.#furthest >= AHEAD.records || this.#ring.bytesFrom(this.#furthest) >= AHEAD.bytes
  }

  #goOn(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }

  #stop(): void {
    this.#stopped.abort()
    this.#goOn()
  }

  #markLater(): void {
    this.#forgetTimer = this.#options.clock.after(MARK_INTERVAL, () => {
      this.#mark()
      this.#markLater()
    })
  }

  #mark(): void {
    const cursors = this.#parts.flatMap(({ stretch, checkpoint }) => checkpoint.cursor ?? (stretch.from === 'earliest' ? [] : stretch.from))
    // One that has not started at the earliest has no place yet; where nothing is read there is none.
    if (cursors.length < this.#parts.length || cursors.length === 0) return
    this.#ring.push(new Mark(mergeCursors(cursors)))
    this.#options.onPush(this)
  }
}
