import { AlertError, ConfigError, toAlertError } from '../errors.ts'
import type { RecordHeader } from '../record.ts'
import type { Compression } from '../transports/transport.ts'
import { encode } from './encoding.ts'
import { textBytes, wireHeaders } from './headers.ts'
import { newId } from './ids.ts'
import { checkedFormat, checkedKey, isOutgoing, OUTGOING, type Outgoing } from './outgoing.ts'
import type { Draft } from './TopicWriter.ts'

/** How a topic's messages are written, where they say nothing themselves. */
export interface TopicSinkOptions<T = unknown> {
  /** The key of messages that bring none, or a function that finds it in the payload: `alert => alert.superevent_id`. @default none */
  readonly key?: string | Uint8Array | ((payload: T) => string | Uint8Array | null | undefined) | undefined
  /** How batches are compressed; `zstd` on Node 22.15 or later. @default `none` */
  readonly compression?: Compression | undefined
  /** The format of messages that name none. @default `blob` for bytes, `json` for any other value */
  readonly format?: string | undefined
}

/** A message under way: what is told of it in the end. `compose` fills in what the sink's options say. */
export interface Message<T> extends Outgoing<T> {
  readonly id: string
  key: string | Uint8Array | undefined
  format: string | undefined
}

/** The id is made here, once, before any try. */
export function messageOf<T>(value: T | Outgoing<T>): Message<T> {
  if (!isOutgoing(value)) {
    return { [OUTGOING]: true, payload: value, key: undefined, headers: undefined, format: undefined, test: undefined, id: newId() }
  }
  const { payload, key, headers, format, test, id } = value
  return { [OUTGOING]: true, payload, key, headers, format, test, id: id ?? newId() }
}

/**
 * A message as bytes.
 *
 * @throws AlertError ALERT_UNWRITABLE
 */
export function compose<T>(
  message: Message<T>,
  { key, format, compression }: TopicSinkOptions<T>,
  sender: RecordHeader | undefined,
): Draft {
  message.key ??= typeof key === 'function' ? keyFrom(key, message.payload) : key
  const encoded = encode(message.payload, message.format ?? format)
  message.format = encoded.format
  const { id, test, headers: own } = message
  return {
    key: message.key === undefined ? null : textBytes(message.key),
    value: encoded.value,
    headers: wireHeaders({ own, id, sender, test, format: encoded.format }),
    compression,
  }
}

function keyFrom<T>(find: (payload: T) => unknown, payload: T): string | Uint8Array | undefined {
  try {
    return checkedKey(find(payload))
  } catch (error) {
    throw new AlertError('ALERT_UNWRITABLE', `the sink's key function found no key: ${toAlertError(error).message}`, { cause: error })
  }
}

const COMPRESSIONS: readonly unknown[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] satisfies Compression[]

/**
 * A sink's options, checked and copied.
 *
 * @throws ConfigError
 */
export function checkedOptions<T>({ key, compression, format }: TopicSinkOptions<T>): TopicSinkOptions<T> {
  if (compression !== undefined && !COMPRESSIONS.includes(compression)) {
    throw new ConfigError(`compression is '${String(compression)}'; expected one of ${COMPRESSIONS.join(', ')}`)
  }
  return { key: typeof key === 'function' ? key : checkedKey(key), compression, format: checkedFormat(format) }
}
