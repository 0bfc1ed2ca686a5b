import { defer, EMPTY, map, NEVER, type Observable, of, throwError, timer, VirtualTimeScheduler } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { AlertError } from '../../src/errors.ts'
import { handle } from '../../src/operators/handle.ts'
import { FakePartition } from '../support/deliveries.ts'
import { marbles } from '../support/marbles.ts'
import { passesRecordsOn } from './passing.ts'

/** The states of a partition's records at a time. */
const statesAt = (partition: FakePartition, frame: number): Observable<string> => timer(frame).pipe(map(() => partition.states.join(' ')))

describe('handle', () => {
  passesRecordsOn(() => handle(({ payload }) => of(payload)))

  it('works on one record at a time: holds it, acks it on completion', () => {
    marbles(({ cold, hot, expectObservable, expectSubscriptions }) => {
      const partition = new FakePartition()
      const source = hot('  -a-b--------|')
      const subs = '        ^-----------!'
      const a = cold('       ---x--|')
      const aSubs = '       -^-----!'
      const b = cold('             y-z|')
      const bSubs = '       -------^--!'
      const expected = '    ----x--y-z--|'
      const works = { a, b }
      expectObservable(partition.deliver(source).pipe(handle(({ payload }) => works[payload as 'a' | 'b']))).toBe(expected)
      expectObservable(statesAt(partition, 6)).toBe('      ------(s|)', { s: 'held held' })
      expectObservable(statesAt(partition, 9)).toBe('      ---------(s|)', { s: 'acked held' })
      expectObservable(statesAt(partition, 11)).toBe('     -----------(s|)', { s: 'acked acked' })
      expectSubscriptions(source.subscriptions).toBe(subs)
      expectSubscriptions(a.subscriptions).toBe(aSubs)
      expectSubscriptions(b.subscriptions).toBe(bSubs)
    })
  })

  it('emits in order of completion, and waits for what has started when the source completes', () => {
    marbles(({ cold, hot, expectObservable }) => {
      const source = hot('  -abc|')
      const works = { a: cold('-----(a|)'), b: cold('-(b|)'), c: cold('-(c|)') }
      const expected = '    ---bc-(a|)'
      const handled = new FakePartition()
        .deliver(source)
        .pipe(handle(({ payload }) => works[payload as 'a' | 'b' | 'c'], { concurrency: 2 }))
      expectObservable(handled).toBe(expected)
    })
  })

  it('keeps the order within a key at any concurrency', () => {
    marbles(({ cold, hot, expectObservable }) => {
      const values = { a: 'S1 first', b: 'S1 second', c: 'S2 first', d: 'S1 third' }
      const source = hot('  -abcd|', values)
      const works: Record<string, Observable<string>> = {
        [values.a]: cold('   -----(a|)'),
        [values.b]: cold('        -(b|)'),
        [values.c]: cold('     -(c|)'),
        [values.d]: cold('          -(d|)'),
      }
      const expected = '    ----c-ab(d|)'
      const handled = new FakePartition().deliver(source).pipe(
        handle(({ payload }) => works[payload] ?? EMPTY, {
          concurrency: Number.POSITIVE_INFINITY,
          key: ({ payload }) => payload.slice(0, 2),
        }),
      )
      expectObservable(handled).toBe(expected)
    })
  })

  it('lets records without a key pass those that wait for theirs', () => {
    marbles(({ cold, hot, expectObservable }) => {
      const source = hot('  -aabb|')
      const handled = new FakePartition().deliver(source).pipe(
        handle(({ payload }) => cold('---(x|)', { x: payload }), {
          concurrency: 3,
          key: ({ payload }) => (payload === 'a' ? 'a' : undefined),
        }),
      )
      expectObservable(handled).toBe('----a-b(ba|)')
    })
  })

  it('tries again, so often and after so long, and holds the record meanwhile', () => {
    marbles(({ cold, hot, expectObservable, expectSubscriptions }) => {
      const partition = new FakePartition()
      const source = hot('  -a-------------|')
      const work = cold('    -#')
      const subs = ['       -^!', '-----^!', '---------^!']
      const handled = partition.deliver(source).pipe(handle(() => work, { retry: { count: 2, delay: 3 } }))
      expectObservable(handled).toBe('---------------|')
      expectObservable(statesAt(partition, 9)).toBe('---------(s|)', { s: 'held' })
      expectObservable(statesAt(partition, 11)).toBe('-----------(s|)', { s: 'acked' })
      expectSubscriptions(work.subscriptions).toBe(subs)
    })
  })

  it('waits by the scheduler that it is given: for the next try, and for the end of one', () => {
    const scheduler = new VirtualTimeScheduler()
    const tries: number[] = []
    const work = defer(() => {
      tries.push(scheduler.now())
      return tries.length === 1 ? NEVER : of('done')
    })
    const got: string[] = []
    new FakePartition()
      .deliver(of('a'))
      .pipe(handle(() => work, { timeout: 30_000, retry: { delay: 60_000 }, scheduler }))
      .subscribe(value => got.push(`${value} at ${scheduler.now()}`))
    scheduler.flush()
    expect([tries, got]).toEqual([[0, 90_000], ['done at 90000']])
  })

  it('reports a record whose tries have all failed, acks it and goes on', () => {
    const partition = new FakePartition()
    marbles(({ cold, hot, expectObservable }) => {
      const source = hot('  -a----b|')
      const works = { a: cold('#', undefined, new TypeError('no far')), b: cold('-(b|)') }
      const expected = '    -------(b|)'
      expectObservable(
        partition.deliver(source).pipe(handle(({ payload }) => works[payload as 'a' | 'b'], { retry: { count: 1, delay: 2 } })),
      ).toBe(expected)
    })
    expect(partition.failures).toMatchObject([{ offset: 0, error: { message: 'no far' } }])
    expect(partition.states).toEqual(['acked', 'acked'])
  })

  it('counts a throw of fn as a failed try', () => {
    marbles(({ hot, expectObservable }) => {
      let tries = 0
      const handled = new FakePartition().deliver(hot('-a---|')).pipe(
        handle(
          () => {
            if (++tries < 3) throw new TypeError(`try ${tries}`)
            return of(tries)
          },
          { retry: { count: 2, delay: 1 } },
        ),
      )
      expectObservable(handled).toBe('---x-|', { x: 3 })
    })
  })

  it('asks the delay function, which gives ms or something to wait for', () => {
    marbles(({ cold, hot, expectObservable, expectSubscriptions }) => {
      const asked: unknown[] = []
      const work = cold('#', undefined, 'down')
      const handled = new FakePartition().deliver(hot('-a----------|')).pipe(
        handle(() => work, {
          retry: {
            count: 2,
            delay: (error, attempt) => {
              asked.push([error, attempt])
              return attempt === 1 ? 2 : cold('----x---x')
            },
          },
        }),
      )
      expectObservable(handled).toBe('------------|')
      expectSubscriptions(work.subscriptions).toBe(['-(^!)', '---(^!)', '-------(^!)'])
      expectObservable(timer(9).pipe(map(() => asked))).toBe('---------(s|)', {
        s: [
          ['down', 1],
          ['down', 2],
        ],
      })
    })
  })

  it.each<[string, () => Observable<unknown> | number, unknown]>([
    ['ends without a value', () => EMPTY, 'down'],
    ['errors', () => throwError(() => 'given up'), 'given up'],
    [
      'throws',
      () => {
        throw new TypeError('delay')
      },
      new TypeError('delay'),
    ],
    ['is no duration', () => -1, expect.objectContaining({ code: 'ALERT_CONFIG' })],
  ])('gives the record up when the delay %s', (_, delay, told) => {
    const dead: unknown[] = []
    const partition = new FakePartition()
    marbles(({ hot, expectObservable }) => {
      const handled = partition.deliver(hot('-a---|')).pipe(
        handle(() => throwError(() => 'down'), {
          retry: { delay },
          deadLetter: (_record, error) => {
            dead.push(error)
          },
        }),
      )
      expectObservable(handled).toBe('-----|')
    })
    expect(dead).toEqual([told])
    expect(partition.states).toEqual(['acked'])
  })

  it('unsubscribes a try that takes too long', () => {
    const partition = new FakePartition()
    marbles(({ cold, hot, expectObservable, expectSubscriptions }) => {
      const source = hot('  -a-------|')
      const work = cold('    x--------|')
      const subs = ['       -^--!', '-----^--!']
      const expected = '    -x---x---|'
      expectObservable(partition.deliver(source).pipe(handle(() => work, { timeout: 3, retry: { count: 1, delay: 1 } }))).toBe(expected)
      expectSubscriptions(work.subscriptions).toBe(subs)
    })
    const [failure] = partition.failures
    expect(failure?.error).toBeInstanceOf(AlertError)
    expect(failure?.error.code).toBe('ALERT_TIMEOUT')
    expect(failure?.error.message).toMatch(/^gracedb\.superevent\[0\]@0: the handler did not end within 3 ms\. /)
  })

  it('gives back what it works on and what waits, when the chain is unsubscribed', async () => {
    const partition = new FakePartition()
    marbles(({ cold, hot, expectObservable, expectSubscriptions }) => {
      const source = hot('  -a-b-c--|')
      const unsub = '       ------!'
      const subs = '        ^-----!'
      const work = cold('    --------|')
      const workSubs = '    -^----!'
      expectObservable(partition.deliver(source).pipe(handle(() => work)), unsub).toBe('-------')
      expectSubscriptions(source.subscriptions).toBe(subs)
      expectSubscriptions(work.subscriptions).toBe(workSubs)
    })
    await Promise.resolve()
    expect(partition.states).toEqual(['released', 'released', 'released'])
  })

  it('gives back what it works on when the source fails, then passes the error on', async () => {
    const partition = new FakePartition()
    marbles(({ cold, hot, expectObservable, expectSubscriptions }) => {
      const source = hot('  -a-b-#')
      const work = cold('    --------|')
      const workSubs = '    -^---!'
      expectObservable(partition.deliver(source).pipe(handle(() => work))).toBe('-----#')
      expectSubscriptions(work.subscriptions).toBe(workSubs)
    })
    await Promise.resolve()
    expect(partition.states).toEqual(['released', 'released'])
  })

  it('gives back what waits for its next try when the partition leaves, and what is queued behind it', async () => {
    const partition = new FakePartition()
    const other = new FakePartition({ partition: 1 })
    marbles(({ cold, hot, expectObservable, expectSubscriptions }) => {
      const works = { a: cold('#'), b: cold('-(b|)'), c: cold('-(c|)') }
      const source = hot('  -ab--|', { a: partition.make('a'), b: partition.make('b') })
      const handled = source.pipe(handle(({ payload }) => works[payload as 'a' | 'b' | 'c'], { retry: { delay: 10 } }))
      expectObservable(handled).toBe('-----|')
      expectObservable(timer(3).pipe(map(() => partition.leave()))).toBe('---(x|)', { x: undefined })
      expectSubscriptions(works.a.subscriptions).toBe('-(^!)')
      expectSubscriptions(works.b.subscriptions).toBe([])
    })
    await Promise.resolve()
    for (const token of partition.tokens) token.emitted(false)
    expect(partition.states).toEqual(['released', 'released'])
    expect(other.states).toEqual([])
  })

  it('ends the stream when asked to: the record is not acked', async () => {
    const partition = new FakePartition()
    marbles(({ cold, hot, expectObservable, expectSubscriptions }) => {
      const source = hot('  -a-b-c-|')
      const subs = '        ^----!'
      const works = { a: cold('(a|)'), b: cold('--#', undefined, new TypeError('no')), c: cold('(c|)') }
      const expected = '    -a---#'
      const handled = partition
        .deliver(source)
        .pipe(handle(({ payload }) => works[payload as 'a' | 'b' | 'c'], { retry: 0, onFailure: 'error' }))
      expectObservable(handled).toBe(expected, undefined, new TypeError('no'))
      expectSubscriptions(source.subscriptions).toBe(subs)
    })
    await Promise.resolve()
    expect(partition.states).toEqual(['acked', 'released', 'released'])
  })
})
