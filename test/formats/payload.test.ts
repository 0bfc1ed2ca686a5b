import { describe, expect, it } from 'vitest'
import { writeAvro } from '../../src/formats/avro/writeAvro.ts'
import { ExternalReference } from '../../src/formats/external.ts'
import { decodePayload, type PayloadOptions } from '../../src/formats/payload.ts'
import type { RecordHeader } from '../../src/record.ts'
import { header, plainRecord } from '../support/deliveries.ts'
import { errorOf } from '../support/errorOf.ts'
import { NO_SECTIONS, text } from './expected.ts'

const decoded = (value: string | Uint8Array | null, format?: string | null, options?: PayloadOptions): unknown => {
  const headers = format === undefined ? [] : [header('_format', format)]
  return decodePayload(plainRecord(typeof value === 'string' ? text(value) : value, { headers }), options)
}

describe('the format', () => {
  const both = (...names: readonly string[]): readonly RecordHeader[] => names.map(name => header('_format', name))

  it('is that of the first header, its case ignored', () => {
    expect(decodePayload(plainRecord(text('{}'), { headers: both('blob', 'json') }))).toEqual(text('{}'))
    expect(decodePayload(plainRecord(text('{}'), { headers: both('JsOn', 'blob') }))).toEqual({})
  })

  it('is not told by a header of another case', () => {
    expect(decodePayload(plainRecord(text('{}'), { headers: [header('_Format', 'blob')] }))).toEqual({})
  })

  it.each([
    ['unknown', 'zebra'],
    ['empty', ''],
    ['inherited by every object', 'constructor'],
  ])('that is %s leaves the bytes', (_, format) => {
    expect(decoded('{}', format)).toEqual(text('{}'))
  })

  it('has to be text', () => {
    expect(errorOf(() => decoded('{}', null)).message).toBe('its header _format has no value')
    const record = plainRecord(text('{}'), { headers: [{ name: '_format', value: Uint8Array.of(0xff) }] })
    expect(errorOf(() => decodePayload(record)).message).toBe('its header _format is not UTF-8 text')
  })
})

describe('a payload', () => {
  it('that is a tombstone stays one, whatever its format', () => {
    for (const format of [undefined, 'json', 'blob', 'avro']) expect(decoded(null, format)).toBeNull()
  })

  it('that is decoded already passes', () => {
    expect(decodePayload(plainRecord('{"a":1}'))).toBe('{"a":1}')
  })

  it('keeps long integers when asked to, in JSON and in Avro', () => {
    const n = 1419724818123456789n
    expect(decoded('{"n": 1419724818123456789}', 'json')).toEqual({ n: Number(n) })
    expect(decoded('{"n": 1419724818123456789}', 'json', { bigints: true })).toEqual({ n })
    expect(decoded(writeAvro({ n }), 'avro', { bigints: true })).toEqual({ n })
  })

  it('keeps JSON in a string one, unless told otherwise', () => {
    expect(decoded('"{}"', 'json')).toBe('{}')
    expect(decoded('"{}"')).toBe('{}')
    expect(decoded('"{}"', 'json', { unwrap: 1 })).toEqual({})
  })

  it('keeps to the limits, also without a header', () => {
    for (const format of ['json', undefined]) {
      expect(errorOf(() => decoded('[1, 2]', format, { limits: { jsonBytes: 5 } })).code).toBe('ALERT_TOO_LARGE')
    }
    expect(errorOf(() => decoded('<a/>', 'voevent', { limits: { xmlBytes: 3 } })).code).toBe('ALERT_TOO_LARGE')
    expect(errorOf(() => decoded(writeAvro([1, 2, 3]), 'avro', { limits: { avroItems: 2 } })).code).toBe('ALERT_TOO_LARGE')
  })
})

describe('without a header', () => {
  it('JSON is read, anything else stays bytes', () => {
    expect(decoded('{"a": NaN}')).toEqual({ a: Number.NaN })
    for (const value of ['', 'TITLE: X', '{"a', '\ufeff{}', '<voe:VOEvent ivorn="ivo://x/y"/>']) expect(decoded(value)).toEqual(text(value))
    expect(decoded(Uint8Array.of(0xff, 0))).toEqual(Uint8Array.of(0xff, 0))
  })

  it('a VOEvent is read where that is asked for, and only one', () => {
    const options = { bareVOEvent: true }
    expect(decoded(' \n<voe:VOEvent ivorn="ivo://x/y"/>', undefined, options)).toEqual({
      ...NO_SECTIONS,
      ivorn: 'ivo://x/y',
      role: 'observation',
      version: '2.0',
    })
    for (const value of ['<voe:VOEvent/>', '<html></html>', '<voe:VOEvent', 'TITLE: X']) {
      expect(decoded(value, undefined, options)).toEqual(text(value))
    }
    expect(decoded('{"ivorn": "ivo://x/y"}', undefined, options)).toEqual({ ivorn: 'ivo://x/y' })
  })
})

