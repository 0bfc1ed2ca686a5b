import { AlertError, DecodeError, toAlertError } from '../errors.ts'
import type { ExternalReference } from '../formats/external.ts'
import { type AlertRecord, Delivery, placeOf, type RecordHeader } from '../record.ts'
import { fetchedDelivery, fetchedRecord } from './fetched.ts'

/** A message as hop has put it elsewhere: the bytes, and what the record on the broker does not have of it. */
export interface ExternalMessage {
  readonly payload: Uint8Array
  readonly key: Uint8Array | null
  readonly headers: readonly RecordHeader[]
  /** ms since 1970. */
  readonly timestamp: number
}

/** What an `ExternalResolver` is asked for. */
export interface ExternalRequest {
  /** As the record says it: from outside, so any text. */
  readonly url: string
  /** The record that stands for the message. */
  readonly record: AlertRecord<unknown>
  /** Aborted when nobody waits for the message any more. */
  readonly signal: AbortSignal
}

/** Fetches the message that a record stands for; retries, limits and credentials are its own business. Rejects with what went wrong. */
export type ExternalResolver = (request: ExternalRequest) => Promise<ExternalMessage>

/**
 * The record with the message that it stands for: bytes, key, headers and timestamp are those of the message, the place stays.
 *
 * @throws DecodeError that names the place and whose server was asked, never the address, which may hold credentials
 */
export async function fetchExternal<R extends AlertRecord<unknown>>(
  record: R,
  { url }: ExternalReference,
  resolver: ExternalResolver,
  signal: AbortSignal,
): Promise<R> {
  let message: ExternalMessage
  try {
    message = await resolver({ url, record, signal })
  } catch (thrown) {
    throw unfetched(thrown, record, url)
  }
  return withMessage(record, message)
}

/** Both are of bytes, and of the same kind. */
function withMessage<R extends AlertRecord<unknown>>(record: R, message: ExternalMessage): R
function withMessage(record: AlertRecord<unknown>, message: ExternalMessage): AlertRecord<Uint8Array> {
  return record instanceof Delivery ? fetchedDelivery(record, message) : fetchedRecord(record, message)
}

/** `http://a`: what is shorter holds no address, and may stand anywhere in a sentence. */
const SHORTEST_URL = 8

function unfetched(thrown: unknown, record: AlertRecord<unknown>, url: string): DecodeError {
  const { code, message, hint, kafka } = toAlertError(thrown, 'ALERT_CONNECTION')
  const server = originOf(url)
  const reason = url.length < SHORTEST_URL ? message : message.replaceAll(url, server)
  // A new error: the one that was thrown may hold the address.
  const cause = new AlertError(code, reason, { hint, kafka })
  return new DecodeError(`its message, which is kept at ${server}, could not be fetched: ${reason}`, placeOf(record), { cause })
}

/** Of an address, without its path and its user. */
function originOf(url: string): string {
  const unknown = 'an address that is no URL of the web'
  try {
    const { origin } = new URL(url)
    return origin === 'null' ? unknown : origin
  } catch {
    return unknown
  }
}
