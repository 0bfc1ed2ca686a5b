import { map, Observable, of } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { AlertStream, toStream } from '../../src/sources/AlertStream.ts'

const all = async <T>(stream: AsyncIterable<T>): Promise<T[]> => {
  const got: T[] = []
  for await (const value of stream) got.push(value)
  return got
}

describe('AlertStream', () => {
  it('is an Observable and an async iterable, also behind pipe()', async () => {
    const stream = toStream(of(1, 2, 3)).pipe(
      map(n => n * 2),
      map(n => n + 1),
    )
    expect(stream).toBeInstanceOf(AlertStream)
    expect(stream).toBeInstanceOf(Observable)
    expect(await all(stream)).toEqual([3, 5, 7])
    const seen: number[] = []
    stream.subscribe(value => seen.push(value))
    expect(seen).toEqual([3, 5, 7])
  })

  it('is itself behind a pipe() of nothing, and a stream already for toStream()', () => {
    const stream = toStream(of(1))
    expect(stream.pipe()).toBe(stream)
    expect(toStream(stream)).toBe(stream)
  })

  it('takes more operators than the types name', async () => {
    const inc = map((n: number) => n + 1)
    const pipe = AlertStream.prototype.pipe as (this: AlertStream<number>, ...operators: unknown[]) => AlertStream<number>
    expect(await all(pipe.call(toStream(of(0)), ...Array.from({ length: 9 }, () => inc)))).toEqual([9])
  })

  it('is cold: each subscription subscribes the source, and unsubscribes it', () => {
    let open = 0
    const stream = toStream(
      new Observable(() => {
        open++
        return () => open--
      }),
    )
    const [a, b] = [stream.subscribe(), stream.subscribe()]
    expect(open).toBe(2)
    a.unsubscribe()
    b.unsubscribe()
    expect(open).toBe(0)
  })
})
