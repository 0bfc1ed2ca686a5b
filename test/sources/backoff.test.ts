import { afterEach, describe, expect, it, vi } from 'vitest'
import { Backoff } from '../../src/sources/backoff.ts'
import { VirtualClock } from '../../src/testing/VirtualClock.ts'

const MINUTE = 60_000

/** The highest delays that chance could give. */
function highest(): { clock: VirtualClock; backoff: Backoff; next: () => number } {
  vi.spyOn(Math, 'random').mockReturnValue(1)
  const clock = new VirtualClock()
  const backoff = new Backoff(clock)
  return { clock, backoff, next: () => backoff.next() }
}

describe('the delays between tries', () => {
  afterEach(() => void vi.restoreAllMocks())

  it('double up to 2 s', () => {
    const { next } = highest()
    expect(Array.from({ length: 8 }, next)).toEqual([100, 200, 400, 800, 1_600, 2_000, 2_000, 2_000])
  })

  it('are anything between that and nothing, by chance', () => {
    const { backoff } = highest()
    vi.mocked(Math.random).mockReturnValueOnce(0).mockReturnValueOnce(0.5)
    expect([backoff.next(), backoff.next()]).toEqual([0, 100])
  })

  it('may be 30 s once it has lasted ten minutes', async () => {
    const { clock, next } = highest()
    for (let i = 0; i < 20; i++) next()
    await clock.advance(10 * MINUTE - 1)
    expect(next()).toBe(2_000)
    await clock.advance(1)
    expect(next()).toBe(30_000)
  })

  it('begin anew once it works again, also the ten minutes', async () => {
    const { clock, backoff, next } = highest()
    for (let i = 0; i < 20; i++) next()
    await clock.advance(20 * MINUTE)
    backoff.reset()
    expect([backoff.attempt, next(), backoff.attempt]).toEqual([0, 100, 1])
  })

  it('count a day of tries without growing beyond the cap', async () => {
    const { clock, next } = highest()
    let longest = 0
    for (let i = 0; i < 5_000; i++) {
      const delay = next()
      longest = Math.max(longest, delay)
      await clock.advance(delay)
    }
    expect(longest).toBe(30_000)
    expect(clock.tick()).toBeGreaterThan(24 * 60 * MINUTE)
  }, 20_000)
})
