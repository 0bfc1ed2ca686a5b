import { pause } from '../clock.ts'
import { AlertError, toAlertError } from '../errors.ts'
import { type Position, partitionKey } from '../place.ts'
import type { Assigned, ReadEvent, Reader, ReadOptions } from '../transports/transport.ts'
import { sayCutShort, sayNotCommitted, sayRecalled, sayUncommitted } from './complaints.ts'
import type { ReadingContext } from './context.ts'
import { exclusivesOf } from './exclusives.ts'
import { type ConsumerGroupOptions, hasCome } from './options.ts'
import { NOWHERE, type Part } from './Part.ts'
import type { Placer } from './Placer.ts'
import type { Topics } from './Topics.ts'
import { writeFirst } from './writeFirst.ts'

type AssignedEvent = Extract<ReadEvent, { type: 'assigned' }>
type RevokedEvent = Extract<ReadEvent, { type: 'revoked' }>

/** A partition that could not be asked where to start is asked again so soon, ms. */
const AGAIN = 500

/** No reader has joined. */
const NO_EPOCH = -1

/** A subscription's part in a consumer group: what is assigned is placed, what is revoked is finished and committed, then let go. */
export class Membership {
  readonly #context: ReadingContext
  readonly #options: ConsumerGroupOptions
  readonly #placer: Placer
  readonly #topics: Topics
  readonly #reader: () => Reader | undefined
  #memberId: string | undefined
  /** Of the reader's present assignment. */
  #epoch = NO_EPOCH
  /** Undefined: the reader has not joined, or is about to join again. */
  #assigned: readonly Assigned[] | undefined
  /** By `partitionKey`: what was last known to be committed. */
  readonly #known = new Map<string, Position>()
  /** Aborted when the reader is no longer heard: what it was asked may never be answered. */
  #readerOver = new AbortController()

  constructor(context: ReadingContext, options: ConsumerGroupOptions, placer: Placer, topics: Topics, reader: () => Reader | undefined) {
    this.#context = context
    this.#options = options
    this.#placer = placer
    this.#topics = topics
    this.#reader = reader
  }

