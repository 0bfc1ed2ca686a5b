import { AlertError } from '../errors.ts'
import { oneLine } from '../words.ts'

/** What Python's `str` takes for white space beyond ASCII: `trim` takes the byte order mark for some as well, and U+0085 for none. */
const WIDE_SPACES: ReadonlySet<number> = new Set(
  [...'\u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'].map(char =>
    char.charCodeAt(0),
  ),
)
const isSpace = (code: number): boolean =>
  code <= 0x20 ? (code >= 0x09 && code <= 0x0d) || code >= 0x1c : code >= 0x85 && WIDE_SPACES.has(code)

/** What Python's `str.splitlines` ends a line at. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const LINE_END = /\r\n|[\n\r\v\f\u001c-\u001e\u0085\u2028\u2029]/

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** As Python's `str.lstrip`. */
export function stripStart(text: string): string {
  let start = 0
  while (start < text.length && isSpace(text.charCodeAt(start))) start++
  return text.slice(start)
}

/** As Python's `str.strip`. */
export function strip(text: string): string {
  let end = text.length
  while (end > 0 && isSpace(text.charCodeAt(end - 1))) end--
  return stripStart(text.slice(0, end))
}

/** As Python's `str.splitlines`, of a text that is stripped. */
export const linesOf = (text: string): string[] => text.split(LINE_END)

/**
 * UTF-8; a byte order mark stays.
 *
 * @param what it is, for the error: `a text notice`
 * @throws AlertError ALERT_DECODE
 */
export function decodeUtf8(bytes: Uint8Array, what: string): string {
  try {
    return decoder.decode(bytes)
  } catch (cause) {
    throw new AlertError('ALERT_DECODE', `not ${what}: its ${bytes.length} bytes are not UTF-8 text`, { cause })
  }
}

/** Line and column of a place in a text, both from 1. */
export function lineAndColumn(text: string, at: number): string {
  let line = 1
  let start = 0
  // Not by split: of a text of many lines that would be as many strings.
  for (let end = text.indexOf('\n'); end >= 0 && end < at; end = text.indexOf('\n', start)) {
    line++
    start = end + 1
  }
  return `line ${line}, column ${at - start + 1}`
}

/** A character of untrusted text as an error shows it. */
export function shown(char: string | undefined): string {
  if (char === undefined || char === '') return 'the end of the text'
  if (/[\p{L}\p{N}\p{P}\p{S} ]/u.test(char)) return `'${char}'`
  return `U+${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`
}

/** Characters of a name that an error shows: it is somebody else's. */
const LONGEST_NAME = 60

/** A name in untrusted data as an error shows it. */
export const quoted = (name: string): string => `'${oneLine(name.slice(0, LONGEST_NAME))}'`
