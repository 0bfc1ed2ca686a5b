import { describe, expect, it } from 'vitest'
import { Token, type TokenOwner } from '../src/claims.ts'
import { AS_IT_CAME, Delivery, isTest, placeOf, type RawRecord, type RecordHeader, recordToJson, tokenOf } from '../src/record.ts'
import { header, plainRecord, rawRecord, text } from './support/deliveries.ts'

const OWNER: TokenOwner = {
  place: { server: 'kafka.example:9092', group: 'gracedb', topic: 'superevent', fullTopic: 'gracedb.superevent', partition: 2 },
  ended: false,
  leaving: false,
  settled() {},
  failed() {},
  late() {},
}

const deliver = (raw: RawRecord): Delivery => new Delivery<Uint8Array | null>(new Token(OWNER, raw), AS_IT_CAME)
const withHeaders = (...headers: readonly RecordHeader[]): Delivery => deliver(rawRecord(null, { headers }))
const bytes = (hex: string): Uint8Array => Uint8Array.from(hex.match(/../g)!.map(pair => Number.parseInt(pair, 16)))

const UUID = '0b9cd8a2-0c1a-4c53-8d2b-4d3c8f7a4a51'
const idBytes = (uuid: string): RecordHeader => ({ name: '_id', value: bytes(uuid.replaceAll('-', '')) })

describe('a delivery', () => {
  it('says where it stands, and what the log holds', () => {
    const record = deliver(rawRecord(text('{}'), { offset: 41 }))
    expect(record).toMatchObject({
      server: 'kafka.example:9092',
      group: 'gracedb',
      topic: 'superevent',
      fullTopic: 'gracedb.superevent',
      partition: 2,
      offset: 41,
      timestamp: 1_555_000_000_041,
      key: null,
      payload: text('{}'),
    })
    expect(placeOf(record)).toBe('gracedb.superevent[2]@41')
  })

  it('that is a tombstone has the payload null', () => {
    expect(deliver(rawRecord(null)).payload).toBeNull()
  })

  it('has the first format, and the sender, as text', () => {
    const record = withHeaders(header('_format', 'json'), header('_format', 'avro'), header('_sender', 'ligo-grøup'))
    expect([record.format, record.sender]).toEqual(['json', 'ligo-grøup'])
    const none = withHeaders(header('_format', null))
    expect([none.format, none.sender]).toEqual([undefined, undefined])
  })

  it('has the last id: 16 bytes, as Python writes them, or a UUID as text', () => {
    expect(withHeaders(idBytes('ffffffff-ffff-4fff-8fff-ffffffffffff'), idBytes(UUID)).id).toBe(UUID)
    expect(withHeaders(header('_id', UUID.toUpperCase())).id).toBe(UUID)
  })

  it.each([
    ['15 bytes', { name: '_id', value: new Uint8Array(15) }],
    ['36 bytes that are no UUID', header('_id', 'x'.repeat(36))],
    ['null', header('_id', null)],
  ])('has no id where the header is %s', (_, odd) => {
    expect(withHeaders(odd).id).toBeUndefined()
  })

  it.each(['true', 'false', '', null])('is a test when the header _test is there, also with the value %j', value => {
    expect(withHeaders(header('_test', value)).isTest).toBe(true)
    expect(isTest(rawRecord(null, { headers: [header('_test', value)] }))).toBe(true)
    expect(withHeaders(header('_tests', 'true')).isTest).toBe(false)
  })

  it('shares its claims with its copies of other payloads', () => {
    const record = deliver(rawRecord(text('{}')))
    const copy = record.with({ far: 1 }).with('text')
    expect([copy.payload, copy.offset]).toEqual(['text', 0])
    expect(tokenOf(copy)).toBe(tokenOf(record))
    const claim = record.hold()
    tokenOf(record).emitted(false)
    copy.ack()
    claim.release()
    expect(tokenOf(record).handled).toBe(true)
  })

  it('keeps a copy whose payload is undefined, and does not fall back to the bytes', () => {
    expect(deliver(rawRecord(text('{}'))).with(undefined).payload).toBeUndefined()
  })

  it('copies its bytes when it outlives its batch, and only then', () => {
    let detached = 0
    const raw = (): RawRecord => ({ ...rawRecord(null), detach: () => detached++ })
    tokenOf(deliver(raw())).emitted(false)
    expect(detached).toBe(0)
    const held = deliver(raw())
    held.hold()
    tokenOf(held).emitted(false)
    expect(detached).toBe(1)
  })
})

describe('a record as JSON', () => {
  it('has bytes as base64, everything else as it is', () => {
    const raw = { ...rawRecord(bytes('00ff10'), { offset: 3, headers: [header('_format', 'blob'), header('_x', null)] }), key: bytes('6b') }
    expect(JSON.parse(JSON.stringify(deliver(raw)))).toEqual({
      server: 'kafka.example:9092',
      group: 'gracedb',
      topic: 'superevent',
      fullTopic: 'gracedb.superevent',
      partition: 2,
      offset: 3,
      timestamp: 1_555_000_000_003,
      key: 'aw==',
      headers: [
        ['_format', 'YmxvYg=='],
        ['_x', null],
      ],
      format: 'blob',
      isTest: false,
      payload: 'AP8Q',
    })
  })

  it('has a decoded payload as it is, and is the same for a plain record', () => {
    expect(recordToJson(plainRecord({ far: 1e-9 })).payload).toEqual({ far: 1e-9 })
    expect(JSON.parse(JSON.stringify(plainRecord([1]))).payload).toEqual([1])
  })
})
