import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ConfigError } from '../../../src/errors.ts'
import { writeAvro } from '../../../src/formats/avro/writeAvro.ts'
import { errorOf } from '../../support/errorOf.ts'
import { back, schemaOf } from './back.ts'
import { avroCases } from './schemas.ts'

const isFull = process.env['IGWN_ALERT_RX_FULL'] === 'true'
const TIMEOUT = isFull ? 300_000 : 20_000

describe('writeAvro by a schema', () => {
  const nullable = (type: unknown) => ['null', type]
  const schema = {
    type: 'record',
    name: 'Alert',
    namespace: 'gw',
    fields: [
      { name: 'alert_type', type: { type: 'enum', name: 'Kind', symbols: ['INITIAL', 'RETRACTION'] } },
      { name: 'count', type: 'int', default: 7 },
      {
        name: 'event',
        type: nullable({
          type: 'record',
          name: 'Event',
          fields: [
            { name: 'far', type: 'double' },
            { name: 'skymap', type: nullable('bytes') },
            { name: 'id', type: { type: 'fixed', name: 'Id', size: 2 } },
            { name: 'gps_ns', type: 'long', default: 0 },
          ],
        }),
      },
    ],
  }
  const event = { far: 1, id: Uint8Array.of(1, 2) }

  it(
    'is read back equal by a schema, whatever both are',
    () => {
      fc.assert(
        fc.property(avroCases, ({ schema, value }) => {
          expect(back(value, { schema })).toEqual(value)
        }),
        { numRuns: isFull ? 20_000 : 1000 },
      )
    },
    TIMEOUT,
  )

  it('fills in defaults, and null where that may be', () => {
    expect(back({ alert_type: 'INITIAL', event }, { schema })).toEqual({
      alert_type: 'INITIAL',
      count: 7,
      event: { ...event, skymap: null, gps_ns: 0 },
    })
    expect(back({ alert_type: 'RETRACTION', count: undefined }, { schema })).toEqual({ alert_type: 'RETRACTION', count: 7, event: null })
  })

  it('puts the schema into the file as it is given', () => {
    expect(schemaOf(writeAvro({ alert_type: 'INITIAL' }, { schema }))).toEqual(schema)
  })

  it.each<[string, unknown, string]>([
    ['a wrong type', { alert_type: 'INITIAL', count: '7' }, 'payload.count is the string "7", expected an int: an integer of 32 bits'],
    [
      'an int that is none',
      { alert_type: 'INITIAL', count: 2 ** 31 },
      'payload.count is the number 2147483648, expected an int: an integer of 32 bits',
    ],
    ['a symbol that is none', { alert_type: 'UPDATE' }, 'payload.alert_type is the string "UPDATE", expected one of INITIAL, RETRACTION'],
    ['a field that is missing', {}, 'payload.alert_type is missing, and the schema has no default for it'],
    ['a field too many', { alert_type: 'INITIAL', extra: 1 }, 'payload.extra is no field of the record "gw.Alert" of the schema'],
    ['a type deep within', { alert_type: 'INITIAL', event: { ...event, far: null } }, 'payload.event.far is null, expected a double'],
    ['no branch of a union', { alert_type: 'INITIAL', event: 5 }, 'payload.event is the number 5, expected null, or the record "gw.Event"'],
    [
      'text for bytes',
      { alert_type: 'INITIAL', event: { ...event, skymap: 'U0lNUExF' } },
      'payload.event.skymap is the string "U0lNUExF", expected null, or bytes: a Uint8Array',
    ],
    [
      'a fixed of another size',
      { alert_type: 'INITIAL', event: { ...event, id: Uint8Array.of(1) } },
      'payload.event.id is 1 bytes, expected 2 bytes, gw.Id',
    ],
    [
      'a rounded integer',
      { alert_type: 'INITIAL', event: { ...event, gps_ns: 2 ** 60 } },
      'payload.event.gps_ns is the number 1152921504606847000, expected a long: a safe integer, or a bigint of 64 bits',
    ],
    ['an array for an object', [], 'payload is an array, expected the record "gw.Alert"'],
  ])('refuses %s', (_, value, message) => {
    const error = errorOf(() => writeAvro(value, { schema }))
    expect(error.code).toBe('ALERT_UNWRITABLE')
    expect(error.message).toBe(`cannot be written as Avro: ${message}`)
  })

  it.each<[string, readonly unknown[], unknown, number]>([
    ['an integer', ['double', 'float', 'int', 'long'], 5, 2],
    ['a large integer', ['double', 'int', 'long'], 2 ** 40, 2],
    ['an integer where there are only reals', ['float', 'double'], 5, 1],
    ['a real', ['float', 'long', 'double'], 0.1, 2],
    ['-0', ['int', 'double'], -0, 1],
    ['an integer of 64 bits', ['double', 'long'], 2n ** 62n, 1],
    ['a string that is a symbol', [{ type: 'enum', name: 'E', symbols: ['a'] }, 'string'], 'a', 0],
    ['a string that is none', [{ type: 'enum', name: 'E', symbols: ['a'] }, 'string'], 'b', 1],
    ['bytes', [{ type: 'fixed', name: 'F', size: 1 }, 'bytes'], Uint8Array.of(1, 2), 1],
    ['the array whose items fit', ['int', 'string'].map(items => ({ type: 'array', items })), ['x'], 1],
    ['the map whose values fit', ['int', 'string'].map(values => ({ type: 'map', values })), { a: 'x' }, 1],
    [
      'the record whose fields are there',
      ['A', 'B'].map(name => ({ type: 'record', name, fields: [{ name: name.toLowerCase(), type: ['int', 'string'] }] })),
      { b: 1 },
      1,
    ],
    [
      'the record whose fields fit',
      ['int', 'string'].map((type, n) => ({ type: 'record', name: `R${n}`, fields: [{ name: 'a', type }] })),
      { a: 'x' },
      1,
    ],
    [
      'the first where none fits better',
      ['A', 'B'].map(name => ({ type: 'record', name, fields: [{ name: 'a', type: 'int', default: 1 }] })),
      {},
      0,
    ],
  ])('chooses the branch of a union for %s', (_, branches, value, index) => {
    const bytes = writeAvro([value], { schema: { type: 'array', items: branches } })
    // After the header's sync marker: the count of records, the size of the block, the count of items, the branch.
    const sync = bytes.subarray(-16)
    const start = bytes.findIndex((_, at) => sync.every((byte, i) => bytes[at + i] === byte)) + sync.length
    expect(bytes[start + 3]).toBe(index * 2)
  })

  it('says what does not fit where no branch fits in full', () => {
    const branches = ['A', 'B'].map(name => ({ type: 'record', name, fields: [{ name: 'a', type: 'int' }] }))
    expect(errorOf(() => writeAvro({ x: ['y'] }, { schema: { type: 'map', values: branches } })).message).toBe(
      'cannot be written as Avro: payload.x is an array, expected the record "A", or the record "B"',
    )
    expect(errorOf(() => writeAvro({ x: { a: 'y' } }, { schema: { type: 'map', values: branches } })).message).toBe(
      'cannot be written as Avro: payload.x.a is the string "y", expected an int: an integer of 32 bits',
    )
  })

  it('refuses a schema that is none', () => {
    const wrong = errorOf(() => writeAvro(1, { schema: { type: 'lnog' } }))
    expect(wrong).toBeInstanceOf(ConfigError)
    expect(wrong.message).toBe('Not an Avro schema: schema.type: got the name "lnog", expected a type that is defined before')
    expect(errorOf(() => writeAvro(1, { schema: { type: 'long', n: 1n } })).message).toBe('Not an Avro schema: it cannot be said in JSON')
  })
})
