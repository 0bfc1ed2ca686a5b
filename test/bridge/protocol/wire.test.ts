import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { BridgeRecord } from '../../../src/bridge/browser/BridgeRecord.ts'
import type { WireRecord } from '../../../src/bridge/protocol/events.ts'
import { lift } from '../../../src/bridge/protocol/lift.ts'
import { keysOf, stepInto } from '../../../src/bridge/protocol/pointer.ts'
import { toWire } from '../../../src/bridge/protocol/toWire.ts'
import { bridgeReader } from '../../../src/bridge/server/encodeRecord.ts'
import { writeJson } from '../../../src/formats/json.ts'
import type { AlertRecord, RecordHeader } from '../../../src/record.ts'
import { recordToJson } from '../../../src/record.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

function record(payload: Uint8Array | null, format?: string): AlertRecord {
  const headers: RecordHeader[] = [
    { name: 'mine', value: bytes('1') },
    { name: 'nothing', value: null },
    ...(format === undefined ? [] : [{ name: '_format', value: bytes(format) }]),
  ]
  const plain = {
    server: 'kafka.invalid:9092',
    group: 'gracedb',
    topic: 'superevent',
    fullTopic: 'gracedb.superevent',
    partition: 2,
    offset: 7,
    timestamp: 1_755_482_400_000,
    key: bytes('S1'),
    headers,
    format,
    id: '6f1fbd5a-5f5c-4b4e-8a2c-3a1f0a0b0c0d',
    sender: 'alice',
    isTest: true,
    payload,
  }
  return { ...plain, toJSON: () => recordToJson({ ...plain, toJSON: () => recordToJson(record(payload, format)) }) }
}

const hrefOf = (pointer: string): string => `blob/gracedb.superevent/2/7?path=${encodeURIComponent(pointer)}`

function sent(of: AlertRecord): { wire: WireRecord; got: BridgeRecord; blobs: ReadonlyMap<string, Uint8Array | string> } {
  const { record: wire, blobs } = toWire(of, { topicId: 'gracedb.superevent', hrefOf, read: bridgeReader(undefined) })
  const text = new TextDecoder().decode(writeJson(wire))
  expect(text).not.toMatch(/[\r\n]/)
  return { wire, got: new BridgeRecord(JSON.parse(text) as WireRecord), blobs }
}

describe('a record over the wire', () => {
  it('is the same record, its payload decoded', () => {
    const original = record(bytes('{"a":[1,"\\n\\nevent: x",null]}'), 'json')
    const { got } = sent(original)
    const { payload, toJSON: _, ...rest } = original
    expect(got).toMatchObject({
      ...rest,
      payload: { a: [1, '\n\nevent: x', null] },
      topicId: 'gracedb.superevent',
      error: undefined,
      links: {},
    })
    expect(payload).toBeInstanceOf(Uint8Array)
    expect(got.toJSON()).toEqual({ ...original.toJSON(), payload: { a: [1, '\n\nevent: x', null] } })
  })

  it("has GraceDB's JSON in a JSON string unwrapped, and integers to the last digit in its text", () => {
    expect(sent(record(bytes('"{\\"uid\\":\\"S1\\"}"'), 'json')).got.payload).toEqual({ uid: 'S1' })
    const { record: wire } = toWire(record(bytes('{"gps":1419724818123456789}'), 'json'), {
      topicId: 't',
      hrefOf,
      read: bridgeReader(undefined),
    })
    expect(new TextDecoder().decode(writeJson(wire))).toContain('"payload":{"gps":1419724818123456789}')
  })

  test.each([
    ['[NaN,{"a/b~c":Infinity}]', [Number.NaN, { 'a/b~c': Number.POSITIVE_INFINITY }]],
    ['-Infinity', Number.NEGATIVE_INFINITY],
    ['{"__proto__":{"x":NaN},"y":1}', JSON.parse('{"__proto__":{"x":null},"y":1}', (key, value) => (key === 'x' ? Number.NaN : value))],
  ])('keeps the numbers that JSON has no word for: %s', (text, value) => {
    const { got } = sent(record(bytes(text), 'json'))
    expect(got.payload).toEqual(value)
    expect(Object.prototype).not.toHaveProperty('x')
  })

  it('of an unknown format is its bytes; a tombstone is null', () => {
    expect(sent(record(Uint8Array.of(0, 255, 1), 'zebra')).got.payload).toEqual(Uint8Array.of(0, 255, 1))
    expect(sent(record(null)).got.payload).toBeNull()
  })

  it('that cannot be decoded is its bytes and the reason', () => {
    const { got } = sent(record(bytes('{"half'), 'json'))
    expect(got.payload).toEqual(bytes('{"half'))
    expect(got.error).toMatchObject({ code: 'ALERT_DECODE', message: expect.stringContaining('line 1') })
  })

  it('has what is large lifted out, null in its place', () => {
    const skymap = 'x'.repeat(100_000)
    const { got, blobs, wire } = sent(record(bytes(JSON.stringify({ event: { skymap, far: 1e-9 } })), 'json'))
    expect(got.payload).toEqual({ event: { skymap: null, far: 1e-9 } })
    expect(got.links).toEqual({ '/event/skymap': { href: hrefOf('/event/skymap'), bytes: 100_000, type: 'text' } })
    expect([...blobs]).toEqual([['/event/skymap', skymap]])
    expect(writeJson(wire).length).toBeLessThan(1_500)
    const whole = sent(record(new Uint8Array(20_000), 'zebra'))
    expect(whole.got.payload).toBeNull()
    expect(whole.got.links).toMatchObject({ '': { bytes: 20_000, type: 'bytes' } })
  })
})

describe('lift', () => {
  it('changes nothing that JSON can say', () => {
    fc.assert(
      fc.property(fc.jsonValue(), value => {
        const { json, blobs, specials } = lift(value)
        expect(json).toBe(value)
        expect(blobs.size + specials.size).toBe(0)
      }),
    )
  })
})

describe('a JSON pointer', () => {
  it('is taken apart again', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), keys => {
        expect(keysOf(keys.reduce(stepInto, ''))).toEqual(keys)
      }),
    )
  })
})
