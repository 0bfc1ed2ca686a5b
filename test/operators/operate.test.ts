import { Observable, Subject, type Subscriber } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { operate, type Steps } from '../../src/operators/operate.ts'

/** An operator of these steps over a source that is fed by hand, and what came out. */
function bench(steps: (out: Subscriber<number>) => Steps<number>) {
  const feed = new Subject<number>()
  const got: unknown[] = []
  const operated = new Observable<number>(out => {
    feed.subscribe(operate(out, steps(out)))
  })
  const subscription = operated.subscribe({
    next: value => got.push(value),
    error: error => got.push(`error ${error}`),
    complete: () => got.push('complete'),
  })
  return { feed, got, subscription }
}

describe('operate', () => {
  it('passes values as told, error and completion as they are', () => {
    const completing = bench(out => ({ next: value => out.next(value * 2) }))
    completing.feed.next(1)
    completing.feed.complete()
    expect(completing.got).toEqual([2, 'complete'])

    const failing = bench(out => ({ next: value => out.next(value) }))
    failing.feed.error('gone')
    expect(failing.got).toEqual(['error gone'])
  })

  it('takes what next throws for the error, and unsubscribes', () => {
    const { feed, got } = bench(() => ({
      next: value => {
        throw `no ${value}`
      },
    }))
    feed.next(1)
    expect(got).toEqual(['error no 1'])
    expect(feed.observed).toBe(false)
  })

  it('leaves error and completion to the steps, which may still emit', () => {
    const { feed, got } = bench(out => ({
      next: value => out.next(value),
      complete: () => {
        out.next(9)
        out.complete()
      },
    }))
    feed.next(1)
    feed.complete()
    expect(got).toEqual([1, 9, 'complete'])

    const mended = bench(out => ({ next: value => out.next(value), error: () => out.complete() }))
    mended.feed.error('gone')
    expect(mended.got).toEqual(['complete'])
  })

  it('unsubscribes with its subscriber', () => {
    const { feed, subscription } = bench(out => ({ next: value => out.next(value) }))
    expect(feed.observed).toBe(true)
    subscription.unsubscribe()
    expect(feed.observed).toBe(false)
  })
})
