import { AlertError, toAlertError } from './errors.ts'
import type { Place, RawRecord } from './record.ts'

/** What `hold()` gives: settle it once, by either; later calls do nothing. */
export interface Claim {
  /** The work is done. */
  ack(): void
  /** It is not, and will not be: see `Delivery.hold`. */
  release(): void
}

/** The partition in one subscription that a token belongs to. */
export interface TokenOwner {
  readonly place: Place
  /** The subscription has ended: what is given back now comes again. */
  readonly ended: boolean
  /** The partition is on its way to another member. */
  readonly leaving: boolean
  /** `acked`: somebody said so, rather than by default. */
  settled(acked: boolean): void
  failed(token: Token, error: AlertError): void
  /** An ack came after the record was handled by default. */
  late(token: Token): void
}

/**
 * open: delivered, nobody holds it. held: claims stand, or its birth does. auto: handled by default, when `next()` returned.
 * acked: handled by claims. released: given back, comes again. fenced: an ack no longer counts.
 */
export type TokenState = 'open' | 'held' | 'auto' | 'acked' | 'released' | 'fenced'

const NO_CLAIM: Claim = { ack() {}, release() {} }

/** Who still holds one delivered record. All deliveries of the record (`with`) and all branches below a `share()` have the same one. */
export class Token {
  readonly raw: RawRecord
  /** When it was delivered, by the clock's tick; whole ms. */
  readonly since: number
  readonly #owner: TokenOwner
  #state: TokenState = 'open'
  #claims = 0
  #acked = false
  /** The chain closed during `next()`, or a claim was given back at an end: it comes again, whoever acks. */
  #spoiled = false
  #emitting = true
  #birth: Claim | undefined
  #taken = false
  #abort: AbortController | undefined
  #onLeave: Set<() => void> | undefined
  #onSettled: (() => void)[] | undefined

  constructor(owner: TokenOwner, raw: RawRecord, since = 0) {
    this.#owner = owner
    this.raw = raw
    this.since = since
  }

