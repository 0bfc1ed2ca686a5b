import { AlertError } from '../errors.ts'
import { type Fields, getOwn, isFields, setOwn } from './objects.ts'
import { decodeUtf8, linesOf, strip, stripStart } from './text.ts'

/** A GCN notice as text: lines of `NAME: value`. */
export interface GcnTextNotice {
  /** As it came. */
  readonly raw: Uint8Array
  /** By name, in lower case. A line without a name goes on with the value above it, after a `\n`; so does a name that comes again. */
  readonly fields: Readonly<Record<string, string>>
}

/** What a line is read as: all before its first colon is the name. */
const FIELD = /^([^:]*): *(.*)/s

/** @throws AlertError ALERT_DECODE for what is not UTF-8 */
export function readTextNotice(raw: Uint8Array): GcnTextNotice {
  const fields: Record<string, string> = {}
  let last: string | undefined
  for (const line of linesOf(strip(decodeUtf8(raw, 'a text notice')))) {
    const [, name, value] = FIELD.exec(line) ?? []
    if (name !== undefined) last = strip(name).toLowerCase()
    if (last === undefined) continue
    const former = getOwn(fields, last)
    const text = value === undefined ? stripStart(line) : strip(value)
    setOwn(fields, last, former === undefined ? text : `${former}\n${text}`)
  }
  return { raw, fields }
}

const encoder = new TextEncoder()

/** Of a notice that older writers sent as JSON. @throws AlertError ALERT_DECODE */
export function textNoticeOf({ raw, fields, ...others }: Fields): GcnTextNotice {
  if (typeof raw !== 'string' || !isFields(fields) || !isTexts(fields) || Object.keys(others).length > 0) {
    throw new AlertError('ALERT_DECODE', 'not a text notice: expected its text as raw, its fields as fields, and no more')
  }
  return { raw: encoder.encode(raw), fields }
}

const isTexts = (fields: Fields): fields is Readonly<Record<string, string>> =>
  Object.values(fields).every(value => typeof value === 'string')

/** The text, or a notice as it was read, as it came. @throws AlertError ALERT_UNWRITABLE */
export function writeTextNotice(payload: unknown): Uint8Array {
  if (typeof payload === 'string') return encoder.encode(payload)
  if (isFields(payload) && payload['raw'] instanceof Uint8Array) return payload['raw']
  throw new AlertError('ALERT_UNWRITABLE', 'a text notice is written from its text', {
    mend: "Give 'TITLE: ...', or a notice with its raw bytes",
  })
}
