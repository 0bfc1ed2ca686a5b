import { of } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { mapPayload } from '../../src/operators/mapPayload.ts'
import { type AlertRecord, Delivery, tokenOf } from '../../src/record.ts'
import { FakePartition, plainRecord } from '../support/deliveries.ts'
import { marbles, payloads } from '../support/marbles.ts'
import { passesRecordsOn } from './passing.ts'

describe('mapPayload', () => {
  passesRecordsOn(() => mapPayload(payload => payload.length))

  it('maps each payload', () => {
    marbles(({ cold, expectObservable }) => {
      const source = cold(' -a-b-|', { a: 1, b: 2 })
      const expected = '   -a-b-|'
      const doubled = new FakePartition().deliver(source).pipe(
        mapPayload(n => n * 2),
        payloads(),
      )
      expectObservable(doubled).toBe(expected, { a: 2, b: 4 })
    })
  })

  it('gives fn the record too', () => {
    const got: unknown[] = []
    const record = plainRecord('x', { offset: 7 })
    of(record)
      .pipe(
        mapPayload((payload, { offset }) => `${payload}${offset}`),
        payloads(),
      )
      .subscribe(value => got.push(value))
    expect(got).toEqual(['x7'])
  })

  it('ends with the error of fn, and the record comes again', () => {
    const partition = new FakePartition()
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold(' -a-b-c-|', { a: 1, b: 0, c: 3 })
      const subs = '       ^--!'
      const expected = '   -a-#'
      const inverse = partition.deliver(source).pipe(
        mapPayload(n => {
          if (n === 0) throw new RangeError('no inverse')
          return 1 / n
        }),
        payloads(),
      )
      expectObservable(inverse).toBe(expected, { a: 1 }, new RangeError('no inverse'))
      expectSubscriptions(source.subscriptions).toBe(subs)
    })
    expect(partition.states).toEqual(['auto', 'released'])
  })

  it('keeps the claims of a delivery', () => {
    const delivery = new FakePartition().make(1)
    const got: Delivery<string>[] = []
    of(delivery)
      .pipe(mapPayload(String))
      .subscribe(mapped => got.push(mapped))
    const [mapped] = got
    expect(mapped).toBeInstanceOf(Delivery)
    expect(mapped && tokenOf(mapped)).toBe(tokenOf(delivery))
    expect(delivery.payload).toBe(1)
  })

  it('copies a plain record, whose JSON is that of the copy', () => {
    const record = plainRecord(1, { offset: 3 })
    const got: AlertRecord<string>[] = []
    of(record)
      .pipe(mapPayload(n => `<${n}>`))
      .subscribe(mapped => got.push(mapped))
    expect(JSON.parse(JSON.stringify(got[0]))).toMatchObject({ offset: 3, fullTopic: 'gracedb.superevent', payload: '<1>' })
    expect(JSON.parse(JSON.stringify(record))).toMatchObject({ payload: 1 })
  })
})
