import { Cursor } from '../../cursor.ts'

/** Not a character of base64url. */
const BETWEEN = '.'

/** The cursors of several servers as one opaque text, which fits into a URL and a header. */
export const joinCursors = (cursors: Iterable<Cursor>): string => Array.from(cursors, String).join(BETWEEN)

/** @throws ConfigError when the text is no such thing */
export const splitCursors = (text: string): Cursor[] => text.split(BETWEEN).map(part => Cursor.parse(part))
