import { Cursor } from '../cursor.ts'
import { AlertError, ConfigError, toAlertError } from '../errors.ts'
import type { Position } from '../place.ts'
import type { Logger } from '../status.ts'
import type { ReadCounters } from './options.ts'

/** Where a checkpoint's cursor is kept, as an opaque string. `fileStore(path)` is one. */
export interface CheckpointStore {
  /** Where it stands; undefined: nothing was saved yet. */
  load(): Promise<string | undefined>
  /** What fails is tried again. */
  save(cursor: string): Promise<void>
  /** Called when the stream has ended and its position is saved: others may have now what `load` kept from them. */
  release?(): Promise<void>
}

/**
 * Resumes across subscriptions, and with a store across processes: read at each subscription, advanced by handled records, saved as commits are.
 * One live subscription each. Subscribed again it goes on where it was itself, or where another process has come to meanwhile if that is further;
 * to go back, change the store and make a new one.
 *
 * @example
 * client.topic('superevent', { from: new Checkpoint('earliest', store) }).pipe(parseJson(), handle(({ payload }) => page(payload)))
 */
export class Checkpoint {
  /** Where to begin while there is nothing to resume. */
  readonly start: 'latest' | 'earliest' | Date | Cursor
  readonly #store: CheckpointStore | undefined
  #cursor: (() => Cursor | undefined) | undefined
  /** What the store held when it was last read or written. */
  #stored: string | undefined
  /** A subscription has read the store: only then may it write. */
  #isFollowing = false
  /** The live subscription. */
  #holder: object | undefined

  constructor(start: 'latest' | 'earliest' | Date | Cursor = 'latest', store?: CheckpointStore) {
    this.start = start
    this.#store = store
  }

  /** The handled prefix as it is now. */
  get cursor(): Cursor | undefined {
    return this.#cursor?.()
  }

  /**
   * For the subscription: the cursor to resume at. What this object handled itself, or what another process has handled since, whichever is
   * further on, by partition.
   *
   * @throws AlertError ALERT_SHARED while another one has it; ConfigError when the store cannot be read, or holds something else
   * @internal
   */
  async load(holder: object): Promise<Cursor | undefined> {
    if (this.#isOfAnother(holder)) {
      throw new AlertError('ALERT_SHARED', 'The Checkpoint has a live subscription already, at another client', {
        mend: 'share() that one, or give the second a Checkpoint of its own',
        fatal: true,
      })
    }
    this.#holder = holder
    this.#isFollowing = false
    const text = await this.#read()
    const stored = text === undefined ? undefined : Cursor.parse(text)
    const own = this.cursor
    const isOurs = text === this.#stored
    this.#stored = text
    if (!own || !stored) return own ?? stored
    return isOurs ? own : furtherOn(own, stored)
  }

  /** For the subscription: what advances it from now on. @internal */
  follow(cursor: () => Cursor | undefined): void {
    this.#cursor = cursor
    this.#isFollowing = true
  }

  async #read(): Promise<string | undefined> {
    try {
      return await this.#store?.load()
    } catch (cause) {
      if (cause instanceof AlertError && cause.fatal) throw cause
      throw new ConfigError(`The checkpoint could not be loaded: ${toAlertError(cause).message}`, { cause })
    }
  }

  /** For the subscription: saves the prefix as it is now; whether it is saved, else that is logged. @internal */
  async saved(logger: Logger, counters: Pick<ReadCounters, 'commits' | 'commitFailures'>): Promise<boolean> {
    try {
      if (await this.#save()) counters.commits++
      return true
    } catch (thrown) {
      counters.commitFailures++
      logger.error({}, `the checkpoint was not saved: ${toAlertError(thrown).message}. It is tried again`)
      return false
    }
  }

  /** For the subscription, when its position is saved. What fails is logged. @internal */
  async release(holder: object, logger: Logger): Promise<void> {
    // A saving that hung for long: the store is the next one's by now.
    if (this.#isOfAnother(holder)) return
    try {
      await this.#store?.release?.()
    } catch (thrown) {
      logger.warn({}, `the checkpoint's store was not released: ${toAlertError(thrown).message}`)
    }
  }

  /** For the subscription, when it has ended: the next one may have it. @internal */
  leave(holder: object): void {
    if (this.#holder === holder) this.#holder = undefined
  }

  #isOfAnother(holder: object): boolean {
    return this.#holder !== undefined && this.#holder !== holder
  }

  /** Whether there was something new to save. */
  async #save(): Promise<boolean> {
    const text = this.#isFollowing ? this.cursor?.toString() : undefined
    if (!this.#store || text === undefined || text === this.#stored) return false
    await this.#store.save(text)
    this.#stored = text
    return true
  }
}

/** Of the same topics: the stored place, but where the own one is further on. Of a topic that was created again, and of another server: the stored. */
function furtherOn(own: Cursor, stored: Cursor): Cursor {
  if (own.server !== stored.server) return stored
  const isBehind = ({ topic, partition, offset, topicId }: Position): boolean => {
    const known = own.topics.get(topic)
    const isSame = known?.id === undefined || topicId === undefined || known.id === topicId
    return isSame && offset < (known?.offsets.get(partition) ?? 0)
  }
  // What neither knows starts at the earlier moment: nobody has read it.
  const time = Math.min(own.time, stored.time)
  return Cursor.of(stored.server, time, [...own.positions, ...stored.positions.filter(at => !isBehind(at))])
}
