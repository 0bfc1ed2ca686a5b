import { defer, EMPTY, lastValueFrom, map, Observable, of, Subject, tap, throwError, VirtualTimeScheduler } from 'rxjs'
import { describe, expect, it, vi } from 'vitest'
import { currentLoop, inLoop, type Loop } from '../../src/claims.ts'
import { AlertError, ConfigError } from '../../src/errors.ts'
import { type RetryOnFatalOptions, retryOnFatal } from '../../src/operators/retryOnFatal.ts'
import type { Delivery } from '../../src/record.ts'
import { currentScope, Scope } from '../../src/scope.ts'
import { FakePartition } from '../support/deliveries.ts'
import { marbles, payloads } from '../support/marbles.ts'
import { passesRecordsOn } from './passing.ts'

const fatal = new AlertError('ALERT_CREDENTIALS', 'refused', { fatal: true })
const transient = new AlertError('ALERT_CONNECTION', 'reset')

describe('retryOnFatal', () => {
  passesRecordsOn(() => retryOnFatal())

  it.each([
    ['never', '-', '^', '-'],
    ['empty', '|', '(^!)', '|'],
    ['one', '-a-|', '^--!', '-a-|'],
    ['many', '-a-b-c-|', '^------!', '-a-b-c-|'],
  ])('mirrors a source without an error: %s', (_, marble, subs, expected) => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold(marble)
      expectObservable(source.pipe(retryOnFatal())).toBe(expected)
      expectSubscriptions(source.subscriptions).toBe(subs)
    })
  })

  it('subscribes again, delay apart, exactly count times; then passes the error on', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('   -a#', undefined, fatal)
      const subs = ['         ^-!', '    -----^-!', '----------^-!']
      const expected = '      -a----a----a#'
      expectObservable(source.pipe(retryOnFatal({ count: 2, delay: 3 }))).toBe(expected, undefined, fatal)
      expectSubscriptions(source.subscriptions).toBe(subs)
    })
  })

  it('by default three times, 100 ms apart', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('        #', undefined, fatal)
      const subs = ['(^!)', '100ms (^!)', '200ms (^!)', '300ms (^!)']
      const expected = '300ms #'
      expectObservable(source.pipe(retryOnFatal())).toBe(expected, undefined, fatal)
      expectSubscriptions(source.subscriptions).toBe(subs)
    })
  })

  it.each([
    ['an error that is not fatal', transient],
    ['any other error', new TypeError('map')],
    ['what is no error', 'text'],
  ])('passes %s on at once', (_, error) => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold(' -a-#', undefined, error)
      const subs = '       ^--!'
      const expected = '   -a-#'
      expectObservable(source.pipe(retryOnFatal())).toBe(expected, undefined, error)
      expectSubscriptions(source.subscriptions).toBe(subs)
    })
  })

  it('acts on what `when` is true for, besides fatal errors', () => {
    const asked: unknown[] = []
    const when = (error: unknown): boolean => {
      asked.push(error)
      return error instanceof TypeError
    }
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const errors = [new TypeError('map'), fatal, transient]
      const source = cold('   a|')
      const failingEach = source.pipe(
        map(() => {
          throw errors.shift()
        }),
      )
      expectObservable(failingEach.pipe(retryOnFatal({ delay: 2, when }))).toBe('----#', undefined, transient)
      expectSubscriptions(source.subscriptions).toBe(['(^!)', '--(^!)', '----(^!)'])
    })
    expect(asked).toEqual([new TypeError('map'), transient])
  })

  it('errors with what `when` throws', () => {
    marbles(({ cold, expectObservable }) => {
      const when = (): boolean => {
        throw new RangeError('when')
      }
      expectObservable(cold('-#').pipe(retryOnFatal({ when }))).toBe('-#', undefined, new RangeError('when'))
    })
  })

  it('asks the delay function with the error and the attempt', () => {
    const asked: unknown[] = []
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('   #', undefined, fatal)
      const notifier = cold('      --x--x')
      const subs = ['         (^!)', '---(^!)', '-----(^!)']
      const delay = (error: unknown, attempt: number): number | Observable<unknown> => {
        asked.push([error, attempt])
        return attempt === 1 ? 3 : notifier
      }
      expectObservable(source.pipe(retryOnFatal({ count: 2, delay }))).toBe('-----#', undefined, fatal)
      expectSubscriptions(source.subscriptions).toBe(subs)
      expectSubscriptions(notifier.subscriptions).toBe('---^-!')
    })
    expect(asked).toEqual([
      [fatal, 1],
      [fatal, 2],
    ])
  })

  it.each<[string, NonNullable<RetryOnFatalOptions['delay']>, unknown]>([
    ['ends without a value', () => EMPTY, fatal],
    ['errors', () => throwError(() => 'given up'), 'given up'],
    [
      'throws',
      () => {
        throw new RangeError('delay')
      },
      new RangeError('delay'),
    ],
    ['is no duration', () => Number.NaN, expect.objectContaining({ code: 'ALERT_CONFIG' })],
  ])('makes no further try when the delay %s', (_, delay, error) => {
    const got: unknown[] = []
    marbles(({ cold, flush }) => {
      cold('#', undefined, fatal)
        .pipe(retryOnFatal({ delay }))
        .subscribe({ error: thrown => got.push(thrown) })
      flush()
    })
    expect(got).toEqual([error])
  })

  it('calls the wait off when it is unsubscribed', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold(' -a#', undefined, fatal)
      const unsub = '      ----!'
      const subs = '       ^-!'
      const expected = '   -a---'
      expectObservable(source.pipe(retryOnFatal({ delay: 5 })), unsub).toBe(expected)
      expectSubscriptions(source.subscriptions).toBe(subs)
    })
  })

  it('waits by the scheduler that it is given', () => {
    const scheduler = new VirtualTimeScheduler()
    const times: number[] = []
    const failing = defer(() => {
      times.push(scheduler.now())
      return throwError(() => fatal)
    })
    const errors: unknown[] = []
    failing.pipe(retryOnFatal({ count: 2, delay: 60_000, scheduler })).subscribe({ error: error => errors.push(error) })
    scheduler.flush()
    expect([times, errors]).toEqual([[0, 60_000, 120_000], [fatal]])
  })

  it('counts each subscription by itself', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold(' -#', undefined, fatal)
      const retried = source.pipe(retryOnFatal({ count: 1, delay: 1 }))
      expectObservable(retried).toBe('---#', undefined, fatal)
      expectObservable(retried).toBe('---#', undefined, fatal)
      expectSubscriptions(source.subscriptions).toBe(['^!', '^!', '--^!', '--^!'])
    })
  })

  it('does not resubscribe with count 0', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold(' -#', undefined, fatal)
      const subs = '       ^!'
      const expected = '   -#'
      expectObservable(source.pipe(retryOnFatal({ count: 0 }))).toBe(expected, undefined, fatal)
      expectSubscriptions(source.subscriptions).toBe(subs)
    })
  })

  it('goes on for ever with count Infinity', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('#', undefined, fatal)
      expectObservable(source.pipe(retryOnFatal({ count: Number.POSITIVE_INFINITY, delay: 1 })), '50ms !').toBe('-')
      expectSubscriptions(source.subscriptions).toBe(Array.from({ length: 50 }, (_, ms) => `${ms}ms (^!)`))
    })
  })

  it.each<[RetryOnFatalOptions, string]>([
    [{ count: -1 }, 'retryOnFatal: count is -1, expected a whole number of at least 0, or Infinity'],
    [{ delay: 0.1 }, 'retryOnFatal: delay is 0.1, expected milliseconds. If seconds were meant, write 100'],
    [{ delay: Number.NaN }, 'retryOnFatal: delay is NaN, expected milliseconds: a number of at least 0'],
  ])('refuses %j', (options, message) => {
    expect(() => retryOnFatal(options)).toThrow(ConfigError)
    expect(() => retryOnFatal(options)).toThrow(message)
  })
})

