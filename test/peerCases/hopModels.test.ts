import { describe, expect, it } from 'vitest'
import { AlertError } from '../../src/errors.ts'
import { readAvro } from '../../src/formats/avro/readAvro.ts'
import { writeAvro } from '../../src/formats/avro/writeAvro.ts'
import { decodePayload } from '../../src/formats/payload.ts'
import { encode } from '../../src/sinks/encoding.ts'
import { header, plainRecord, text } from '../support/deliveries.ts'

const decode = (payload: Uint8Array, format?: string): unknown =>
  decodePayload(plainRecord(payload, { headers: format === undefined ? [] : [header('_format', format)] }))

const codeOf = (run: () => unknown): string | undefined => {
  try {
    run()
  } catch (error) {
    return error instanceof AlertError ? error.code : String(error)
  }
  return undefined
}

const EVENT = `<?xml version="1.0" encoding="UTF-8"?>
<voe:VOEvent xmlns:voe="http://www.ivoa.net/xml/VOEvent/v2.0" version="2.0" role="test" ivorn="ivo://gwnet/LVC#MS250818a-1">
  <Who><Date>2025-08-18T02:00:09</Date></Who>
  <What>
    <Param dataType="float" name="FAR" unit="Hz" value="9.3e-09"><Description>False alarm rate</Description></Param>
    <Group name="Classification"><Param name="BNS" value="0.9"/><Param name="NSBH" value="0.1"/></Group>
  </What>
  <WhereWhen><ObsDataLocation><ObservatoryLocation id="LIGO Virgo"/></ObsDataLocation></WhereWhen>
  <Description>Report of a candidate</Description>
</voe:VOEvent>`

const PARSED = {
  ivorn: 'ivo://gwnet/LVC#MS250818a-1',
  role: 'test',
  version: '2.0',
  Who: { Date: '2025-08-18T02:00:09' },
  What: {
    Param: { dataType: 'float', name: 'FAR', unit: 'Hz', value: '9.3e-09', Description: 'False alarm rate' },
    Group: {
      name: 'Classification',
      Param: [
        { name: 'BNS', value: '0.9' },
        { name: 'NSBH', value: '0.1' },
      ],
    },
  },
  WhereWhen: { ObsDataLocation: { ObservatoryLocation: { id: 'LIGO Virgo' } } },
  Description: 'Report of a candidate',
}

const NOTICE = `TITLE:            GCN/AMON NOTICE
NOTICE_DATE:      Mon 18 Aug 25 05:34:35 UT
SRC_RA:           103.78d {+06h 55m 09s} (J2000),
                  104.11d {+06h 56m 27s} (current)
COMMENTS:         A bronze event.  
COMMENTS:         The error is statistical only.  `

const CIRCULAR = { header: { title: 'GCN CIRCULAR', number: '40', subject: 'S250818a' }, body: '\nWe report:\n\n  nothing\n' }

describe('a VOEvent', () => {
  it('has its attributes and elements by their names', () => {
    expect(decode(text(EVENT), 'voevent')).toMatchObject(PARSED)
  })

  it('is JSON where an older hop wrote it: bare, or in an envelope', () => {
    const json = JSON.stringify(PARSED)
    expect(decode(text(json), 'voevent')).toMatchObject(PARSED)
    expect(decode(text(`{"format": "voevent", "content": ${json}}`))).toMatchObject(PARSED)
  })

  it('is neither XML nor JSON: an error', () => {
    expect(codeOf(() => decode(text('\tNot XML or JSON\t'), 'voevent'))).toBe('ALERT_DECODE')
  })
})

describe('a notice as text', () => {
  it('has its fields, over several lines, those that are repeated together; and its bytes as they came', () => {
    expect(decode(text(NOTICE), 'gcntextnotice')).toEqual({
      raw: text(NOTICE),
      fields: {
        title: 'GCN/AMON NOTICE',
        notice_date: 'Mon 18 Aug 25 05:34:35 UT',
        src_ra: '103.78d {+06h 55m 09s} (J2000),\n104.11d {+06h 56m 27s} (current)',
        comments: 'A bronze event.\nThe error is statistical only.',
      },
    })
  })
})

