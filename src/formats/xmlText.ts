import { AlertError } from '../errors.ts'

const UTF16_MARKS: readonly (readonly [first: number, second: number, label: string])[] = [
  [0xff, 0xfe, 'utf-16le'],
  [0xfe, 0xff, 'utf-16be'],
]
/** Longer than any XML declaration. */
const HEAD = 256
const ENCODING = /^<\?xml[^>]*?\sencoding\s*=\s*["']([A-Za-z][\w.-]*)["']/
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const NO_CHARACTER = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/

/**
 * The text of an XML document: in the encoding that its byte order mark or its declaration names, else UTF-8; every line ends with `\n`.
 *
 * @throws AlertError ALERT_DECODE for an encoding that is unknown or not kept to, and for characters that XML does not have
 */
export function xmlText(bytes: Uint8Array): string {
  const label = encodingOf(bytes)
  let text: string
  try {
    text = new TextDecoder(label, { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new AlertError('ALERT_DECODE', `not XML: its ${bytes.length} bytes are not ${label} text`, { cause })
  }
  const wrong = NO_CHARACTER.exec(text)
  if (wrong) {
    const code = wrong[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')
    throw new AlertError('ALERT_DECODE', `not XML: character ${wrong.index} is U+${code}, which XML does not have`)
  }
  return text.replaceAll(/\r\n?/g, '\n')
}

function encodingOf(bytes: Uint8Array): string {
  for (const [first, second, label] of UTF16_MARKS) if (bytes[0] === first && bytes[1] === second) return label
  const declared = ENCODING.exec(String.fromCharCode(...bytes.subarray(0, HEAD)))?.[1]?.toLowerCase() ?? 'utf-8'
  // In two bytes a character the declaration itself could not have been read.
  if (!declared.startsWith('utf-16')) return declared
  throw new AlertError('ALERT_DECODE', `not XML: it says that it is ${declared}, but has no byte order mark`)
}