/** A source that gives one of these passes to each subscription, as a partition that is read again. */
function passesOf(partition: FakePartition, passes: readonly Observable<string>[]): Observable<Delivery<string>> {
  const left = [...passes]
  return partition.deliver(defer(() => left.shift() ?? EMPTY))
}

describe('retryOnFatal: the count', () => {
  it('begins again once a record comes that was not delivered before', () => {
    marbles(({ cold, expectObservable }) => {
      const passes = ['  ab#', '   abc#', '       #', '        #'].map(marble => cold(marble.trim(), undefined, fatal))
      const expected = 'ab-abc--#'
      const retried = passesOf(new FakePartition(), passes).pipe(retryOnFatal({ count: 2, delay: 1 }), payloads())
      expectObservable(retried).toBe(expected, undefined, fatal)
    })
  })

  it('does not begin again with records that come once more', () => {
    marbles(({ cold, expectObservable }) => {
      const passes = ['  ab#', '   ab#', '   ab#'].map(marble => cold(marble.trim(), undefined, fatal))
      const expected = 'ab-ab#'
      const retried = passesOf(new FakePartition(), passes).pipe(retryOnFatal({ count: 1, delay: 1 }), payloads())
      expectObservable(retried).toBe(expected, undefined, fatal)
    })
  })

  it('ends on a record that a map throws on each time', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold(' ab|')
      const subs = ['      ^!', '  --^!', '    ----^!']
      const expected = '   a-a-a#'
      const poisoned = new FakePartition().deliver(source).pipe(
        map(({ payload }) => {
          if (payload === 'b') throw new TypeError('poison')
          return payload
        }),
        retryOnFatal({ count: 2, delay: 1, when: () => true }),
      )
      expectObservable(poisoned).toBe(expected, undefined, new TypeError('poison'))
      expectSubscriptions(source.subscriptions).toBe(subs.map(marble => marble.trim()))
    })
  })
})