describe('a circular', () => {
  it('is its header and its body, with a header or in the envelope of an older hop', () => {
    expect(decode(text(JSON.stringify(CIRCULAR)), 'circular')).toEqual(CIRCULAR)
    expect(decode(text(JSON.stringify({ format: 'circular', content: CIRCULAR })))).toEqual(CIRCULAR)
  })
})

describe('JSON in the envelope of an older hop', () => {
  it('was called a blob', () => {
    expect(decode(text('{"format":"blob", "content":{"foo":"bar", "baz":5}}'))).toEqual({ foo: 'bar', baz: 5 })
  })
})

describe('a format that nobody knows', () => {
  it('is bytes', () => {
    expect(decode(text('other'), 'other')).toEqual(text('other'))
  })
})

describe('Avro', () => {
  const VALUE = {
    ranks: [1, -2, 3],
    sites: [
      { h: 1, l: 0 },
      { v: 1, k: 1 },
    ],
    event: { id: 'S250818a', group: null, bytes: text('FITS'), properties: { HasNS: 0.75, segments: [7, 8] } },
    skymap: Uint8Array.of(0, 255, 1),
    online: [true, false],
  }
  const SCHEMA = {
    type: 'record',
    name: 'candidate',
    fields: [
      { name: 'id', type: 'string' },
      { name: 'far', type: ['null', 'double'] },
      { name: 'ranks', type: { type: 'array', items: 'long' } },
    ],
  }

  it('is read with its own schema, and back as it was with the one that is found', () => {
    const candidate = { id: 'S250818a', far: 9.3e-9, ranks: [1, 2] }
    expect(decode(writeAvro(candidate, { schema: SCHEMA }), 'avro')).toEqual(candidate)
    expect(decode(writeAvro(candidate), 'avro')).toEqual(candidate)
    expect(decode(writeAvro(VALUE), 'avro')).toEqual(VALUE)
  })

  it.each<[string, unknown]>([
    ['an object of a class', [new Map([[1, 'abc']])]],
    ['a function', { f: () => 1 }],
    ['nothing', undefined],
  ])('cannot say %s: an error', (_what, value) => {
    expect(codeOf(() => writeAvro(value))).toBe('ALERT_UNWRITABLE')
  })

  it('is one record: of a file with several all are read by readAvro, none by hop and decode', () => {
    const several = withTwice(writeAvro([1, 2, 3]))
    expect(readAvro(several)).toEqual([
      [1, 2, 3],
      [1, 2, 3],
    ])
    expect(codeOf(() => decode(several, 'avro'))).toBe('ALERT_DECODE')
  })
})

describe('a reference to a message elsewhere', () => {
  it('is its URL; what is not JSON is an error', () => {
    expect(decode(text('{"url": "http://example.invalid"}'), 'external')).toMatchObject({ url: 'http://example.invalid' })
    expect(codeOf(() => decode(text('\tnot valid JSON\t'), 'external'))).toBe('ALERT_DECODE')
  })
})

describe('each format', () => {
  it.each<[string, Uint8Array, (value: unknown, bytes: Uint8Array) => unknown]>([
    ['blob', Uint8Array.of(0, 255, 1), value => value],
    ['json', text('{"foo": "bar", "baz": 5}'), value => value],
    ['avro', writeAvro({ a: 1 }), value => value],
    ['gcntextnotice', text(NOTICE), value => value],
    ['circular', text(JSON.stringify(CIRCULAR)), value => value],
    ['voevent', text(EVENT), (_value, bytes) => new TextDecoder().decode(bytes)],
  ])('is written, from bytes or not, and read back as it was: %s', (format, bytes, outOf) => {
    const value = decode(bytes, format)
    for (const written of [encode(bytes, format), encode(outOf(value, bytes), format)]) {
      expect(written.format).toBe(format)
      expect(decode(written.value, format)).toEqual(value)
    }
  })

  it('but a VOEvent is not made of its fields: which of them were attributes is not known', () => {
    expect(codeOf(() => encode(decode(text(EVENT), 'voevent'), 'voevent'))).toBe('ALERT_UNWRITABLE')
  })
})

/** The file with its one block a second time. */
function withTwice(file: Uint8Array): Uint8Array {
  const sync = file.subarray(-16)
  const begin = Buffer.from(file).indexOf(sync) + 16
  return Uint8Array.of(...file, ...file.subarray(begin))
}
