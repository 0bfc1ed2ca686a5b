import { describe, expect, it, test } from 'vitest'
import { type Format, messageOf } from '../../src/cli/messages.ts'
import { readAvro } from '../../src/index.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const textOf = (payload: unknown): string => new TextDecoder().decode(payload as Uint8Array)
const VOEVENT = `<?xml version="1.0"?>
<voe:VOEvent xmlns:voe="http://www.ivoa.net/xml/VOEvent/v2.0" ivorn="ivo://gwnet/1" role="test" version="2.0"><Who/></voe:VOEvent>`

describe('what a file is sent as', () => {
  it('its text, which becomes a JSON string: the two layers of GraceDB', () => {
    const text = '{\n  "superevent_id": "S1", "far": NaN\n}\n'
    expect(messageOf('a.json', bytes(text), {})).toMatchObject({ payload: text, format: undefined })
  })

  test.each<[Format, Uint8Array]>([
    ['blob', Uint8Array.of(255)],
    ['blob', bytes('{"half')],
    ['json', bytes('{"a": 1}')],
    ['voevent', bytes(VOEVENT)],
    ['gcntextnotice', bytes('TITLE: GCN notice\nNOTICE_DATE: today\n')],
    ['circular', bytes('{"header": {"title": "one"}, "body": "text"}')],
  ])('as %s: its bytes, as they are', (format, file) => {
    expect(messageOf('a', file, { format })).toMatchObject({ payload: file, format })
  })

  it('as avro: JSON becomes an Avro file, an Avro file stays one', () => {
    const { payload } = messageOf('a.json', bytes('[{"superevent_id": "S1", "gps": 1419724818123456789}]'), { format: 'avro' })
    const file = payload as Uint8Array
    expect(readAvro(file, { bigints: true })).toEqual([[{ superevent_id: 'S1', gps: 1419724818123456789n }]])
    expect(messageOf('a.avro', file, { format: 'avro' })).toMatchObject({ payload: file, format: 'avro' })
  })

  it('as circular: a mailed one, as hop reads it', () => {
    const mailed = 'TITLE:   GCN CIRCULAR\r\nSUBJECT: a long\r\n  subject: folded\r\nDATE:\r\n\r\nFirst.\r\n\r\nSecond: last.\r\n'
    expect(JSON.parse(textOf(messageOf('c.txt', bytes(mailed), { format: 'circular' }).payload))).toEqual({
      header: { title: 'GCN CIRCULAR', subject: 'a long subject: folded', date: '' },
      body: 'First.\n\nSecond: last.\n',
    })
  })

  it('marked as a test, with its key', () => {
    for (const format of [undefined, 'json'] as const)
      expect(messageOf('a', bytes('{}'), { test: true, key: 'S1', format })).toMatchObject({ test: true, key: 'S1' })
  })
})

describe('a file that is not of its format', () => {
  test.each(['', '{"a"', '\ufeff{}'])('is not sent as an alert: %j', text => {
    expect(() => messageOf('a.json', bytes(text), {})).toThrow(/^a\.json is not JSON: .*\. --format blob sends any bytes as they are$/)
  })

  test.each<[Format, Uint8Array]>([
    ['json', bytes('{"a"')],
    ['avro', bytes('neither')],
    ['avro', bytes('Obj\u0001 and no more')],
    ['voevent', bytes('<other/>')],
    ['voevent', bytes('<voe:VOEvent')],
    ['circular', bytes('no header\n\nbody')],
    ['circular', bytes('{"title": "x"}')],
    ['gcntextnotice', Uint8Array.of(255, 254)],
  ])('nor as %s', (format, file) => {
    expect(() => messageOf('a', file, { format })).toThrow(
      new RegExp(`^a ${format === 'json' ? 'is not JSON:' : `cannot be sent as ${format}:`} .*sends any bytes as they are$`, 's'),
    )
  })
})
