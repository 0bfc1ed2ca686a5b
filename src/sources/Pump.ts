import type { Subscriber } from 'rxjs'
import { setCurrentToken } from '../claims.ts'
import type { Clock } from '../clock.ts'
import { AS_IT_CAME, Delivery, isTest, type RawRecord } from '../record.ts'
import { nextTurn } from '../turn.ts'
import type { SourceOptions } from './options.ts'
import type { Load, Part } from './Part.ts'

export interface PumpOptions {
  readonly clock: Clock
  /** hop's test messages. */
  readonly tests: 'exclude' | 'include' | 'only'
  /** 'manual': every record is born held. */
  readonly delivery: 'auto' | 'manual'
  /** Records handed on before the event loop gets its turn. */
  readonly batchSize: number
  readonly maxUnhandled: { readonly records: number; readonly bytes: number }
  /** Once it has come, a partition ends at the first record that is not older. */
  readonly until: SourceOptions['until']
  /** A record that was never delivered in this resume scope. */
  readonly fresh: (() => void) | undefined
}

export interface PumpHooks {
  pause(part: Part): void
  resume(part: Part): void
  /** A turn is over: records were handed on, or could not be. */
  turned(): void
  /** Nothing more to deliver below the limits of `until`; so too where nothing is read. */
  done(): void
}

/** Of one turn. */
interface Budget {
  /** Records. */
  left: number
  /** By the clock's tick. */
  readonly until: number
  /** When the turn began, whole ms: it is asked once for all records of it. */
  readonly since: number
}

/** ms of handing on before the event loop gets its turn. */
const SLICE = 5
/** Asking the clock costs as much as handing a record on. */
const RECORDS_A_LOOK = 32
/** One batch under way, the next one ready: then the partition is not fetched. */
const QUEUED = 2

/** Hands queued records on, partition by partition in rotation, in slices; keeps what is unhandled and what is queued within bounds. */
export class Pump {
  readonly #parts: ReadonlyMap<string, Part>
  readonly #load: Load
  readonly #out: Subscriber<Delivery>
  readonly #options: PumpOptions
  readonly #hooks: PumpHooks
  #scheduled = false
  #inTurn = false
  #stopped = false
  #rotation = 0

  constructor(parts: ReadonlyMap<string, Part>, load: Load, out: Subscriber<Delivery>, options: PumpOptions, hooks: PumpHooks) {
    this.#parts = parts
    this.#load = load
    this.#out = out
    this.#options = options
    this.#hooks = hooks
  }

  push(part: Part, records: readonly RawRecord[], next: number): void {
    const from = part.fetchAt
    const index = records.findIndex(({ offset }) => offset >= from)
    part.queue.push({ records, next: Math.max(next, from), index: index < 0 ? records.length : index })
    this.#regulate(part)
    this.wake()
  }

  /** The prefix of a partition moved, or a limit was set: there may be room, or an end. */
  wake(): void {
    if (this.#scheduled || this.#stopped) return
    this.#scheduled = true
    nextTurn(() => {
      this.#scheduled = false
      this.#inTurn = true
      this.#turn()
      this.#inTurn = false
    })
  }

  /** Nothing is delivered after it returned. */
  stop(): void {
    this.#stopped = true
  }

  /** A record was settled: outside of a turn there may be room now. */
  settled(): void {
    if (!this.#inTurn) this.wake()
  }

  #turn(): void {
    const { clock, batchSize } = this.#options
    const now = clock.tick()
    const budget = { left: batchSize, until: now + SLICE, since: Math.floor(now) }
    const parts = [...this.#parts.values()]
    this.#rotation = (this.#rotation + 1) % Math.max(parts.length, 1)
    for (let i = 0; i < parts.length && budget.left > 0 && !this.#stopped; i++) {
      const part = parts[(i + this.#rotation) % parts.length]!
      this.#deliver(part, budget)
    }
    if (this.#stopped) return
    for (const part of parts) this.#regulate(part)
    this.#hooks.turned()
    if (parts.some(part => this.#deliverable(part))) this.wake()
    else if (parts.every(part => part.done)) this.#hooks.done()
  }

  #deliver(part: Part, budget: Budget): void {
    while (budget.left > 0 && this.#deliverable(part)) {
      const batch = part.queue[0]!
      const raw = batch.records[batch.index]
      if (raw && this.#isLate(raw)) part.limit ??= raw.offset
      if (raw === undefined || raw.offset >= (part.limit ?? Number.POSITIVE_INFINITY)) {
        part.position = raw ? part.limit! : batch.next
        if (raw) part.queue.length = 0
        else part.queue.shift()
        if (part.window.length === 0) part.settled(false)
        continue
      }
      batch.index++
      part.position = raw.offset + 1
      if (this.#wanted(raw)) this.#emit(part, raw, budget.since)
      else this.#exclude(part)
      if (--budget.left % RECORDS_A_LOOK === 0 && this.#options.clock.tick() >= budget.until) budget.left = 0
    }
  }

  #emit(part: Part, raw: RawRecord, since: number): void {
    const token = part.admit(raw, since)
    if (!token) return
    if (this.#options.delivery === 'manual') token.bear()
    if (raw.offset >= part.seen) {
      part.seen = raw.offset + 1
      this.#options.fresh?.()
    } else part.counts.redelivered++
    part.counts.delivered++
    const before = setCurrentToken(token)
    try {
      this.#out.next(new Delivery<Uint8Array | null>(token, AS_IT_CAME))
    } finally {
      setCurrentToken(before)
    }
    token.emitted(this.#out.closed)
  }

  #exclude(part: Part): void {
    part.counts.excluded++
    if (part.window.length === 0) part.settled(false)
  }

  /** The date of `until` has come, and where the log stood then is still being asked. */
  #isLate({ timestamp }: RawRecord): boolean {
    const { until, clock } = this.#options
    return until instanceof Date && timestamp >= until.getTime() && clock.now() >= until.getTime()
  }

  #wanted(raw: RawRecord): boolean {
    const { tests } = this.#options
    return tests === 'include' || isTest(raw) === (tests === 'only')
  }

  #deliverable(part: Part): boolean {
    return part.queue.length > 0 && !part.done && !part.leaving && !this.#stopped && !this.#blocked(part)
  }

  /** `maxUnhandled` is reached; but a partition with nothing unhandled always goes on. */
  #blocked(part: Part): boolean {
    if (part.window.length === 0) return false
    const { records, bytes } = this.#options.maxUnhandled
    return this.#load.records >= records || this.#load.bytes >= bytes
  }

  #regulate(part: Part): void {
    const full = part.queue.length >= QUEUED || part.done || this.#blocked(part)
    if (full === part.paused || part.leaving) return
    part.paused = full
    if (full) this.#hooks.pause(part)
    else this.#hooks.resume(part)
  }
}
