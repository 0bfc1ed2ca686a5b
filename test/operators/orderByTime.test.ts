import fc from 'fast-check'
import { delay, map, merge, type OperatorFunction, Subject, take, VirtualTimeScheduler } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { type Claim, currentToken } from '../../src/claims.ts'
import { ConfigError } from '../../src/errors.ts'
import { handle } from '../../src/operators/handle.ts'
import { type OrderByTimeOptions, orderByTime } from '../../src/operators/orderByTime.ts'
import { schedulerOf } from '../../src/operators/schedulerOf.ts'
import { type AlertRecord, type Delivery, tokenOf } from '../../src/record.ts'
import { VirtualClock } from '../../src/testing/VirtualClock.ts'
import { FakePartition, plainRecord } from '../support/deliveries.ts'
import { marbles, payloads } from '../support/marbles.ts'

/** Marbles are times. */
const time = ({ payload }: AlertRecord<string>): number => Number(payload)

describe('orderByTime', () => {
  it('puts records in order of time, each held back so long at most', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold(' --3-1-2--------5-4-------|')
      const subs = '       ^------------------------!'
      const expected = '   -------(123)--------(45)-|'
      expectObservable(new FakePartition().deliver(source).pipe(orderByTime({ within: 5, time }), payloads())).toBe(expected)
      expectSubscriptions(source.subscriptions).toBe(subs)
    })
  })

  it.each([
    ['never', '-', '^', '-'],
    ['empty', '--|', '^-!', '--|'],
    ['one', '-1----|', '^-----!', '---1--|'],
    ['many', '-1-2---(34)---|', '^-------------!', '---1-2---(34)-|'],
  ])('holds back what is in order already: %s', (_, marble, subs, expected) => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold(marble)
      expectObservable(new FakePartition().deliver(source).pipe(orderByTime({ within: 2, time }), payloads())).toBe(expected)
      expectSubscriptions(source.subscriptions).toBe(subs)
    })
  })

  it('orders by timestamp unless told otherwise; of equal ones the first to come goes first', () => {
    marbles(({ cold, expectObservable }) => {
      const values = { a: plainRecord('a', { offset: 2 }), b: plainRecord('b', { offset: 1 }), c: plainRecord('c', { offset: 2 }) }
      const source = cold(' abc------|', values)
      const expected = '   ----(bac)|'
      expectObservable(source.pipe(orderByTime({ within: 4 }), payloads())).toBe(expected)
    })
  })

  it('passes at once what comes too late', () => {
    marbles(({ cold, expectObservable }) => {
      const source = cold(' ---3---2-1-3-4-|')
      const expected = '   -----3-2-1-3---(4|)'
      expectObservable(new FakePartition().deliver(source).pipe(orderByTime({ within: 2, time }), payloads())).toBe(expected)
    })
  })

  it('passes at once what has no time', () => {
    marbles(({ cold, expectObservable }) => {
      const source = cold(' ---2-x-1---|')
      const expected = '   -----x-(12)|'
      expectObservable(new FakePartition().deliver(source).pipe(orderByTime({ within: 4, time }), payloads())).toBe(expected)
    })
  })

  it('goes on ordering behind a record whose clock is ahead', () => {
    marbles(({ cold, expectObservable }) => {
      const values = { f: '1000', 7: '7', 8: '8' }
      const source = cold(' -f----8-7----|', values)
      const expected = '   ---f----(78)-|'
      expectObservable(new FakePartition().deliver(source).pipe(orderByTime({ within: 2, time }), payloads())).toBe(expected, values)
    })
  })

  it('passes what it holds back, in order, when the source completes', () => {
    const partition = new FakePartition()
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold(' -3-1-2|')
      const subs = '       ^-----!'
      const expected = '   ------(123|)'
      expectObservable(partition.deliver(source).pipe(orderByTime({ within: 50, time }), payloads())).toBe(expected)
      expectSubscriptions(source.subscriptions).toBe(subs)
    })
    expect(partition.states).toEqual(['acked', 'acked', 'acked'])
  })

  it('passes the error of the source on at once', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold(' -1---2-#')
      const subs = '       ^------!'
      const expected = '   ----1--#'
      expectObservable(new FakePartition().deliver(source).pipe(orderByTime({ within: 3, time }), payloads())).toBe(expected)
      expectSubscriptions(source.subscriptions).toBe(subs)
    })
  })

  it('ends with the error of time, and the record comes again', () => {
    const partition = new FakePartition()
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold(' -1---2-3|')
      const subs = '       ^----!'
      const expected = '   --1--#'
      const picky = ({ payload }: AlertRecord<string>): number => {
        if (payload === '2') throw new TypeError('two')
        return 0
      }
      const ordered = partition.deliver(source).pipe(orderByTime({ within: 1, time: picky }), payloads())
      expectObservable(ordered).toBe(expected, undefined, new TypeError('two'))
      expectSubscriptions(source.subscriptions).toBe(subs)
    })
    expect(partition.states).toEqual(['acked', 'released'])
  })

  it('unsubscribes with its subscriber, and when the chain below closes', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold(' -2-1---3-|')
      const ordered = new FakePartition().deliver(source).pipe(orderByTime({ within: 4, time }), payloads())
      const unsub = '      ------!'
      expectObservable(ordered, unsub).toBe('-----(12)')
      expectObservable(ordered.pipe(take(1))).toBe('-----(1|)')
      expectSubscriptions(source.subscriptions).toBe([' ^-----!', '^----!'].map(marble => marble.trim()))
    })
  })

  it('has no state that two subscriptions share', () => {
    marbles(({ cold, expectObservable }) => {
      const operator = orderByTime<Delivery<string>>({ within: 3, time })
      const [one, other] = [cold('-2-1----|'), cold('--1-0----|')]
      expectObservable(new FakePartition().deliver(one).pipe(operator, payloads())).toBe('----(12)|')
      expectObservable(new FakePartition().deliver(other).pipe(operator, payloads())).toBe('-----(01)|')
    })
  })

  it('loses nothing, and orders all that comes no later than `within`', () => {
    const sent = fc.record({ at: fc.nat(200), late: fc.nat(20) })
    fc.assert(
      fc.property(fc.array(sent, { maxLength: 60 }), fc.nat(20), (records, within) => {
        const scheduler = new VirtualTimeScheduler()
        const source = new Subject<AlertRecord<string>>()
        const got: number[] = []
        source.pipe(orderByTime({ within, time, scheduler })).subscribe(record => got.push(time(record)))
        for (const { at, late } of records) {
          scheduler.schedule(() => source.next(plainRecord(String(at))), at + Math.min(late, within))
        }
        scheduler.flush()
        expect(got).toEqual(records.map(({ at }) => at).sort((a, b) => a - b))
      }),
    )
  })

  it.each<[OrderByTimeOptions<Delivery>, string]>([
    [{ within: 0.5 }, 'orderByTime: within is 0.5, expected milliseconds. If seconds were meant, write 500'],
    [{ within: Number.NaN }, 'orderByTime: within is NaN, expected milliseconds: a number of at least 0'],
    [{ within: Number.POSITIVE_INFINITY }, 'orderByTime: within is Infinity, expected milliseconds. Nothing would come before'],
  ])('refuses %j', (options, message) => {
    expect(() => orderByTime<Delivery>(options)).toThrow(ConfigError)
    expect(() => orderByTime<Delivery>(options)).toThrow(message)
  })
})

