import { type Subscriber, Subscription } from 'rxjs'
import type { DecodeError } from '../errors.ts'
import { ExternalReference } from '../formats/external.ts'
import { partitionKey } from '../place.ts'
import type { AlertRecord, With } from '../record.ts'
import type { Decoding } from './decoding.ts'
import { type ExternalResolver, fetchExternal } from './external.ts'
import { Kept } from './kept.ts'

interface Waiting<R extends AlertRecord<unknown>> {
  readonly kept: Kept<R>
  /** Of the message that it stands for: under way. */
  fetch: Subscription | undefined
}

/** Records of one partition that wait, in their order: the first for its message, the others for it. */
type Lane<R extends AlertRecord<unknown>> = Set<Waiting<R>>

/** One subscription of `decode` with a resolver: a record whose message is elsewhere keeps back those of its partition that come after it. */
export class Fetching<R extends AlertRecord<unknown>> {
  readonly #decoding: Decoding<R>
  readonly #resolver: ExternalResolver
  readonly #out: Subscriber<With<R, unknown>>
  readonly #lanes = new Map<string, Lane<R>>()
  /** The source is complete. */
  #ended = false

  constructor(decoding: Decoding<R>, resolver: ExternalResolver, out: Subscriber<With<R, unknown>>) {
    this.#decoding = decoding
    this.#resolver = resolver
    this.#out = out
  }

  accept(record: R): void {
    const partition = partitionOf(record)
    const lane = this.#lanes.get(partition)
    if (lane) {
      this.#keep(record, partition, lane)
      return
    }
    const read = this.#decoding.read(record)
    if (!read) return
    if (!(read.value instanceof ExternalReference)) {
      this.#decoding.pass(record, read)
      return
    }
    const opened: Lane<R> = new Set()
    const waiting = this.#keep(record, partition, opened)
    this.#lanes.set(partition, opened)
    this.#fetch(waiting, read.value, partition)
  }

  /** Nothing more will come; what waits goes on first. */
  end(): void {
    this.#ended = true
    this.#completeIfDone()
  }

  /** The chain is gone: nobody has seen what waits. */
  shut(): void {
    const lanes = [...this.#lanes.values()]
    this.#lanes.clear()
    for (const lane of lanes) {
      for (const { kept, fetch } of lane) {
        fetch?.unsubscribe()
        kept.giveBack()
      }
    }
  }

  #keep(record: R, partition: string, lane: Lane<R>): Waiting<R> {
    const kept = new Kept(record)
    const waiting: Waiting<R> = { kept, fetch: undefined }
    kept.token?.onLeave(() => this.#giveBack(waiting, partition))
    lane.add(waiting)
    return waiting
  }

  #giveBack(waiting: Waiting<R>, partition: string): void {
    const lane = this.#lanes.get(partition)
    if (!lane?.delete(waiting)) return
    waiting.fetch?.unsubscribe()
    waiting.kept.giveBack()
    // Those behind it are about to be given back as well: a microtask later it is known.
    if (waiting.fetch) queueMicrotask(() => this.#advance(partition))
  }

  #fetch(waiting: Waiting<R>, reference: ExternalReference, partition: string): void {
    const { record, token } = waiting.kept
    const calling = new AbortController()
    const fenced = token?.signal
    const giveBack = (): void => this.#giveBack(waiting, partition)
    const fetch = new Subscription(() => {
      fenced?.removeEventListener('abort', giveBack)
      calling.abort()
    })
    waiting.fetch = fetch
    fenced?.addEventListener('abort', giveBack)
    fetchExternal(record, reference, this.#resolver, calling.signal).then(
      fetched => {
        if (!fetch.closed) this.#settle(waiting, partition, () => this.#passFetched(waiting.kept, fetched))
      },
      (error: DecodeError) => {
        if (!fetch.closed) this.#settle(waiting, partition, () => this.#unfetched(waiting.kept, error))
      },
    )
  }

  /** The first of its lane has what it waited for. */
  #settle(waiting: Waiting<R>, partition: string, go: () => void): void {
    this.#lanes.get(partition)?.delete(waiting)
    this.#guarded(go)
    this.#advance(partition)
  }

  /** A message that only names another place is passed on as it is: hop follows no second reference either. */
  #passFetched(kept: Kept<R>, fetched: R): void {
    const read = this.#decoding.read(fetched, kept)
    if (read) this.#decoding.pass(fetched, read, kept)
  }

  #unfetched(kept: Kept<R>, error: DecodeError): void {
    const { payload } = kept.record
    if (payload instanceof Uint8Array) this.#decoding.undecoded(kept.record, payload, error, kept)
  }

  /** Passes on what has nothing to wait for, up to the next that has. */
  #advance(partition: string): void {
    const lane = this.#lanes.get(partition)
    if (!lane || this.#out.closed) return
    for (const waiting of lane) {
      if (waiting.fetch) return
      if (waiting.kept.token?.state === 'fenced') {
        lane.delete(waiting)
        waiting.kept.giveBack()
      } else this.#guarded(() => this.#take(waiting, lane, partition))
      if (waiting.fetch || this.#out.closed) return
    }
    this.#lanes.delete(partition)
    this.#completeIfDone()
  }

  #take(waiting: Waiting<R>, lane: Lane<R>, partition: string): void {
    const { kept } = waiting
    // It leaves the lane only now: what comes meanwhile goes behind it.
    const read = this.#decoding.read(kept.record, kept)
    if (read?.value instanceof ExternalReference) {
      this.#fetch(waiting, read.value, partition)
      return
    }
    lane.delete(waiting)
    if (read) this.#decoding.pass(kept.record, read, kept)
  }

  #guarded(go: () => void): void {
    try {
      go()
    } catch (error) {
      this.#out.error(error)
    }
  }

  #completeIfDone(): void {
    if (this.#ended && this.#lanes.size === 0) this.#out.complete()
  }
}

const partitionOf = ({ server, fullTopic, partition }: AlertRecord<unknown>): string =>
  `${server} ${partitionKey({ topic: fullTopic, partition })}`
