import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AlertError } from '../../../src/errors.ts'
import { readAvro } from '../../../src/formats/avro/readAvro.ts'
import { writeAvro } from '../../../src/formats/avro/writeAvro.ts'
import { errorOf } from '../../support/errorOf.ts'
import { back, schemaOf } from './back.ts'
import { jsonLike } from './schemas.ts'

const isFull = process.env['IGWN_ALERT_RX_FULL'] === 'true'
const TIMEOUT = isFull ? 300_000 : 20_000
const utf8 = new TextEncoder()

const inferred = (value: unknown): unknown => schemaOf(writeAvro(value))

const alert = {
  alert_type: 'INITIAL',
  time_created: '2026-01-01T00:00:00Z',
  superevent_id: 'S260101a',
  urls: { gracedb: 'https://gracedb.invalid/superevents/S260101a/view/' },
  event: {
    time: '2026-01-01T00:00:00.000Z',
    far: 1e-9,
    instruments: ['H1', 'L1'],
    group: 'CBC',
    properties: { HasNS: 0.25 },
    skymap: Uint8Array.of(1, 2, 3),
    duration: null,
  },
  external_coinc: null,
}

/** Throws if the schema is none that Avro's specification allows; `names` has those of its records. */
function checkValid(schema: unknown, names: Set<string> = new Set()): void {
  if (Array.isArray(schema)) checkUnion(schema, names)
  else if (typeof schema === 'string') expect(['null', 'boolean', 'long', 'double', 'string', 'bytes']).toContain(schema)
  else checkComplex(schema as Complex, names)
}

type Complex =
  | { readonly type: 'array'; readonly items: unknown }
  | { readonly type: 'map'; readonly values: unknown }
  | { readonly type: 'record'; readonly name: string; readonly fields: readonly { readonly name: string; readonly type: unknown }[] }

function checkUnion(branches: readonly unknown[], names: Set<string>): void {
  const kinds = branches.map(branch => (typeof branch === 'string' ? branch : (branch as Complex).type))
  expect(kinds.length).toBeGreaterThan(1)
  expect(new Set(kinds).size).toBe(kinds.length)
  for (const branch of branches) {
    expect(Array.isArray(branch)).toBe(false)
    checkValid(branch, names)
  }
}

function checkComplex(schema: Complex, names: Set<string>): void {
  expect(schema.type).toMatch(/^(array|map|record)$/)
  if (schema.type === 'array') checkValid(schema.items, names)
  else if (schema.type === 'map') checkValid(schema.values, names)
  else {
    const fields = schema.fields.map(({ name }) => name)
    for (const name of [schema.name, ...fields]) expect(name).toMatch(/^[A-Za-z_][A-Za-z0-9_]*$/)
    expect(names).not.toContain(schema.name)
    expect(new Set(fields).size).toBe(fields.length)
    names.add(schema.name)
    for (const { type } of schema.fields) checkValid(type, names)
  }
}

