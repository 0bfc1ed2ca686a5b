import { Observable, of, Subject, throwError } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { toStream } from '../../src/sources/AlertStream.ts'
import { iterate } from '../../src/sources/iterate.ts'

const DONE = { done: true, value: undefined }
const value = <T>(of: T) => ({ done: false, value: of })

/** A hot source, and whether anybody listens. */
const hot = (): { subject: Subject<number>; iterator: AsyncIterableIterator<number, undefined> } => {
  const subject = new Subject<number>()
  return { subject, iterator: iterate(subject) }
}

describe('the iterator of a stream', () => {
  it('subscribes at the first next(), once', () => {
    let subscriptions = 0
    const iterator = iterate(
      new Observable(() => {
        subscriptions++
      }),
    )
    expect(subscriptions).toBe(0)
    void iterator.next()
    void iterator.next()
    expect(subscriptions).toBe(1)
  })

  it('is its own iterable, and each of a stream is a subscription of its own', async () => {
    const stream = toStream(of(1, 2))
    const iterator = stream[Symbol.asyncIterator]()
    expect(iterator[Symbol.asyncIterator]()).toBe(iterator)
    expect(await iterator.next()).toEqual(value(1))
    expect(await stream[Symbol.asyncIterator]().next()).toEqual(value(1))
  })

  it('answers several next() in the order of the calls', async () => {
    const { subject, iterator } = hot()
    const asked = [iterator.next(), iterator.next(), iterator.next()]
    subject.next(1)
    subject.next(2)
    subject.complete()
    expect(await Promise.all(asked)).toEqual([value(1), value(2), DONE])
  })

  it('keeps what comes faster than it is asked for, and then ends', async () => {
    const { subject, iterator } = hot()
    const first = iterator.next()
    for (let i = 0; i < 3; i++) subject.next(i)
    subject.complete()
    expect([await first, await iterator.next(), await iterator.next(), await iterator.next()]).toEqual([value(0), value(1), value(2), DONE])
  })

  it('answers a pending next() when return() is called, and unsubscribes', async () => {
    const { subject, iterator } = hot()
    const pending = iterator.next()
    expect(await iterator.return?.()).toEqual(DONE)
    expect(await pending).toEqual(DONE)
    expect(subject.observed).toBe(false)
    expect(await iterator.next()).toEqual(DONE)
  })

  it('does not subscribe when return() comes first', async () => {
    const { subject, iterator } = hot()
    await iterator.return?.()
    expect(await iterator.next()).toEqual(DONE)
    expect(subject.observed).toBe(false)
  })

  it('forgets at return() what was not asked for', async () => {
    const { subject, iterator } = hot()
    const first = iterator.next()
    subject.next(1)
    subject.next(2)
    await first
    await iterator.return?.()
    expect(await iterator.next()).toEqual(DONE)
  })

  it('throws the error behind the values, once', async () => {
    const iterator = iterate(
      new Observable<number>(out => {
        out.next(1)
        out.error(new RangeError('end'))
      }),
    )
    expect(await iterator.next()).toEqual(value(1))
    await expect(iterator.next()).rejects.toThrow(RangeError)
    expect(await iterator.next()).toEqual(DONE)
  })

  it('throws an error to the first of several that wait; the others are done', async () => {
    const { subject, iterator } = hot()
    const [first, second] = [iterator.next(), iterator.next()]
    subject.error(new RangeError('end'))
    await expect(first).rejects.toThrow(RangeError)
    expect(await second).toEqual(DONE)
    expect(await iterator.next()).toEqual(DONE)
  })

  it('throws the error of a subscription that fails at once', async () => {
    const iterator = iterate(throwError(() => new RangeError('at once')))
    await expect(iterator.next()).rejects.toThrow(RangeError)
  })

  it('unsubscribes when the body of a loop throws', async () => {
    const { subject, iterator } = hot()
    const loop = async (): Promise<void> => {
      for await (const _ of iterator) throw new RangeError('body')
    }
    const ended = loop()
    subject.next(1)
    await expect(ended).rejects.toThrow(RangeError)
    expect(subject.observed).toBe(false)
  })

  it('is delegated to by an async generator, which may be thrown into', async () => {
    const { subject, iterator } = hot()
    const generator = (async function* () {
      yield* iterator
    })()
    const first = generator.next()
    subject.next(1)
    await first
    await expect(generator.throw(new RangeError('thrown in'))).rejects.toThrow()
    expect(subject.observed).toBe(false)
  })
})
