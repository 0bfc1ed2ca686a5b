import { AlertError } from '../errors.ts'
import { lineAndColumn, shown } from './text.ts'

/** Told of what a document holds, in its order. */
export interface XmlHandler {
  start(name: string, attributes: readonly (readonly [name: string, value: string])[]): void
  /** Character data, references resolved; a CDATA section, comment or element parts it. */
  text(data: string): void
  end(): void
}

const LETTERS =
  ':A-Z_a-z\\u{c0}-\\u{d6}\\u{d8}-\\u{f6}\\u{f8}-\\u{2ff}\\u{370}-\\u{37d}\\u{37f}-\\u{1fff}\\u{200c}\\u{200d}\\u{2070}-\\u{218f}' +
  '\\u{2c00}-\\u{2fef}\\u{3001}-\\u{d7ff}\\u{f900}-\\u{fdcf}\\u{fdf0}-\\u{fffd}\\u{10000}-\\u{effff}'
const NAME = new RegExp(`[${LETTERS}][${LETTERS}\\-.0-9\\u{b7}\\u{300}-\\u{36f}\\u{203f}\\u{2040}]*`, 'uy')
const SPACE = /[ \t\n]*/y
const EQUALS = /[ \t\n]*=[ \t\n]*/y
const DECLARATION =
  /<\?xml[ \t\n]+version[ \t\n]*=[ \t\n]*(?:"[\w.-]*"|'[\w.-]*')(?:[ \t\n]+encoding[ \t\n]*=[ \t\n]*(?:"[A-Za-z][\w.-]*"|'[A-Za-z][\w.-]*'))?(?:[ \t\n]+standalone[ \t\n]*=[ \t\n]*(?:"(?:yes|no)"|'(?:yes|no)'))?[ \t\n]*\?>/y
const REFERENCE = /&([^&;]*);/y
const ENTITIES = new Map([
  ['lt', '<'],
  ['gt', '>'],
  ['amp', '&'],
  ['apos', "'"],
  ['quot', '"'],
])
const NUMBER = /^#(?:x([\da-fA-F]+)|(\d+))$/

/**
 * Reads XML 1.0 as strictly as it is written down: what is not well-formed is refused. A document type declaration is refused too, and
 * with it every entity but the five that XML itself has: nothing expands. Names keep their prefixes. Neither time nor memory is more than
 * proportional to the text.
 *
 * @param text lines end with `\n`, and every character is one that XML has
 * @param depth how deep elements may nest
 * @throws AlertError ALERT_DECODE with line and column
 */
export function readXml(text: string, depth: number, handler: XmlHandler): void {
  new XmlReader(text, depth, handler).document()
}

class XmlReader {
  readonly #text: string
  readonly #depth: number
  readonly #handler: XmlHandler
  /** The names of the elements that are open, outermost first. */
  readonly #open: string[] = []
  #at = 0

  constructor(text: string, depth: number, handler: XmlHandler) {
    this.#text = text
    this.#depth = depth
    this.#handler = handler
  }

