import { BridgeRecord, type Link } from '../../src/browser.ts'

interface Fields {
  readonly topicId?: string
  readonly partition?: number
  readonly offset?: number
  readonly timestamp?: number
  readonly isTest?: boolean
}

/** A record as a bridge sends it. */
export const recordOf = (payload: unknown, fields: Fields = {}): BridgeRecord =>
  new BridgeRecord(
    {
      topicId: 'gracedb.superevent',
      server: 'memory:9092',
      group: 'gracedb',
      topic: 'superevent',
      fullTopic: 'gracedb.superevent',
      partition: 0,
      offset: 0,
      timestamp: 1_755_482_584_000,
      key: null,
      headers: [],
      isTest: false,
      payload: null,
      ...fields,
    },
    payload,
  )

export const bytesOfLink = (bytes: number, type: Link['type']): Link => ({ href: 'blob/t/0/0?path=', bytes, type })
