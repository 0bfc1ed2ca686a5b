import { Observable } from 'rxjs'
import { during, Token, type TokenOwner, type TokenState } from '../../src/claims.ts'
import type { AlertError } from '../../src/errors.ts'
import { type AlertRecord, Delivery, type Place, type RawRecord, type RecordHeader, recordToJson, tokenOf } from '../../src/record.ts'
import { currentScope } from '../../src/scope.ts'

const utf8 = new TextEncoder()

/** When the first record of a partition was published, ms since 1970; those after it 1 ms apart. */
export const TIME = 1_555_000_000_000

export interface RecordOptions {
  readonly offset?: number | undefined
  readonly timestamp?: number | undefined
  readonly headers?: readonly RecordHeader[] | undefined
}

export const header = (name: string, value: string | null = ''): RecordHeader => ({
  name,
  value: value === null ? null : utf8.encode(value),
})

export function rawRecord(
  value: Uint8Array | null,
  { offset = 0, timestamp = TIME + offset, headers = [] }: RecordOptions = {},
): RawRecord {
  return {
    offset,
    timestamp,
    size: value?.length ?? 0,
    key: null,
    value,
    headers,
    hasHeader: wanted => headers.some(({ name }) => name === new TextDecoder().decode(wanted)),
    detach: () => {},
  }
}

const PLACE: Place = { server: 'localhost:9092', group: 'gracedb', topic: 'superevent', fullTopic: 'gracedb.superevent', partition: 0 }

/** A record without claims, as it is in a page. */
export function plainRecord<P>(
  payload: P,
  { offset = 0, timestamp = TIME + offset, headers = [] }: RecordOptions = {},
  place: Partial<Place> = {},
): AlertRecord<P> {
  const record: AlertRecord<P> = {
    ...PLACE,
    ...place,
    offset,
    timestamp,
    key: null,
    headers,
    format: undefined,
    id: undefined,
    sender: undefined,
    isTest: headers.some(({ name }) => name === '_test'),
    payload,
    toJSON: () => recordToJson(record),
  }
  return record
}

/** One partition in one subscription, without a log: delivers as a source does, and shows what became of every record. */
export class FakePartition implements TokenOwner {
  readonly place: Place
  ended = false
  leaving = false
  readonly tokens: Token[] = []
  /** What `fail()` reported. */
  readonly failures: { readonly offset: number; readonly error: AlertError }[] = []
  /** Offsets whose ack came after they were handled by default. */
  readonly lateAcks: number[] = []
  readonly #bornHeld: boolean

  constructor(place: Partial<Place> = {}, { bornHeld = false }: { readonly bornHeld?: boolean | undefined } = {}) {
    this.place = { ...PLACE, ...place }
    this.#bornHeld = bornHeld
  }

  settled(): void {}
  failed(token: Token, error: AlertError): void {
    this.failures.push({ offset: token.raw.offset, error })
  }
  late(token: Token): void {
    this.lateAcks.push(token.raw.offset)
  }

  /** The state of each record delivered so far, by offset. */
  get states(): readonly TokenState[] {
    return this.tokens.map(({ state }) => state)
  }

  make<P = Uint8Array | null>(payload: P, options: RecordOptions = {}): Delivery<P> {
    const bytes = payload instanceof Uint8Array ? payload : null
    const token = new Token(this, rawRecord(bytes, { offset: this.tokens.length, ...options }))
    this.tokens.push(token)
    if (this.#bornHeld) token.bear()
    return new Delivery(token, payload)
  }

  /**
   * Delivers the payloads of `payload$` as a source would: the subscription ends with it. Below a resume scope it tells of each record that
   * is further in `payload$` than any before.
   */
  deliver<P>(payload$: Observable<P>, optionsOf: (payload: P) => RecordOptions = () => ({})): Observable<Delivery<P>> {
    return new Observable(out => {
      const slot = currentScope()?.slot<{ highest: number }>(this)
      const seen = slot?.previous ?? { highest: 0 }
      slot?.keep(seen)
      let nth = 0
      this.ended = false
      const end = (): void => {
        this.ended = true
      }
      out.add(end)
      return payload$.subscribe({
        next: payload => {
          const delivery = this.make(payload, optionsOf(payload))
          const token = tokenOf(delivery)
          if (++nth > seen.highest) {
            seen.highest = nth
            slot?.fresh()
          }
          during(token, () => out.next(delivery))
          token.emitted(out.closed)
        },
        error: error => {
          end()
          out.error(error)
        },
        complete: () => {
          end()
          out.complete()
        },
      })
    })
  }

  /** As at a revocation: what has not started is asked back. */
  leave(): void {
    this.leaving = true
    for (const token of this.tokens) token.leave()
  }

  /** As after it: acks no longer count. */
  fence(): void {
    for (const token of this.tokens) token.fence()
  }
}

/** The payload of a `Delivery` as bytes of JSON text. */
export const text = (json: string): Uint8Array => utf8.encode(json)
