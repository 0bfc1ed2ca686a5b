import { map } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { DecodeError } from '../../src/errors.ts'
import { parseJson } from '../../src/operators/parseJson.ts'
import { type AlertRecord, Delivery, tokenOf } from '../../src/record.ts'
import { FakePartition, header, plainRecord, text } from '../support/deliveries.ts'
import { marbles, payloads } from '../support/marbles.ts'
import { passesRecordsOn } from './passing.ts'

const bytes = { a: text('{"uid": "S1"}'), s: text('"{\\"uid\\": \\"S2\\"}"'), x: text('{"uid'), n: null, b: text('12345678901234567890') }
const BAD = "gracedb.superevent[0]@1: not JSON: line 1, column 6: got the end of the text, expected '\"'"

describe('parseJson', () => {
  passesRecordsOn(() => parseJson())

  it('decodes, and unwraps JSON in a JSON string', () => {
    const partition = new FakePartition()
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold(' -a-s-b-|', bytes)
      const subs = '       ^------!'
      const expected = '   -a-s-b-|'
      const parsed = partition.deliver(source).pipe(parseJson(), payloads())
      expectObservable(parsed).toBe(expected, { a: { uid: 'S1' }, s: { uid: 'S2' }, b: 12345678901234567000 })
      expectSubscriptions(source.subscriptions).toBe(subs)
    })
    expect(partition.states).toEqual(['auto', 'auto', 'auto'])
  })

  it('keeps large integers exact when asked to', () => {
    marbles(({ cold, expectObservable }) => {
      const parsed = new FakePartition().deliver(cold('-b-|', bytes)).pipe(parseJson({ bigints: true }), payloads())
      expectObservable(parsed).toBe('-b-|', { b: 12345678901234567890n })
    })
  })

  it('keeps the claims of a delivery and the rest of the record', () => {
    const partition = new FakePartition()
    const got: Delivery<unknown>[] = []
    marbles(({ cold, flush }) => {
      partition
        .deliver(cold('a|', bytes))
        .pipe(parseJson())
        .subscribe(record => got.push(record))
      flush()
    })
    const [record] = got
    expect(record).toBeInstanceOf(Delivery)
    expect(record && tokenOf(record)).toBe(partition.tokens[0])
    expect(record).toMatchObject({ offset: 0, topic: 'superevent', payload: { uid: 'S1' } })
  })

  it('reports what it cannot decode, acks it and goes on', () => {
    const partition = new FakePartition({}, { bornHeld: true })
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold(' -a-x-s-|', bytes)
      const subs = '       ^------!'
      const expected = '   -a---s-|'
      expectObservable(partition.deliver(source).pipe(parseJson(), payloads())).toBe(expected, { a: { uid: 'S1' }, s: { uid: 'S2' } })
      expectSubscriptions(source.subscriptions).toBe(subs)
    })
    expect(partition.failures).toMatchObject([
      { offset: 1, error: { name: 'DecodeError', code: 'ALERT_DECODE', message: BAD, fatal: false } },
    ])
    expect(partition.states).toEqual(['held', 'acked', 'held'])
  })

  it("keeps it with its error and its bytes: 'keep'", () => {
    const partition = new FakePartition()
    marbles(({ cold, expectObservable }) => {
      const source = cold(' -a-x-s-|', bytes)
      const expected = '   -a-x-s-|'
      const told = partition.deliver(source).pipe(
        parseJson<{ uid: string }>({ onDecodeError: 'keep' }),
        map(({ payload }) => (payload.error ? [payload.error.message, payload.bytes] : payload.value.uid)),
      )
      expectObservable(told).toBe(expected, { a: 'S1', x: [BAD, bytes.x], s: 'S2' })
    })
    expect(partition.failures).toEqual([])
  })

  it("ends with the error, and the record comes again: 'error'", () => {
    const partition = new FakePartition()
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold(' -a-x-s-|', bytes)
      const subs = '       ^--!'
      const expected = '   -a-#'
      const parsed = partition.deliver(source).pipe(parseJson({ onDecodeError: 'error' }), payloads())
      expectObservable(parsed).toBe(
        expected,
        { a: { uid: 'S1' } },
        new DecodeError(BAD.split(': ').slice(1).join(': '), 'gracedb.superevent[0]@1'),
      )
      expectSubscriptions(source.subscriptions).toBe(subs)
    })
    expect(partition.failures).toEqual([])
    expect(partition.states).toEqual(['auto', 'released'])
  })

  it('leaves tombstones out, acked and without a report', () => {
    const partition = new FakePartition({}, { bornHeld: true })
    marbles(({ cold, expectObservable }) => {
      const source = cold(' -n-a-n-|', bytes)
      const expected = '   ---a---|'
      expectObservable(partition.deliver(source).pipe(parseJson(), payloads())).toBe(expected, { a: { uid: 'S1' } })
    })
    expect(partition.failures).toEqual([])
    expect(partition.states).toEqual(['acked', 'held', 'acked'])
  })

  it('passes what is decoded already', () => {
    marbles(({ cold, expectObservable }) => {
      const decoded = { o: { uid: 'S1' }, s: '{"uid": "S2"}' }
      const source = cold(' -o-s-|', decoded)
      const expected = '   -o-s-|'
      expectObservable(new FakePartition().deliver(source).pipe(parseJson(), parseJson(), payloads())).toBe(expected, decoded)
    })
  })

  it('takes plain records: what it cannot decode is left out', () => {
    marbles(({ cold, expectObservable }) => {
      const source = cold(' -a-x-n-s-|', {
        a: plainRecord(bytes.a),
        x: plainRecord(bytes.x),
        n: plainRecord(null),
        s: plainRecord(bytes.s),
      })
      const expected = '   -a-----s-|'
      const parsed = source.pipe(
        parseJson<{ uid: string }>(),
        map((record: AlertRecord<{ uid: string }>) => record.payload.uid),
      )
      expectObservable(parsed).toBe(expected, { a: 'S1', s: 'S2' })
    })
  })

  it('says which format a record claims to have', () => {
    const partition = new FakePartition()
    const record = partition.make(Uint8Array.of(0x4f, 0x62, 0x6a, 0x01, 0xff), { headers: [header('_format', 'avro')] })
    marbles(({ cold, flush }) => {
      cold('r|', { r: record }).pipe(parseJson()).subscribe()
      flush()
    })
    expect(partition.failures[0]?.error.message).toBe(
      'gracedb.superevent[0]@0: not JSON: its 5 bytes are not UTF-8 text. Its format is avro, which parseJson does not read; decode() reads every format',
    )
  })

  it('keeps to the limits', () => {
    const partition = new FakePartition()
    marbles(({ cold, expectObservable }) => {
      const parsed = partition.deliver(cold('-a-b-|', bytes)).pipe(parseJson({ limits: { jsonBytes: 16 } }), payloads())
      expectObservable(parsed).toBe('         -a---|', { a: { uid: 'S1' } })
    })
    expect(partition.failures[0]?.error).toMatchObject({ code: 'ALERT_DECODE', cause: { code: 'ALERT_TOO_LARGE' } })
  })
})