  document(): void {
    if (/^<\?xml[ \t\n]/.test(this.#text) && !this.#match(DECLARATION)) {
      throw this.#error('got a declaration that XML does not know, expected one such as <?xml version="1.0" encoding="UTF-8"?>')
    }
    this.#misc()
    if (this.#sees('<!DOCTYPE')) throw this.#error('got a document type declaration, which is never read: it could define entities')
    if (!this.#sees('<')) throw this.#unexpected('an element')
    this.#startTag()
    while (this.#open.length > 0) this.#content()
    this.#misc()
    if (this.#at < this.#text.length) throw this.#unexpected('the end of the text')
  }

  /** What may stand outside of the root element. */
  #misc(): void {
    for (;;) {
      this.#match(SPACE)
      if (this.#sees('<!--')) this.#comment()
      else if (this.#sees('<?')) this.#instruction()
      else return
    }
  }

  #content(): void {
    const next = this.#text.indexOf('<', this.#at)
    const until = next < 0 ? this.#text.length : next
    if (until > this.#at) this.#characters(until)
    if (next < 0) throw this.#unexpected(`</${this.#open.at(-1)}>`)
    if (this.#sees('</')) this.#endTag()
    else if (this.#sees('<!--')) this.#comment()
    else if (this.#sees('<![CDATA[')) this.#cdata()
    else if (this.#sees('<?')) this.#instruction()
    else this.#startTag()
  }

  #characters(until: number): void {
    const raw = this.#text.slice(this.#at, until)
    const end = raw.indexOf(']]>')
    if (end >= 0) {
      this.#at += end
      throw this.#error("got ']]>' outside of a CDATA section")
    }
    this.#handler.text(this.#resolved(raw))
    this.#at = until
  }

  #startTag(): void {
    this.#at++
    const name = this.#name("an element's name")
    if (this.#open.length >= this.#depth) throw this.#error(`elements nest deeper than ${this.#depth}`)
    const attributes = this.#attributes()
    const empty = this.#took('/>')
    if (!empty && !this.#took('>')) throw this.#unexpected("'>', '/>' or an attribute")
    this.#handler.start(name, attributes)
    if (empty) this.#handler.end()
    else this.#open.push(name)
  }

  #attributes(): readonly (readonly [string, string])[] {
    const attributes = new Map<string, string>()
    for (;;) {
      const before = this.#at
      this.#match(SPACE)
      if (this.#sees('>') || this.#sees('/>') || before === this.#at) return [...attributes]
      const name = this.#name("an attribute's name, '>' or '/>'")
      if (attributes.has(name)) throw this.#error(`got the attribute ${name} twice`)
      if (!this.#match(EQUALS)) throw this.#unexpected("'='")
      attributes.set(name, this.#attributeValue())
    }
  }

  #attributeValue(): string {
    const quote = this.#text[this.#at]
    if (quote !== '"' && quote !== "'") throw this.#unexpected('a value in quotes')
    this.#at++
    const end = this.#text.indexOf(quote, this.#at)
    const raw = this.#text.slice(this.#at, end < 0 ? undefined : end)
    const tag = raw.indexOf('<')
    if (tag >= 0 || end < 0) {
      this.#at += tag < 0 ? raw.length : tag
      throw this.#unexpected(`${quote} at the end of the value`)
    }
    const value = this.#resolved(raw.replaceAll(/[\t\n]/g, ' '))
    this.#at = end + 1
    return value
  }

  #endTag(): void {
    this.#at += 2
    const name = this.#name("an element's name")
    const expected = this.#open.pop()
    if (name !== expected) throw this.#error(`got </${name}>, expected </${expected}>`)
    this.#match(SPACE)
    if (!this.#took('>')) throw this.#unexpected("'>'")
    this.#handler.end()
  }

  #comment(): void {
    const end = this.#text.indexOf('--', this.#at + '<!--'.length)
    if (end < 0) throw this.#error('got a comment without an end')
    this.#at = end + 2
    if (!this.#took('>')) throw this.#unexpected("'>' after the two hyphens in a comment")
  }

  #cdata(): void {
    const start = this.#at + '<![CDATA['.length
    const end = this.#text.indexOf(']]>', start)
    if (end < 0) throw this.#error('got a CDATA section without an end')
    this.#handler.text(this.#text.slice(start, end))
    this.#at = end + ']]>'.length
  }

  #instruction(): void {
    this.#at += 2
    const target = this.#name("a processing instruction's name")
    if (target.toLowerCase() === 'xml') throw this.#error('got an XML declaration, which stands at the very start of the text only')
    const end = this.#text.indexOf('?>', this.#at)
    if (end < 0) throw this.#error('got a processing instruction without an end')
    if (end > this.#at && !/[ \t\n]/.test(this.#text.charAt(this.#at))) throw this.#unexpected("a space or '?>'")
    this.#at = end + 2
  }

  /** With its references resolved: characters by their number, and the five that have a name. */
  #resolved(raw: string): string {
    let resolved = ''
    let from = 0
    for (let at = raw.indexOf('&'); at >= 0; at = raw.indexOf('&', from)) {
      REFERENCE.lastIndex = at
      const [reference = '', name = ''] = REFERENCE.exec(raw) ?? []
      const char = ENTITIES.get(name) ?? characterOf(name)
      if (char === undefined) {
        this.#at += at
        throw this.#unexpected('a reference: &lt; &gt; &amp; &quot; &apos; or a character by its number')
      }
      resolved += raw.slice(from, at) + char
      from = at + reference.length
    }
    return from === 0 ? raw : resolved + raw.slice(from)
  }

  #name(expected: string): string {
    const start = this.#at
    if (!this.#match(NAME)) throw this.#unexpected(expected)
    return this.#text.slice(start, this.#at)
  }

  #match(pattern: RegExp): boolean {
    pattern.lastIndex = this.#at
    const found = pattern.test(this.#text)
    if (found) this.#at = pattern.lastIndex
    return found
  }

  #sees(token: string): boolean {
    return this.#text.startsWith(token, this.#at)
  }

  #took(token: string): boolean {
    const found = this.#sees(token)
    if (found) this.#at += token.length
    return found
  }

  #unexpected(expected: string): AlertError {
    const code = this.#text.codePointAt(this.#at)
    return this.#error(`got ${shown(code === undefined ? undefined : String.fromCodePoint(code))}, expected ${expected}`)
  }

  #error(what: string): AlertError {
    return new AlertError('ALERT_DECODE', `not XML: ${lineAndColumn(this.#text, this.#at)}: ${what}`)
  }
}

/** Undefined for what names no character that XML has. */
function characterOf(name: string): string | undefined {
  const [, hex, decimal] = NUMBER.exec(name) ?? []
  const code = hex === undefined ? Number.parseInt(decimal ?? '', 10) : Number.parseInt(hex, 16)
  const exists =
    code === 0x9 ||
    code === 0xa ||
    code === 0xd ||
    (code >= 0x20 && code <= 0xd7ff) ||
    (code >= 0xe000 && code <= 0xfffd) ||
    (code >= 0x10000 && code <= 0x10ffff)
  return exists ? String.fromCodePoint(code) : undefined
}
