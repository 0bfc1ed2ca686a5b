import { EMPTY, from, map, merge, Observable, of, Subject, share, take } from 'rxjs'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { currentToken } from '../../src/claims.ts'
import { AlertError, ConfigError } from '../../src/errors.ts'
import { type HandleOptions, handle } from '../../src/operators/handle.ts'
import { backoff } from '../../src/operators/timing.ts'
import { type Delivery, tokenOf } from '../../src/record.ts'
import { FakePartition } from '../support/deliveries.ts'

afterEach(() => {
  vi.useRealTimers()
})

class Deferred<T = void> {
  resolve: (value: T) => void = () => {}
  reject: (error: unknown) => void = () => {}
  readonly promise: Promise<T> = new Promise((resolve, reject) => {
    this.resolve = resolve
    this.reject = reject
  })
}

/** All microtasks have run: what could begin by now, has. */
const settled = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

const until = (check: () => void): Promise<void> => vi.waitFor(check, { interval: 1 })

/** A partition that is fed by hand, a handler whose work is ended by hand. */
function bench<O = string>(options: HandleOptions<Delivery<string>> = {}, partition = new FakePartition()) {
  const feed = new Subject<string>()
  const works: Deferred<O>[] = []
  const started: string[] = []
  const got: unknown[] = []
  const handled: Observable<O> = partition.deliver(feed).pipe(
    handle(({ payload }) => {
      started.push(payload)
      const work = new Deferred<O>()
      works.push(work)
      return work.promise
    }, options),
  )
  return {
    partition,
    feed,
    works,
    started,
    got,
    handled,
    subscribe: () =>
      handled.subscribe({ next: value => got.push(value), error: error => got.push(error), complete: () => got.push('complete') }),
  }
}

