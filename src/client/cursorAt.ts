import type { Clock } from '../clock.ts'
import { Cursor } from '../cursor.ts'
import { AlertError } from '../errors.ts'
import type { Position } from '../place.ts'
import { isFaulty, type Transport } from '../transports/transport.ts'
import { topicIn } from './naming.ts'

export interface CursorRequest {
  readonly group: string | null
  /** Full topics; undefined: every topic of the group. */
  readonly names: readonly string[] | undefined
  readonly at: 'latest' | 'earliest' | Date
  readonly clock: Clock
}

/** The offsets of topics at a moment. */
export async function cursorAt(transport: Transport, { group, names, at, clock }: CursorRequest): Promise<Cursor> {
  // A topic that the cursor does not know starts at its time.
  const time = at instanceof Date ? at.getTime() : at === 'earliest' ? 0 : clock.now()
  const described = await transport.describe(names ?? 'all')
  const ids = new Map<string, string | undefined>()
  const partitions = [...described].flatMap(([topic, description]) => {
    if (names === undefined && topicIn(group, topic) === undefined) return []
    if (isFaulty(description)) throw description.fault
    ids.set(topic, description.topicId)
    return Array.from({ length: description.partitions }, (_, partition) => ({ topic, partition }))
  })
  if (partitions.length === 0)
    throw new AlertError('ALERT_TOPIC_UNKNOWN', `${transport.server} shows no topic of group ${group ?? '(none)'}`, {
      mend: `Check the group's name and the rights of this user`,
    })
  const found = await transport.locate(at instanceof Date ? { time: at.getTime() } : at, partitions)
  const positions = found.map((answer): Position => {
    if (isFaulty(answer)) throw answer.fault
    return { ...answer, topicId: ids.get(answer.topic) }
  })
  return Cursor.of(transport.server, time, positions)
}
