import { AlertError } from '../errors.ts'
import { DEFAULT_LIMITS, type Limits } from '../limits.ts'
import { getOwn, setOwn } from './objects.ts'
import { strip } from './text.ts'
import { readXml, type XmlHandler } from './xmlReader.ts'
import { xmlText } from './xmlText.ts'

/**
 * An element as hop gives it. Without attributes and elements within: its text, null if it has none. Else its fields: attributes and
 * elements alike by their names, text beside them as `#text`; an element that is repeated is a list.
 */
export type XmlValue = string | null | XmlFields | readonly XmlValue[]
/** What is in an element, by name. */
export interface XmlFields {
  readonly [name: string]: XmlValue
}

export type XmlLimits = Partial<Pick<Limits, 'xmlBytes' | 'xmlDepth'>>

/**
 * The root element of a document: its name, prefix included, and what it holds.
 *
 * @throws AlertError ALERT_DECODE with line and column, ALERT_TOO_LARGE
 */
export function readXmlRoot(bytes: Uint8Array, limits: XmlLimits = {}): { readonly name: string; readonly value: XmlValue } {
  const { xmlBytes = DEFAULT_LIMITS.xmlBytes, xmlDepth = DEFAULT_LIMITS.xmlDepth } = limits
  if (bytes.length > xmlBytes) {
    throw new AlertError('ALERT_TOO_LARGE', `${bytes.length} bytes of XML, more than limits.xmlBytes, ${xmlBytes}`)
  }
  const tree = new Tree()
  readXml(xmlText(bytes), xmlDepth, tree)
  return tree.root
}

/** As `XmlValue`, while it is being built. */
type Value = string | null | { [name: string]: Value } | Value[]

interface Element {
  readonly name: string
  fields: Record<string, Value> | undefined
  text: string
}

class Tree implements XmlHandler {
  root: { readonly name: string; readonly value: XmlValue } = { name: '', value: null }
  readonly #open: Element[] = []

  start(name: string, attributes: readonly (readonly [string, string])[]): void {
    const element: Element = { name, fields: undefined, text: '' }
    for (const [attribute, value] of attributes) add(element, attribute, value)
    this.#open.push(element)
  }

  text(data: string): void {
    const element = this.#open.at(-1)
    if (element) element.text += data
  }

  end(): void {
    const element = this.#open.pop()
    if (!element) return
    const value = contentOf(element)
    const parent = this.#open.at(-1)
    if (parent) add(parent, element.name, value)
    else this.root = { name: element.name, value }
  }
}

function contentOf(element: Element): Value {
  const text = strip(element.text)
  if (!element.fields) return text === '' ? null : text
  if (text !== '') add(element, '#text', text)
  return element.fields
}

/** A list is one that grew out of repetition: nothing else in XML is one. */
function add(element: Element, name: string, value: Value): void {
  element.fields ??= {}
  const former = getOwn(element.fields, name)
  if (former === undefined) setOwn(element.fields, name, value)
  else if (Array.isArray(former)) former.push(value)
  else setOwn(element.fields, name, [former, value])
}