describe('writeAvro', () => {
  it(
    'is read back equal, whatever it is',
    () => {
      fc.assert(
        fc.property(jsonLike, value => {
          expect(back(value)).toEqual(value)
        }),
        { numRuns: isFull ? 20_000 : 1000 },
      )
    },
    TIMEOUT,
  )

  it('writes the bytes of a file of one block with one record', () => {
    const bytes = writeAvro('ab')
    const sync = bytes.subarray(bytes.length - 16)
    const text = 'Obj\u0001\u0004\u0014avro.codec\u0008null\u0016avro.schema\u0010"string"\u0000'
    expect([...bytes.subarray(0, bytes.length - 16)]).toEqual([...utf8.encode(text), ...sync, 2, 6, 4, 0x61, 0x62])
    expect([...writeAvro('ab').subarray(-16)]).not.toEqual([...sync])
  })

  it('copies large bytes once, and keeps what it was given', () => {
    const skymap = Uint8Array.from({ length: 1 << 20 }, (_, i) => i * 7)
    const bytes = writeAvro([{ ...alert, event: { ...alert.event, skymap } }])
    skymap.fill(0)
    const [[read]] = readAvro(bytes) as [[typeof alert]]
    expect(read.event.skymap.every((byte, i) => byte === ((i * 7) & 255))).toBe(true)
  })

  describe('the schema that it finds', () => {
    it("is hop's for a GW alert", () => {
      expect(inferred([alert])).toEqual({
        type: 'array',
        items: {
          type: 'record',
          name: 'auto_record1',
          fields: [
            { name: 'alert_type', type: 'string' },
            { name: 'time_created', type: 'string' },
            { name: 'superevent_id', type: 'string' },
            { name: 'urls', type: { type: 'map', values: 'string' } },
            {
              name: 'event',
              type: {
                type: 'record',
                name: 'auto_record0',
                fields: [
                  { name: 'time', type: 'string' },
                  { name: 'far', type: 'double' },
                  { name: 'instruments', type: { type: 'array', items: 'string' } },
                  { name: 'group', type: 'string' },
                  { name: 'properties', type: { type: 'map', values: 'double' } },
                  { name: 'skymap', type: 'bytes' },
                  { name: 'duration', type: 'null' },
                ],
              },
            },
            { name: 'external_coinc', type: 'null' },
          ],
        },
      })
    })

    it.each<[string, unknown, unknown]>([
      ['an empty array holds nulls', [], { type: 'array', items: 'null' }],
      ['an empty object holds nulls', {}, { type: 'map', values: 'null' }],
      ['few types make a map', { a: 1, b: 2, c: 'x', d: 3 }, { type: 'map', values: ['long', 'string'] }],
      [
        'many types make a record',
        { a: 1, b: 'x' },
        {
          type: 'record',
          name: 'auto_record0',
          fields: [
            { name: 'a', type: 'long' },
            { name: 'b', type: 'string' },
          ],
        },
      ],
      ['names that Avro does not allow make a map', { 'a b': 1, b: 'x' }, { type: 'map', values: ['long', 'string'] }],
      [
        'a union in one order, whatever the order of the values',
        [Uint8Array.of(1), 'x', 1.5, 1, [1], true, null, { a: 1 }],
        {
          type: 'array',
          items: [
            'null',
            'boolean',
            'long',
            'double',
            'string',
            'bytes',
            { type: 'array', items: 'long' },
            { type: 'map', values: 'long' },
          ],
        },
      ],
      ['maps that meet become one', [{ a: 1 }, { b: 'x' }], { type: 'array', items: { type: 'map', values: ['long', 'string'] } }],
      ['arrays that meet become one', [[1], ['x'], []], { type: 'array', items: { type: 'array', items: ['long', 'string'] } }],
      [
        'records of the same fields become one',
        [
          { a: 1, b: 'x' },
          { b: null, a: 2 },
        ],
        {
          type: 'array',
          items: {
            type: 'record',
            name: 'auto_record0',
            fields: [
              { name: 'a', type: 'long' },
              { name: 'b', type: ['null', 'string'] },
            ],
          },
        },
      ],
      [
        'records of other fields become maps',
        [
          { a: 1, b: 'x' },
          { a: 2, c: 0.5 },
        ],
        { type: 'array', items: { type: 'map', values: ['long', 'double', 'string'] } },
      ],
      ['integers are longs, other numbers doubles', [1, 0.5], { type: 'array', items: ['long', 'double'] }],
      ['what a long cannot say exactly is a double', [2 ** 53, -0, 1e300, Number.NaN], { type: 'array', items: 'double' }],
      ['bigints are longs', [2n ** 63n - 1n, -(2n ** 63n)], { type: 'array', items: 'long' }],
    ])('%s', (_, value, schema) => {
      expect(inferred(value)).toEqual(schema)
      expect(back(value)).toEqual(value)
    })

    it('is one that the specification allows: its unions and its names', () => {
      fc.assert(
        fc.property(jsonLike, value => {
          checkValid(inferred(value))
        }),
      )
    })

    it('is the same for the same value', () => {
      fc.assert(
        fc.property(jsonLike, value => {
          expect(inferred(structuredClone(value))).toEqual(inferred(value))
        }),
      )
    })
  })

  describe('takes what JSON.stringify takes', () => {
    it('leaves undefined fields out, and calls toJSON', () => {
      expect(back({ a: undefined, b: 1, at: new Date(0) })).toEqual({ b: 1, at: '1970-01-01T00:00:00.000Z' })
    })

    it('instances of classes, objects without a prototype, one object twice', () => {
      class Alert {
        readonly id = 'S1'
      }
      const shared = { a: 1, b: 'x' }
      expect(back([new Alert(), Object.assign(Object.create(null), { far: 1 })])).toEqual([{ id: 'S1' }, { far: 1 }])
      expect(back([shared, { c: shared, d: [shared] }])).toEqual([shared, { c: shared, d: [shared] }])
    })

    it("bytes as bytes, Node's Buffers too", () => {
      expect(back({ skymap: Buffer.from('SIMPLE') })).toEqual({ skymap: utf8.encode('SIMPLE') })
    })
  })

  const cyclic: { event: { self?: object } } = { event: {} }
  cyclic.event.self = cyclic.event
  const nested = (depth: number): unknown => Array.from({ length: depth }).reduce(value => [value], 1 as unknown)

  it.each<[string, unknown, string]>([
    ['undefined', undefined, 'payload is undefined. Send null where there is nothing to say'],
    ['undefined in an array', { list: [1, undefined] }, 'payload.list[1] is undefined. Send null where there is nothing to say'],
    ['a function', { event: { run: () => 1 } }, 'payload.event.run is a function'],
    ['a symbol', [Symbol('s')], 'payload[0] is a symbol'],
    ['a Map', { 'a b': new Map() }, 'payload["a b"] is a Map'],
    ['other arrays of numbers', { far: Float64Array.of(1) }, 'payload.far is a Float64Array. Write bytes as a Uint8Array'],
    ['a buffer', new ArrayBuffer(1), 'payload is a ArrayBuffer. Write bytes as a Uint8Array'],
    ['a cycle', cyclic, 'payload.event.self is payload.event again, a cycle'],
    [
      'a bigint of more than 64 bits',
      { n: 2n ** 63n },
      'payload.n is the bigint 9223372036854775808, expected a long: a safe integer, or a bigint of 64 bits',
    ],
    ['half of a surrogate pair', { s: '\ud800x' }, 'payload.s has half of a surrogate pair in its text, which UTF-8 cannot say'],
    [
      'half of a surrogate pair in a key',
      { e: { '\udc00': 1 } },
      'payload.e has half of a surrogate pair in its text, which UTF-8 cannot say',
    ],
    ['a depth that no reader takes', nested(101), `payload${'[0]'.repeat(100)} is deeper than 100 arrays and objects`],
    [
      'a getter that throws',
      {
        get far() {
          throw new RangeError('no far')
        },
      },
      'no far',
    ],
  ])('refuses %s', (_, value, message) => {
    const error = errorOf(() => writeAvro(value))
    expect(error.code).toBe('ALERT_UNWRITABLE')
    expect(error.message).toBe(`cannot be written as Avro: ${message}`)
  })

  it('writes as deep as it is read', () => {
    expect(back(nested(100))).toEqual(nested(100))
  })

  it('writes any value or refuses it with an AlertError', () => {
    fc.assert(
      fc.property(
        fc.anything({ withBigInt: true, withMap: true, withDate: true, withTypedArray: true, withNullPrototype: true }),
        value => {
          try {
            writeAvro(value)
          } catch (error) {
            expect(error).toBeInstanceOf(AlertError)
          }
        },
      ),
      { numRuns: 2000 },
    )
  })
})
