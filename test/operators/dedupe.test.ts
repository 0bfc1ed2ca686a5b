import fc from 'fast-check'
import { delay, from, map, merge, Subject, share } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { type Claim, currentToken } from '../../src/claims.ts'
import { ConfigError } from '../../src/errors.ts'
import { type DedupeOptions, dedupe } from '../../src/operators/dedupe.ts'
import { type Delivery, tokenOf } from '../../src/record.ts'
import { FakePartition, header, plainRecord } from '../support/deliveries.ts'
import { marbles, payloads } from '../support/marbles.ts'
import { passesRecordsOn } from './passing.ts'

const byPayload = { key: ({ payload }: { payload: string }) => payload }

/** Releases, and what follows them, take a few. */
const microtasks = async (): Promise<void> => {
  for (let i = 0; i < 4; i++) await Promise.resolve()
}

describe('dedupe', () => {
  passesRecordsOn(() => dedupe())

  it('passes the first of each key', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold(' --a--b--a--c--b--|')
      const subs = '       ^----------------!'
      const expected = '   --a--b-----c-----|'
      expectObservable(new FakePartition().deliver(source).pipe(dedupe(byPayload), payloads())).toBe(expected)
      expectSubscriptions(source.subscriptions).toBe(subs)
    })
  })

  it('by default tells messages by their id, wherever they stand', () => {
    const id = { a: '0b9cd8a2-0c1a-4c53-8d2b-4d3c8f7a4a51', b: '1b9cd8a2-0c1a-4c53-8d2b-4d3c8f7a4a51' }
    const identified = (payload: string) => ({ headers: [header('_id', id[payload as 'a' | 'b'])] })
    marbles(({ hot, expectObservable }) => {
      const here = hot('    -a--b--a|')
      const there = hot('   --a--b---a|')
      const expected = '    -a--b-----|'
      const records = merge(
        new FakePartition().deliver(here, identified),
        new FakePartition({ server: 'other:9092' }).deliver(there, identified),
      )
      expectObservable(records.pipe(dedupe(), payloads())).toBe(expected)
    })
  })

  it('by default tells records without an id by server, place and time', () => {
    marbles(({ cold, expectObservable }) => {
      const values = {
        a: plainRecord('a', { offset: 7 }),
        s: plainRecord('s', { offset: 7 }, { server: 'other:9092' }),
        p: plainRecord('p', { offset: 7 }, { partition: 1 }),
        n: plainRecord('n', { offset: 7, timestamp: 1_600_000_000_000 }),
      }
      expectObservable(cold('aspnaspn|', values).pipe(dedupe(), payloads())).toBe('aspn----|')
    })
  })

  it('passes all records without a key', () => {
    marbles(({ cold, expectObservable }) => {
      const source = cold(' -a-a-b-b-|')
      const expected = '   -a-a-b---|'
      const key = ({ payload }: { payload: string }): string | undefined => (payload === 'a' ? undefined : payload)
      expectObservable(new FakePartition().deliver(source).pipe(dedupe({ key }), payloads())).toBe(expected)
    })
  })

  it('forgets the key that was not seen for the longest time, beyond size', () => {
    marbles(({ cold, expectObservable }) => {
      const source = cold(' abacab|')
      const expected = '   ab-c-b|'
      expectObservable(new FakePartition().deliver(source).pipe(dedupe({ ...byPayload, size: 2 }), payloads())).toBe(expected)
    })
  })

  it('remembers those `size` keys that were seen last, whatever comes', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(12), { maxLength: 200 }), fc.integer({ min: 1, max: 8 }), (numbers, size) => {
        const got: string[] = []
        from(numbers)
          .pipe(
            map(n => plainRecord(String(n))),
            dedupe({ ...byPayload, size }),
            payloads(),
          )
          .subscribe(payload => got.push(payload))
        const remembered: string[] = []
        const expected = numbers.map(String).filter(key => {
          const at = remembered.indexOf(key)
          if (at >= 0) remembered.splice(at, 1)
          remembered.push(key)
          if (remembered.length > size) remembered.shift()
          return at < 0
        })
        expect(got).toEqual(expected)
      }),
    )
  })

  it('passes what comes `within` ms or more after one that passed, however often it was seen meanwhile', () => {
    marbles(({ cold, expectObservable }) => {
      const source = cold(' a--a-a---aa|')
      const expected = '   a----a----a|'
      expectObservable(new FakePartition().deliver(source).pipe(dedupe({ ...byPayload, within: 5 }), payloads())).toBe(expected)
    })
  })

  it('asks the clock that it is given', () => {
    const source = new Subject<string>()
    const got: string[] = []
    let now = 1_000
    const clock = { now: () => now }
    new FakePartition()
      .deliver(source)
      .pipe(dedupe({ ...byPayload, within: 100, clock }), payloads())
      .subscribe(payload => got.push(`${payload} at ${now}`))
    for (now of [1_000, 1_099, 900, 1_100]) source.next('a')
    expect(got).toEqual(['a at 1000', 'a at 1100'])
  })

  it('ends with the error of key, and the record comes again', () => {
    const partition = new FakePartition()
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold(' -a-b-c-|')
      const subs = '       ^--!'
      const expected = '   -a-#'
      const key = ({ payload }: { payload: string }): string => {
        if (payload === 'b') throw new TypeError('b')
        return payload
      }
      expectObservable(partition.deliver(source).pipe(dedupe({ key }), payloads())).toBe(expected, undefined, new TypeError('b'))
      expectSubscriptions(source.subscriptions).toBe(subs)
    })
    expect(partition.states).toEqual(['auto', 'released'])
  })

  it.each<[DedupeOptions<Delivery>, string]>([
    [{ size: 0 }, 'dedupe: size is 0, expected a whole number of at least 1, or Infinity'],
    [{ within: 0.5 }, 'dedupe: within is 0.5, expected milliseconds. If seconds were meant, write 500'],
    [{ within: -1 }, 'dedupe: within is -1, expected milliseconds: a number of at least 0'],
  ])('refuses %j', (options, message) => {
    expect(() => dedupe<Delivery>(options)).toThrow(ConfigError)
    expect(() => dedupe<Delivery>(options)).toThrow(message)
  })
})

