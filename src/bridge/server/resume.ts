import { Cursor } from '../../cursor.ts'
import { AlertError, ConfigError } from '../../errors.ts'
import type { Position } from '../../place.ts'
import { splitCursors } from '../protocol/bridgeCursor.ts'
import type { Gap, ServedTopic } from '../protocol/events.ts'
import type { GrantedTopics } from './Mark.ts'
import { placeKey, type Ring } from './Ring.ts'
import type { BridgeClient } from './streams.ts'

/** node:http takes a quarter of it. */
const LONGEST_CURSOR = 64 * 1024

/** The cursors that a client sent. @param servers those that the bridge reads @throws BadCursor */
export function parseCursors(text: string, servers: readonly string[]): readonly Cursor[] {
  if (text.length > LONGEST_CURSOR) throw new BadCursor(`it is longer than ${LONGEST_CURSOR} characters`)
  let cursors: readonly Cursor[]
  try {
    cursors = splitCursors(text)
  } catch (thrown) {
    throw new BadCursor(thrown instanceof ConfigError ? thrown.message : 'it cannot be read')
  }
  if (cursors.some(({ server }) => !servers.includes(server))) throw new BadCursor('it is of another server')
  // Each would be asked of the log.
  if (new Set(cursors.map(({ server }) => server)).size < cursors.length) throw new BadCursor('it has a server twice')
  return cursors
}

/** What a client has already, by topic id and partition: the next offset that it wants. */
export function seenOf(granted: GrantedTopics, cursors: readonly Cursor[]): Map<string, number> {
  const seen = new Map<string, number>()
  for (const { id, server, fullTopic } of granted.topics) {
    for (const [partition, offset] of placeIn(cursors, server, fullTopic)?.offsets ?? []) seen.set(placeKey(id, partition), offset)
  }
  return seen
}

/** Topics that a client asks for only now, at where they stand now. */
export function withAdded(cursors: readonly Cursor[], added: readonly ServedTopic[], now: readonly Cursor[]): readonly Cursor[] {
  if (added.length === 0) return cursors
  return now.map(present => {
    const past = cursors.find(({ server }) => server === present.server)
    const topics = new Map(past?.topics)
    for (const { server, fullTopic } of added) {
      const place = present.topics.get(fullTopic)
      if (server === present.server && place && !topics.has(fullTopic)) topics.set(fullTopic, place)
    }
    return new Cursor(present.server, past?.time ?? present.time, topics)
  })
}

/** Whether all that a client wants is in the ring: then nothing needs to be read again. */
export function isInRing(ring: Ring, granted: GrantedTopics, cursors: readonly Cursor[], now: readonly Cursor[]): boolean {
  return granted.topics.every(({ id, server, fullTopic }) => {
    const present = placeIn(now, server, fullTopic)
    const wanted = placeIn(cursors, server, fullTopic)
    // It does not exist yet, and there is nothing to read; or no longer, which the log has to say.
    if (!present) return wanted === undefined
    if (wanted?.id !== undefined && present.id !== undefined && wanted.id !== present.id) return false
    // Of a partition that nothing came of yet the ring holds what comes from now on.
    return [...present.offsets].every(([partition, now]) => (wanted?.offsets.get(partition) ?? 0) >= (ring.startOf(id, partition) ?? now))
  })
}

/** Another instance may have been further on, or the cursor is forged: the log says which. */
export function isAhead(granted: GrantedTopics, cursors: readonly Cursor[], now: readonly Cursor[]): boolean {
  return granted.topics.some(({ server, fullTopic }) => {
    const present = placeIn(now, server, fullTopic)
    const wanted = placeIn(cursors, server, fullTopic)
    if (!present || !wanted) return false
    return [...wanted.offsets].some(([partition, offset]) => offset > (present.offsets.get(partition) ?? -1))
  })
}

/** What a client does not get: from where it stands to where the ring begins. */
export function missedOf(ring: Ring, granted: GrantedTopics, cursors: readonly Cursor[]): Gap[] {
  return granted.topics.flatMap(({ id, server, fullTopic }) =>
    [...ring.startsOf(id)].flatMap(([partition, to]): Gap[] => {
      const from = placeIn(cursors, server, fullTopic)?.offsets.get(partition) ?? 0
      return from < to ? [{ topic: id, partition, from, to, reason: 'busy' }] : []
    }),
  )
}

const placeIn = (cursors: readonly Cursor[], server: string, fullTopic: string) =>
  cursors.find(cursor => cursor.server === server)?.topics.get(fullTopic)

export interface Checked {
  /** Where there is something to read, at or after where the client stood. */
  readonly cursor: Cursor
  readonly gaps: readonly Gap[]
  /** Ids of topics that are no longer there. */
  readonly deleted: readonly string[]
}

/**
 * Compares where a client stood in the topics of one server with what the log holds now: what is gone is a gap, said before the records that
 * come after it.
 *
 * @throws BadCursor for a place that the log has not come to
 */
export async function checkAgainstLog(client: BridgeClient, topics: readonly ServedTopic[], cursor: Cursor): Promise<Checked> {
  const gaps: Gap[] = []
  const deleted: string[] = []
  const positions: Position[] = []
  for (const { id, topic, fullTopic } of topics) {
    const wanted = cursor.topics.get(fullTopic)
    // The reader knows where a topic begins that the cursor does not have.
    if (!wanted) continue
    const bounds = await boundsOf(client, topic)
    if (!bounds) {
      deleted.push(id)
      for (const [partition, from] of wanted.offsets) gaps.push({ topic: id, partition, from, to: from, reason: 'deleted' })
      continue
    }
    const [earliest, latest] = bounds
    const present = earliest.topics.get(fullTopic)
    const isOther = wanted.id !== undefined && present?.id !== undefined && wanted.id !== present.id
    for (const [partition, from] of wanted.offsets) {
      const start = earliest.offset(fullTopic, partition)
      const end = latest.offset(fullTopic, partition)
      if (start === undefined || end === undefined) throw new BadCursor(`${id} has no partition ${partition}`)
      if (isOther) gaps.push({ topic: id, partition, from, to: start, reason: 'recreated' })
      else if (from > end) throw new BadCursor(`${id}[${partition}] ends at ${end}, the cursor says ${from}`)
      else if (from < start) gaps.push({ topic: id, partition, from, to: start, reason: 'offset-lost' })
      positions.push({ topic: fullTopic, partition, offset: isOther ? start : Math.max(from, start), topicId: present?.id })
    }
  }
  return { cursor: Cursor.of(cursor.server, cursor.time, positions), gaps, deleted }
}

/** Where the log of a topic begins and ends; undefined: there is no such topic. */
async function boundsOf(client: BridgeClient, topic: string): Promise<readonly [earliest: Cursor, latest: Cursor] | undefined> {
  try {
    return await Promise.all([client.cursor([topic], 'earliest'), client.cursor([topic], 'latest')])
  } catch (error) {
    if (error instanceof AlertError && error.code === 'ALERT_TOPIC_UNKNOWN') return undefined
    throw error
  }
}

/** A cursor that this bridge, or another one of the same topics, cannot have given. */
export class BadCursor extends AlertError {
  constructor(why: string) {
    super('ALERT_CONFIG', `the cursor is not one of this bridge: ${why}`, {
      mend: 'Send the id of the last cursor event as it came, or from=latest',
    })
  }
}
