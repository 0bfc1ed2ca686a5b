import { from } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { ConfigError } from '../../src/errors.ts'
import { type DropStaleOptions, dropStale } from '../../src/operators/dropStale.ts'
import type { Delivery } from '../../src/record.ts'
import { FakePartition, plainRecord, TIME } from '../support/deliveries.ts'
import { marbles, payloads } from '../support/marbles.ts'
import { passesRecordsOn } from './passing.ts'

const HOUR = 3_600_000
const clock = { now: () => TIME }
/** A record whose payload is its age by that clock. */
const aged = (age: number) => ({ timestamp: TIME - age })
const ages = { a: 1_000, b: 2 * HOUR, c: HOUR, d: HOUR + 1, f: -5_000 }

describe('dropStale', () => {
  passesRecordsOn(() => dropStale({ maxAge: HOUR, clock }))

  it('drops what is older than maxAge', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold(' -a-b-c-d-f-|', ages)
      const subs = '       ^----------!'
      const expected = '   -a---c---f-|'
      expectObservable(new FakePartition().deliver(source, aged).pipe(dropStale({ maxAge: HOUR, clock }), payloads())).toBe(expected, ages)
      expectSubscriptions(source.subscriptions).toBe(subs)
    })
  })

  it('looks at the time of the scheduler of a marble test', () => {
    marbles(({ cold, expectObservable }) => {
      const source = cold(' a---b|')
      const expected = '   a----|'
      const fresh = new FakePartition().deliver(source, () => ({ timestamp: 0 })).pipe(dropStale({ maxAge: 3 }), payloads())
      expectObservable(fresh).toBe(expected)
    })
  })

  it('looks at the wall clock otherwise', () => {
    const got: string[] = []
    const old = plainRecord('old', { timestamp: Date.now() - 61_000 })
    from([plainRecord('new', { timestamp: Date.now() }), old])
      .pipe(dropStale({ maxAge: 60_000 }), payloads())
      .subscribe(payload => got.push(payload))
    expect(got).toEqual(['new'])
  })

  it('looks at the time that it is told to', () => {
    marbles(({ cold, expectObservable }) => {
      const source = cold(' -a-b-c-d-|', ages)
      const expected = '   -a---c---|'
      const time = ({ payload }: { payload: number }): number => TIME - payload
      expectObservable(new FakePartition().deliver(source).pipe(dropStale({ maxAge: HOUR, clock, time }), payloads())).toBe(expected, ages)
    })
  })

  it.each([-1, Number.NaN])('passes a record whose time is not known: %s', timestamp => {
    marbles(({ cold, expectObservable }) => {
      const fresh = new FakePartition().deliver(cold('-a-|'), () => ({ timestamp })).pipe(dropStale({ maxAge: 0 }), payloads())
      expectObservable(fresh).toBe('-a-|')
    })
  })

  it('reports what it drops, and acks it', () => {
    const partition = new FakePartition({}, { bornHeld: true })
    partition
      .deliver(from([ages.a, ages.b]), aged)
      .pipe(dropStale({ maxAge: HOUR, clock }))
      .subscribe()
    const message = 'gracedb.superevent[0]@1 is 7200 s old, dropStale lets none pass that is older than 3600 s'
    expect(partition.failures).toMatchObject([{ offset: 1, error: { code: 'ALERT_STALE', message, fatal: false } }])
    expect(partition.states).toEqual(['held', 'acked'])
  })

  it('tells of what it drops as it is told to, and acks it', () => {
    const partition = new FakePartition({}, { bornHeld: true })
    const told: unknown[] = []
    const onDrop = ({ offset }: Delivery<number>, age: number): void => void told.push([offset, age])
    partition
      .deliver(from([ages.a, ages.b, ages.d]), aged)
      .pipe(dropStale({ maxAge: HOUR, clock, onDrop }))
      .subscribe()
    expect(told).toEqual([
      [1, ages.b],
      [2, ages.d],
    ])
    expect(partition.failures).toEqual([])
    expect(partition.states).toEqual(['held', 'acked', 'acked'])
  })

  const boom = (): never => {
    throw new TypeError('boom')
  }
  it.each([
    ['time', { time: boom }],
    ['onDrop', { onDrop: boom }],
    ['clock', { clock: { now: boom } }],
  ])('ends with the error of %s, and the record comes again', (_, options) => {
    const partition = new FakePartition()
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold(' -b-b-|', ages)
      const subs = '       ^!'
      const expected = '   -#'
      const fresh = partition.deliver(source, aged).pipe(dropStale({ maxAge: HOUR, clock, ...options }))
      expectObservable(fresh).toBe(expected, undefined, new TypeError('boom'))
      expectSubscriptions(source.subscriptions).toBe(subs)
    })
    expect(partition.states).toEqual(['released'])
  })

  it('takes plain records, of which there is nobody to tell', () => {
    marbles(({ cold, expectObservable }) => {
      const values = { a: plainRecord('a'), o: plainRecord('o', aged(2 * HOUR)) }
      expectObservable(cold('-a-o-|', values).pipe(dropStale({ maxAge: HOUR, clock }), payloads())).toBe('-a---|')
    })
  })

  it.each<[DropStaleOptions<Delivery>, string]>([
    [{ maxAge: 0.5 }, 'dropStale: maxAge is 0.5, expected milliseconds. If seconds were meant, write 500'],
    [{ maxAge: Number.NaN }, 'dropStale: maxAge is NaN, expected milliseconds: a number of at least 0'],
  ])('refuses %j', (options, message) => {
    expect(() => dropStale<Delivery>(options)).toThrow(ConfigError)
    expect(() => dropStale<Delivery>(options)).toThrow(message)
  })
})
