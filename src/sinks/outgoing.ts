import { ConfigError } from '../errors.ts'
import { idText, isUuid } from './ids.ts'

/** Registered by name, so that two copies of the package agree on what is an Outgoing. */
export const OUTGOING: unique symbol = Symbol.for('igwn-alert-rx.outgoing')

/** A caller's header; names may repeat, the order is kept. */
export type OutgoingHeader = readonly [name: string, value: string | Uint8Array]

/** A payload and what goes with it; made by `outgoing()`. */
export interface Outgoing<T = unknown> {
  readonly [OUTGOING]: true
  readonly payload: T
  /** Messages of one key stay in one partition, hence in order. */
  readonly key?: string | Uint8Array | undefined
  readonly headers?: readonly OutgoingHeader[] | undefined
  /** hop's name of the payload's format, in lower case. */
  readonly format?: string | undefined
  readonly test?: boolean | undefined
  /** The message's UUID, in lower case. */
  readonly id?: string | undefined
}

/** What goes with a payload. */
export interface OutgoingOptions {
  /** Messages of one key stay in one partition, hence in order. Text is written as UTF-8. @default none */
  readonly key?: string | Uint8Array | null | undefined
  /** Pairs of a name and a value, before the library's own; text is written as UTF-8. A Map or an array of pairs. @default none */
  readonly headers?: Iterable<OutgoingHeader> | undefined
  /** hop's name of the payload's format: the bytes of `payload` go as they are. @default `blob` for bytes, `json` for any other value */
  readonly format?: string | undefined
  /** Marks a test message: readers leave it out unless they ask for it. @default false */
  readonly test?: boolean | undefined
  /** The message's UUID, as text or as its 16 bytes: give it when a message is sent once more. @default a new one */
  readonly id?: string | Uint8Array | undefined
}

/**
 * A payload with its metadata, for `sink.next()` and `sink.send()`.
 *
 * @example
 * await sink.send(outgoing(alert, { key: alert.superevent_id, test: true }))
 *
 * @throws ConfigError where an option is not what it should be
 */
export function outgoing<T>(payload: T, options: OutgoingOptions = {}): Outgoing<T> {
  const { test } = options
  if (test !== undefined && typeof test !== 'boolean') throw new ConfigError(`outgoing(): test is ${typeof test}; expected true or false`)
  return {
    [OUTGOING]: true,
    payload,
    key: checkedKey(options.key),
    headers: checkedHeaders(options.headers),
    format: checkedFormat(options.format),
    test,
    id: checkedId(options.id),
  }
}

export const isOutgoing = <T>(value: T | Outgoing<T>): value is Outgoing<T> =>
  typeof value === 'object' && value !== null && OUTGOING in value && value[OUTGOING] === true

/** @throws ConfigError */
export function checkedKey(key: unknown): string | Uint8Array | undefined {
  if (key === undefined || key === null) return undefined
  if (typeof key === 'string' || key instanceof Uint8Array) return key
  throw new ConfigError(`The key of a message is ${kind(key)}; expected a string or a Uint8Array`)
}

/** @throws ConfigError */
export function checkedFormat(format: unknown): string | undefined {
  if (format === undefined) return undefined
  if (typeof format === 'string' && format !== '') return format.toLowerCase()
  throw new ConfigError(`The format of a message is ${kind(format)}; expected a name such as 'json', 'blob' or 'avro'`)
}

function checkedId(id: unknown): string | undefined {
  if (id === undefined) return undefined
  if (typeof id === 'string' && isUuid(id)) return id.toLowerCase()
  if (id instanceof Uint8Array && id.length === 16) return idText(id)
  throw new ConfigError(`The id of a message is ${kind(id)}; expected a UUID, as text or as its 16 bytes`, {
    mend: 'Put an identifier of another kind into the payload or a header of its own',
  })
}

/** The headers that the library writes, and what sets them. */
const OWN_HEADERS = new Map([
  ['_id', 'the option id'],
  ['_test', 'the option test'],
  ['_format', 'the option format'],
  ['_sender', 'the user name of the credentials'],
])

function checkedHeaders(headers: unknown): readonly OutgoingHeader[] | undefined {
  if (headers === undefined) return undefined
  if (typeof headers !== 'object' || headers === null || !(Symbol.iterator in headers)) {
    throw new ConfigError(`The headers of a message are ${kind(headers)}; expected pairs of a name and a value`, {
      mend: "Write [['name', 'value']], a Map, or Object.entries(...)",
    })
  }
  return Array.from(headers as Iterable<unknown>, checkedHeader)
}

function checkedHeader(header: unknown): OutgoingHeader {
  const [name, value]: readonly unknown[] = Array.isArray(header) ? header : []
  if (!Array.isArray(header) || header.length !== 2 || typeof name !== 'string') {
    throw new ConfigError(`A header of a message is ${kind(header)}; expected a pair [name, value] with a string as its name`)
  }
  const setter = OWN_HEADERS.get(name)
  if (setter !== undefined) {
    throw new ConfigError(`The header ${name} cannot be given: it is set by ${setter}`, {
      mend: 'Leave it out; a second one would be read as that of another message',
    })
  }
  if (typeof value === 'string' || value instanceof Uint8Array) return [name, value]
  throw new ConfigError(`The value of the header ${name} is ${kind(value)}; expected a string or a Uint8Array`)
}

/** What was got, for an error's text. */
function kind(value: unknown): string {
  if (value instanceof Uint8Array) return `${value.length} bytes`
  if (typeof value === 'string') return value.length > 60 ? `a string of ${value.length} characters` : `'${value}'`
  if (Array.isArray(value)) return `an array of ${value.length}`
  return value === null ? 'null' : typeof value === 'object' ? 'an object' : `${typeof value} ${String(value)}`.slice(0, 60)
}
