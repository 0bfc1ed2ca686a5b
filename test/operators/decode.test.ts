import { map } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { ConfigError, DecodeError } from '../../src/errors.ts'
import { ExternalReference } from '../../src/formats/external.ts'
import type { FormatName } from '../../src/formats/payload.ts'
import { type DecodeOptions, decode } from '../../src/operators/decode.ts'
import { Delivery, tokenOf } from '../../src/record.ts'
import { FakePartition, header, plainRecord, text } from '../support/deliveries.ts'
import { marbles, payloads } from '../support/marbles.ts'
import { passesRecordsOn } from './passing.ts'

interface Sent {
  readonly value: string | null
  readonly format?: string
}
const SENT = {
  j: { value: '{"uid":"S1"}', format: 'json' },
  s: { value: '"{\\"uid\\":\\"S1\\"}"', format: 'JSON' },
  c: { value: '{"header":{"title":"T"},"body":"B"}', format: 'circular' },
  v: { value: '<voe:VOEvent ivorn="ivo://x/y"/>' },
  t: { value: 'TITLE: X\n' },
  b: { value: '{"uid', format: 'blob' },
  z: { value: 'stripes', format: 'zebra' },
  x: { value: '{"uid', format: 'json' },
  e: { value: '{"url":"https://keep.invalid/1"}', format: 'external' },
  n: { value: null, format: 'avro' },
} as const satisfies Record<string, Sent>
const S1 = { uid: 'S1' }
const BAD = "not JSON: line 1, column 6: got the end of the text, expected '\"'"

/** Delivers what the letters stand for; gives what comes out, in time. */
function decoded(partition: FakePartition, marble: string, options: DecodeOptions | undefined, expected: string, values: object): void {
  marbles(({ cold, expectObservable }) => {
    const source = partition.deliver(cold<Sent>(marble, SENT), ({ format }) => ({ headers: format ? [header('_format', format)] : [] }))
    const bytes = source.pipe(map(record => withBytes(record)))
    expectObservable(bytes.pipe(decode(options as DecodeOptions & { onDecodeError?: 'skip' }), payloads())).toBe(expected, values)
  })
}
const withBytes = (record: Delivery<Sent>): Delivery => record.with(record.payload.value === null ? null : text(record.payload.value))

