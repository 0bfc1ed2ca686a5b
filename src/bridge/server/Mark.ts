import { Cursor } from '../../cursor.ts'
import { joinCursors } from '../protocol/bridgeCursor.ts'
import type { ServedTopic } from '../protocol/events.ts'
import { encodeEvent, HEARTBEAT } from '../protocol/sse.ts'

/** Where everything before it has been sent: a session that passes it may resume there. */
export class Mark {
  /** Of each server, all its topics. */
  readonly cursors: readonly Cursor[]
  /** The events, by the topics of a session: sessions of the same topics share one. */
  readonly #encoded = new Map<string, Uint8Array>()

  constructor(cursors: readonly Cursor[]) {
    this.cursors = cursors
  }

  /** Of these topics alone: a client hears of no others. */
  event(granted: GrantedTopics): Uint8Array {
    const known = this.#encoded.get(granted.key)
    if (known) return known
    const cursors = this.cursors.flatMap(cursor => granted.within(cursor))
    // An empty id would make the client forget where it was.
    const event = cursors.length > 0 ? encodeEvent('cursor', {}, joinCursors(cursors)) : HEARTBEAT
    this.#encoded.set(granted.key, event)
    return event
  }
}

/** The topics that a session is sent. */
export class GrantedTopics {
  readonly topics: readonly ServedTopic[]
  /** The same for the same topics. */
  readonly key: string
  readonly #ids: ReadonlySet<string>
  /** Full topics by server. */
  readonly #names = new Map<string, Set<string>>()

  constructor(topics: readonly ServedTopic[]) {
    this.topics = topics
    const ids = topics.map(({ id }) => id).sort()
    this.key = ids.join('\n')
    this.#ids = new Set(ids)
    for (const { server, fullTopic } of topics) this.#names.set(server, (this.#names.get(server) ?? new Set()).add(fullTopic))
  }

  has(topicId: string): boolean {
    return this.#ids.has(topicId)
  }

  /** What a cursor says of these topics; none if it is of another server. */
  within(cursor: Cursor): Cursor[] {
    const names = this.#names.get(cursor.server)
    if (!names) return []
    const topics = [...cursor.topics].filter(([name]) => names.has(name))
    return [new Cursor(cursor.server, cursor.time, new Map(topics))]
  }
}