/** A partition below `dedupe`, and a handler that holds each record until the test says what becomes of it. */
function bed(options: { bornHeld?: boolean } = {}) {
  const partition = new FakePartition({}, options)
  const source = new Subject<string>()
  const passed: string[] = []
  const claims: Claim[] = []
  const subscription = partition
    .deliver(source)
    .pipe(dedupe(byPayload))
    .subscribe(record => {
      passed.push(`${record.payload}${record.offset}`)
      if (currentToken() !== tokenOf(record)) passed.push('not under way')
      claims.push(tokenOf(record).take())
    })
  return { partition, source, passed, claims, subscription }
}

describe('dedupe: a duplicate', () => {
  it('of a record that is handled is handled', () => {
    const partition = new FakePartition({}, { bornHeld: true })
    const source = new Subject<string>()
    partition
      .deliver(source)
      .pipe(dedupe(byPayload))
      .subscribe(record => record.ack())
    source.next('a')
    source.next('a')
    expect(partition.states).toEqual(['acked', 'acked'])
  })

  it.each([false, true])('is handled when the one that passed is, not before; born held: %s', bornHeld => {
    const { partition, source, passed, claims } = bed({ bornHeld })
    source.next('a')
    source.next('a')
    source.next('b')
    source.next('a')
    expect([passed, partition.states]).toEqual([
      ['a0', 'b2'],
      ['held', 'held', 'held', 'held'],
    ])
    claims[0]?.ack()
    expect(partition.states).toEqual(['acked', 'acked', 'held', 'acked'])
  })

  it('takes the place of one that is given back while the stream goes on', async () => {
    const there = new FakePartition({ partition: 1 })
    const [here$, there$] = [new Subject<string>(), new Subject<string>()]
    const here = new FakePartition()
    const passed: string[] = []
    const claims: Claim[] = []
    merge(here.deliver(here$), there.deliver(there$))
      .pipe(dedupe(byPayload))
      .subscribe(record => {
        passed.push(`${record.partition}:${record.offset} ${currentToken() === tokenOf(record)}`)
        claims.push(record.hold())
      })
    here$.next('a')
    there$.next('a')
    there$.next('a')
    here.leaving = true
    claims[0]?.release()
    await microtasks()
    expect(passed).toEqual(['0:0 true', '1:0 true'])
    expect([here.states, there.states]).toEqual([['released'], ['held', 'held']])
    claims[1]?.ack()
    expect(there.states).toEqual(['acked', 'acked'])
  })

  it('does not take the place of one that fails while its own partition is gone as well', async () => {
    const { partition, source, passed } = bed()
    source.next('a')
    source.next('a')
    partition.fence()
    await microtasks()
    expect([passed, partition.states]).toEqual([['a0'], ['fenced', 'fenced']])
  })

  it('is handled with another that has passed and was handled meanwhile', async () => {
    const there = new FakePartition({ partition: 1 })
    const [here$, there$] = [new Subject<string>(), new Subject<string>()]
    const here = new FakePartition()
    const claims: Claim[] = []
    merge(here.deliver(here$), there.deliver(there$))
      .pipe(dedupe(byPayload))
      .subscribe(record => claims.push(record.hold()))
    here$.next('a')
    there$.next('a')
    here.fence()
    there$.next('a')
    claims[1]?.ack()
    expect(there.states).toEqual(['held', 'acked'])
    await microtasks()
    expect([claims.length, there.states]).toEqual([2, ['acked', 'acked']])
  })

  it('joins another that has passed meanwhile', async () => {
    const there = new FakePartition({ partition: 1 })
    const [here$, there$] = [new Subject<string>(), new Subject<string>()]
    const here = new FakePartition()
    const passed: string[] = []
    const claims: Claim[] = []
    merge(here.deliver(here$), there.deliver(there$))
      .pipe(dedupe(byPayload))
      .subscribe(record => {
        passed.push(`${record.partition}:${record.offset}`)
        claims.push(record.hold())
      })
    here$.next('a')
    there$.next('a')
    here.fence()
    there$.next('a')
    await microtasks()
    expect(passed).toEqual(['0:0', '1:1'])
    claims[1]?.ack()
    expect([here.states, there.states]).toEqual([['fenced'], ['acked', 'acked']])
  })

  it('shares the fate of the one that passed when the chain is gone', async () => {
    for (const [settle, bornHeld] of [
      ['ack', false],
      ['ack', true],
      ['release', false],
      ['release', true],
    ] as const) {
      const { partition, source, claims, subscription } = bed({ bornHeld })
      source.next('a')
      source.next('a')
      subscription.unsubscribe()
      expect(partition.states).toEqual(['held', 'held'])
      claims[0]?.[settle]()
      await microtasks()
      const state = settle === 'ack' ? 'acked' : 'released'
      expect(partition.states).toEqual([state, state])
    }
  })

  it('does not hold up the end of the stream, and shares that fate after it', async () => {
    const { partition, source, passed, claims, subscription } = bed()
    source.next('a')
    source.next('a')
    source.complete()
    expect(subscription.closed).toBe(true)
    claims[0]?.ack()
    expect([passed, partition.states]).toEqual([['a0'], ['acked', 'acked']])
  })

  it('that is the same delivery out of another branch does not wait for itself', () => {
    const partition = new FakePartition()
    const source = new Subject<string>()
    const claims: Claim[] = []
    const shared = partition.deliver(source).pipe(share())
    merge(shared, shared)
      .pipe(dedupe())
      .subscribe(record => claims.push(record.hold()))
    source.next('a')
    expect(claims).toHaveLength(1)
    claims[0]?.ack()
    expect(partition.states).toEqual(['acked'])
  })

  it('below an asynchronous operator is dropped as well', () => {
    marbles(({ hot, expectObservable }) => {
      const partition = new FakePartition()
      const late = partition.deliver(hot<string>('-a-a-|')).pipe(delay(3), dedupe(byPayload), payloads())
      expectObservable(late).toBe('       ----a-|')
    })
  })
})

