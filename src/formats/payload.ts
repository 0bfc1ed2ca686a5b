import { AlertError } from '../errors.ts'
import type { Limits } from '../limits.ts'
import type { AlertRecord, RecordHeader } from '../record.ts'
import { readAvro } from './avro/readAvro.ts'
import { readCircular } from './circular.ts'
import { isEnvelope, openEnvelope } from './envelope.ts'
import { readExternal } from './external.ts'
import { readTextNotice } from './gcntextnotice.ts'
import { jsonReader, type ReadJsonOptions } from './json.ts'
import { isJsonObject, readVOEvent } from './voevent.ts'

/** hop's names of the formats that are read; of any other, payloads are bytes. */
export type FormatName = 'json' | 'blob' | 'avro' | 'voevent' | 'circular' | 'gcntextnotice' | 'external'
export const FORMAT_NAMES: readonly FormatName[] = ['json', 'blob', 'avro', 'voevent', 'circular', 'gcntextnotice', 'external']

/** How `decodePayload` reads. */
export interface PayloadOptions extends Pick<ReadJsonOptions, 'bigints'> {
  /** How many layers of JSON in a JSON string are taken off, if an object or an array is inside; GraceDB's alerts have one. @default 0, as hop */
  readonly unwrap?: number | undefined
  /** Bounds on the payload. @default DEFAULT_LIMITS */
  readonly limits?: Partial<Limits> | undefined
  /** A VOEvent without any header, as GCN's classic topics have it, is read as one; hop gives its bytes. @default false */
  readonly bareVOEvent?: boolean | undefined
}

/** What is read of a record. */
type Encoded = Pick<AlertRecord<unknown>, 'payload' | 'headers'>

/** @param as how it is read, whatever its header says */
export type PayloadReader = (record: Encoded, as?: FormatName) => unknown

type Reader = (bytes: Uint8Array) => unknown

/** As `decodePayload`, cheaper for many. */
export function payloadReader({ bigints, unwrap = 0, limits, bareVOEvent = false }: PayloadOptions = {}): PayloadReader {
  const json = jsonReader({ bigints, unwrap, limits })
  const readers: Readonly<Record<FormatName, Reader>> = {
    json,
    blob: bytes => bytes,
    avro: bytes => onlyOne(readAvro(bytes, { bigints, limits })),
    voevent: bytes => readVOEvent(bytes, limits),
    circular: bytes => readCircular(bytes, limits),
    gcntextnotice: readTextNotice,
    external: bytes => readExternal(bytes, limits),
  }
  const byName = new Map<string, Reader>(Object.entries(readers))
  const bare = bareReader(json, bareVOEvent ? readers.voevent : undefined)
  return ({ payload, headers }, as) => {
    if (!(payload instanceof Uint8Array)) return payload
    const name = as ?? nameIn(headers)
    const read = name === undefined ? bare : byName.get(name)
    return read ? read(payload) : payload
  }
}

/**
 * A payload as hop's reader gives it, by the first `_format` header, its case ignored:
 *
 * | format | what it gives |
 * |---|---|
 * | json | the value; Python's NaN and Infinity are read |
 * | avro | the one record of the file; more than one, or none, is an error. The alerts of `igwn.gwalert` are in an array: `[alert]` |
 * | voevent | {@link VOEvent} |
 * | circular | {@link GcnCircular} |
 * | gcntextnotice | {@link GcnTextNotice} |
 * | external | {@link ExternalReference} |
 * | blob, any other | the bytes |
 * | no header | the value, if it is JSON (hop's old envelopes opened), else the bytes |
 *
 * A string stays a string, also one that holds JSON, unless `unwrap` says otherwise. A tombstone stays null; what is decoded already passes.
 *
 * @throws AlertError ALERT_DECODE for what is not of its format, ALERT_TOO_LARGE beyond the limits
 */
export const decodePayload = (record: Pick<AlertRecord<unknown>, 'payload' | 'headers'>, options?: PayloadOptions): unknown =>
  payloadReader(options)(record)

/** hop's name of the format in lower case, undefined without a header. @throws AlertError for a header that hop cannot read either */
function nameIn(headers: readonly RecordHeader[]): string | undefined {
  const header = headers.find(({ name }) => name === '_format')
  if (!header) return undefined
  if (header.value === null) throw new AlertError('ALERT_DECODE', 'its header _format has no value')
  try {
    return utf8.decode(header.value).toLowerCase()
  } catch (cause) {
    throw new AlertError('ALERT_DECODE', 'its header _format is not UTF-8 text', { cause })
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Without a header: an old envelope, JSON, and else bytes. */
function bareReader(json: Reader, voevent: Reader | undefined): Reader {
  return bytes => {
    let value: unknown
    try {
      value = json(bytes)
    } catch (error) {
      if (isTooLarge(error)) throw error
      return voevent ? bareVOEventOr(bytes, voevent) : bytes
    }
    // Not the object that was unwrapped: an envelope is never in a string.
    return isEnvelope(value) && isJsonObject(bytes) ? openEnvelope(value) : value
  }
}

const LESS_THAN = 0x3c

function bareVOEventOr(bytes: Uint8Array, read: Reader): unknown {
  const start = bytes.findIndex(byte => byte > 0x20)
  if (bytes[start] !== LESS_THAN) return bytes
  try {
    return read(bytes)
  } catch {
    return bytes
  }
}

const isTooLarge = (error: unknown): boolean => error instanceof AlertError && error.code === 'ALERT_TOO_LARGE'

function onlyOne(records: readonly unknown[]): unknown {
  if (records.length === 1) return records[0]
  throw new AlertError('ALERT_DECODE', `${records.length} records in one Avro payload, expected one`, {
    mend: 'hop reads no other; readAvro() gives them all',
  })
}
