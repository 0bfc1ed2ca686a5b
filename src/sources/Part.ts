import { Token, type TokenOwner } from '../claims.ts'
import type { AlertError } from '../errors.ts'
import type { Position } from '../place.ts'
import type { Place, RawRecord } from '../record.ts'
import type { ReadCounts } from './options.ts'

/** What the reader gave and nobody has seen yet. */
export interface Batch {
  readonly records: readonly RawRecord[]
  /** Where the log goes on behind it: also over records that it does not show. */
  readonly next: number
  /** The first record that was not delivered. */
  index: number
}

/** What a subscription knows of the one before, for one partition. */
export interface Resumed {
  readonly offset: number
  readonly topicId: string | undefined
  /** Acked beyond the prefix: not delivered again. */
  readonly acked: ReadonlySet<number>
  /** One beyond the highest that was ever delivered. */
  readonly seen: number
  readonly limit: number | undefined
}

/** What a subscription has delivered that is not yet behind a prefix, over all its partitions. */
export interface Load {
  records: number
  bytes: number
}

export interface PartHooks {
  readonly load: Load
  readonly countsOf: (fullTopic: string) => ReadCounts
  /** The subscription has ended. */
  readonly ended: () => boolean
  /** Some record of it was settled. */
  readonly settled: () => void
  /** The prefix moved; `acked`: by claims, not by default. */
  readonly progressed: (part: Part, acked: boolean) => void
  readonly failed: (token: Token, error: AlertError) => void
  readonly late: (token: Token) => void
}

/** Less than any offset. */
export const NOWHERE = -1

interface Deferred {
  readonly promise: Promise<void>
  readonly resolve: () => void
}

function deferred(): Deferred {
  let resolve = (): void => {}
  const promise = new Promise<void>(done => {
    resolve = done
  })
  return { promise, resolve }
}

/**
 * One partition in one subscription: what is queued, what is delivered and not yet behind the handled prefix, and the two positions:
 * `position`, the next record to deliver, and `prefix`, up to where all is handled.
 */
export class Part implements TokenOwner {
  readonly place: Place
  readonly topicId: string | undefined
  /** Of the assignment that it belongs to; 0 without a consumer group. */
  epoch: number
  position: number
  /** Delivered, oldest first; the handled ones in front are gone. */
  readonly window: Token[] = []
  readonly queue: Batch[] = []
  /** The end of the log, as last heard. */
  end: number
  /** Deliver nothing from here on (`until`). */
  limit: number | undefined
  leaving = false
  paused = false
  /** Stands still: why. */
  fault: AlertError | undefined
  /** Its leader is not heard of: others are read on. */
  away = false
  /** Tries since the last records. */
  tries = 0
  committed: number
  seen: number
  /** What was left of it by an earlier subscription, unless that was another topic of the same name. */
  readonly resumes: Resumed | undefined
  readonly counts: ReadCounts
  readonly #hooks: PartHooks
  readonly #alreadyAcked: Set<number>
  #idle: Deferred | undefined
  /** The prefix when it was discarded. */
  #last: number | undefined

  constructor(place: Place, start: Position, epoch: number, hooks: PartHooks, resumed?: Resumed) {
    this.place = place
    this.counts = hooks.countsOf(place.fullTopic)
    this.topicId = start.topicId
    this.epoch = epoch
    this.position = start.offset
    this.committed = start.offset
    this.end = start.offset
    this.#hooks = hooks
    this.resumes = resumed?.topicId === start.topicId ? resumed : undefined
    this.#alreadyAcked = new Set(this.resumes?.acked)
    this.seen = Math.max(this.resumes?.seen ?? 0, start.offset)
  }

  get ended(): boolean {
    return this.#hooks.ended()
  }

  /** Not known to be another topic of the same name. */
  isOf(topicId: string | undefined): boolean {
    return topicId === undefined || this.topicId === undefined || topicId === this.topicId
  }

