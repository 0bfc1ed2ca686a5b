import { pause } from '../clock.ts'
import { toAlertError } from '../errors.ts'
import { partitionKey } from '../place.ts'
import type { Assigned, ReadEvent, Reader, ReadOptions } from '../transports/transport.ts'
import type { ReadingContext } from './context.ts'
import type { ConsumerGroupOptions } from './options.ts'
import { NOWHERE, type Part } from './Part.ts'
import type { Placer } from './Placer.ts'
import type { Topics } from './Topics.ts'

type AssignedEvent = Extract<ReadEvent, { type: 'assigned' }>
type RevokedEvent = Extract<ReadEvent, { type: 'revoked' }>

/** A partition that could not be asked where to start is asked again so soon, ms. */
const AGAIN = 500

/** A subscription's part in a consumer group: what is assigned is placed, what is revoked is finished and committed, then let go. */
export class Membership {
  readonly #context: ReadingContext
  readonly #options: ConsumerGroupOptions
  readonly #placer: Placer
  readonly #topics: Topics
  readonly #reader: () => Reader | undefined
  #memberId: string | undefined
  #epoch = -1
  #assigned: readonly Assigned[] = []

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

  ended(memberId: string | undefined): void {
    this.#memberId = memberId
  }

  /** The member of a reader that broke: it did not leave the group. */
  get leftBehind(): string | undefined {
    return this.#memberId
  }

  /** Goes on with a member that was left behind. */
  takeOver(memberId: string | undefined): void {
    this.#memberId ??= memberId
  }

  assigned(event: AssignedEvent): void {
    this.#epoch = event.epoch
    this.#memberId = event.memberId
    const { parts } = this.#context
    const ours = new Map(event.partitions.map(at => [partitionKey(at), at]))
    const gone = [...parts].filter(([key, part]) => part.leaving || !ours.has(key)).map(([, part]) => part)
    this.#context.discard(gone)
    // What was not revoked in between is still ours: it goes on at its position.
    const kept = event.partitions.map(at => parts.get(partitionKey(at))).filter(part => part !== undefined)
    for (const part of kept) part.epoch = event.epoch
    this.#context.start(kept)
    this.#context.say({ type: 'assigned', partitions: event.partitions.map(({ topic, partition }) => ({ topic, partition })) })
    this.#assigned = event.partitions
    void this.#place(event.partitions.filter(at => !parts.has(partitionKey(at))))
  }

  /** Partitions of ours whose topics were created again: what was committed was that of others. */
  placeAnew(topics: readonly string[]): void {
    const { parts } = this.#context
    const anew = this.#assigned.filter(at => topics.includes(at.topic) && !parts.has(partitionKey(at)))
    void this.#place(anew.map(({ topic, partition }) => ({ topic, partition })))
  }

  revoked({ epoch, lost }: RevokedEvent): void {
    const parts = [...this.#context.parts.values()]
    this.#context.say({
      type: lost ? 'lost' : 'revoked',
      partitions: parts.map(({ place }) => ({ topic: place.fullTopic, partition: place.partition })),
    })
    this.#assigned = []
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
      await reader.commit(this.#epoch, at)
      ahead.forEach((part, i) => {
        // Unless the log has begun anew meanwhile.
        part.committed = at[i]!.offset <= part.prefix ? at[i]!.offset : NOWHERE
      })
      return true
    } catch (thrown) {
      const error = toAlertError(thrown)
      // Of an old epoch: whoever owns the partition now reads it from the last commit.
      const stale = error.code === 'ALERT_STALE_EPOCH' || error.code === 'ALERT_REJOIN'
      this.#context.options.logger[stale ? 'info' : 'warn'](
        { group: this.#options.id, code: error.code },
        `not committed: ${error.message}`,
      )
      return stale
    }
  }

  async #letGo(epoch: number, parts: readonly Part[]): Promise<void> {
    const { options, signal } = this.#context
    const timeout = pause(options.clock, this.#options.revokeTimeout, signal)
    await Promise.all(parts.map(part => part.whenIdle(timeout)))
    // An ending waits for the same work, commits and leaves.
    if (signal.aborted) return
    await this.commit(parts)
    this.#context.discard(parts)
    this.#reader()?.release(epoch)
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
      const { parts, missed } = await this.#placer.place({ wanted, topicIds, grown: new Set(), epoch: this.#epoch, isWanted })
      this.#context.start(parts)
      this.#context.wake()
      await this.#noteCommitted(parts, wanted)
      return missed.map(({ topic, partition }) => ({ topic, partition }))
    } catch (thrown) {
      const error = toAlertError(thrown)
      this.#context.options.logger.info({ code: error.code }, `could not find where to start: ${error.message}; asked again`)
      return wanted
    }
  }

  /** A found start is committed at once: else a crash before the first commit would start at a later `latest`. */
  #noteCommitted(parts: readonly Part[], assigned: readonly Assigned[]): Promise<void> {
    const committed = new Map(assigned.map(at => [partitionKey(at), at.committed]))
    for (const part of parts) part.committed = committed.get(partitionKey(part.atHandled)) ?? NOWHERE
    return this.#context.writeDown()
  }
}
