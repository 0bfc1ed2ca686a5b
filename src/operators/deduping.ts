import type { Subscriber, TimestampProvider } from 'rxjs'
import type { Token } from '../claims.ts'
import type { AlertRecord } from '../record.ts'
import { Kept } from './kept.ts'
import { claimedBy, drop } from './records.ts'

export interface DedupingSettings<R> {
  readonly key: (record: R) => string | undefined
  readonly size: number
  readonly within: number
  readonly clock: TimestampProvider
}

/** A record that has passed. */
interface Passed<R extends AlertRecord<unknown>> {
  readonly at: number
  /** Until it is settled. */
  token: Token | undefined
  /** Those that share its fate. */
  readonly duplicates: Kept<R>[]
}

/** One subscription of `dedupe`. */
export class Deduping<R extends AlertRecord<unknown>> {
  readonly #settings: DedupingSettings<R>
  readonly #out: Subscriber<R>
  /** By key, the one that was not seen for the longest time first. */
  readonly #passed = new Map<string, Passed<R>>()
  /** Stands before the first of them: a new one would step over the places of all that were forgotten. */
  readonly #oldest = this.#passed.keys()

  constructor(settings: DedupingSettings<R>, out: Subscriber<R>) {
    this.#settings = settings
    this.#out = out
  }

  accept(record: R): void {
    const key = this.#settings.key(record)
    const token = claimedBy(record)
    const former = key === undefined ? undefined : this.#formerOf(key)
    if (!former) {
      // One that is given back already, above an asynchronous operator, comes again.
      if (key !== undefined && !isGivenBack(token)) this.#remember(key, token)
      this.#out.next(record)
    } else if (!former.token) drop(record)
    // The same delivery, out of two branches, cannot wait for itself.
    else if (token && !token.settled && token !== former.token) former.duplicates.push(new Kept(record))
  }

  #formerOf(key: string): Passed<R> | undefined {
    const { clock, within } = this.#settings
    const former = this.#passed.get(key)
    if (!former || clock.now() - former.at >= within) return undefined
    this.#passed.delete(key)
    this.#passed.set(key, former)
    return former
  }

  #remember(key: string, token: Token | undefined): void {
    const { clock, size } = this.#settings
    const entry: Passed<R> = { at: clock.now(), token: token?.settled ? undefined : token, duplicates: [] }
    this.#passed.delete(key)
    this.#passed.set(key, entry)
    if (this.#passed.size > size) this.#passed.delete(this.#oldest.next().value!)
    entry.token?.onSettled(() => this.#settled(key, entry))
  }

  /** Handled: so are its duplicates. Given back: it may come again, or one of them takes its place. */
  #settled(key: string, entry: Passed<R>): void {
    const again = isGivenBack(entry.token)
    entry.token = undefined
    const duplicates = entry.duplicates.splice(0)
    if (!again) {
      for (const kept of duplicates) kept.drop()
      return
    }
    if (this.#passed.get(key) === entry) this.#passed.delete(key)
    // A microtask later it is known which of them are gone as well, and whether the chain is.
    for (const kept of duplicates) queueMicrotask(() => this.#replace(key, kept))
  }

  #replace(key: string, kept: Kept<R>): void {
    if (this.#out.closed || kept.token?.settled) {
      kept.giveBack()
      return
    }
    const former = this.#formerOf(key)
    if (!former) {
      this.#remember(key, kept.token)
      kept.pass(this.#out)
    } else if (former.token) former.duplicates.push(kept)
    else kept.drop()
  }
}

const isGivenBack = (token: Token | undefined): boolean => token?.state === 'released' || token?.state === 'fenced'
