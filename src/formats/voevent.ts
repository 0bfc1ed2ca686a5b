import { AlertError, toAlertError } from '../errors.ts'
import type { Limits } from '../limits.ts'
import { readJson } from './json.ts'
import { type Fields, getOwn, isFields } from './objects.ts'
import { quoted } from './text.ts'
import { readXmlRoot, type XmlValue } from './xml.ts'

/**
 * A VOEvent 2.0, as hop gives it: attributes and elements alike by their names, all that is in them text (numbers too). What the document
 * leaves out is an empty object; an element without content is null, one that is repeated a list.
 */
export interface VOEvent {
  readonly ivorn: string
  /** `observation` unless it says otherwise. */
  readonly role: string
  /** `2.0` unless it says otherwise. */
  readonly version: string
  readonly Who: XmlValue
  readonly What: XmlValue
  readonly WhereWhen: XmlValue
  readonly How: XmlValue
  readonly Why: XmlValue
  readonly Citations: XmlValue
  readonly Description: XmlValue
  readonly Reference: XmlValue
}

const ROOT = 'voe:VOEvent'
const TEXTS = ['ivorn', 'role', 'version']
const SECTIONS = ['Who', 'What', 'WhereWhen', 'How', 'Why', 'Citations', 'Description', 'Reference']
/** hop's own field for the XML: not part of the event. */
const RAW = '_raw'
const KNOWN: ReadonlySet<string> = new Set([...TEXTS, ...SECTIONS, RAW])

export type VOEventLimits = Partial<Pick<Limits, 'xmlBytes' | 'xmlDepth' | 'jsonBytes' | 'jsonDepth'>>

/**
 * Reads a VOEvent: XML whose root is `voe:VOEvent`, or JSON of its fields, which older writers sent.
 *
 * @throws AlertError ALERT_DECODE, ALERT_TOO_LARGE
 */
export function readVOEvent(bytes: Uint8Array, limits: VOEventLimits = {}): VOEvent {
  return voeventOf(isJsonObject(bytes) ? fieldsOf(readJson(bytes, { unwrap: 0, limits })) : fieldsOfXml(bytes, limits))
}

/** Of an event that is no XML any more. @throws AlertError ALERT_DECODE */
export function voeventOf(fields: Fields): VOEvent {
  const unknown = Object.keys(fields).find(name => !KNOWN.has(name))
  if (unknown !== undefined) throw notOne(`it has ${quoted(unknown)}, which a VOEvent does not`)
  const text = (name: string, missing?: string): string => {
    const value = getOwn(fields, name) ?? missing
    if (typeof value === 'string') return value
    throw notOne(value === undefined ? `it has no ${name}` : `its ${name} is no text`)
  }
  const section = (name: string): XmlValue => (Object.hasOwn(fields, name) ? (fields[name] as XmlValue) : {})
  return {
    ivorn: text('ivorn'),
    role: text('role', 'observation'),
    version: text('version', '2.0'),
    Who: section('Who'),
    What: section('What'),
    WhereWhen: section('WhereWhen'),
    How: section('How'),
    Why: section('Why'),
    Citations: section('Citations'),
    Description: section('Description'),
    Reference: section('Reference'),
  }
}

function fieldsOfXml(bytes: Uint8Array, limits: VOEventLimits): Fields {
  const { name, value } = readXmlRoot(bytes, limits)
  if (name !== ROOT) throw notOne(`its root is <${name}>, expected <${ROOT}>`)
  // Declarations of namespaces, and what belongs to one.
  return Object.fromEntries(Object.entries(fieldsOf(value)).filter(([key]) => !key.includes(':')))
}

function fieldsOf(value: unknown): Fields {
  if (isFields(value)) return value
  throw notOne('it has no fields')
}

const OPENING_BRACE = 0x7b
const WHITE_SPACE: readonly (number | undefined)[] = [0x20, 0x09, 0x0a, 0x0d]

/** By its first byte: XML never begins so. */
export function isJsonObject(bytes: Uint8Array): boolean {
  let at = 0
  while (WHITE_SPACE.includes(bytes[at])) at++
  return bytes[at] === OPENING_BRACE
}

const notOne = (why: string): AlertError => new AlertError('ALERT_DECODE', `not a VOEvent: ${why}`)

const encoder = new TextEncoder()

/** Its XML, if it is a VOEvent: one that hop cannot read ends a Python listener. @throws AlertError ALERT_UNWRITABLE */
export function writeVOEvent(payload: unknown): Uint8Array {
  if (typeof payload !== 'string') {
    throw new AlertError('ALERT_UNWRITABLE', 'a VOEvent is written from its XML text', {
      mend: 'Give the document as a string or as bytes',
    })
  }
  const bytes = encoder.encode(payload)
  try {
    voeventOf(fieldsOfXml(bytes, {}))
  } catch (cause) {
    throw new AlertError('ALERT_UNWRITABLE', `cannot be written as a VOEvent: ${toAlertError(cause).message}`, { cause })
  }
  return bytes
}