  get place(): Place {
    return this.#owner.place
  }
  get state(): TokenState {
    return this.#state
  }
  /** Never before its `next()` returned. */
  get handled(): boolean {
    return (this.#state === 'auto' || this.#state === 'acked') && !this.#emitting
  }
  get settled(): boolean {
    return this.#state !== 'open' && this.#state !== 'held'
  }
  /** Its delivery is 'manual': born held, for the user to ack, and nobody has taken it over. */
  get bornHeld(): boolean {
    return this.#birth !== undefined && !this.#taken
  }
  get signal(): AbortSignal {
    if (!this.#abort) {
      this.#abort = new AbortController()
      if (this.#state === 'fenced') this.#abort.abort()
    }
    return this.#abort.signal
  }

  hold(): Claim {
    if (this.#state === 'auto') {
      throw new AlertError('ALERT_LATE_HOLD', `${this.#name()} is handled already, by default when its next() returned`, {
        mend: 'Put handle() before asynchronous operators',
      })
    }
    if (this.settled) return NO_CLAIM
    this.#state = 'held'
    this.#claims++
    let open = true
    const settle = (acked: boolean): void => {
      if (!open) return
      open = false
      this.#claims--
      if (acked) this.#acked = true
      else if (this.#owner.ended || this.#owner.leaving) this.#spoiled = true
      if (this.#claims === 0 && !this.#emitting) this.#finish()
    }
    // A microtask later it is known whether one branch of a share() left, or all of them.
    return { ack: () => settle(true), release: () => queueMicrotask(() => settle(false)) }
  }

  /** handle() and listen() take a born-held record over from the user; a loop does not. */
  take(): Claim {
    if (this.#birth && !this.#taken && !this.settled) {
      this.#taken = true
      return this.#birth
    }
    return this.hold()
  }

  /** For `delivery: 'manual'`. */
  bear(): void {
    this.#birth = this.hold()
  }

  /** An operator of ours dropped the record: an open one needs nothing, a born-held one its ack. */
  drop(): void {
    this.#birth?.ack()
  }

  ack(): void {
    if (this.#state === 'auto') this.#owner.late(this)
    if (this.settled) return
    this.#claims = 0
    this.#acked = true
    this.#state = 'acked'
    if (!this.#emitting) this.#tell(true)
  }

  fail(error: unknown): void {
    this.#owner.failed(this, toAlertError(error, 'ALERT_HANDLER'))
    this.ack()
  }

  /** After `next()` returned. @param closed whether the chain closed meanwhile */
  emitted(closed: boolean): void {
    this.#emitting = false
    if (closed) this.#spoiled = true
    if (this.#state === 'open') {
      this.#state = closed ? 'released' : 'auto'
      this.#tell(false)
    } else if (this.#state === 'acked') this.#tell(true)
    else if (this.#claims === 0) this.#finish()
    else this.raw.detach()
  }

  /** Handled before this subscription saw it: it only keeps its place in the prefix. */
  skip(): void {
    this.#state = 'acked'
    this.#emitting = false
  }

  /** From here on an ack no longer counts. */
  fence(): void {
    if (this.settled) return
    this.#state = 'fenced'
    this.#abort?.abort()
    this.#tellFollowers()
  }

  /** Called when what has not started has to be given back. Gives what takes the call off again. */
  onLeave(fn: () => void): () => void {
    this.#onLeave ??= new Set()
    this.#onLeave.add(fn)
    return () => this.#onLeave?.delete(fn)
  }

  leave(): void {
    if (this.#onLeave) for (const fn of [...this.#onLeave]) fn()
  }

  /** Called once, when it is settled; of one that is settled already, never. */
  onSettled(fn: () => void): void {
    this.#onSettled ??= []
    this.#onSettled.push(fn)
  }

  #finish(): void {
    if (this.settled) return
    // Given back while the subscription lives on is a claim given up; after its end it means "comes again".
    const again = this.#spoiled || (!this.#acked && this.#owner.ended)
    this.#state = again ? 'released' : 'acked'
    this.#tell(!again)
  }

  #tell(acked: boolean): void {
    this.#owner.settled(acked)
    this.#tellFollowers()
  }

  #tellFollowers(): void {
    const followers = this.#onSettled
    this.#onSettled = undefined
    if (followers) for (const fn of followers) fn()
  }

  #name(): string {
    return `${this.place.fullTopic}[${this.place.partition}]@${this.raw.offset}`
  }
}

let underWay: Token | undefined

/** The record whose emission is under way: a loop over mapped values holds it. */
export const currentToken = (): Token | undefined => underWay

/** Makes `token` the one under way; gives the one before, to be set again afterwards. */
export function setCurrentToken(token: Token | undefined): Token | undefined {
  const before = underWay
  underWay = token
  return before
}

/** Runs `emit` with `token` as the one under way. */
export function during(token: Token | undefined, emit: () => void): void {
  const before = setCurrentToken(token)
  try {
    emit()
  } finally {
    underWay = before
  }
}

let recordless = false

/** Runs `emit`, whose value belongs to no record and needs none: a loop does not warn of it. */
export function withoutRecord(emit: () => void): void {
  const before = recordless
  recordless = true
  try {
    emit()
  } finally {
    recordless = before
  }
}

export const isWithoutRecord = (): boolean => recordless

/** A loop that is subscribing: a source below it leaves how to warn, for values that hold nothing. */
export interface Loop {
  warn?: ((text: string) => void) | undefined
}

let subscribing: Loop | undefined

export const currentLoop = (): Loop | undefined => subscribing

export function inLoop<T>(loop: Loop, subscribe: () => T): T {
  const before = subscribing
  subscribing = loop
  try {
    return subscribe()
  } finally {
    subscribing = before
  }
}
