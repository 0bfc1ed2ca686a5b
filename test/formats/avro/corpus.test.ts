import { describe, expect, it } from 'vitest'
import { readAvro } from '../../../src/formats/avro/readAvro.ts'
import { writeAvro } from '../../../src/formats/avro/writeAvro.ts'
import { corpus } from './corpus.ts'

const utf8 = new TextEncoder()
const gracedb = 'https://gracedb.invalid/superevents/S260101a/view/'
const alert = {
  alert_type: 'INITIAL',
  time_created: '2026-01-01T00:00:00Z',
  superevent_id: 'S260101a',
  urls: { gracedb },
  event: {
    time: '2026-01-01T00:00:00.000Z',
    far: 1e-9,
    instruments: ['H1', 'L1'],
    group: 'CBC',
    pipeline: 'gstlal',
    search: 'AllSky',
    properties: { HasNS: 0.1 },
    classification: { BNS: 0.9, BBH: 0.1 },
    skymap: Uint8Array.of(...utf8.encode('SIMPLE  =                    T'), ...Array.from({ length: 64 }, (_, i) => i)),
  },
  external_coinc: null,
}
const burst = {
  ...alert,
  superevent_id: 'S260102b',
  event: { ...alert.event, group: 'Burst', pipeline: 'cwb', properties: {}, classification: {}, skymap: utf8.encode('SIMPLE') },
}
const sample = {
  arr: [1, 2, 3, 4],
  sub_objects: [
    { a: 1, b: 2 },
    { c: 3, d: 4 },
  ],
  // biome-ignore lint/suspicious/noApproximativeNumericConstant: what hop's own example has
  thingy: { foo: 'abc', bar: 22, baz: null, quux: { xen: utf8.encode('def'), hom: [89, 46, 5], drel: 2.718 } },
  data: Uint8Array.of(0x41, 0, 0x42, 4),
  logic: [true, false],
}
const retraction = {
  alert_type: 'RETRACTION',
  time_created: '2026-01-01T00:00:00Z',
  superevent_id: 'S260101a',
  urls: { gracedb },
  event: null,
  external_coinc: null,
}

const EXPECTED: Readonly<Record<string, readonly unknown[]>> = {
  'interop.formats[0]@24': [{ name: 'x', n: 3, f: 1.5, b: Uint8Array.of(1, 2), l: [1, 2] }],
  'interop.formats[0]@25': [{ a: 1 }, { a: 2 }],
  'interop.formats[0]@26': [sample],
  'interop.formats[0]@31': [[{ a: 1 }, { b: 'x' }]],
  'interop.fromjs[0]@10': [{ a: 5, s: 'é' }],
  'interop.gw[0]@0': [[alert]],
  'interop.gw[0]@2': [[burst]],
  'interop.gw[0]@3': [[retraction]],
  'interop.hopcli[0]@5': [sample],
}

describe('the Avro that was seen on a broker', () => {
  const files = corpus()

  it.each(files.map(({ place, bytes }) => [place, bytes] as const))('%s', (place, bytes) => {
    expect(readAvro(bytes)).toEqual(EXPECTED[place])
  })

  it('is all of it', () => {
    expect(files.map(({ place }) => place).sort()).toEqual(Object.keys(EXPECTED).sort())
  })

  it.each(Object.entries(EXPECTED))('%s: we write the same values', (_, values) => {
    for (const value of values) expect(readAvro(writeAvro(value))).toEqual([value])
  })
})
