import { createHash } from 'node:crypto'

/** Enough that no two selections of one process share a name. */
const DIGITS = 12

/**
 * The static member that a stream is. Two streams of a client that read different topics are two members: of one name, each would take the
 * place of the other. The name says what is read, so that a process that starts again finds its places, in whatever order it reads.
 *
 * @param key of the selection
 */
export function instanceOf(instanceId: string | undefined, key: string): string | undefined {
  if (instanceId === undefined) return undefined
  return `${instanceId}-${createHash('sha256').update(key).digest('hex').slice(0, DIGITS)}`
}