/** A partition below `orderByTime({ within: 5 })`, at a clock that the test moves, and what comes out of it. */
function bed(options: { bornHeld?: boolean } = {}) {
  const clock = new VirtualClock(0)
  const partition = new FakePartition({}, options)
  const source = new Subject<string>()
  const ordered = partition.deliver(source).pipe(orderByTime({ within: 5, time, scheduler: schedulerOf(clock) }))
  const got: string[] = []
  return { clock, partition, source, ordered, got }
}

describe('orderByTime: what is held back', () => {
  it('is held, and handled when it has gone on', async () => {
    const { clock, partition, source, ordered, got } = bed()
    ordered.subscribe(record => got.push(`${record.payload} ${tokenOf(record).state} ${currentToken() === tokenOf(record)}`))
    source.next('2')
    source.next('1')
    expect(partition.states).toEqual(['held', 'held'])
    await clock.advance(5)
    expect(got).toEqual(['1 held true', '2 held true'])
    expect(partition.states).toEqual(['acked', 'acked'])
    expect(currentToken()).toBeUndefined()
  })

  it('may be held on by those below', async () => {
    const { clock, partition, source, ordered } = bed()
    const claims: Claim[] = []
    ordered.subscribe(record => claims.push(record.hold()))
    source.next('2')
    source.next('1')
    await clock.advance(5)
    expect(partition.states).toEqual(['held', 'held'])
    claims[0]?.ack()
    expect(partition.states).toEqual(['held', 'acked'])
  })

  it('is given back when the chain is unsubscribed, once the source knows of its end', async () => {
    const { clock, partition, source, ordered } = bed()
    const subscription = ordered.subscribe()
    source.next('2')
    source.next('1')
    subscription.unsubscribe()
    expect([source.observed, clock.pending]).toEqual([false, 0])
    await clock.advance(0)
    expect(partition.states).toEqual(['released', 'released'])
  })

  it.each<[string, OperatorFunction<Delivery<string>, unknown>]>([
    ['take(1)', take(1)],
    [
      'a throw',
      map(() => {
        throw new TypeError('below')
      }),
    ],
  ])('comes again when the chain below closes in the midst of it, by %s', async (_, below) => {
    const { clock, partition, source, ordered } = bed()
    ordered.pipe(below).subscribe({ error: () => {} })
    source.next('2')
    source.next('1')
    source.next('9')
    await clock.advance(5)
    expect(partition.states).toEqual(['released', 'released', 'released'])
    expect(clock.pending).toBe(0)
  })

  it('is given back when the source fails', async () => {
    const { clock, partition, source, ordered, got } = bed()
    ordered.subscribe({ next: ({ payload }) => got.push(payload), error: error => got.push(String(error)) })
    source.next('2')
    source.error('broken')
    await clock.advance(9)
    expect([got, partition.states]).toEqual([['broken'], ['released']])
  })

  it('is given back when its partition leaves; others go on', async () => {
    const clock = new VirtualClock(0)
    const [here, there] = [new FakePartition(), new FakePartition({ partition: 1 })]
    const [here$, there$] = [new Subject<string>(), new Subject<string>()]
    const got: string[] = []
    merge(here.deliver(here$), there.deliver(there$))
      .pipe(orderByTime({ within: 5, time, scheduler: schedulerOf(clock) }))
      .subscribe(({ payload }) => got.push(payload))
    here$.next('1')
    there$.next('2')
    here.leave()
    await clock.advance(5)
    expect([got, here.states, there.states]).toEqual([['2'], ['released'], ['acked']])
  })

  it('does not go on once its ack no longer counts', async () => {
    const { clock, partition, source, ordered, got } = bed()
    ordered.subscribe(({ payload }) => got.push(payload))
    source.next('1')
    partition.fence()
    source.next('2')
    await clock.advance(5)
    expect([got, partition.states]).toEqual([['2'], ['fenced', 'acked']])
  })

  it('that waits for its ack waits for it still when it has gone on, and is given back when it has not', async () => {
    const { clock, partition, source, ordered } = bed({ bornHeld: true })
    const records: Delivery<string>[] = []
    const subscription = ordered.subscribe(record => records.push(record))
    source.next('1')
    await clock.advance(5)
    source.next('2')
    subscription.unsubscribe()
    await clock.advance(0)
    expect(partition.states).toEqual(['held', 'released'])
    records[0]?.ack()
    expect(partition.states).toEqual(['acked', 'released'])
  })

  it('is nothing once its time has unsubscribed the chain', () => {
    const partition = new FakePartition()
    const source = new Subject<string>()
    const picky = (): number => {
      subscription.unsubscribe()
      return 1
    }
    const subscription = partition
      .deliver(source)
      .pipe(orderByTime({ within: 5, time: picky }))
      .subscribe()
    source.next('1')
    expect(partition.states).toEqual(['released'])
  })

  it('may be joined by what comes while it goes on', async () => {
    const { clock, source, ordered, got } = bed()
    ordered.subscribe(({ payload }) => {
      got.push(payload)
      if (payload === '6') source.next('7')
    })
    await clock.advance(10)
    for (const at of ['6', '8']) source.next(at)
    await clock.advance(5)
    expect([got, clock.pending]).toEqual([['6', '7', '8'], 0])
  })

  it('is not forgotten by a clock that is set back', async () => {
    const clock = new VirtualClock(100)
    let back = 0
    const scheduler = { ...schedulerOf(clock), now: () => clock.now() - back }
    const source = new Subject<string>()
    const got: string[] = []
    new FakePartition()
      .deliver(source)
      .pipe(orderByTime({ within: 5, time, scheduler }))
      .subscribe(({ payload }) => got.push(`${payload} at ${clock.now()}`))
    source.next('1')
    await clock.advance(3)
    source.next('2')
    back = 50
    await clock.advance(7)
    expect(got).toEqual(['1 at 105', '2 at 110'])
  })

  it('must not be handled already, as below an asynchronous operator', () => {
    marbles(({ hot, expectObservable }) => {
      const late = new FakePartition().deliver(hot<string>('-1-')).pipe(delay(2), orderByTime({ within: 5, time }))
      expectObservable(late).toBe('---#', undefined, expect.objectContaining({ code: 'ALERT_LATE_HOLD' }))
    })
  })

  it('is worked on by handle() below it, in order', async () => {
    const { clock, partition, source, ordered, got } = bed()
    ordered.pipe(handle(async ({ payload }) => payload)).subscribe(payload => got.push(payload))
    for (const at of ['3', '1', '2']) source.next(at)
    source.complete()
    await clock.advance(0)
    expect([got, partition.states]).toEqual([
      ['1', '2', '3'],
      ['acked', 'acked', 'acked'],
    ])
  })
})
