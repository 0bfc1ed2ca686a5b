import type { ByeReason } from '../protocol/events.ts'
import { encodeEvent, HEARTBEAT } from '../protocol/sse.ts'
import type { GrantedTopics } from './Mark.ts'
import type { Pieces } from './Pieces.ts'
import { type Entry, isMark, placeKey, type Ring } from './Ring.ts'

/** A ring, and where in it a session begins. `next`: where it goes on once `ended` says that no more will come. */
export interface Track {
  readonly ring: Ring
  readonly index: number
  /** Absent: it never ends. */
  readonly ended?: (() => boolean) | undefined
  readonly next?: Track | undefined
  /** Told of the index that a session has come to. */
  readonly reached?: ((index: number) => void) | undefined
}

export interface SessionOptions {
  readonly granted: GrantedTopics
  /** What is sent first. */
  readonly preamble: readonly Uint8Array[]
  readonly track: Track
  /** By `placeKey`: what is before is not sent, for the client has it. */
  readonly seen?: ReadonlyMap<string, number> | undefined
  /** Told to a client that has to come again, ms. */
  readonly retry: number
  /** Of all sessions. */
  readonly pieces: Pieces
}

/** One client: an index into a ring. Nothing is queued for it; it is asked for more when its connection takes more. */
export class Session {
  readonly #options: SessionOptions
  #preamble: readonly Uint8Array[]
  #track: Track
  #index: number
  /** Where the ring that goes on for ever stood when the session began. */
  readonly #head: number
  /** Records were sent that no cursor tells of yet. */
  #untold = false
  #bye: ByeReason | undefined
  #isOver = false
  #wake: (() => void) | undefined
  #abandon: (() => void) | undefined
  /** Nothing was sent since the last `beat`. */
  #isQuiet = false

  constructor(options: SessionOptions) {
    this.#options = options
    this.#preamble = options.preamble
    this.#track = options.track
    this.#index = options.track.index
    this.#head = (options.track.next ?? options.track).ring.head
  }

  get granted(): GrantedTopics {
    return this.#options.granted
  }

  /** The last event was taken, or the client is gone. */
  get isOver(): boolean {
    return this.#isOver
  }

  /** It is waiting for more to send: its connection keeps up. */
  get isWaiting(): boolean {
    return this.#wake !== undefined
  }

  /** What it would take next has fallen off the ring. */
  get isBehind(): boolean {
    return this.#index < this.#track.ring.tail
  }

  /** It did not take what there was: the ring went on without it. */
  get wasSlow(): boolean {
    return this.#bye === 'slow'
  }

  /** Events that are next, about so many bytes, several in one piece where others take the same; none: there is nothing now. */
  take(bytes: number): readonly Uint8Array[] {
    const taken: Uint8Array[] = [...this.#preamble]
    this.#preamble = []
    let room = bytes
    while (room > 0 && !this.#bye) {
      const event = this.#nextEvent()
      if (!event) break
      taken.push(event)
      room -= event.length
    }
    this.#track.reached?.(this.#index)
    if (taken.length > 0) this.#isQuiet = false
    if (this.#bye && !this.#isOver) {
      this.#isOver = true
      taken.push(encodeEvent('bye', { reason: this.#bye, retryMs: this.#options.retry }))
    }
    return this.#options.pieces.join(taken)
  }

  /** Calls back once when there is something to take. */
  onReadable(wake: () => void): void {
    this.#wake = wake
  }

  /** Calls back when the connection is to be dropped: the client does not take even its `bye`. */
  onAbandon(abandon: () => void): void {
    this.#abandon = abandon
  }

  wake(): void {
    const wake = this.#wake
    this.#wake = undefined
    wake?.()
  }

  /** Sends a sign of life if nothing was sent since the last call. */
  beat(): void {
    if (this.#isQuiet && this.isWaiting) {
      this.#preamble = [HEARTBEAT]
      this.wake()
    }
    this.#isQuiet = true
  }

  /** The client is told to come again, and the connection ends. */
  end(reason: ByeReason): void {
    this.#bye ??= reason
    this.wake()
  }

  abandon(): void {
    this.#bye ??= 'slow'
    this.#isOver = true
    this.#abandon?.()
  }

  /** The client is gone. */
  close(): void {
    this.#isOver = true
    this.#wake = undefined
  }

  #nextEvent(): Uint8Array | undefined {
    for (;;) {
      if (this.isBehind) {
        this.#bye = 'slow'
        return undefined
      }
      const index = this.#index
      const slot = this.#track.ring.at(index)
      if (!slot) {
        if (!this.#goOn()) return undefined
        continue
      }
      this.#index++
      if (isMark(slot)) {
        if (!this.#untold) continue
        this.#untold = false
        return slot.event(this.#options.granted)
      }
      if (!this.#isWanted(slot, index)) continue
      this.#untold = true
      return slot.bytes
    }
  }

  #isWanted({ topicId, partition, offset }: Entry, index: number): boolean {
    const { granted, seen } = this.#options
    if (!granted.has(topicId)) return false
    if (!seen) return true
    const anew = this.#track.ring.anewAt(topicId, partition)
    if (anew !== undefined) {
      // The client has seen the topic that was, or what it has seen is of the present one.
      const isOfPast = this.#head <= anew
      if (isOfPast && index >= anew) return true
      if (!isOfPast && index <= anew) return false
    }
    return offset >= (seen.get(placeKey(topicId, partition)) ?? 0)
  }

  /** To the next ring, once this one has come to its end. */
  #goOn(): boolean {
    const { next, ended } = this.#track
    if (!next || !ended?.()) return false
    this.#track = next
    this.#index = next.index
    return true
  }
}
