import { base64UrlToText, textToBase64Url } from './base64.ts'
import { ConfigError } from './errors.ts'
import type { Position } from './place.ts'

/** One topic in a cursor: its id, where the log has ids, and the next offset of each partition. */
export interface CursorTopic {
  readonly id?: string | undefined
  readonly offsets: ReadonlyMap<number, number>
}

interface CursorJson {
  readonly v: 1
  readonly server: string
  readonly time: number
  readonly topics: Readonly<Record<string, { readonly id?: string; readonly at: Readonly<Record<string, number>> }>>
}

/**
 * Where a reader stands: for each partition the next offset that is not handled. To a string and back; the string is opaque, holds no
 * secret, and fits into a URL, a header or a file.
 */
export class Cursor {
  /** host:port whose offsets these are. */
  readonly server: string
  /** When it was taken, ms since 1970: a topic that it does not know starts here. */
  readonly time: number
  /** By full topic. */
  readonly topics: ReadonlyMap<string, CursorTopic>

  constructor(server: string, time: number, topics: ReadonlyMap<string, CursorTopic>) {
    this.server = server
    this.time = time
    this.topics = topics
  }

  /** Of several positions of one partition the last counts; so does the last id of a topic. */
  static of(server: string, time: number, positions: Iterable<Position>): Cursor {
    const topics = new Map<string, { id: string | undefined; readonly offsets: Map<number, number> }>()
    for (const { topic, partition, offset, topicId } of positions) {
      const before = topics.get(topic)
      // Of another topic under the same name: its offsets say nothing about this one.
      const other = before?.id !== undefined && topicId !== undefined && before.id !== topicId
      const known = before && !other ? before : { id: topicId, offsets: new Map<number, number>() }
      known.id ??= topicId
      topics.set(topic, known)
      known.offsets.set(partition, offset)
    }
    return new Cursor(server, time, topics)
  }

  /** @throws ConfigError when the text is not a cursor */
  static parse(text: string): Cursor {
    let json: unknown
    try {
      json = JSON.parse(base64UrlToText(text))
    } catch (cause) {
      throw notACursor('it is not base64url of JSON', cause)
    }
    if (!isCursorJson(json)) throw notACursor('its fields are not those of a cursor')
    const topics = Object.entries(json.topics).map(([topic, { id, at }]) => {
      const offsets = Object.entries(at).map(([partition, offset]) => [Number(partition), offset] as const)
      return [topic, { id, offsets: new Map(offsets) }] as const
    })
    return new Cursor(json.server, json.time, new Map(topics))
  }

  /** Of a full topic; undefined: the cursor does not know that partition. */
  offset(topic: string, partition: number): number | undefined {
    return this.topics.get(topic)?.offsets.get(partition)
  }

  /** All that it knows. */
  get positions(): Position[] {
    return [...this.topics].flatMap(([topic, { id, offsets }]) =>
      [...offsets].map(([partition, offset]) => ({ topic, partition, offset, ...(id !== undefined && { topicId: id }) })),
    )
  }

  /** For `Cursor.parse`. */
  toString(): string {
    const topics = [...this.topics].map(([topic, { id, offsets }]) => [
      topic,
      { ...(id !== undefined && { id }), at: Object.fromEntries(offsets) },
    ])
    const json: CursorJson = { v: 1, server: this.server, time: this.time, topics: Object.fromEntries(topics) }
    return textToBase64Url(JSON.stringify(json))
  }

  /** As `toString()`. */
  toJSON(): string {
    return this.toString()
  }
}

const notACursor = (why: string, cause?: unknown): ConfigError =>
  new ConfigError(`Not a cursor: ${why}`, { mend: 'Pass the string that toString() of a Cursor gave', cause })

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)

const isOffset = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0

function isCursorJson(json: unknown): json is CursorJson {
  if (!isObject(json) || json['v'] !== 1 || typeof json['server'] !== 'string') return false
  if (!Number.isFinite(json['time']) || !isObject(json['topics'])) return false
  return Object.values(json['topics']).every(topic => {
    if (!isObject(topic) || (topic['id'] !== undefined && typeof topic['id'] !== 'string') || !isObject(topic['at'])) return false
    return Object.entries(topic['at']).every(([partition, offset]) => /^\d{1,9}$/.test(partition) && isOffset(offset))
  })
}