describe('handle: promises', () => {
  it('holds the record while the promise is pending, acks it then, and takes the next', async () => {
    const { partition, feed, works, started, got, subscribe } = bench()
    subscribe()
    feed.next('a')
    feed.next('b')
    expect(started).toEqual(['a'])
    expect(partition.states).toEqual(['held', 'held'])
    works[0]?.resolve('A')
    await until(() => expect(started).toEqual(['a', 'b']))
    expect(got).toEqual(['A'])
    expect(partition.states).toEqual(['acked', 'held'])
    works[1]?.resolve('B')
    feed.complete()
    await until(() => expect(got).toEqual(['A', 'B', 'complete']))
    expect(partition.states).toEqual(['acked', 'acked'])
  })

  it('emits its result with its record under way, still held: a second handle takes it over', async () => {
    const { partition, feed, works, handled } = bench()
    const second = new Deferred()
    const seen: unknown[] = []
    handled
      .pipe(
        map(value => {
          seen.push(value, currentToken() === partition.tokens[0], partition.states[0])
          return currentToken()?.hold()
        }),
      )
      .subscribe(claim => void second.promise.then(() => claim?.ack()))
    feed.next('a')
    works[0]?.resolve('A')
    await until(() => expect(seen).toEqual(['A', true, 'held']))
    await settled()
    expect(currentToken()).toBeUndefined()
    expect(partition.states).toEqual(['held'])
    second.resolve()
    await until(() => expect(partition.states).toEqual(['acked']))
  })

  it('counts as done before its result is emitted: take(1) does not undo it', async () => {
    const { partition, feed, works, handled } = bench()
    const got: string[] = []
    handled.pipe(take(1)).subscribe(value => got.push(value))
    feed.next('a')
    feed.next('b')
    works[0]?.resolve('A')
    await until(() => expect(got).toEqual(['A']))
    await settled()
    expect(partition.states).toEqual(['acked', 'released'])
  })

  it('runs out when the chain is unsubscribed, and acks then; what waits is given back', async () => {
    const { partition, feed, works, started, got, subscribe } = bench()
    const subscription = subscribe()
    feed.next('a')
    feed.next('b')
    subscription.unsubscribe()
    await settled()
    expect(feed.observed).toBe(false)
    expect(partition.states).toEqual(['held', 'released'])
    works[0]?.resolve('A')
    await until(() => expect(partition.states).toEqual(['acked', 'released']))
    expect(started).toEqual(['a'])
    expect(got).toEqual([])
  })

  it('is given back when it fails after the chain was unsubscribed: no further try, no report', async () => {
    const { partition, feed, works, started, subscribe } = bench({ retry: { delay: 0 } })
    const subscription = subscribe()
    feed.next('a')
    subscription.unsubscribe()
    works[0]?.reject(new Error('too late'))
    await until(() => expect(partition.states).toEqual(['released']))
    expect(started).toEqual(['a'])
    expect(partition.failures).toEqual([])
  })

  it('is tried again as often as asked, then reported and acked', async () => {
    const { partition, feed, works, started, got, subscribe } = bench({ retry: { count: 2, delay: 0 } })
    subscribe()
    feed.next('a')
    for (let nth = 0; nth < 3; nth++) {
      await until(() => expect(works).toHaveLength(nth + 1))
      expect(partition.states).toEqual(['held'])
      works[nth]?.reject(new Error(`try ${nth + 1}`))
    }
    await until(() => expect(partition.states).toEqual(['acked']))
    expect(partition.failures).toMatchObject([{ offset: 0, error: { message: 'try 3' } }])
    expect(started).toEqual(['a', 'a', 'a'])
    expect(got).toEqual([])
  })

  it('is not tried again without retries', async () => {
    const { partition, feed, works, started, subscribe } = bench({ retry: 0 })
    subscribe()
    feed.next('a')
    works[0]?.reject(new Error('once'))
    await until(() => expect(partition.failures).toHaveLength(1))
    expect(started).toEqual(['a'])
  })

  it('no longer counts after its time is up: the next try decides', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    const { partition, feed, works, got, subscribe } = bench({ timeout: 1000, retry: { count: 1, delay: 0 } })
    subscribe()
    feed.next('a')
    await vi.advanceTimersByTimeAsync(999)
    expect(works).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(2)
    expect(works).toHaveLength(2)
    works[0]?.resolve('late')
    works[1]?.resolve('in time')
    await until(() => expect(got).toEqual(['in time']))
    expect(partition.states).toEqual(['acked'])
    expect(vi.getTimerCount()).toBe(0)
  })

  it('does not fail the next try when it fails after its time was up', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    const { partition, feed, works, got, subscribe } = bench({ timeout: 1000, retry: { count: 1, delay: 0 } })
    subscribe()
    feed.next('a')
    await vi.advanceTimersByTimeAsync(1001)
    expect(works).toHaveLength(2)
    works[0]?.reject(new Error('late'))
    await settled()
    works[1]?.resolve('in time')
    await until(() => expect(got).toEqual(['in time']))
    expect(partition.failures).toEqual([])
    expect(partition.states).toEqual(['acked'])
  })

  it('has no time-out once the chain is unsubscribed', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    const { partition, feed, works, subscribe } = bench({ timeout: 1000, retry: 0 })
    const subscription = subscribe()
    feed.next('a')
    expect(vi.getTimerCount()).toBe(1)
    subscription.unsubscribe()
    expect(vi.getTimerCount()).toBe(0)
    works[0]?.resolve('A')
    await until(() => expect(partition.states).toEqual(['acked']))
    expect(partition.failures).toEqual([])
  })

  it('is neither reported nor tried again when it fails after its ack stopped counting', async () => {
    const { partition, feed, works, started, subscribe } = bench({ retry: 0 })
    subscribe()
    feed.next('a')
    partition.fence()
    works[0]?.reject(new Error('aborted'))
    feed.next('b')
    await until(() => expect(started).toEqual(['a', 'b']))
    expect(partition.states).toEqual(['fenced', 'held'])
    expect(partition.failures).toEqual([])
  })

  it('does not begin with a record whose ack stopped counting while it waited', async () => {
    const { partition, feed, works, started, subscribe } = bench()
    subscribe()
    feed.next('a')
    feed.next('b')
    partition.fence()
    feed.next('c')
    works[0]?.resolve('A')
    await until(() => expect(started).toEqual(['a', 'c']))
    expect(partition.states).toEqual(['fenced', 'fenced', 'held'])
  })

  it('goes on when the partition leaves; what has not started is given back', async () => {
    const { partition, feed, works, started, got, subscribe } = bench({ concurrency: 2, key: payload => payload.payload[0] })
    subscribe()
    for (const payload of ['a1', 'a2', 'b1', 'c1', 'b2']) feed.next(payload)
    expect(started).toEqual(['a1', 'b1'])
    partition.leave()
    await settled()
    expect(partition.states).toEqual(['held', 'released', 'held', 'released', 'released'])
    works[0]?.resolve('A1')
    works[1]?.resolve('B1')
    feed.complete()
    await until(() => expect(got).toEqual(['A1', 'B1', 'complete']))
    expect(partition.states).toEqual(['acked', 'released', 'acked', 'released', 'released'])
    expect(started).toEqual(['a1', 'b1'])
  })
})

