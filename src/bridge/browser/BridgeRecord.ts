import { fromBase64 } from '../../base64.ts'
import { type AlertRecord, type RecordHeader, type RecordJson, recordToJson } from '../../record.ts'
import type { Link, WireRecord } from '../protocol/events.ts'
import { restore } from '../protocol/restore.ts'

/**
 * A record as a bridge sends it: an AlertRecord whose payload is decoded already; `parseJson` and `decode` let it pass. Plain data in its own
 * fields, no accessors and nothing private: frameworks copy it, compare it and put proxies around it.
 */
export class BridgeRecord<P = unknown> implements AlertRecord<P> {
  /** The topic's id at the bridge: the full topic, with the name of its server where the bridge has several. */
  readonly topicId: string
  readonly server: string
  readonly group: string | null
  readonly topic: string
  readonly fullTopic: string
  readonly partition: number
  readonly offset: number
  readonly timestamp: number
  readonly key: Uint8Array | null
  readonly headers: readonly RecordHeader[]
  readonly format: string | undefined
  readonly id: string | undefined
  readonly sender: string | undefined
  readonly isTest: boolean
  readonly payload: P
  /** Why the payload is bytes: the bridge could not decode it. */
  readonly error: WireRecord['error']
  /** What was lifted out of the payload, null in its place; by JSON pointer, e.g. `/event/skymap`. Fetched by `fetchLink`. */
  readonly links: Readonly<Record<string, Link>>

  constructor(wire: WireRecord, payload: P = restore(wire) as P) {
    this.topicId = wire.topicId
    this.server = wire.server
    this.group = wire.group
    this.topic = wire.topic
    this.fullTopic = wire.fullTopic
    this.partition = wire.partition
    this.offset = wire.offset
    this.timestamp = wire.timestamp
    this.key = bytesOf(wire.key)
    this.headers = wire.headers.map(([name, value]) => ({ name, value: bytesOf(value) }))
    this.format = wire.format
    this.id = wire.id
    this.sender = wire.sender
    this.isTest = wire.isTest
    this.payload = payload
    this.error = wire.error
    this.links = wire.links ?? {}
  }

  toJSON(): RecordJson<P> {
    return recordToJson(this)
  }
}

const bytesOf = (text: string | null): Uint8Array | null => (text === null ? null : fromBase64(text))