describe('retryOnFatal: resuming', () => {
  /** A source that leaves the number of its subscription in its scope, and tells what it found there. */
  function resumable(pass: (nth: number) => Observable<string>) {
    const found: unknown[] = []
    const scopes: unknown[] = []
    let nth = 0
    const source = new Observable<string>(out => {
      const slot = currentScope()?.slot<number>(source)
      scopes.push(currentScope())
      found.push(slot?.previous)
      slot?.keep(++nth)
      return pass(nth)
        .pipe(tap(() => slot?.fresh()))
        .subscribe(out)
    })
    return { source, found, scopes }
  }
  const failOnce = (nth: number): Observable<string> => (nth === 1 ? throwError(() => fatal) : of('x'))

  it('gives all passes of a subscription one scope, each subscription its own', async () => {
    const { source, found, scopes } = resumable(nth => (nth % 2 === 1 ? throwError(() => fatal) : of('x')))
    const retried = source.pipe(retryOnFatal({ delay: 0 }))
    await lastValueFrom(retried)
    await lastValueFrom(retried)
    expect(found).toEqual([undefined, 1, undefined, 3])
    expect(scopes[0]).toBeInstanceOf(Scope)
    expect(scopes[1]).toBe(scopes[0])
    expect(scopes[2]).not.toBe(scopes[0])
    expect(scopes[3]).toBe(scopes[2])
    expect(currentScope()).toBeUndefined()
  })

  it('resumes in an inner retryOnFatal when the outer one subscribes again', async () => {
    const { source, found } = resumable(() => of('x'))
    let thrown = 0
    const nested = source.pipe(
      retryOnFatal(),
      map(value => {
        if (thrown++ === 0) throw new TypeError('once')
        return value
      }),
      retryOnFatal({ delay: 0, when: error => error instanceof TypeError }),
    )
    expect(await lastValueFrom(nested)).toBe('x')
    expect(found).toEqual([undefined, 1])
  })

  it('tells the outer retryOnFatal of a record that was not delivered before', async () => {
    const { source, found } = resumable(() => of('x'))
    let thrown = 0
    const nested = source.pipe(
      retryOnFatal(),
      map(value => {
        if (thrown++ < 3) throw new TypeError('thrice')
        return value
      }),
      retryOnFatal({ count: 1, delay: 0, when: error => error instanceof TypeError }),
    )
    expect(await lastValueFrom(nested)).toBe('x')
    expect(found).toEqual([undefined, 1, 2, 3])
  })

  it('lets a source know of the loop below it at each pass', async () => {
    const loop: Loop = {}
    const loops: unknown[] = []
    const { source } = resumable(failOnce)
    const watched = defer(() => {
      loops.push(currentLoop())
      return source
    })
    await inLoop(loop, () => lastValueFrom(watched.pipe(retryOnFatal({ delay: 0 }))))
    await lastValueFrom(watched.pipe(retryOnFatal({ delay: 0 })))
    expect(loops).toEqual([loop, loop, undefined])
    expect(loops[0]).toBe(loop)
  })

  it('subscribes again only after the source knows of its end, even if the delay is over at once', async () => {
    const log: string[] = []
    const feed = new Subject<string>()
    const source = new Observable<string>(out => {
      log.push('subscribed')
      const subscription = feed.subscribe(out)
      return () => {
        subscription.unsubscribe()
        log.push('ended')
      }
    })
    const retried = source.pipe(
      map(value => {
        if (value === 'bad') throw new TypeError('map')
        return value
      }),
      retryOnFatal({ delay: () => of('now'), when: () => true }),
    )
    const subscription = retried.subscribe()
    feed.next('bad')
    await vi.waitFor(() => expect(log).toHaveLength(3), { interval: 1 })
    expect(log).toEqual(['subscribed', 'ended', 'subscribed'])
    subscription.unsubscribe()
    expect(feed.observed).toBe(false)
  })
})
