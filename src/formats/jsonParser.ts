import { AlertError } from '../errors.ts'
import { setOwn } from './objects.ts'
import { lineAndColumn, shown } from './text.ts'

export interface ExactOptions {
  /** Integers that a number cannot hold become bigints. */
  readonly bigints: boolean
  /** How deep arrays and objects may nest. */
  readonly depth: number
}

/** Python's own bound on the digits of an integer: reading one takes time that grows with their square. */
const MOST_DIGITS = 4300

const NUMBER = /-?(?:0|[1-9]\d*)((?:\.\d+)?(?:[eE][+-]?\d+)?)/y
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const NOT_PLAIN = /[\\\u0000-\u001f]/
const FOUR_HEX = /[\da-fA-F]{4}/y
const SHORT_ESCAPES = '"\\/bfnrt'
const WORDS: readonly (readonly [word: string, value: unknown])[] = [
  ['true', true],
  ['false', false],
  ['null', null],
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
]

const QUOTE = 0x22
const BACKSLASH = 0x5c
const FIRST_PRINTABLE = 0x20

/**
 * Reads JSON as Python writes it: `NaN`, `Infinity`, `-Infinity`, integers of any size. Else as `JSON.parse`, but for the errors, which say
 * where and what was expected.
 *
 * @throws AlertError ALERT_DECODE
 */
export function parseExact(text: string, options: ExactOptions): unknown {
  return new ExactParser(text, options).document()
}

class ExactParser {
  readonly #text: string
  readonly #options: ExactOptions
  #at = 0
  #depth = 0

  constructor(text: string, options: ExactOptions) {
    this.#text = text
    this.#options = options
  }

  document(): unknown {
    const value = this.#value()
    this.#space()
    if (this.#at < this.#text.length) throw this.#unexpected('the end of the text')
    return value
  }

  #value(): unknown {
    this.#space()
    switch (this.#text[this.#at]) {
      case '{':
        return this.#object()
      case '[':
        return this.#array()
      case '"':
        return this.#string()
      default:
        return this.#scalar()
    }
  }

  #open(): void {
    if (++this.#depth > this.#options.depth) throw this.#error(`arrays and objects nest deeper than ${this.#options.depth}`)
    this.#at++
  }

  #object(): Record<string, unknown> {
    this.#open()
    const object: Record<string, unknown> = {}
    if (this.#closed('}')) return object
    do {
      this.#space()
      if (this.#text[this.#at] !== '"') throw this.#unexpected('a key in double quotes')
      const key = this.#string()
      if (!this.#took(':')) throw this.#unexpected("':'")
      setOwn(object, key, this.#value()) // the last of equal keys wins
    } while (this.#took(','))
    if (!this.#closed('}')) throw this.#unexpected("',' or '}'")
    return object
  }

  #array(): unknown[] {
    this.#open()
    const array: unknown[] = []
    if (this.#closed(']')) return array
    do array.push(this.#value())
    while (this.#took(','))
    if (!this.#closed(']')) throw this.#unexpected("',' or ']'")
    return array
  }

  #string(): string {
    const text = this.#text
    const start = this.#at + 1
    const end = text.indexOf('"', start)
    const plain = text.slice(start, end)
    if (end < 0 || NOT_PLAIN.test(plain)) return this.#escapedString()
    this.#at = end + 1
    return plain
  }

  #escapedString(): string {
    const start = this.#at++
    for (;;) {
      const code = this.#text.charCodeAt(this.#at)
      if (code === QUOTE) break
      if (code === BACKSLASH) this.#escape()
      else if (code >= FIRST_PRINTABLE) this.#at++
      else throw this.#unexpected(code < FIRST_PRINTABLE ? 'an escape instead of a control character' : "'\"'")
    }
    this.#at++
    return JSON.parse(this.#text.slice(start, this.#at)) as string
  }

  #escape(): void {
    const letter = this.#text[++this.#at]
    if (letter === 'u') {
      FOUR_HEX.lastIndex = ++this.#at
      if (!FOUR_HEX.test(this.#text)) throw this.#unexpected('four hexadecimal digits')
      this.#at += 4
    } else if (letter !== undefined && SHORT_ESCAPES.includes(letter)) this.#at++
    else throw this.#unexpected('an escape that JSON knows')
  }

  #scalar(): unknown {
    NUMBER.lastIndex = this.#at
    const match = NUMBER.exec(this.#text)
    if (match) {
      const value = this.#number(match[0], match[1] === '')
      this.#at = NUMBER.lastIndex
      return value
    }
    for (const [word, value] of WORDS) {
      if (this.#text.startsWith(word, this.#at)) {
        this.#at += word.length
        return value
      }
    }
    throw this.#unexpected('a value')
  }

  #number(literal: string, integer: boolean): number | bigint {
    const value = Number(literal)
    if (!this.#options.bigints || !integer || Number.isSafeInteger(value)) return value
    if (literal.length > MOST_DIGITS) throw this.#error(`an integer of ${literal.length} digits; at most ${MOST_DIGITS} are read`)
    return BigInt(literal)
  }

  #closed(bracket: string): boolean {
    const found = this.#took(bracket)
    if (found) this.#depth--
    return found
  }

  #took(char: string): boolean {
    this.#space()
    const found = this.#text[this.#at] === char
    if (found) this.#at++
    return found
  }

  #space(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at)
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return
      this.#at++
    }
  }

  #unexpected(expected: string): AlertError {
    return this.#error(`got ${shown(this.#text[this.#at])}, expected ${expected}`)
  }

  #error(what: string): AlertError {
    return new AlertError('ALERT_DECODE', `not JSON: ${lineAndColumn(this.#text, this.#at)}: ${what}`)
  }
}
