import { describe, expect, it } from 'vitest'
import { filterRecords } from '../../src/operators/filterRecords.ts'
import { FakePartition, plainRecord } from '../support/deliveries.ts'
import { marbles, payloads } from '../support/marbles.ts'
import { passesRecordsOn } from './passing.ts'

const numbers = { 1: 1, 2: 2, 3: 3, 4: 4 }

describe('filterRecords', () => {
  passesRecordsOn(() => filterRecords(() => true))

  it('lets through what the predicate is true for', () => {
    const partition = new FakePartition()
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold(' -1-2-3-4-|', numbers)
      const subs = '       ^--------!'
      const expected = '   ---2---4-|'
      const even = partition.deliver(source).pipe(
        filterRecords(({ payload }) => payload % 2 === 0),
        payloads(),
      )
      expectObservable(even).toBe(expected, numbers)
      expectSubscriptions(source.subscriptions).toBe(subs)
    })
    expect(partition.states).toEqual(['auto', 'auto', 'auto', 'auto'])
  })

  it('lets nothing through when it is never true', () => {
    marbles(({ cold, expectObservable }) => {
      const source = cold(' -1-2-|', numbers)
      const expected = '   -----|'
      expectObservable(new FakePartition().deliver(source).pipe(filterRecords(() => false))).toBe(expected)
    })
  })

  it('ends with the error of the predicate, and the record comes again', () => {
    const partition = new FakePartition()
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold(' -1-2-3-|', numbers)
      const subs = '       ^--!'
      const expected = '   -1-#'
      const filtered = partition.deliver(source).pipe(
        filterRecords(({ payload }) => {
          if (payload === 2) throw new TypeError('two')
          return true
        }),
        payloads(),
      )
      expectObservable(filtered).toBe(expected, numbers, new TypeError('two'))
      expectSubscriptions(source.subscriptions).toBe(subs)
    })
    expect(partition.states).toEqual(['auto', 'released'])
  })

  it('acks what it drops where records wait for their ack, and only that', () => {
    const partition = new FakePartition({}, { bornHeld: true })
    marbles(({ hot, expectObservable }) => {
      const filtered = partition.deliver(hot('-1-2-3-', numbers)).pipe(
        filterRecords(({ payload }) => payload !== 2),
        payloads(),
      )
      expectObservable(filtered, '------!').toBe('-1---3-', numbers)
    })
    expect(partition.states).toEqual(['held', 'acked', 'held'])
  })

  it('takes plain records', () => {
    marbles(({ cold, expectObservable }) => {
      const source = cold(' -1-2-|', { 1: plainRecord(1), 2: plainRecord(2) })
      const expected = '   ---2-|'
      const filtered = source.pipe(
        filterRecords(({ payload }) => payload > 1),
        payloads(),
      )
      expectObservable(filtered).toBe(expected, numbers)
    })
  })
})
