import { Cursor } from '../cursor.ts'
import { AlertError, ConfigError, toAlertError } from '../errors.ts'
import type { Logger } from '../status.ts'
import type { ReadCounters } from './options.ts'

/** Where a checkpoint's cursor is kept, as an opaque string. `fileStore(path)` is one. */
export interface CheckpointStore {
  load(): Promise<string | undefined>
  save(cursor: string): Promise<void>
  /** Called when the stream has ended and its position is saved: others may have now what `load` kept from them. */
  release?(): Promise<void>
}

/**
 * Resumes across subscriptions, and with a store across processes: read when a stream is subscribed, advanced by handled records, saved as
 * commits are. One live subscription each.
 *
 * @example
 * client.topic('superevent', { from: new Checkpoint('earliest', store) }).pipe(parseJson(), handle(({ payload }) => page(payload)))
 */
export class Checkpoint {
  /** Where to begin while there is nothing to resume. */
  readonly start: 'latest' | 'earliest' | Date | Cursor
  readonly #store: CheckpointStore | undefined
  #cursor: (() => Cursor | undefined) | undefined
  #saved: string | undefined

  constructor(start: 'latest' | 'earliest' | Date | Cursor = 'latest', store?: CheckpointStore) {
    this.start = start
    this.#store = store
  }

  /** The handled prefix as it is now. */
  get cursor(): Cursor | undefined {
    return this.#cursor?.()
  }

  /** For the subscription: the cursor to resume at. @throws ConfigError when the store cannot be read, or holds something else */
  async load(): Promise<Cursor | undefined> {
    if (this.#cursor) return this.#cursor()
    const text = await this.#read()
    return text === undefined ? undefined : Cursor.parse(text)
  }

  /** For the subscription: what advances it from now on. */
  follow(cursor: () => Cursor | undefined): void {
    this.#cursor = cursor
  }

  async #read(): Promise<string | undefined> {
    try {
      return await this.#store?.load()
    } catch (cause) {
      if (cause instanceof AlertError && cause.fatal) throw cause
      throw new ConfigError(`The checkpoint could not be loaded: ${toAlertError(cause).message}`, { cause })
    }
  }

  /** For the subscription: saves the prefix as it is now; whether it is saved, else that is logged. */
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

  /** For the subscription, when it has ended. What fails is logged. */
  async release(logger: Logger): Promise<void> {
    try {
      await this.#store?.release?.()
    } catch (thrown) {
      logger.warn({}, `the checkpoint's store was not released: ${toAlertError(thrown).message}`)
    }
  }

  /** Whether there was something new to save. */
  async #save(): Promise<boolean> {
    const text = this.#cursor?.()?.toString()
    if (!this.#store || text === undefined || text === this.#saved) return false
    await this.#store.save(text)
    this.#saved = text
    return true
  }
}
