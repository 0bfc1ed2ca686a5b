import { toBase64 } from '../../base64.ts'
import { toAlertError } from '../../errors.ts'
import type { PayloadReader } from '../../formats/payload.ts'
import type { AlertRecord } from '../../record.ts'
import type { Link, WireRecord } from './events.ts'
import { type Lifted, lift } from './lift.ts'

export interface ToWireOptions {
  readonly topicId: string
  /** Where what is lifted out of this record can be fetched, by its JSON pointer. */
  readonly hrefOf: (pointer: string) => string
  readonly read: PayloadReader
}

export interface Wire {
  readonly record: WireRecord
  /** What was lifted out, by JSON pointer. */
  readonly blobs: ReadonlyMap<string, Uint8Array | string>
}

/** A payload that is bytes still and larger is lifted out whole, bytes. */
const LARGEST_BYTES = 16 * 1024

/** A record as it is sent: its payload decoded, what is large lifted out. What cannot be decoded is sent as its bytes, with the error. */
export function toWire(record: AlertRecord<unknown>, { topicId, hrefOf, read }: ToWireOptions): Wire {
  const { server, group, topic, fullTopic, partition, offset, timestamp, key, headers, format, id, sender, isTest } = record
  const { bytes, lifted, error } = decoded(record, read)
  const { json, blobs, specials } = lifted
  const own = {
    topicId,
    server,
    group,
    topic,
    fullTopic,
    partition,
    offset,
    timestamp,
    key: textOf(key),
    headers: headers.map(({ name, value }) => [name, textOf(value)] as const),
    format,
    id,
    sender,
    isTest,
  }
  const links = Array.from(blobs, ([pointer, blob]) => [pointer, linkTo(hrefOf(pointer), blob)] as const)
  return {
    record: {
      ...own,
      ...(bytes ? { payload: toBase64(bytes), encoding: 'base64' } : { payload: json }),
      ...(error && { error }),
      ...(links.length > 0 && { links: Object.fromEntries(links) }),
      ...(specials.size > 0 && { specials: Object.fromEntries(specials) }),
    },
    blobs,
  }
}

interface Decoded {
  /** The payload, if it is bytes and not lifted out. */
  readonly bytes?: Uint8Array | undefined
  readonly lifted: Lifted
  readonly error?: WireRecord['error']
}

function decoded(record: AlertRecord<unknown>, read: PayloadReader): Decoded {
  try {
    return taken(read(record))
  } catch (thrown) {
    const { code, message } = toAlertError(thrown, 'ALERT_DECODE')
    return { ...taken(record.payload), error: { code, message } }
  }
}

function taken(payload: unknown): Decoded {
  if (payload instanceof Uint8Array && payload.length <= LARGEST_BYTES) return { bytes: payload, lifted: lift(null) }
  return { lifted: lift(payload) }
}

const encoder = new TextEncoder()

const linkTo = (href: string, blob: Uint8Array | string): Link =>
  typeof blob === 'string' ? { href, bytes: encoder.encode(blob).length, type: 'text' } : { href, bytes: blob.length, type: 'bytes' }

const textOf = (bytes: Uint8Array | null): string | null => (bytes === null ? null : toBase64(bytes))
