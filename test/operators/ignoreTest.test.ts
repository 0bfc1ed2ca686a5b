import { describe, expect, it } from 'vitest'
import { ignoreTest } from '../../src/operators/ignoreTest.ts'
import { FakePartition, header, plainRecord } from '../support/deliveries.ts'
import { marbles, payloads } from '../support/marbles.ts'
import { passesRecordsOn } from './passing.ts'

describe('ignoreTest', () => {
  passesRecordsOn(() => ignoreTest())

  it('drops by the presence of the header, whatever its value', () => {
    const partition = new FakePartition({}, { bornHeld: true })
    const values = {
      a: partition.make('a'),
      t: partition.make('t', { headers: [header('_test', 'true')] }),
      f: partition.make('f', { headers: [header('_sender', 'me'), header('_test', 'false')] }),
      n: partition.make('n', { headers: [header('_test', null)] }),
      u: partition.make('u', { headers: [header('_TEST', 'true')] }),
    }
    for (const token of partition.tokens) token.emitted(false)
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold(' -a-t-f-n-u-|', values)
      const subs = '       ^----------!'
      const expected = '   -a-------u-|'
      expectObservable(source.pipe(ignoreTest(), payloads())).toBe(expected)
      expectSubscriptions(source.subscriptions).toBe(subs)
    })
    expect(partition.states).toEqual(['held', 'acked', 'acked', 'acked', 'held'])
  })

  it('takes plain records', () => {
    marbles(({ cold, expectObservable }) => {
      const source = cold(' -a-t-|', { a: plainRecord('a'), t: plainRecord('t', { headers: [header('_test')] }) })
      const expected = '   -a---|'
      expectObservable(source.pipe(ignoreTest(), payloads())).toBe(expected)
    })
  })
})
