import type { RecordJson } from '../../record.ts'
import type { GapReason } from '../../status.ts'

/*
 * What a bridge says to its clients, as server-sent events; `data` is one line of JSON. Events of other names are to be ignored: later
 * bridges may send more.
 */

/** The version of this protocol; a client that does not know it ends with an error. */
export const PROTOCOL = 1

/** A topic of a bridge. */
export interface ServedTopic {
  /** The full topic; `NAME/fullTopic` where the bridge serves several servers that have the same topics. */
  readonly id: string
  /** host:port of the broker, as records say it. */
  readonly server: string
  readonly group: string | null
  readonly topic: string
  readonly fullTopic: string
}

/** The first event of a stream. */
export interface Hello {
  readonly protocol: typeof PROTOCOL
  readonly granted: readonly ServedTopic[]
  /** Of the topics that were asked for: those that are not sent, and why. */
  readonly refused: readonly { readonly topic: string; readonly reason: 'unknown' | 'forbidden' }[]
  /** When the oldest record that is at hand was published, ms since 1970; null: there is none. Older ones come from the log, more slowly. */
  readonly oldest: number | null
  /** Silence that is longer than this means that the connection is dead, ms. */
  readonly heartbeat: number
}

/** What was lifted out of a payload, because it is large or no JSON: null stands in its place. */
export interface Link {
  /** Relative to the address of the stream. */
  readonly href: string
  /** How many bytes it is. */
  readonly bytes: number
  /** What it was: bytes, or a string, which is fetched as UTF-8. */
  readonly type: 'bytes' | 'text'
}

/** A value that JSON has no word for. */
export type SpecialNumber = 'NaN' | 'Infinity' | '-Infinity'

/** A record; keys and header values as base64. The keys of `links` and `specials` are JSON pointers (RFC 6901) into the payload. */
export interface WireRecord extends Omit<RecordJson, 'format' | 'id' | 'sender' | 'payload'> {
  /** The `ServedTopic` that it is of. */
  readonly topicId: string
  readonly format?: string | undefined
  readonly id?: string | undefined
  readonly sender?: string | undefined
  readonly payload: unknown
  /** The payload is bytes, as base64: of a format that is not decoded, or one that could not be, see `error`. */
  readonly encoding?: 'base64' | undefined
  readonly error?: { readonly code: string; readonly message: string } | undefined
  readonly links?: Readonly<Record<string, Link>> | undefined
  readonly specials?: Readonly<Record<string, SpecialNumber>> | undefined
}

/** busy: the past is being read for too many clients already. deleted: the topic is no longer there. */
export type BridgeGapReason = GapReason | 'busy' | 'deleted'

/** Records from..to-1 of a partition are not sent. */
export interface Gap {
  /** The `ServedTopic`'s id. */
  readonly topic: string
  readonly partition: number
  readonly from: number
  readonly to: number
  readonly reason: BridgeGapReason
}

/**
 * slow: the client was too far behind. closing: this server stops, another one may go on. expired: its token no longer counts. failed: the past
 * cannot be read now.
 */
export type ByeReason = 'slow' | 'closing' | 'expired' | 'failed'

/** The last event: connect again after so long, ms, with the last cursor. */
export interface Bye {
  readonly reason: ByeReason
  readonly retryMs: number
}

/** The events by name. `cursor` has no data: its `id:` is where to resume. */
export interface BridgeEvents {
  readonly hello: Hello
  readonly record: WireRecord
  readonly cursor: Readonly<Record<string, never>>
  readonly gap: Gap
  readonly bye: Bye
}