describe('handle: other work', () => {
  it('is done on return when fn returns nothing, and emits nothing', () => {
    const partition = new FakePartition()
    const seen: string[] = []
    const got: unknown[] = []
    partition
      .deliver(of('a', 'b'))
      .pipe(
        handle(({ payload }) => {
          seen.push(payload, partition.states.join())
        }),
      )
      .subscribe({ next: value => got.push(value), complete: () => got.push('complete') })
    expect(seen).toEqual(['a', 'held', 'b', 'acked,held'])
    expect(partition.states).toEqual(['acked', 'acked'])
    expect(got).toEqual(['complete'])
  })

  it('takes any other value as an async function would have returned it: a string is one value', async () => {
    const partition = new FakePartition()
    const got: unknown[] = []
    const untyped = (() => 'abc') as () => void
    partition
      .deliver(of('a'))
      .pipe(handle(untyped))
      .subscribe(value => got.push(value))
    await until(() => expect(partition.states).toEqual(['acked']))
    expect(got).toEqual(['abc'])
  })

  it('works off a long queue without a deep stack', async () => {
    const partition = new FakePartition()
    const gate = new Deferred()
    let done = 0
    const records = Array.from({ length: 20_000 }, (_, nth) => nth)
    partition
      .deliver(merge(from(records), new Subject<number>()))
      .pipe(
        handle(({ payload }) => {
          if (payload === 0) return gate.promise
          done++
        }),
      )
      .subscribe()
    expect(done).toBe(0)
    gate.resolve()
    await until(() => expect(done).toBe(records.length - 1))
    expect(partition.states.every(state => state === 'acked')).toBe(true)
  })

  it('does not undo the claims of other branches', async () => {
    const partition = new FakePartition()
    const feed = new Subject<string>()
    const quick = new Deferred()
    const slow = new Deferred()
    const shared = partition.deliver(feed).pipe(share())
    merge(shared.pipe(handle(() => quick.promise)), shared.pipe(handle(() => slow.promise))).subscribe()
    feed.next('a')
    quick.resolve()
    await settled()
    expect(partition.states).toEqual(['held'])
    slow.resolve()
    await until(() => expect(partition.states).toEqual(['acked']))
  })

  it('takes a record over that waits for its ack', async () => {
    const { partition, feed, works, subscribe } = bench({}, new FakePartition({}, { bornHeld: true }))
    subscribe()
    feed.next('a')
    works[0]?.resolve('A')
    await until(() => expect(partition.states).toEqual(['acked']))
  })

  it.each([
    ['within next()', 'b'],
    ['later', 'a'],
  ])('gives an Observable back that take(1) cuts short, %s', async (_, waitsOn) => {
    const partition = new FakePartition()
    const feed = new Subject<string>()
    const gate = new Subject<never>()
    const got: unknown[] = []
    const works: Record<string, Observable<string>> = { a: waitsOn === 'a' ? gate : EMPTY, b: of('b1', 'b2') }
    partition
      .deliver(feed)
      .pipe(
        handle(({ payload }) => works[payload] ?? EMPTY),
        take(1),
      )
      .subscribe(value => got.push(value))
    feed.next('a')
    feed.next('b')
    gate.complete()
    await settled()
    expect(got).toEqual(['b1'])
    expect(partition.states).toEqual(['acked', 'released'])
  })

  it('stops an Observable whose ack no longer counts, without a report, and goes on with the next record', async () => {
    const partition = new FakePartition()
    const feed = new Subject<string>()
    const endless = new Subject<string>()
    const got: string[] = []
    partition
      .deliver(feed)
      .pipe(handle(({ payload }) => (payload === 'a' ? endless : of(payload))))
      .subscribe(value => got.push(value))
    feed.next('a')
    endless.next('a, half')
    partition.fence()
    expect(endless.observed).toBe(false)
    feed.next('b')
    await until(() => expect(got).toEqual(['a, half', 'b']))
    expect(partition.states).toEqual(['fenced', 'acked'])
    expect(partition.failures).toEqual([])
  })

  it('does not subscribe to work that fn returns after it unsubscribed the chain', async () => {
    const partition = new FakePartition()
    const feed = new Subject<string>()
    const first = new Deferred()
    let subscribed = 0
    const work = new Observable<void>(() => {
      subscribed++
    })
    const subscription = partition
      .deliver(feed)
      .pipe(
        handle(({ payload }) => {
          if (payload === 'a') return first.promise
          subscription.unsubscribe()
          return work
        }),
      )
      .subscribe()
    feed.next('a')
    feed.next('b')
    first.resolve()
    await until(() => expect(partition.states).toEqual(['acked', 'released']))
    expect(subscribed).toBe(0)
  })

  it('gives a record back whose key unsubscribed the chain', async () => {
    const partition = new FakePartition()
    const feed = new Subject<string>()
    const started: string[] = []
    const key = (): undefined => {
      subscription.unsubscribe()
    }
    const subscription = partition
      .deliver(feed)
      .pipe(
        handle(
          ({ payload }) => {
            started.push(payload)
          },
          { key },
        ),
      )
      .subscribe()
    feed.next('a')
    await until(() => expect(partition.states).toEqual(['released']))
    expect(started).toEqual([])
  })
})