  /** How a reader joins; with the member id that the last one left behind. */
  request(topics: readonly string[]): NonNullable<ReadOptions['group']> {
    return { ...this.#options, topics, memberId: this.#memberId }
  }

  /** @param memberId of a reader that broke: it did not leave the group, and the next one goes on with it */
  ended(memberId: string | undefined): void {
    this.#memberId = memberId
    this.#letGoOfReader()
  }

  /** The reader is not heard any more: as if it had broken. */
  abandoned(): void {
    this.#letGoOfReader()
  }

  /** Goes on with the member that an earlier subscription left behind. */
  takeOver(): void {
    const { options } = this.#context
    this.#memberId ??= options.live.takeMember(exclusivesOf(options))
  }

  /** For the next subscription: the member of a reader that broke. */
  leaveBehind(): void {
    const { options } = this.#context
    if (this.#memberId !== undefined) options.live.leaveBehind(exclusivesOf(options), this.#memberId)
  }

  /** The reader has joined, and is not about to join again. */
  get hasAssignment(): boolean {
    return this.#assigned !== undefined
  }

  /** What it was given is placed and read up to `until`. Given nothing, it has nothing to read once `until` has come: others have. */
  get isDone(): boolean {
    const { parts, options } = this.#context
    if (!this.#assigned?.every(at => parts.has(partitionKey(at)))) return false
    return parts.size > 0 || hasCome(options)
  }

  assigned(event: AssignedEvent): void {
    this.#epoch = event.epoch
    this.#memberId = event.memberId
    const { parts } = this.#context
    const ours = new Map(event.partitions.map(at => [partitionKey(at), at]))
    const gone = [...parts]
      .filter(([key, part]) => part.leaving || isOvertaken(part, ours.get(key), this.#known.get(key)))
      .map(([, part]) => part)
    this.#context.discard(gone)
    // What was not revoked in between is still ours: it goes on at its position.
    const kept = event.partitions.map(at => parts.get(partitionKey(at))).filter(part => part !== undefined)
    for (const part of kept) part.epoch = event.epoch
    this.#context.start(kept)
    this.#context.say({ type: 'assigned', partitions: event.partitions.map(({ topic, partition }) => ({ topic, partition })) })
    this.#assigned = event.partitions
    for (const { topic, fault } of event.partitions) if (fault) this.#topics.fault(topic, fault)
    // Where what is committed could not be read, another start would lose it: such a partition is assigned anew once it can be.
    void this.#place(event.partitions.filter(at => !at.fault && !parts.has(partitionKey(at))))
    this.#context.wake()
  }

  /** Partitions of ours whose topics were created again: what was committed was that of others. */
  placeAnew(topics: readonly string[]): void {
    const { parts } = this.#context
    const anew = (this.#assigned ?? []).filter(at => topics.includes(at.topic) && !parts.has(partitionKey(at)))
    void this.#place(
      anew.map(({ topic, partition }) => ({ topic, partition })),
      true,
    )
  }

  revoked({ epoch, lost }: RevokedEvent): void {
    const parts = [...this.#context.parts.values()]
    this.#context.say({
      type: lost ? 'lost' : 'revoked',
      partitions: parts.map(({ place }) => ({ topic: place.fullTopic, partition: place.partition })),
    })
    this.#assigned = undefined
    for (const part of parts) part.leaving = true
    for (const part of parts) part.leave()
    if (lost) this.#context.discard(parts)
    else void this.#letGo(epoch, parts)
  }

  /** Commits what was handled since the last commit; whether all is committed. */
  async commit(parts: readonly Part[] = [...this.#context.parts.values()]): Promise<boolean> {
    const ahead = parts.filter(part => part.prefix > part.committed)
    if (ahead.length === 0) return true
    const at = ahead.map(part => part.atHandled)
    const reader = this.#reader()
    // One that has not joined yet counts its epochs anew: by the time it reads the commit, it may have come to that of its predecessor.
    if (!reader || this.#epoch === NO_EPOCH) return false
    try {
      await this.#answered(reader.commit(this.#epoch, at))
      this.#context.options.counters.commits++
      ahead.forEach((part, i) => {
        // Unless the log has begun anew meanwhile.
        part.committed = at[i]!.offset <= part.prefix ? at[i]!.offset : NOWHERE
        this.#remember(part)
      })
      return true
    } catch (thrown) {
      const error = toAlertError(thrown)
      // Of an old epoch: another member goes on from the last commit; what is ours all the same is tried again.
      const stale = error.code === 'ALERT_STALE_EPOCH' || error.code === 'ALERT_REJOIN'
      if (!stale) this.#context.options.counters.commitFailures++
      sayNotCommitted(this.#context, this.#options.id, at, error, stale)
      return false
    }
  }

  #letGoOfReader(): void {
    this.#assigned = undefined
    this.#epoch = NO_EPOCH
    this.#readerOver.abort()
    this.#readerOver = new AbortController()
  }

  /** What the reader answers, unless it is gone before. */
  #answered(answer: Promise<void>): Promise<void> {
    const { signal } = this.#readerOver
    return new Promise((resolve, reject) => {
      const gone = (): void => reject(new AlertError('ALERT_CONNECTION', 'the connection to the group is gone'))
      signal.addEventListener('abort', gone)
      answer.then(resolve, reject).finally(() => signal.removeEventListener('abort', gone))
    })
  }

  async #letGo(epoch: number, parts: readonly Part[]): Promise<void> {
    const { options, signal } = this.#context
    const reader = this.#reader()
    const timeout = pause(options.clock, this.#options.revokeTimeout, signal)
    await Promise.all(parts.map(part => part.whenIdle(timeout)))
    // An ending waits for the same work, commits and leaves; another reader counts its epochs anew.
    if (signal.aborted || reader !== this.#reader()) return
    const cutShort = parts.filter(part => part.busy).map(part => part.atHandled)
    await this.commit(parts)
    sayCutShort(this.#context, this.#options, cutShort)
    this.#context.discard(parts)
    reader?.release(epoch)
  }

  /** Until each has a start, or the next assignment comes. @param said why nothing is committed of them */
  async #place(wanted: readonly Assigned[], said = false): Promise<void> {
    const { signal, options } = this.#context
    const assigned = this.#assigned
    const isWanted = (): boolean => assigned === this.#assigned && !signal.aborted
    for (let left = wanted; left.length > 0; ) {
      left = await this.#placeOnce(left, said, isWanted)
      if (left.length > 0) await pause(options.clock, AGAIN, signal)
      if (!isWanted()) return
    }
  }

  /** Those that could not be asked where to start. */
  async #placeOnce(wanted: readonly Assigned[], said: boolean, isWanted: () => boolean): Promise<readonly Assigned[]> {
    try {
      const { topicIds } = this.#topics
      const known = wanted.map(at => this.#recall(at, topicIds))
      const found = new Set(said ? [] : known.filter(at => this.#isFound(at)).map(partitionKey))
      const settle = (placed: readonly Part[]): Promise<void> => {
        const at = placed.map(part => part.atFetch).filter(position => found.has(partitionKey(position)))
        sayUncommitted(this.#context, this.#options.id, at)
        return this.#noteCommitted(placed, wanted)
      }
      const { parts, missed } = await this.#placer.place({
        wanted: known,
        topicIds,
        grown: new Set(),
        epoch: this.#epoch,
        isWanted,
        settle,
      })
      this.#context.start(parts)
      this.#context.wake()
      const keys = new Set(missed.map(partitionKey))
      return wanted.filter(at => keys.has(partitionKey(at)))
    } catch (thrown) {
      const error = toAlertError(thrown)
      const text = `could not find where to start: ${wanted.map(partitionKey).join(', ')}: ${error.message}. It is asked again`
      this.#context.options.logger.info({ ...wanted[0], partitions: wanted, code: error.code }, text)
      return wanted
    }
  }

  /** The broker may have lost what was committed: the same topic goes on where this subscription last knew it to be. */
  #recall(at: Assigned, topicIds: ReadonlyMap<string, string | undefined>): Assigned {
    const known = this.#known.get(partitionKey(at))
    if (at.committed !== undefined || known?.topicId === undefined || known.topicId !== topicIds.get(at.topic)) return at
    sayRecalled(this.#context, this.#options.id, known)
    return { ...at, committed: known.offset }
  }

  /** Neither the group nor a subscription before knows where it starts. */
  #isFound(at: Assigned): boolean {
    return at.committed === undefined && this.#context.resumedAt(at) === undefined
  }

  #remember(part: Part): void {
    if (part.committed !== NOWHERE) this.#known.set(partitionKey(part.atHandled), { ...part.atHandled, offset: part.committed })
  }

  /** A found start is committed before it is read from: else a crash before the first commit would start at a later `latest`. */
  async #noteCommitted(parts: readonly Part[], assigned: readonly Assigned[]): Promise<void> {
    const committed = new Map(assigned.map(at => [partitionKey(at), at.committed]))
    for (const part of parts) {
      part.committed = committed.get(partitionKey(part.atHandled)) ?? NOWHERE
      this.#remember(part)
    }
    if (parts.some(part => part.committed === NOWHERE)) await writeFirst(this.#context)
  }
}

/**
 * It is not ours any more, or others have committed more of it while our reader was away; or may have.
 * @param known our last commit: it may lie beyond the prefix, where the log has begun anew since
 */
function isOvertaken(part: Part, at: Assigned | undefined, known: Position | undefined): boolean {
  return (
    at === undefined ||
    at.fault !== undefined ||
    (at.committed !== undefined && at.committed > part.prefix && at.committed !== known?.offset)
  )
}