  /** Contiguous over what was delivered; the holes of compaction and control records do not count. */
  get prefix(): number {
    return this.#last ?? this.window[0]?.raw.offset ?? this.position
  }

  /** Where the reader goes on: behind what is queued. */
  get fetchAt(): number {
    return this.queue.at(-1)?.next ?? this.position
  }

  get atHandled(): Position {
    return { topic: this.place.fullTopic, partition: this.place.partition, offset: this.prefix, topicId: this.topicId }
  }

  get atFetch(): Position {
    return { ...this.atHandled, offset: this.fetchAt }
  }

  /** Delivered, and somebody is still at work on it. */
  get busy(): boolean {
    return this.window.some(token => !token.settled)
  }

  get done(): boolean {
    return this.limit !== undefined && this.position >= this.limit
  }

  /** Offsets between the position and the end of what is to be read, as last heard. */
  get lag(): number {
    return Math.max(0, Math.min(this.end, this.limit ?? this.end) - this.position)
  }

  /** A fetch of it is due to be answered. */
  get isRead(): boolean {
    return !this.fault && !this.away && !this.paused && !this.leaving
  }

  /**
   * Makes the token of a record that is about to be delivered; undefined where an earlier subscription handled it.
   *
   * @param since now, by the clock's tick
   */
  admit(raw: RawRecord, since: number): Token | undefined {
    const token = new Token(this, raw, since)
    this.window.push(token)
    this.#hooks.load.records++
    this.#hooks.load.bytes += raw.size
    if (this.#alreadyAcked.size === 0 || !this.#alreadyAcked.delete(raw.offset)) return token
    token.skip()
    this.settled(false)
    return undefined
  }

  /** What lies between is not read: it is said elsewhere. What is queued before it is still delivered. */
  skipTo(offset: number): void {
    // The log begins anew: what was committed points into what it does not have.
    if (offset < this.committed) this.committed = NOWHERE
    this.tries = 0
    // Backwards: what was heard of its end was another log's.
    this.end = offset < this.fetchAt ? offset : Math.max(this.end, offset)
    this.queue.push({ records: [], next: offset, index: 0 })
  }

  settled(acked: boolean): void {
    const { window } = this
    let moved = window.length === 0
    while (window.length > 0 && window[0]!.handled) {
      this.#unload(window.shift()!)
      this.counts.handled++
      moved = true
    }
    if (moved) this.#hooks.progressed(this, acked)
    this.#hooks.settled()
    if (this.#idle && !this.busy) this.#rest()
  }

  failed(token: Token, error: AlertError): void {
    this.#hooks.failed(token, error)
  }

  late(token: Token): void {
    this.#hooks.late(token)
  }

  /** Gives back what was delivered and has not started. */
  leave(): void {
    for (const token of [...this.window]) token.leave()
  }

  /** Resolves when nobody is at work on a record of it, or `cancel` resolves. */
  whenIdle(cancel: Promise<void>): Promise<void> {
    if (!this.busy) return Promise.resolve()
    this.#idle ??= deferred()
    return Promise.race([this.#idle.promise, cancel])
  }

  /** From here on acks no longer count. */
  fence(): void {
    for (const token of this.window) token.fence()
  }

  /** From here on acks no longer count, and nothing is delivered: the partition is no longer this subscription's. */
  discard(): void {
    this.leaving = true
    this.#last ??= this.prefix
    this.queue.length = 0
    this.fence()
    for (const token of this.window.splice(0)) this.#unload(token)
    this.#rest()
  }

  #rest(): void {
    this.#idle?.resolve()
    this.#idle = undefined
  }

  #unload(token: Token): void {
    this.#hooks.load.records--
    this.#hooks.load.bytes -= token.raw.size
  }

  /** For the subscription that resumes this one. */
  get resumed(): Resumed {
    const acked = this.window.filter(token => token.handled).map(token => token.raw.offset)
    return { offset: this.prefix, topicId: this.topicId, acked: new Set(acked), seen: this.seen, limit: this.limit }
  }
}
