import { toBase64 } from './base64.ts'
import type { Claim, Token } from './claims.ts'

/** A header as it is on the wire: names may repeat, values are bytes. */
export interface RecordHeader {
  readonly name: string
  readonly value: Uint8Array | null
}

/** A record as a transport reads it: views into the bytes of its batch, made on demand. */
export interface RawRecord {
  readonly offset: number
  /** ms since 1970. */
  readonly timestamp: number
  /** Bytes of key, value and headers. */
  readonly size: number
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  /** In wire order, duplicates kept; decoded at each call. */
  readonly headers: readonly RecordHeader[]
  /** Whether a header of that name is present, found by its bytes: cheaper than `headers`. */
  hasHeader(name: Uint8Array): boolean
  /** Called when the record outlives its batch: copies its bytes if they are small against the batch that they keep alive. */
  detach(): void
}

/** Where a record stands, but for its offset. */
export interface Place {
  /** host:port */
  readonly server: string
  /** The group that prefixes the topic (`gracedb`), null: none. Not a consumer group. */
  readonly group: string | null
  /** Without the group's prefix: `superevent`. */
  readonly topic: string
  /** Kafka's name: `gracedb.superevent`. */
  readonly fullTopic: string
  /** From 0. */
  readonly partition: number
}

/** An alert and where it stands: read-only, the same in Node and in a page. `payload` is bytes until an operator decodes them; null is a tombstone. */
export interface AlertRecord<P = Uint8Array | null> extends Place {
  /** A safe integer. */
  readonly offset: number
  /** When it was published, by the producer's clock; ms since 1970. */
  readonly timestamp: number
  /** Kafka's key: messages of one key are in one partition; null: none. */
  readonly key: Uint8Array | null
  /** In wire order, duplicates kept; decoded when asked for. */
  readonly headers: readonly RecordHeader[]
  /** hop's name of the payload's format: the first `_format` header. */
  readonly format: string | undefined
  /** The message's UUID: the last `_id` header (an earlier one may be that of another message). */
  readonly id: string | undefined
  /** Who published it, as the publisher says: the `_sender` header. */
  readonly sender: string | undefined
  /** Whether the header `_test` is present, whatever its value. */
  readonly isTest: boolean
  /** Bytes until an operator decodes them; null is a tombstone. */
  readonly payload: P
  /** Bytes as base64. */
  toJSON(): RecordJson<P>
}

/** A record as `JSON.stringify` gives it. */
export interface RecordJson<P = unknown> extends Place {
  readonly offset: number
  readonly timestamp: number
  readonly key: string | null
  readonly headers: readonly (readonly [name: string, value: string | null])[]
  readonly format: string | undefined
  readonly id: string | undefined
  readonly sender: string | undefined
  readonly isTest: boolean
  readonly payload: P extends Uint8Array ? string : P
}

/** The same kind of record with another payload. */
// biome-ignore lint/suspicious/noExplicitAny: a constraint: any payload will do
export type With<R, P> = R extends Delivery<any> ? Delivery<P> : AlertRecord<P>

let tokenIn: (delivery: Delivery<unknown>) => Token

/** The token of a delivery: for the operators that settle it, not for users. */
export const tokenOf = (delivery: Delivery<unknown>): Token => tokenIn(delivery)

/** For sources: the payload is the record's bytes, as it came. */
export const AS_IT_CAME: unique symbol = Symbol('the payload is as it came')

/**
 * A record that was delivered to be handled. It is *handled* when its `next()` has returned and every claim on it is acked; only what is
 * handled, without a hole, is committed and moves the cursor.
 *
 * A class, so that `map(r => ({ ...r, payload }))`, which loses the claims, does not compile into `handle`: use `mapPayload` or `with`.
 */
export class Delivery<P = Uint8Array | null> implements AlertRecord<P> {
  readonly #token: Token
  readonly #payload: P | typeof AS_IT_CAME

  static {
    tokenIn = delivery => delivery.#token
  }

  /** Made by sources only. @internal */
  constructor(token: Token, payload: P | typeof AS_IT_CAME) {
    this.#token = token
    this.#payload = payload
  }

