import { type Delivery, decodePayload, writeJson } from '../index.ts'
import type { Output } from './output.ts'

const utf8 = new TextDecoder()

/**
 * A record as one line of JSON: integers exact, JSON in a JSON string unwrapped, bytes as base64. Python's NaN and Infinity, which JSON has
 * no words for, are null, as JSON.stringify has it.
 *
 * @throws AlertError ALERT_DECODE when its format says JSON and it is not
 */
export function jsonLine(record: Delivery): string {
  const { topic, fullTopic, partition, offset, timestamp, id, sender, isTest, format } = record
  const value = decodePayload(record, { bigints: true })
  const payload = value instanceof Uint8Array ? { encoding: 'base64', payload: record.toJSON().payload } : { payload: withoutNaN(value) }
  return utf8.decode(
    writeJson({ topic, fullTopic, partition, offset, timestamp, id, sender, isTest: isTest || undefined, format, ...payload }),
  )
}

function withoutNaN(value: unknown): unknown {
  if (typeof value === 'number') return Number.isFinite(value) ? value : null
  if (Array.isArray(value)) return value.map(withoutNaN)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, withoutNaN(field)]))
}

/** Longer strings, a sky map in base64, are cut for people: characters. */
const SHOWN = 200

/** A record for people: where and when, then its JSON on several lines, long strings cut. @throws AlertError as `jsonLine` */
export function readable(record: Delivery, { style }: Pick<Output, 'style'>): string {
  const { fullTopic, partition, offset, timestamp, isTest } = record
  const value = decodePayload(record, { bigints: true })
  const test = isTest ? style('yellow', '  test') : ''
  const head = `${style('bold', `${fullTopic}[${partition}]@${offset}`)}  ${new Date(timestamp).toISOString()}${test}`
  return `${head}\n${value instanceof Uint8Array ? bytesText(value) : pretty(value)}\n`
}

/** What other programs write may hold control characters, which a terminal would obey. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g
const harmless = (text: string): string => text.replace(CONTROL, '\ufffd')

function bytesText(bytes: Uint8Array): string {
  const cut = bytes.length > SHOWN ? ` ... (${bytes.length} bytes)` : ''
  return harmless(utf8.decode(bytes.subarray(0, SHOWN))) + cut
}

/** No text of an alert begins with it by chance: what follows is a bigint's digits, to be written without quotes. */
const DIGITS = '\u0000digits '

function pretty(value: unknown): string {
  const text = JSON.stringify(value, (_name, field: unknown) => shown(field), 2)
  return harmless(text.replaceAll(/"\\u0000digits (-?\d+)"/g, '$1'))
}

function shown(field: unknown): unknown {
  if (typeof field === 'bigint') return DIGITS + String(field)
  return typeof field === 'string' && field.length > SHOWN ? `${field.slice(0, SHOWN)}... (${field.length} characters)` : field
}