describe('decode', () => {
  passesRecordsOn(() => decode())

  it('decodes each record by its header, without one by what it is', () => {
    decoded(new FakePartition(), '-jcvtbz|', {}, '-jcvtbz|', {
      j: S1,
      c: { header: { title: 'T' }, body: 'B' },
      v: expect.objectContaining({ ivorn: 'ivo://x/y', role: 'observation', What: {} }),
      t: text('TITLE: X\n'),
      b: text('{"uid'),
      z: text('stripes'),
    })
  })

  it('leaves JSON in a JSON string one, unless told to unwrap it', () => {
    decoded(new FakePartition(), '-s|', {}, '-s|', { s: '{"uid":"S1"}' })
    decoded(new FakePartition(), '-s|', { unwrap: 3 }, '-s|', { s: S1 })
  })

  it('reads them as they are said to be', () => {
    const fields = { raw: text('TITLE: X\n'), fields: { title: 'X' } }
    decoded(new FakePartition(), '-t|', { as: 'gcntextnotice' }, '-t|', { t: fields })
    decoded(new FakePartition(), '-jz|', { as: 'blob' }, '-jz|', { j: text('{"uid":"S1"}'), z: text('stripes') })
  })

  it('reads some as they are said to be, the others by their header', () => {
    const as = ({ format }: { format: string | undefined }): FormatName | undefined => (format === undefined ? 'gcntextnotice' : undefined)
    decoded(new FakePartition(), '-jt|', { as }, '-jt|', { j: S1, t: expect.objectContaining({ fields: { title: 'X' } }) })
  })

  it('gives a reference for a message that is elsewhere, whatever it is said to be', () => {
    for (const as of [undefined, 'json', 'avro'] as const) {
      decoded(new FakePartition(), '-e|', { as }, '-e|', { e: new ExternalReference('https://keep.invalid/1') })
    }
  })

  it('keeps the claims of a delivery and the rest of the record', () => {
    const partition = new FakePartition()
    const record = partition.make(text('{"uid":"S1"}'))
    marbles(({ cold, flush }) => {
      cold('r|', { r: record })
        .pipe(decode())
        .subscribe(got => {
          expect(got).toBeInstanceOf(Delivery)
          expect(tokenOf(got)).toBe(partition.tokens[0])
          expect(got).toMatchObject({ offset: 0, topic: 'superevent', payload: S1 })
        })
      flush()
    })
    expect.assertions(3)
  })

  it('reports what it cannot decode, acks it and goes on', () => {
    const partition = new FakePartition({}, { bornHeld: true })
    decoded(partition, '-jxj|', {}, '-j-j|', { j: S1 })
    expect(partition.failures).toMatchObject([
      { offset: 1, error: { name: 'DecodeError', code: 'ALERT_DECODE', message: `gracedb.superevent[0]@1: ${BAD}`, fatal: false } },
    ])
    expect(partition.states).toEqual(['held', 'acked', 'held'])
  })

  it("keeps it with its error and its bytes: 'keep'", () => {
    const partition = new FakePartition()
    decoded(partition, '-jx|', { onDecodeError: 'keep' }, '-jx|', {
      j: { value: S1 },
      x: { error: new DecodeError(BAD, 'gracedb.superevent[0]@1'), bytes: text('{"uid') },
    })
    expect(partition.failures).toEqual([])
  })

  it("ends with the error, and the record comes again: 'error'", () => {
    const partition = new FakePartition()
    marbles(({ cold, expectObservable }) => {
      const source = partition.deliver(cold('-x', { x: text('{"uid') }), () => ({ headers: [header('_format', 'json')] }))
      expectObservable(source.pipe(decode({ onDecodeError: 'error' }))).toBe(
        '-#',
        undefined,
        new DecodeError(BAD, 'gracedb.superevent[0]@0'),
      )
    })
    expect([partition.failures, partition.states]).toEqual([[], ['released']])
  })

  it('leaves tombstones out, acked and without a report', () => {
    const partition = new FakePartition({}, { bornHeld: true })
    decoded(partition, '-njn|', {}, '--j-|', { j: S1 })
    expect([partition.failures, partition.states]).toEqual([[], ['acked', 'held', 'acked']])
  })

  it('passes what is decoded already', () => {
    marbles(({ cold, expectObservable }) => {
      const values = { o: S1, s: '{"uid":"S1"}' }
      expectObservable(new FakePartition().deliver(cold('-os|', values)).pipe(decode(), decode(), payloads())).toBe('-os|', values)
    })
  })

  it('takes plain records: what it cannot decode is left out', () => {
    marbles(({ cold, expectObservable }) => {
      const records = {
        j: plainRecord(text('{"uid":"S1"}')),
        x: plainRecord(text('{"uid'), { headers: [header('_format', 'json')] }),
        n: plainRecord(null),
      }
      expectObservable(cold('-jxnj|', records).pipe(decode(), payloads())).toBe('-j--j|', { j: S1 })
    })
  })

  it('keeps to the limits', () => {
    const partition = new FakePartition()
    decoded(partition, '-jv|', { limits: { jsonBytes: 50, xmlBytes: 8 } }, '-jv|', { j: S1, v: text(SENT.v.value) })
    decoded(partition, '-v|', { limits: { xmlBytes: 8 }, as: 'voevent' }, '--|', {})
    expect(partition.failures).toMatchObject([{ error: { code: 'ALERT_DECODE', cause: { code: 'ALERT_TOO_LARGE' } } }])
  })

  it('refuses a format that it does not read', () => {
    const zebra = 'zebra' as FormatName
    expect(() => decode({ as: zebra })).toThrow(ConfigError)
    expect(() => decode({ as: zebra })).toThrow("decode: as is 'zebra', expected one of json, blob, avro, voevent")
    const partition = new FakePartition()
    decoded(partition, '-j|', { as: () => zebra }, '--|', {})
    expect(partition.failures[0]?.error.message).toContain("as is 'zebra'")
  })
})