  get server(): string {
    return this.#token.place.server
  }
  get group(): string | null {
    return this.#token.place.group
  }
  get topic(): string {
    return this.#token.place.topic
  }
  get fullTopic(): string {
    return this.#token.place.fullTopic
  }
  get partition(): number {
    return this.#token.place.partition
  }
  get offset(): number {
    return this.#token.raw.offset
  }
  get timestamp(): number {
    return this.#token.raw.timestamp
  }
  get key(): Uint8Array | null {
    return this.#token.raw.key
  }
  get headers(): readonly RecordHeader[] {
    return this.#token.raw.headers
  }
  get format(): string | undefined {
    return headerText(this.headers.find(({ name }) => name === '_format'))
  }
  get id(): string | undefined {
    return idOf(this.headers)
  }
  get sender(): string | undefined {
    return headerText(this.headers.find(({ name }) => name === '_sender'))
  }
  get isTest(): boolean {
    return isTest(this.#token.raw)
  }
  get payload(): P {
    return this.#payload === AS_IT_CAME ? (this.#token.raw.value as P) : this.#payload
  }
  /** Aborted when an ack no longer counts: the partition went to another member, or the subscription is over. */
  get signal(): AbortSignal {
    return this.#token.signal
  }

  /** It is handled: settles every claim. Later calls do nothing. */
  ack(): void {
    this.#token.ack()
  }

  /** It could not be handled: reports the error (logger, `status$` 'failed'), then acks. */
  fail(error: unknown): void {
    this.#token.fail(error)
  }

  /**
   * One more claim: the record is not handled before it is acked. `release` gives it back: once the subscription has ended or the partition
   * leaves, the record comes again; else it is a claim given up.
   *
   * @throws AlertError ALERT_LATE_HOLD where it is handled by default already: put `handle()` before asynchronous operators
   */
  hold(): Claim {
    return this.#token.hold()
  }

  /** The same delivery, its claims shared, with another payload. */
  with<Q>(payload: Q): Delivery<Q> {
    return new Delivery(this.#token, payload)
  }

  toJSON(): RecordJson<P> {
    return recordToJson(this)
  }
}

const TEST_HEADER: Uint8Array = new TextEncoder().encode('_test')

/** hop's rule: the header's presence counts, not its value. */
export const isTest = (raw: RawRecord): boolean => raw.hasHeader(TEST_HEADER)

const lenient = new TextDecoder()

/** A header's value as text, what is not UTF-8 replaced. */
export function headerText(header: RecordHeader | undefined): string | undefined {
  return header?.value ? lenient.decode(header.value) : undefined
}

const UUID_TEXT = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** Python writes 16 bytes; a UUID as text is taken too, any other value is somebody else's header. */
export function idOf(headers: readonly RecordHeader[]): string | undefined {
  const value = headers.findLast(({ name }) => name === '_id')?.value
  if (!value) return undefined
  if (value.length === 16) {
    const hex = Array.from(value, byte => byte.toString(16).padStart(2, '0')).join('')
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
  }
  const text = value.length === 36 ? lenient.decode(value) : ''
  return UUID_TEXT.test(text) ? text.toLowerCase() : undefined
}

const bytesToText = (bytes: Uint8Array | null): string | null => (bytes === null ? null : toBase64(bytes))

export function recordToJson<P>(record: AlertRecord<P>): RecordJson<P> {
  const { server, group, topic, fullTopic, partition, offset, timestamp, format, id, sender, isTest, payload } = record
  return {
    server,
    group,
    topic,
    fullTopic,
    partition,
    offset,
    timestamp,
    key: bytesToText(record.key),
    headers: record.headers.map(({ name, value }) => [name, bytesToText(value)] as const),
    format,
    id,
    sender,
    isTest,
    payload: (payload instanceof Uint8Array ? toBase64(payload) : payload) as RecordJson<P>['payload'],
  }
}

/** topic[partition]@offset, as errors and logs name a record. */
export const placeOf = (record: AlertRecord<unknown>): string => `${record.fullTopic}[${record.partition}]@${record.offset}`