describe("hop's old envelope", () => {
  const envelope = (format: unknown, content: unknown): string => JSON.stringify({ format, content })

  it.each([
    ['JSON, then called blob', 'blob', [1], [1]],
    ['JSON', 'json', { content: [1] }, [1]],
    ['a blob, by its later name', 'BLOB', { content: 'x' }, 'x'],
    ['Avro', 'avro', { content: [1], schema: null, single_record: true }, [1]],
    ['a circular', 'Circular', { header: { title: 'T' }, body: 'B' }, { header: { title: 'T' }, body: 'B' }],
    ['a text notice', 'gcntextnotice', { raw: 'A: b', fields: { a: 'b' } }, { raw: text('A: b'), fields: { a: 'b' } }],
    ['a reference', 'external', { url: 'https://x.invalid/' }, new ExternalReference('https://x.invalid/')],
    [
      'a VOEvent',
      'voevent',
      { ivorn: 'i', Who: { a: 1 } },
      { ...NO_SECTIONS, ivorn: 'i', role: 'observation', version: '2.0', Who: { a: 1 } },
    ],
    ['an unknown format', 'zebra', { a: 1 }, { a: 1 }],
  ])('of %s is opened', (_, format, content, expected) => {
    expect(decoded(envelope(format, content))).toEqual(expected)
  })

  it.each([
    ['json', [1], "an envelope of format 'json' whose content has no fields"],
    ['json', {}, "an envelope of hop's whose content is no content of its format: it has no content"],
    ['avro', { content: 1, codec: 'x' }, "it has 'codec' beside it"],
    ['circular', { header: {} }, 'not a circular: its body is no text'],
    ['gcntextnotice', { raw: 'x', fields: { a: 1 } }, 'not a text notice'],
    ['external', { url: 1 }, 'not a reference to a message elsewhere'],
    ['voevent', { role: 'test' }, 'not a VOEvent: it has no ivorn'],
  ])('of %s with %j is refused', (format, content, message) => {
    const error = errorOf(() => decoded(envelope(format, content)))
    expect([error.code, error.message]).toEqual(['ALERT_DECODE', expect.stringContaining(message)])
  })

  it('is one only if its format is a name, and it is not in a string', () => {
    expect(decoded(envelope(1, 2))).toEqual({ format: 1, content: 2 })
    expect(decoded('{"format": "json"}')).toEqual({ format: 'json' })
    expect(decoded('{"__proto__": {"format": "json", "content": 1}}')).toEqual(
      JSON.parse('{"__proto__": {"format": "json", "content": 1}}'),
    )
    const inside = envelope('json', { content: 1 })
    expect(decoded(JSON.stringify(inside), undefined, { unwrap: 3 })).toEqual(JSON.parse(inside))
  })
})

describe('a VOEvent', () => {
  it.each([
    ['<VOEvent ivorn="i"/>', 'its root is <VOEvent>, expected <voe:VOEvent>'],
    ['<voe:VOEvent/>', 'it has no fields'],
    ['<voe:VOEvent>text</voe:VOEvent>', 'it has no fields'],
    ['<voe:VOEvent role="test"/>', 'it has no ivorn'],
    ['<voe:VOEvent ivorn="i"><ivorn/></voe:VOEvent>', 'its ivorn is no text'],
    ['<voe:VOEvent ivorn="i">text</voe:VOEvent>', "it has '#text', which a VOEvent does not"],
    ['<voe:VOEvent ivorn="i"><Whom/></voe:VOEvent>', "it has 'Whom', which a VOEvent does not"],
    ['<voe:VOEvent ivorn="i"><constructor/></voe:VOEvent>', "it has 'constructor', which a VOEvent does not"],
  ])('is not %s', (xml, message) => {
    expect(errorOf(() => decoded(xml, 'voevent')).message).toBe(`not a VOEvent: ${message}`)
  })

  it('of an older writer is JSON', () => {
    const expected = { ...NO_SECTIONS, ivorn: 'i', role: 'test', version: '2.0', Who: { Date: 'd' } }
    expect(decoded('\n{"ivorn": "i", "role": "test", "Who": {"Date": "d"}, "_raw": ""}', 'voevent')).toEqual(expected)
    expect(errorOf(() => decoded('{"ivorn"', 'voevent')).message).toContain('not JSON: line 1, column 9')
    expect(errorOf(() => decoded('[]', 'voevent')).message).toContain('not XML: line 1, column 1')
  })

  it('has null for what is empty, {} for what it leaves out, and no names with a colon at its root', () => {
    const event = decoded('<voe:VOEvent ivorn="i" xmlns:voe="u"><x:y/><What><x:z/></What><Why/></voe:VOEvent>', 'voevent')
    expect(event).toEqual({ ...NO_SECTIONS, ivorn: 'i', role: 'observation', version: '2.0', What: { 'x:z': null }, Why: null })
  })
})

