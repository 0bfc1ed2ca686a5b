import { describe, expect, it } from 'vitest'
import { Token, type TokenOwner } from '../../src/claims.ts'
import type { AlertError } from '../../src/errors.ts'
import { readAvro } from '../../src/formats/avro/readAvro.ts'
import { type AlertRecord, Delivery } from '../../src/record.ts'
import { ENCODERS, encode } from '../../src/sinks/encoding.ts'
import { outgoing } from '../../src/sinks/outgoing.ts'
import { errorOf } from '../support/errorOf.ts'
import { text } from './rig.ts'

const bytes = Uint8Array.of(0xff, 0, 1)

const written = (payload: unknown, format?: string): string => {
  const { value, format: name } = encode(payload, format)
  return `${name} ${text(value)}`
}

const refusal = (payload: unknown, format?: string): AlertError => errorOf(() => encode(payload, format))

const record: AlertRecord<unknown> = {
  server: 'localhost:9092',
  group: 'gracedb',
  topic: 'superevent',
  fullTopic: 'gracedb.superevent',
  partition: 0,
  offset: 7,
  timestamp: 0,
  key: null,
  headers: [],
  format: 'json',
  id: undefined,
  sender: undefined,
  isTest: false,
  payload: { superevent_id: 'S1' },
  toJSON: () => {
    throw new Error('not to be asked')
  },
}

describe('encode', () => {
  it.each([
    ['an object as an object', { a: [1, null, 'ü'] }, 'json {"a":[1,null,"ü"]}'],
    ['a string as a JSON string', '{"a":1}', 'json "{\\"a\\":1}"'],
    ['a number', 4.5, 'json 4.5'],
    ['null as the text null, not as a tombstone', null, 'json null'],
    ['an array', [], 'json []'],
  ])('writes %s', (_what, payload, expected) => {
    expect(written(payload)).toBe(expected)
    expect(written(payload, 'json')).toBe(expected)
  })

  it('sends bytes as they are: a blob, or what they are said to be', () => {
    for (const [format, name] of [
      [undefined, 'blob'],
      ['blob', 'blob'],
      ['avro', 'avro'],
      ['json', 'json'],
      ['foreign', 'foreign'],
    ] as const) {
      const encoded = encode(bytes, format)
      expect(encoded.format).toBe(name)
      expect(encoded.value).toBe(bytes)
    }
  })

  it('refuses a format that it writes from bytes only, and says which it writes', () => {
    const error = refusal({ a: 1 }, 'zebra')
    expect(error.code).toBe('ALERT_UNWRITABLE')
    expect(error.message).toMatch(/Object cannot be written as 'zebra'.*Uint8Array; written from values: json, avro, circular, voevent/)
    expect(refusal('text', 'blob').message).toMatch(/string cannot be written as 'blob'/)
  })

  it('writes Avro from the value', () => {
    const { value, format } = encode([{ far: 1e-9, skymap: bytes }], 'avro')
    expect(format).toBe('avro')
    expect(readAvro(value)).toEqual([[{ far: 1e-9, skymap: bytes }]])
  })

  it('writes a circular that is exactly one', () => {
    expect(written({ header: { title: 'é' }, body: 'B' }, 'circular')).toBe('circular {"header":{"title":"é"},"body":"B"}')
    const error = refusal({ header: { title: 1 }, body: 'B' }, 'circular')
    expect([error.code, error.message]).toEqual([
      'ALERT_UNWRITABLE',
      "not a circular: its header's 'title' is no text. It is { header: { title: '...' }, body: '...' }",
    ])
    for (const other of ['text', null, [], {}, { header: {} }, { header: [], body: '' }, { header: {}, body: '', extra: 1 }]) {
      expect(refusal(other, 'circular').code).toBe('ALERT_UNWRITABLE')
    }
  })

  it('writes a VOEvent from its XML, if it is one', () => {
    const xml = '<voe:VOEvent ivorn="ivo://x/é"/>'
    expect(written(xml, 'voevent')).toBe(`voevent ${xml}`)
    expect(refusal('<VOEvent ivorn="ivo://x/y"/>', 'voevent').message).toBe(
      'cannot be written as a VOEvent: not a VOEvent: its root is <VOEvent>, expected <voe:VOEvent>',
    )
    expect(refusal('{"ivorn": "ivo://x/y"}', 'voevent').message).toContain("line 1, column 1: got '{', expected an element")
    expect(refusal({ ivorn: 'ivo://x/y' }, 'voevent').message).toBe(
      'a VOEvent is written from its XML text. Give the document as a string or as bytes',
    )
  })

  it('writes a text notice from its text, or once more as it came', () => {
    expect(written('TITLE: é\n', 'gcntextnotice')).toBe('gcntextnotice TITLE: é\n')
    expect(encode({ raw: bytes, fields: {} }, 'gcntextnotice').value).toBe(bytes)
    expect(refusal({ fields: {} }, 'gcntextnotice').message).toContain('a text notice is written from its text')
  })

  it('takes further encoders', () => {
    const encoders = new Map([...ENCODERS, ['shout', (payload: unknown) => new TextEncoder().encode(String(payload).toUpperCase())]])
    expect(text(encode('s1', 'shout', encoders).value)).toBe('S1')
  })

  it.each([
    ['undefined', undefined],
    ['a function', () => 1],
    ['a symbol', Symbol('s')],
    [
      'a cycle',
      (() => {
        const loop: { self?: unknown } = {}
        loop.self = loop
        return loop
      })(),
    ],
    ['a view that is not bytes', new Float64Array(2)],
    ['a DataView', new DataView(new ArrayBuffer(2))],
    ['an ArrayBuffer', new ArrayBuffer(2)],
    [
      'a toJSON that throws',
      {
        toJSON: () => {
          throw new TypeError('no')
        },
      },
    ],
  ])('refuses %s', (_what, payload) => {
    expect(refusal(payload).code).toBe('ALERT_UNWRITABLE')
  })

  it('refuses a whole record and says what to pass', () => {
    const error = refusal(record)
    expect(error.code).toBe('ALERT_UNWRITABLE')
    expect(error.message).toContain('sink.send(outgoing(r.payload, { id: r.id }))')
  })

  it('refuses a delivery, whose fields are getters of a class', () => {
    const owner: TokenOwner = { place: record, ended: false, leaving: false, settled() {}, failed() {}, late() {} }
    const raw = { ...record, size: 0, value: null, hasHeader: () => false, detach() {} }
    expect(refusal(new Delivery(new Token(owner, raw), 1)).message).toContain('A whole AlertRecord')
  })

  it('takes what a record is as data, and an alert that has fields like a record', () => {
    const { toJSON: _, ...data } = record
    expect(written(data)).toContain('"fullTopic":"gracedb.superevent"')
    expect(written({ topic: 't', payload: 1, offset: 2 })).toBe('json {"topic":"t","payload":1,"offset":2}')
  })

  it('refuses an Outgoing inside an Outgoing', () => {
    expect(refusal(outgoing(1)).message).toMatch(/payload of outgoing\(\) is an Outgoing itself/)
  })
})
