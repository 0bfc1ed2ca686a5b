import { pause } from '../clock.ts'
import { type AlertError, toAlertError } from '../errors.ts'
import { type Position, partitionKey } from '../place.ts'
import type { Assigned, ReadEvent, Reader, ReadOptions } from '../transports/transport.ts'
import type { ReadingContext } from './context.ts'
import type { ConsumerGroupOptions } from './options.ts'
import type { Part } from './Part.ts'
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
    void this.#place(
      event.epoch,
      event.partitions.filter(at => !parts.has(partitionKey(at))),
    )
  }

  revoked({ epoch, lost }: RevokedEvent): void {
    const parts = [...this.#context.parts.values()]
    this.#context.say({
      type: lost ? 'lost' : 'revoked',
      partitions: parts.map(({ place }) => ({ topic: place.fullTopic, partition: place.partition })),
    })
    for (const part of parts) part.leaving = true
    for (const part of parts) part.leave()
    if (lost) this.#context.discard(parts)
    else void this.#letGo(epoch, parts)
  }

  /** Commits what was handled since the last commit; whether all is committed. */
  async commit(parts: readonly Part[] = [...this.#context.parts.values()]): Promise<boolean> {
    const ahead = parts.filter(part => part.prefix > part.committed && part.epoch === this.#epoch)
    if (ahead.length === 0) return true
    return this.#write(
      ahead,
      ahead.map(part => part.atHandled),
    )
  }

  async #write(parts: readonly Part[], at: readonly Position[]): Promise<boolean> {
    const reader = this.#reader()
    if (!reader) return false
    try {
      await reader.commit(this.#epoch, at)
      parts.forEach((part, i) => {
        part.committed = Math.max(part.committed, at[i]!.offset)
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
    const { clock } = this.#context.options
    const over = new AbortController()
    await Promise.all(parts.map(part => part.whenIdle(pause(clock, this.#options.revokeTimeout, over.signal))))
    over.abort()
    await this.commit(parts)
    this.#context.discard(parts)
    this.#reader()?.release(epoch)
  }

  /** A found start is committed at once: else a crash before the first commit would start at a later `latest`. */
  async #place(epoch: number, wanted: readonly Assigned[]): Promise<void> {
    const { signal } = this.#context
    const { clock, logger } = this.#context.options
    try {
      const { parts, missed } = await this.#placer.place({ wanted, topicIds: this.#topics.topicIds, grown: new Set(), epoch })
      if (epoch !== this.#epoch || signal.aborted) return this.#context.discard(parts)
      this.#context.start(parts)
      this.#context.wake()
      const found = parts.filter(
        part => !wanted.some(at => at.committed !== undefined && partitionKey(at) === partitionKey(part.atHandled)),
      )
      if (found.length > 0)
        await this.#write(
          found,
          found.map(part => part.atHandled),
        )
      if (missed.length === 0) return
      await pause(clock, AGAIN, signal)
      const again = missed.map(({ topic, partition }) => ({ topic, partition }))
      if (epoch === this.#epoch && !signal.aborted) await this.#place(epoch, again)
    } catch (thrown) {
      const error: AlertError = toAlertError(thrown)
      logger.info({ code: error.code }, `could not find where to start: ${error.message}; asked again`)
      await pause(clock, AGAIN, signal)
      if (epoch === this.#epoch && !signal.aborted) await this.#place(epoch, wanted)
    }
  }
}