describe('handle: failed records', () => {
  const failing = (options: HandleOptions<Delivery<string>>) => {
    const partition = new FakePartition()
    const feed = new Subject<string>()
    const got: unknown[] = []
    const subscription = partition
      .deliver(feed)
      .pipe(
        handle(
          ({ payload }) => {
            if (payload === 'bad') throw new TypeError('poison')
          },
          { retry: 0, ...options },
        ),
      )
      .subscribe({ error: error => got.push(error), complete: () => got.push('complete') })
    return { partition, feed, got, subscription }
  }

  it('go to the dead letter, held until it has taken them', async () => {
    const taken = new Deferred()
    const letters: unknown[] = []
    const { partition, feed, got } = failing({
      deadLetter: async (record, error) => {
        letters.push(record.payload, error)
        await taken.promise
      },
    })
    feed.next('bad')
    feed.next('good')
    await settled()
    expect(letters).toEqual(['bad', new TypeError('poison')])
    expect(partition.states).toEqual(['held', 'held'])
    taken.resolve()
    await until(() => expect(partition.states).toEqual(['acked', 'acked']))
    expect(partition.failures).toEqual([])
    feed.complete()
    expect(got).toEqual(['complete'])
  })

  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('disk full')
      },
    ],
    ['rejects', () => Promise.reject(new Error('disk full'))],
  ])('end the stream when the dead letter %s, and come again', async (_, deadLetter) => {
    const { partition, feed, got } = failing({ deadLetter })
    feed.next('bad')
    await until(() => expect(got).toEqual([new Error('disk full')]))
    await settled()
    expect(feed.observed).toBe(false)
    expect(partition.states).toEqual(['released'])
  })

  it.each<[string, (taken: Deferred) => void, string]>([
    ['acked if it takes them', taken => taken.resolve(), 'acked'],
    ['given back if not', taken => taken.reject(new Error('disk full')), 'released'],
  ])('are with the dead letter when the chain goes: %s', async (_, end, state) => {
    const taken = new Deferred()
    const { partition, feed, got, subscription } = failing({ deadLetter: () => taken.promise })
    feed.next('bad')
    subscription.unsubscribe()
    await settled()
    expect(partition.states).toEqual(['held'])
    end(taken)
    await until(() => expect(partition.states).toEqual([state]))
    expect(got).toEqual([])
  })

  it('include those whose key throws', () => {
    const { partition, feed, got } = failing({
      key: ({ payload }) => {
        if (payload === 'no key') throw new TypeError('no superevent_id')
        return payload
      },
    })
    feed.next('no key')
    feed.next('good')
    feed.complete()
    expect(partition.failures).toMatchObject([{ offset: 0, error: { message: 'no superevent_id' } }])
    expect(partition.states).toEqual(['acked', 'acked'])
    expect(got).toEqual(['complete'])
  })
})

