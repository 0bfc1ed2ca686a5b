import type { Token } from '../claims.ts'
import { type AlertRecord, Delivery, headerText, idOf, type RecordHeader, recordToJson, tokenOf } from '../record.ts'

/** What a message that is kept elsewhere has in place of the record that stands for it. */
export interface FetchedMessage {
  readonly key: Uint8Array | null
  readonly headers: readonly RecordHeader[]
  readonly timestamp: number
}

/** A delivery, with its place and its claims, of the message that its record stands for. */
class FetchedDelivery<P> extends Delivery<P> {
  readonly #token: Token
  readonly #message: FetchedMessage

  constructor(token: Token, message: FetchedMessage, payload: P) {
    super(token, payload)
    this.#token = token
    this.#message = message
  }

  // Format, id and sender follow from the headers.
  override get headers(): readonly RecordHeader[] {
    return this.#message.headers
  }
  override get key(): Uint8Array | null {
    return this.#message.key
  }
  override get timestamp(): number {
    return this.#message.timestamp
  }

  override with<Q>(payload: Q): Delivery<Q> {
    return new FetchedDelivery(this.#token, this.#message, payload)
  }
}

type Message = FetchedMessage & { readonly payload: Uint8Array }

export const fetchedDelivery = (delivery: Delivery<unknown>, message: Message): Delivery<Uint8Array> =>
  new FetchedDelivery(tokenOf(delivery), message, message.payload)

/** The same for a plain record. */
export function fetchedRecord(record: AlertRecord<unknown>, message: Message): AlertRecord<Uint8Array> {
  const { payload, key, headers, timestamp } = message
  const textOf = (wanted: string): string | undefined => headerText(headers.find(({ name }) => name === wanted))
  const own = { payload, key, headers, timestamp, format: textOf('_format'), id: idOf(headers), sender: textOf('_sender') }
  const fetched: AlertRecord<Uint8Array> = { ...record, ...own, toJSON: () => recordToJson(fetched) }
  return fetched
}