describe('a text notice', () => {
  it.each([
    ['no lines', '', {}],
    ['a line that continues nothing', 'no colon\nA: b', { a: 'b' }],
    ['a value that goes on', 'A: b\n   c \n\nd', { a: 'b\nc \n\nd' }],
    ['a name that comes again', 'A: b\nC: d\na : e', { a: 'b\ne', c: 'd' }],
    ['several colons', 'TIME: 05:33:46', { time: '05:33:46' }],
    ['a name that is empty', ': x', { '': 'x' }],
    ['a value that is empty', 'A:\nB', { a: '\nB' }],
    [
      'lines that Python ends and JavaScript does not',
      'A: 1\u0085B: 2\u2028C: 3\u001cD: 4\r\nE: 5\rF: 6\fG: 7',
      { a: '1', b: '2', c: '3', d: '4', e: '5', f: '6', g: '7' },
    ],
    ['letters of all kinds', 'ÉTÉ:  é\u00a0', { été: 'é' }],
    ['a name that means something to JavaScript', '__proto__: x\nconstructor: y', JSON.parse('{"__proto__": "x", "constructor": "y"}')],
  ])('with %s', (_, notice, fields) => {
    expect(decoded(notice, 'gcntextnotice')).toEqual({ raw: text(notice), fields })
  })

  it('is text', () => {
    expect(errorOf(() => decoded(Uint8Array.of(0x41, 0xff), 'gcntextnotice')).message).toBe(
      'not a text notice: its 2 bytes are not UTF-8 text',
    )
  })
})

describe('a circular, and a reference', () => {
  it('have exactly their fields', () => {
    expect(errorOf(() => decoded('[]', 'circular')).message).toContain('not a circular: it has no fields')
    expect(errorOf(() => decoded('{"header": {}, "body": "", "x": 1}', 'circular')).message).toContain(
      "it has 'x', expected header and body",
    )
    expect(errorOf(() => decoded('{"url": "u", "x": 1}', 'external')).message).toContain("expected { url: '...' } and no more")
    expect(errorOf(() => decoded('"u"', 'external')).code).toBe('ALERT_DECODE')
  })

  it.each([
    ['circular', undefined, (name: string) => ({ [name]: 1 })],
    ['circular', undefined, (name: string) => ({ header: { [name]: 1 }, body: '' })],
    ['voevent', undefined, (name: string) => ({ ivorn: 'i', [name]: 1 })],
    [undefined, 'json', (name: string) => ({ content: 1, [name]: 1 })],
  ])(
    'that are said to have a hostile name (%s, %s): the error has one line, and nothing that a terminal obeys',
    (format, inEnvelope, of) => {
      const value = of(`\u001b]0;mine\u0007\n\u009b31m${'x'.repeat(100)}`)
      const text = JSON.stringify(inEnvelope === undefined ? value : { format: inEnvelope, content: value })
      const { message } = errorOf(() => decoded(text, format))
      expect(message).toMatch(/'\ufffd\]0;mine\ufffd \ufffd31mx{30,60}'/)
    },
  )
})

describe('Avro', () => {
  it('has one record: a list is one', () => {
    expect(decoded(writeAvro([{ a: 1 }]), 'avro')).toEqual([{ a: 1 }])
    const none = writeAvro(1).slice(0, -(16 + 3))
    expect(errorOf(() => decoded(none, 'avro')).message).toContain('0 records in one Avro payload, expected one')
  })
})