describe('handle: wrong use', () => {
  it('errors on a value that is no Delivery', () => {
    const got: unknown[] = []
    const spread = new FakePartition().deliver(of('a')).pipe(map(record => ({ ...record, payload: 1 }) as Delivery<number>))
    spread.pipe(handle(() => {})).subscribe({ error: error => got.push(error) })
    expect(got[0]).toBeInstanceOf(ConfigError)
    expect(String(got[0])).toMatch(/handle\(\) got a value that is no Delivery: its claims are lost\. Put handle\(\) above/)
  })

  it('errors on a record that is handled by default already', () => {
    const partition = new FakePartition()
    const records: Delivery<string>[] = []
    partition.deliver(of('a')).subscribe(record => records.push(record))
    const got: unknown[] = []
    from(records)
      .pipe(handle(() => {}))
      .subscribe({ error: error => got.push(error) })
    expect(got[0]).toBeInstanceOf(AlertError)
    expect(got[0]).toMatchObject({ code: 'ALERT_LATE_HOLD' })
    expect(records[0] && tokenOf(records[0]).state).toBe('auto')
  })

  it.each<[HandleOptions<Delivery<string>>, string]>([
    [{ concurrency: 0 }, 'handle: concurrency is 0, expected a whole number of at least 1, or Infinity'],
    [{ concurrency: 1.5 }, 'handle: concurrency is 1.5, expected a whole number of at least 1, or Infinity'],
    [{ retry: -1 }, 'handle: retry is -1, expected a whole number of at least 0, or Infinity'],
    [{ retry: { count: Number.NaN } }, 'handle: retry is NaN, expected a whole number of at least 0, or Infinity'],
    [{ retry: { delay: 0.5 } }, 'handle: retry.delay is 0.5, expected milliseconds. If seconds were meant, write 500'],
    [{ timeout: -5 }, 'handle: timeout is -5, expected milliseconds: a number of at least 0'],
    [
      { deadLetter: () => {}, onFailure: 'error' },
      "handle() got a deadLetter and onFailure: 'error': no record would reach it. Leave one of them out",
    ],
  ])('refuses %j', (options, message) => {
    expect(() => handle(() => {}, options)).toThrow(ConfigError)
    expect(() => handle(() => {}, options)).toThrow(message)
  })

  it('takes undefined for an option as if it were not there', () => {
    const { concurrency, retry, timeout, key, deadLetter, onFailure } = {} as HandleOptions<Delivery<string>>
    expect(() => handle(() => {}, { concurrency, retry, timeout, key, deadLetter, onFailure })).not.toThrow()
  })
})

describe('backoff', () => {
  it('doubles from 250 ms to 30 s, less up to half', () => {
    for (const [attempt, full] of [
      [1, 250],
      [2, 500],
      [3, 1000],
      [7, 16_000],
      [8, 30_000],
      [5000, 30_000],
    ] as const) {
      for (let n = 0; n < 50; n++) {
        const wait = backoff(attempt)
        expect(wait).toBeGreaterThan(full / 2 - 1)
        expect(wait).toBeLessThanOrEqual(full)
      }
    }
  })
})
