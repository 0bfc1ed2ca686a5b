import { map, type OperatorFunction, Subject, take } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { currentToken, isWithoutRecord } from '../../src/claims.ts'
import { ConfigError } from '../../src/errors.ts'
import { type DetectSilenceOptions, detectSilence, Silence } from '../../src/operators/detectSilence.ts'
import { schedulerOf } from '../../src/operators/schedulerOf.ts'
import { VirtualClock } from '../../src/testing/VirtualClock.ts'
import { FakePartition } from '../support/deliveries.ts'
import { marbles } from '../support/marbles.ts'
import { passesRecordsOn } from './passing.ts'

/** Silences as `since+duration`. */
const shown = (): OperatorFunction<unknown, unknown> =>
  map(value => (value instanceof Silence ? `${value.since}+${value.duration}` : value))

describe('detectSilence', () => {
  passesRecordsOn(() => detectSilence({ after: Number.POSITIVE_INFINITY }))

  it('emits once when nothing has come for so long, since the last value', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold(' --a-b-------------c----|')
      const subs = '       ^----------------------!'
      const expected = '   --a-b----S--------c----|'
      expectObservable(source.pipe(detectSilence({ after: 5 }), shown())).toBe(expected, { a: 'a', b: 'b', c: 'c', S: '4+5' })
      expectSubscriptions(source.subscriptions).toBe(subs)
    })
  })

  it('emits again and again with repeat', () => {
    marbles(({ cold, expectObservable }) => {
      const source = cold(' --a-b--------------c----|')
      const expected = '   --a-b----S----T----c----|'
      const silences = source.pipe(detectSilence({ after: 5, repeat: true }), shown())
      expectObservable(silences).toBe(expected, { a: 'a', b: 'b', c: 'c', S: '4+5', T: '4+10' })
    })
  })

  it('counts from the subscription, and for each by itself', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('  a------')
      const silences = source.pipe(detectSilence({ after: 3 }), shown())
      expectObservable(silences).toBe('           a--S', { a: 'a', S: '0+3' })
      expectObservable(silences, '-^-----!').toBe('----S', { S: '1+3' })
      expectSubscriptions(source.subscriptions).toBe(['^', '-^-----!'])
    })
  })

  it('knows each silence anew', () => {
    marbles(({ cold, expectObservable }) => {
      const source = cold(' a-----b-------c|')
      const expected = '   a---S-b---T---c|'
      const silences = source.pipe(detectSilence({ after: 4 }), shown())
      expectObservable(silences).toBe(expected, { a: 'a', b: 'b', c: 'c', S: '0+4', T: '6+4' })
    })
  })

  it.each([
    ['completes', ' -a--|', '-a--|'],
    ['fails', '     -a--#', '-a--#'],
  ])('says nothing any more once the source %s', (_, marble, expected) => {
    marbles(({ cold, expectObservable }) => {
      expectObservable(cold(marble.trim()).pipe(detectSilence({ after: 5 }))).toBe(expected)
    })
  })

  it('can be ended by a silence', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold(' -a------')
      const subs = '       ^---!'
      const expected = '   -a--(S|)'
      const ended = source.pipe(detectSilence({ after: 3, repeat: true }), shown(), take(2))
      expectObservable(ended).toBe(expected, { a: 'a', S: '1+3' })
      expectSubscriptions(source.subscriptions).toBe(subs)
    })
  })

  it('lets a silence be answered at once', async () => {
    const clock = new VirtualClock(0)
    const source = new Subject<string>()
    const got: unknown[] = []
    source.pipe(detectSilence<string>({ after: 5, scheduler: schedulerOf(clock) }), shown()).subscribe(value => {
      got.push(value)
      if (value === '0+5') source.next('answer')
    })
    await clock.advance(6)
    expect([got, clock.pending]).toEqual([['0+5', 'answer'], 1])
    await clock.advance(5)
    expect([got, clock.pending]).toEqual([['0+5', 'answer', '5+5'], 0])
  })

  it('waits on where a clock was set back', async () => {
    const clock = new VirtualClock(0)
    let back = 0
    const got: unknown[] = []
    const scheduler = { ...schedulerOf(clock), now: () => clock.now() - back }
    const subscription = new Subject().pipe(detectSilence({ after: 5, scheduler }), shown()).subscribe(value => got.push(value))
    back = 1_000
    await clock.advance(9)
    expect(got).toEqual([])
    back = 0
    await clock.advance(1)
    expect(got).toEqual(['0+10'])
    subscription.unsubscribe()
    expect(clock.pending).toBe(0)
  })

  it('leaves no timer behind', async () => {
    const clock = new VirtualClock(0)
    const source = new Subject<string>()
    const subscription = source.pipe(detectSilence({ after: 5, scheduler: schedulerOf(clock) })).subscribe()
    source.next('a')
    source.next('b')
    expect(clock.pending).toBe(1)
    subscription.unsubscribe()
    expect(clock.pending).toBe(0)
  })

  it('keeps the claims of records, whose emission goes on under way; a silence belongs to none', () => {
    marbles(({ hot, expectObservable }) => {
      const partition = new FakePartition()
      const under = partition.deliver(hot('-a-------|')).pipe(
        detectSilence({ after: 4 }),
        map(value => [value instanceof Silence, currentToken() !== undefined, isWithoutRecord()].join(' ')),
      )
      expectObservable(under).toBe('-a---S---|', { a: 'false true false', S: 'true false true' })
    })
  })

  it.each<[DetectSilenceOptions, string]>([
    [{ after: 0 }, 'detectSilence: after is 0, expected milliseconds: a number of at least 1'],
    [{ after: 0.5 }, 'detectSilence: after is 0.5, expected milliseconds. If seconds were meant, write 500'],
  ])('refuses %j', (options, message) => {
    expect(() => detectSilence(options)).toThrow(ConfigError)
    expect(() => detectSilence(options)).toThrow(message)
  })
})
