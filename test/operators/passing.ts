import { concatWith, defer, from, map, type OperatorFunction, of, take } from 'rxjs'
import { expect, it } from 'vitest'
import type { Delivery } from '../../src/record.ts'
import { FakePartition, text } from '../support/deliveries.ts'
import { marbles } from '../support/marbles.ts'

type Operator = OperatorFunction<Delivery<Uint8Array>, unknown>

const values = { a: text('1'), b: text('2'), c: text('3') }

/** What every operator does that looks at one record after the other. `operator` must let these records through. */
export function passesRecordsOn(operator: () => Operator): void {
  const passed = (): OperatorFunction<Delivery<Uint8Array>, string> => source =>
    source.pipe(
      operator(),
      map(() => 'x'),
    )

  it('never ends when the source does not', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold<Uint8Array>(' -')
      const subs = '                   ^'
      const expected = '               -'
      expectObservable(new FakePartition().deliver(source).pipe(passed())).toBe(expected)
      expectSubscriptions(source.subscriptions).toBe(subs)
    })
  })

  it('ends empty with an empty source', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold<Uint8Array>(' --|')
      const subs = '                   ^-!'
      const expected = '               --|'
      expectObservable(new FakePartition().deliver(source).pipe(passed())).toBe(expected)
      expectSubscriptions(source.subscriptions).toBe(subs)
    })
  })

  it('passes one and many, at once', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold(' -a-(bc)-|', values)
      const subs = '       ^-------!'
      const expected = '   -x-(xx)-|'
      expectObservable(new FakePartition().deliver(source).pipe(passed())).toBe(expected)
      expectSubscriptions(source.subscriptions).toBe(subs)
    })
  })

  it('passes the error of the source on', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold(' -a--#', values)
      const subs = '       ^---!'
      const expected = '   -x--#'
      expectObservable(new FakePartition().deliver(source).pipe(passed())).toBe(expected)
      expectSubscriptions(source.subscriptions).toBe(subs)
    })
  })

  it('unsubscribes with its subscriber', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold(' -a--b--c--|', values)
      const unsub = '      -----!'
      const subs = '       ^----!'
      const expected = '   -x--x-'
      expectObservable(new FakePartition().deliver(source).pipe(passed()), unsub).toBe(expected)
      expectSubscriptions(source.subscriptions).toBe(subs)
    })
  })

  it('unsubscribes when the chain below closes', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold(' -a--b--c--|', values)
      const subs = '       ^---!'
      const expected = '   -x--(x|)'
      expectObservable(new FakePartition().deliver(source).pipe(passed(), take(2))).toBe(expected)
      expectSubscriptions(source.subscriptions).toBe(subs)
    })
  })

  it('unsubscribes a source that emits within subscribe', () => {
    const partition = new FakePartition()
    const asked: string[] = []
    const source = from(['a', 'b', 'c']).pipe(
      map(name => {
        asked.push(name)
        return partition.make(text('1'))
      }),
      concatWith(defer(() => of(partition.make(text('2'))))),
    )
    source.pipe(passed(), take(1)).subscribe()
    expect(asked).toEqual(['a'])
  })

  it('has no state that two subscriptions share', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const one = cold('   -a-b-|', values)
      const other = cold(' --c--#', values)
      const operated = operator()
      const first = new FakePartition().deliver(one).pipe(
        operated,
        map(() => 'x'),
      )
      expectObservable(first).toBe('                                                          -x-x-|')
      expectObservable(first).toBe('                                                          -x-x-|')
      expectObservable(
        new FakePartition().deliver(other).pipe(
          operated,
          map(() => 'y'),
        ),
      ).toBe('--y--#')
      expectSubscriptions(one.subscriptions).toBe(['^----!', '^----!'])
      expectSubscriptions(other.subscriptions).toBe(['^----!'])
    })
  })
}
