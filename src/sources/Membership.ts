import { pause } from '../clock.ts'
import { AlertError, toAlertError } from '../errors.ts'
import { type Position, partitionKey } from '../place.ts'
import type { Assigned, ReadEvent, Reader, ReadOptions } from '../transports/transport.ts'
import type { ReadingContext } from './context.ts'
import { exclusivesOf } from './exclusives.ts'
import { type ConsumerGroupOptions, hasCome } from './options.ts'
import { NOWHERE, type Part } from './Part.ts'
import type { Placer } from './Placer.ts'
import type { Topics } from './Topics.ts'

type AssignedEvent = Extract<ReadEvent, { type: 'assigned' }>
type RevokedEvent = Extract<ReadEvent, { type: 'revoked' }>

/** A partition that could not be asked where to start is asked again so soon, ms. */
const AGAIN = 500
/** Reading waits no longer than this for the commit of a found start, ms. */
const FIRST_COMMIT = 2_000

/** A subscription's part in a consumer group: what is assigned is placed, what is revoked is finished and committed, then let go. */
export class Membership {
  readonly #context: ReadingContext
  readonly #options: ConsumerGroupOptions
  readonly #placer: Placer
  readonly #topics: Topics
  readonly #reader: () => Reader | undefined
  #memberId: string | undefined
  #epoch = -1
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
    void this.#place(event.partitions.filter(at => !parts.has(partitionKey(at))))
    this.#context.wake()
  }

  /** Partitions of ours whose topics were created again: what was committed was that of others. */
  placeAnew(topics: readonly string[]): void {
    const { parts } = this.#context
    const anew = (this.#assigned ?? []).filter(at => topics.includes(at.topic) && !parts.has(partitionKey(at)))
    void this.#place(anew.map(({ topic, partition }) => ({ topic, partition })))
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
    const ahead = parts.filter(part => part.prefix > part.committed && part.epoch === this.#epoch)
    if (ahead.length === 0) return true
    const at = ahead.map(part => part.atHandled)
    const reader = this.#reader()
    if (!reader) return false
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
      // Of an old epoch: another member goes on from the last commit, or our own reader has not joined yet: then it is tried again.
      const stale = error.code === 'ALERT_STALE_EPOCH' || error.code === 'ALERT_REJOIN'
      if (!stale) this.#context.options.counters.commitFailures++
      const next = stale ? 'Whoever has the partitions now reads them from the last commit' : 'It is tried again'
      const fields = { group: this.#options.id, ...at[0], partitions: at, code: error.code }
      this.#context.options.logger[stale ? 'info' : 'warn'](fields, `not committed: ${namesOf(at)}: ${error.message}. ${next}`)
      return false
    }
  }

  #letGoOfReader(): void {
    this.#assigned = undefined
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
    await this.commit(parts)
    this.#context.discard(parts)
    reader?.release(epoch)
  }

  /** Until each has a start, or the next assignment comes. */
  async #place(wanted: readonly Assigned[]): Promise<void> {
    const { signal, options } = this.#context
    const assigned = this.#assigned
    const isWanted = (): boolean => assigned === this.#assigned && !signal.aborted
    for (let left = wanted; left.length > 0; ) {
      left = await this.#placeOnce(left, isWanted)
      if (left.length > 0) await pause(options.clock, AGAIN, signal)
      if (!isWanted()) return
    }
  }

  /** Those that could not be asked where to start. */
  async #placeOnce(wanted: readonly Assigned[], isWanted: () => boolean): Promise<readonly Assigned[]> {
    try {
      const { topicIds } = this.#topics
      const known = wanted.map(at => this.#recall(at, topicIds))
      const settle = (placed: readonly Part[]): Promise<void> => this.#noteCommitted(placed, wanted)
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
    const { topic, partition, offset } = known
    this.#context.options.logger.warn(
      { group: this.#options.id, topic, partition, offset },
      `${partitionKey(at)}: what the group had committed is gone. It goes on at offset ${offset}, the last commit known here`,
    )
    return { ...at, committed: offset }
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
    const written = new AbortController()
    const writing = this.#context.writeDown().finally(() => written.abort())
    if (parts.some(part => part.committed === NOWHERE))
      await Promise.race([writing, pause(this.#context.options.clock, FIRST_COMMIT, written.signal)])
  }
}

/**
 * It is not ours any more, or others have committed more of it while our reader was away.
 * @param known our last commit: it may lie beyond the prefix, where the log has begun anew since
 */
function isOvertaken(part: Part, at: Assigned | undefined, known: Position | undefined): boolean {
  return at === undefined || (at.committed !== undefined && at.committed > part.prefix && at.committed !== known?.offset)
}

const namesOf = (at: readonly Position[]): string => at.map(({ offset, ...of }) => `${partitionKey(of)}@${offset}`).join(', ')
