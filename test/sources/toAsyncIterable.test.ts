import { Observable, Subject } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { ConfigError } from '../../src/errors.ts'
import { type ToAsyncIterableOptions, toAsyncIterable } from '../../src/sources/toAsyncIterable.ts'

const DONE = { done: true, value: undefined }

function begin(options: ToAsyncIterableOptions) {
  const subject = new Subject<number>()
  const iterator = toAsyncIterable(subject, options)[Symbol.asyncIterator]()
  const next = async (): Promise<unknown> => (await iterator.next()).value
  return { subject, iterator, next }
}

const send = (subject: Subject<number>, from: number, to: number): void => {
  for (let i = from; i <= to; i++) subject.next(i)
}

describe('toAsyncIterable', () => {
  it('subscribes when the loop begins', () => {
    const { subject, iterator } = begin({ buffer: 1 })
    expect(subject.observed).toBe(false)
    void iterator.next()
    expect(subject.observed).toBe(true)
  })

  it('keeps up to `buffer` values for a loop that is slower', async () => {
    const { subject, next } = begin({ buffer: 3 })
    const first = next()
    send(subject, 0, 3)
    subject.complete()
    expect([await first, await next(), await next(), await next(), await next()]).toEqual([0, 1, 2, 3, undefined])
  })

  it("is lossless with overflow: 'error': the loop gets what was kept, then throws", async () => {
    const { subject, iterator, next } = begin({ buffer: 2 })
    const first = next()
    send(subject, 0, 9)
    expect(subject.observed).toBe(false)
    expect([await first, await next(), await next()]).toEqual([0, 1, 2])
    await expect(next()).rejects.toMatchObject({ code: 'ALERT_OVERFLOW', message: expect.stringMatching(/more than 2 values behind/) })
    expect(await iterator.next()).toEqual(DONE)
  })

  it("loses the oldest with 'dropOldest', the newest with 'dropNewest'", async () => {
    for (const [overflow, kept] of [
      ['dropOldest', [0, 8, 9]],
      ['dropNewest', [0, 1, 2]],
    ] as const) {
      const { subject, next } = begin({ buffer: 2, overflow })
      const first = next()
      send(subject, 0, 9)
      expect([await first, await next(), await next()]).toEqual(kept)
      const later = next()
      subject.next(10)
      expect(await later).toBe(10)
    }
  })

  it('throws the error of the source behind what was kept', async () => {
    const { subject, next } = begin({ buffer: 5 })
    const first = next()
    send(subject, 0, 1)
    subject.error(new RangeError('source'))
    expect([await first, await next()]).toEqual([0, 1])
    await expect(next()).rejects.toThrow(RangeError)
  })

  it('unsubscribes at a break, and answers who waits', async () => {
    const { subject, iterator } = begin({ buffer: 5 })
    const waiting = iterator.next()
    expect(await iterator.return?.()).toEqual(DONE)
    expect([await waiting, subject.observed]).toEqual([DONE, false])
  })

  it('ends also when what is replayed at once is too much', async () => {
    let unsubscribed = 0
    const replaying = new Observable<number>(out => {
      for (let i = 0; i < 10; i++) out.next(i)
      return () => unsubscribed++
    })
    const iterator = toAsyncIterable(replaying, { buffer: 2 })[Symbol.asyncIterator]()
    expect([(await iterator.next()).value, (await iterator.next()).value]).toEqual([0, 1])
    expect(unsubscribed).toBe(1)
    await expect(iterator.next()).rejects.toMatchObject({ code: 'ALERT_OVERFLOW' })
  })

  it.each([0, 1.5, -1, Number.NaN, Number.POSITIVE_INFINITY])('takes no buffer of %s', buffer => {
    expect(() => toAsyncIterable(new Subject(), { buffer })).toThrow(ConfigError)
  })
})
