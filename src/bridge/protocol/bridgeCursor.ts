import { Cursor } from '../../cursor.ts'

/** Not a character of base64url. */
const BETWEEN = '.'

/** The cursors of several servers as one opaque text, which fits into a URL and a header. */
export const joinCursors = (cursors: Iterable<Cursor>): string => Array.from(cursors, String).join(BETWEEN)

/** One a server: several streams may be of one, and what is a topic in two of them stands at the lesser place. */
export function mergeCursors(cursors: readonly Cursor[]): readonly Cursor[] {
  const servers = new Set(cursors.map(({ server }) => server))
  if (servers.size === cursors.length) return cursors
  return Array.from(servers, server => {
    const own = cursors.filter(cursor => cursor.server === server)
    // Of equal places the last counts.
    const positions = own.flatMap(cursor => cursor.positions).sort((one, other) => other.offset - one.offset)
    return Cursor.of(server, Math.min(...own.map(({ time }) => time)), positions)
  })
}

/** @throws ConfigError when the text is no such thing */
export const splitCursors = (text: string): Cursor[] => text.split(BETWEEN).map(part => Cursor.parse(part))
