import type { AlertError } from '../errors.ts'
import { partitionKey } from '../place.ts'
import type { ReadingContext } from './context.ts'
import type { Part } from './Part.ts'

/** A partition that stands still for so long is no trouble that passes, ms. */
const PATIENCE = 60_000
/** A partition that is read, and not refused again for so long, is back: one with nothing new in it does not say so itself, ms. */
const QUIET = 30_000

interface Outage {
  /** By the clock's tick, as all here. */
  readonly since: number
  error: AlertError
  /** Taken to be over then, unless it is refused again. */
  overAt: number
  warned: boolean
}

/** Which partitions stand still while others are read: a warning once it has lasted a minute, and a word when they are back. One timer, while there are any. */
export class Outages {
  readonly #context: ReadingContext
  readonly #outages = new Map<Part, Outage>()
  #cancel: (() => void) | undefined

  constructor(context: ReadingContext) {
    this.#context = context
    context.signal.addEventListener('abort', () => this.#cancel?.())
  }

  /** @param triedIn ms until it is read again; none: its reader will say when it is */
  begin(part: Part, error: AlertError, triedIn: number = Number.POSITIVE_INFINITY): void {
    const now = this.#now
    const outage = this.#outages.get(part) ?? { since: now, error, overAt: now, warned: false }
    this.#outages.set(part, Object.assign(outage, { error, overAt: now + triedIn + QUIET }))
    this.#plan()
  }

  /** The reader has ended: all stand still now, which is said elsewhere. */
  suspend(): void {
    for (const [part, outage] of this.#outages) {
      if (outage.warned) outage.overAt = Number.POSITIVE_INFINITY
      else this.#outages.delete(part)
    }
    this.#plan()
  }

  /** Another reader begins: what it cannot read either it says itself. */
  resume(): void {
    for (const outage of this.#outages.values()) outage.overAt = this.#now + QUIET
    this.#plan()
  }

  /** It is read. */
  end(part: Part): void {
    const outage = this.#outages.get(part)
    if (!outage) return
    this.#outages.delete(part)
    this.#plan()
    if (!outage.warned) return
    const { topic, partition } = part.atFetch
    const lasted = Math.round((this.#now - outage.since) / 1_000)
    this.#context.options.logger.info({ topic, partition }, `${topic}[${partition}] is read again, after ${lasted} s`)
  }

  get #now(): number {
    return this.#context.options.clock.tick()
  }

  #plan(): void {
    this.#cancel?.()
    this.#cancel = undefined
    if (this.#outages.size === 0 || this.#context.signal.aborted) return
    const dues = [...this.#outages.values()].map(({ since, overAt, warned }) => (warned ? overAt : Math.min(overAt, since + PATIENCE)))
    this.#cancel = this.#context.options.clock.after(Math.min(...dues) - this.#now, () => this.#look())
  }

  #look(): void {
    const now = this.#now
    for (const part of this.#outages.keys()) if (this.#context.parts.get(partitionKey(part.atFetch)) !== part) this.#outages.delete(part)
    for (const [part, { overAt }] of this.#outages) if (overAt <= now) this.end(part)
    const due = [...this.#outages].filter(([, { since, warned }]) => !warned && since + PATIENCE <= now)
    for (const [, outage] of due) outage.warned = true
    for (const text of new Set(due.map(([, { error }]) => error.message))) this.#warn(due.filter(([, { error }]) => error.message === text))
    this.#plan()
  }

  #warn(due: readonly (readonly [Part, Outage])[]): void {
    const partitions = due.map(([{ place }]) => ({ topic: place.fullTopic, partition: place.partition }))
    const [, { error, since }] = due[0]!
    const lasted = Math.round((this.#now - since) / 1_000)
    const have = partitions.length === 1 ? 'has' : 'have'
    this.#context.options.logger.warn(
      { ...partitions[0], partitions, code: error.code },
      `${partitions.map(partitionKey).join(', ')} ${have} not been read for ${lasted} s: ${error.message}. Tried again until it is back`,
    )
  }
}
