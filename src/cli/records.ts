import { type AlertRecord, writeJson } from '../index.ts'
import { harmless, spaced, timeText } from '../words.ts'
import type { Output } from './output.ts'

/** How records are printed. */
export interface PrintFlags {
  /** For programs: one object a record. */
  readonly json?: boolean | undefined
  /** All of it, indented by 4. */
  readonly jsonpp?: boolean | undefined
}

const INDENT = 4
const utf8 = new TextDecoder()

/** A record, whose payload is decoded, as it is printed. */
export function textOf(record: AlertRecord<unknown>, { json, jsonpp }: PrintFlags, style: Pick<Output, 'style'>): string {
  if (!json) return readable(record, style, jsonpp)
  return jsonpp ? escaped(indented(described(record), INDENT)) : jsonLine(record)
}

/**
 * A record as one line of JSON: integers exact, bytes as base64. Python's NaN and Infinity, which JSON has no words for, are null, as
 * JSON.stringify has it.
 */
export const jsonLine = (record: AlertRecord<unknown>): string => escaped(utf8.decode(writeJson(described(record))))

function described(record: AlertRecord<unknown>): object {
  const { topic, fullTopic, partition, offset, timestamp, id, sender, isTest, format, payload } = record
  const encoding = payload instanceof Uint8Array ? 'base64' : undefined
  const place = { topic, fullTopic, partition, offset, timestamp, id, sender, isTest: isTest || undefined, format, encoding }
  return { ...place, payload: printable(payload, EXACT) }
}

/** Longer strings are cut for people: characters, and bytes of text. */
const SHOWN = 200

/** A record for people: where and when, then its JSON on several lines. Long strings and bytes are cut, unless `whole`. */
export function readable(record: AlertRecord<unknown>, { style }: Pick<Output, 'style'>, whole = false): string {
  const { fullTopic, partition, offset, timestamp, isTest, payload } = record
  const test = isTest ? style('yellow', '  test') : ''
  const head = `${style('bold', `${fullTopic}[${partition}]@${offset}`)}  ${timeText(timestamp)}${test}`
  return `${head}\n${whole ? escaped(indented(printable(payload, EXACT), INDENT)) : harmless(shortened(payload))}\n`
}

const shortened = (payload: unknown): string =>
  payload instanceof Uint8Array ? bytesText(payload) : indented(printable(payload, SHORT), 2)

/** What stands for what JSON has no words for. */
interface Words {
  readonly text: (text: string) => string
  readonly bytes: (bytes: Uint8Array) => string
}

const EXACT: Words = {
  text: text => text,
  bytes: bytes => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64'),
}
const SHORT: Words = {
  text: text => (text.length > SHOWN ? `${text.slice(0, SHOWN)}... (${spaced(text.length)} characters)` : text),
  bytes: bytes => `<${spaced(bytes.length)} bytes>`,
}

function printable(value: unknown, words: Words): unknown {
  if (typeof value === 'string') return words.text(value)
  if (typeof value === 'number') return Number.isFinite(value) ? value : null
  if (value instanceof Uint8Array) return words.bytes(value)
  if (Array.isArray(value)) return value.map(item => printable(item, words) ?? null)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, printable(field, words)]))
}

/** What is deeper stays in one line: thousands of values, each behind hundreds of spaces, are no help to anybody. */
const DEEPEST = 32

/** As JSON.stringify, which refuses bigints. */
function indented(value: unknown, by: number, depth = 1): string {
  if (typeof value === 'bigint') return String(value)
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const isList = Array.isArray(value)
  const items = isList
    ? value.map(item => indented(item, by, depth + 1))
    : Object.entries(value)
        .filter(([, field]) => field !== undefined)
        .map(([name, field]) => `${JSON.stringify(name)}: ${indented(field, by, depth + 1)}`)
  const [open, close] = isList ? '[]' : '{}'
  if (items.length === 0) return `${open}${close}`
  if (depth > DEEPEST) return `${open}${items.join(', ')}${close}`
  const line = `\n${' '.repeat(by * depth)}`
  return `${open}${line}${items.join(`,${line}`)}\n${' '.repeat(by * (depth - 1))}${close}`
}

/** In JSON control characters stand within strings alone, where those that JSON leaves as they are can be written in other words. */
const escaped = (json: string): string =>
  json.replace(/[\u007f-\u009f]/g, character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)

/** The beginning of a text; of what is no text, how much it is. */
function bytesText(bytes: Uint8Array): string {
  try {
    // As a stream: the cut may go through a character.
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, SHOWN), { stream: true })
    return bytes.length > SHOWN ? `${text} ... (${spaced(bytes.length)} bytes)` : text
  } catch {
    return SHORT.bytes(bytes)
  }
}
