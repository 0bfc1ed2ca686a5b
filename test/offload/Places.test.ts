import { describe, expect, it } from 'vitest'
import { Places } from '../../src/offload/Places.ts'

const never = new AbortController().signal

/** Tasks that end when they are told to. */
function tasks(places: Places): {
  begun: string[]
  end: (name: string) => void
  run: (name: string, signal?: AbortSignal) => Promise<string>
} {
  const begun: string[] = []
  const ends = new Map<string, () => void>()
  const run = (name: string, signal = never): Promise<string> =>
    places.run(async () => {
      begun.push(name)
      await new Promise<void>(resolve => ends.set(name, resolve))
      return name
    }, signal)
  return { begun, end: name => ends.get(name)?.(), run }
}

const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

describe('Places', () => {
  it('lets so many in, the others in their order', async () => {
    const { begun, end, run } = tasks(new Places(2))
    const done = ['a', 'b', 'c', 'd'].map(name => run(name))
    await turn()
    expect(begun).toEqual(['a', 'b'])
    end('b')
    await turn()
    expect(begun).toEqual(['a', 'b', 'c'])
    for (const name of ['a', 'c']) end(name)
    await turn()
    expect(begun).toEqual(['a', 'b', 'c', 'd'])
    end('d')
    expect(await Promise.all(done)).toEqual(['a', 'b', 'c', 'd'])
  })

  it('gives the place of a failure to the next', async () => {
    const places = new Places(1)
    const failed = places.run(() => Promise.reject(new Error('no')), never)
    const next = places.run(async () => 'yes', never)
    await expect(failed).rejects.toThrow('no')
    expect(await next).toBe('yes')
    expect(await places.run(async () => 'again', never)).toBe('again')
  })

  it('lets go of whoever gives up waiting, and begins nothing for who has', async () => {
    const { begun, end, run } = tasks(new Places(1))
    const abort = new AbortController()
    const first = run('a')
    const waiting = run('b', abort.signal)
    const last = run('c')
    await turn()
    abort.abort(new Error('gave up'))
    await expect(waiting).rejects.toThrow('gave up')
    await expect(run('d', abort.signal)).rejects.toThrow('gave up')
    end('a')
    await first
    await turn()
    end('c')
    expect(await last).toBe('c')
    expect(begun).toEqual(['a', 'c'])
  })
})