describe('dedupe: a record that comes again', () => {
  it('passes when it was given back', async () => {
    const { partition, source, passed, claims } = bed()
    source.next('a')
    partition.leaving = true
    claims[0]?.release()
    await microtasks()
    partition.leaving = false
    source.next('a')
    expect(passed).toEqual(['a0', 'a1'])
  })

  it('is a duplicate of one that passed after it, when `within` had passed', async () => {
    const source = new Subject<string>()
    const partition = new FakePartition()
    const claims: Claim[] = []
    const clock = { now: () => now }
    let now = 0
    partition
      .deliver(source)
      .pipe(dedupe({ ...byPayload, within: 5, clock }))
      .subscribe(record => claims.push(record.hold()))
    source.next('a')
    now = 6
    source.next('a')
    partition.leaving = true
    claims[0]?.release()
    await microtasks()
    source.next('a')
    expect([claims.length, partition.states]).toEqual([2, ['released', 'held', 'held']])
  })

  it('is not taken for one that was given back before it came here', () => {
    const partition = new FakePartition()
    const got: string[] = []
    const source = new Subject<Delivery<string>>()
    source.pipe(dedupe(byPayload), payloads()).subscribe(payload => got.push(payload))
    for (const fenced of [true, true, false, false]) {
      const record = partition.make('a')
      if (fenced) tokenOf(record).fence()
      source.next(record)
    }
    expect(got).toEqual(['a', 'a', 'a'])
  })
})
