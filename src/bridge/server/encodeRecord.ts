import { writeJson } from '../../formats/json.ts'
import { type PayloadReader, payloadReader } from '../../formats/payload.ts'
import type { Limits } from '../../limits.ts'
import type { AlertRecord } from '../../record.ts'
import type { ServedTopic } from '../protocol/events.ts'
import { encodeJsonEvent } from '../protocol/sse.ts'
import { toWire } from '../protocol/toWire.ts'
import type { Entry } from './Ring.ts'

/** Where what was lifted out of a record is fetched, relative to the address of the stream. */
export const blobHref = (topicId: string, partition: number, offset: number, pointer: string): string =>
  `blob/${encodeURIComponent(topicId)}/${partition}/${offset}?path=${encodeURIComponent(pointer)}`

/** What payloads become: GraceDB's JSON in a JSON string unwrapped, integers exact, what has no header as what it looks like. */
export const bridgeReader = (limits: Partial<Limits> | undefined): PayloadReader =>
  payloadReader({ unwrap: 3, bigints: true, bareVOEvent: true, limits })

/** A record as all clients are sent it. */
export function encodeRecord(record: AlertRecord<unknown>, { id }: ServedTopic, read: PayloadReader): Entry {
  const { partition, offset, timestamp } = record
  const wire = toWire(record, { topicId: id, hrefOf: pointer => blobHref(id, partition, offset, pointer), read })
  const bytes = encodeJsonEvent('record', writeJson(wire.record))
  return { topicId: id, partition, offset, timestamp, bytes, blobs: wire.blobs.size > 0 ? wire.blobs : undefined }
}
