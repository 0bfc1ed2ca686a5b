import { VirtualClock } from 'igwn-alert-rx/testing'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { type Issued, TokenSource } from '../../src/auth/TokenSource.ts'
import { AlertError } from '../../src/errors.ts'

const away = new AlertError('ALERT_CONNECTION', 'the origin is away')

let clock: VirtualClock
let over: AbortController
/** What the origin does at each request: gives a token, fails, or says nothing. */
let answer: (asked: number, signal: AbortSignal) => Promise<Issued>
let asked: number
let source: TokenSource

const issue =
  (lifetime: number | undefined) =>
  async (n: number): Promise<Issued> => ({ token: `token ${n}`, subject: undefined, lifetime })
const fail = async (): Promise<never> => {
  throw away
}
const silent = (): Promise<never> => new Promise(() => {})
const get = async (): Promise<string> => (await source.get()).token
const failure = (promise: Promise<unknown>): Promise<AlertError> =>
  promise.then(
    value => expect.fail(`it gave ${String(value)}`),
    (error: AlertError) => error,
  )

beforeEach(() => {
  clock = new VirtualClock()
  over = new AbortController()
  asked = 0
  answer = issue(30_000)
  source = new TokenSource({ what: 'the origin', ask: signal => answer(++asked, signal) }, { clock, signal: over.signal })
})

describe('a token', () => {
  test('is not asked for before it is wanted, and once for all who want it', async () => {
    expect(asked).toBe(0)
    expect(await Promise.all(Array.from({ length: 50 }, get))).toEqual(Array.from({ length: 50 }, () => 'token 1'))
    expect(await get()).toBe('token 1')
    expect(asked).toBe(1)
    expect(clock.pending).toBe(0)
  })

  test.each([
    ['in the last third of a short life', 30_000, 20_000],
    ['90 s before the end of a long one', 3_600_000, 3_510_000],
  ])('is renewed %s', async (_, lifetime, fresh) => {
    answer = issue(lifetime)
    await get()
    await clock.advance(fresh - 1)
    expect(await get()).toBe('token 1')
    await clock.advance(1)
    expect(await get()).toBe('token 2')
    expect(asked).toBe(2)
  })

  test('lives from when it was asked for, not from when it came', async () => {
    answer = async n => {
      await new Promise<void>(resolve => clock.after(3_000, resolve))
      return issue(9_000)(n)
    }
    const first = get()
    await clock.advance(3_000)
    expect(await first).toBe('token 1')
    await clock.advance(2_999)
    expect(await get()).toBe('token 1')
    await clock.advance(1)
    const second = get()
    await clock.advance(1_000)
    expect(await second).toBe('token 1')
    await clock.advance(2_000)
    expect(await get()).toBe('token 2')
  })

  test('of unknown or no life is not used twice', async () => {
    for (const lifetime of [undefined, 0, -5]) {
      answer = issue(lifetime)
      const before = asked
      expect(await Promise.all([get(), get()])).toEqual([`token ${before + 1}`, `token ${before + 1}`])
      expect(await get()).toBe(`token ${before + 2}`)
    }
  })
})

describe('an origin that fails', () => {
  test('while the token is good: it is used on at once, the origin asked again', async () => {
    await get()
    await clock.advance(20_000)
    answer = fail
    expect(await get()).toBe('token 1')
    expect(asked).toBe(2)
    expect(await get()).toBe('token 1')
    await clock.advance(300)
    expect(asked).toBe(3)
    answer = issue(30_000)
    expect(await get()).toBe('token 1')
    await clock.advance(600)
    expect(await get()).toBe('token 4')
  })

  test('is told, and asked again 0.25 s, 0.5 s, ... 5 s apart, by half of it at random', async () => {
    answer = fail
    const at: number[] = []
    for (let n = 0; n < 9; n++) {
      const failed = failure(get())
      while (asked === n) await clock.advance(1)
      at.push(clock.tick())
      expect(await failed).toBe(away)
    }
    for (const [n, longest] of [250, 500, 1_000, 2_000, 4_000, 5_000, 5_000, 5_000].entries()) {
      const gap = at[n + 1]! - at[n]!
      expect(gap).toBeGreaterThanOrEqual(longest / 2)
      expect(gap).toBeLessThanOrEqual(longest + 1)
    }
  })

  test('and has failed: what comes then is a good token, and the waits begin anew', async () => {
    answer = fail
    await failure(get())
    answer = issue(30_000)
    const second = get()
    await clock.advance(250)
    expect(await second).toBe('token 2')
    await clock.advance(40_000)
    answer = fail
    await failure(get())
    const fourth = failure(get())
    await clock.advance(250)
    expect(await fourth).toBe(away)
  })

  test('a token that has ended is not used on', async () => {
    await get()
    answer = fail
    await clock.advance(30_000)
    expect(await failure(get())).toBe(away)
  })
})

describe('an origin that is silent', () => {
  test('is told after 8 s, given up after 10 s, asked again', async () => {
    const aborted = vi.fn()
    answer = (_, signal) => {
      signal.addEventListener('abort', aborted)
      return silent()
    }
    const first = failure(get())
    await clock.advance(8_000)
    expect(await first).toMatchObject({ code: 'ALERT_TIMEOUT', message: 'the origin has not given a token in 8000 ms' })
    expect(aborted).not.toHaveBeenCalled()
    const second = failure(get())
    await clock.advance(2_000)
    expect(aborted).toHaveBeenCalledOnce()
    expect(await second).toMatchObject({ code: 'ALERT_TIMEOUT', message: 'the origin has not given a token in 10000 ms' })
    const third = failure(get())
    await clock.advance(8_000)
    expect((await third).message).toBe(
      'the origin has not given a token in 8000 ms; before that: the origin has not given a token in 10000 ms',
    )
    expect(asked).toBe(2)
  })

  test('while the token is good: it is waited for 1 s, then the token is used on', async () => {
    await get()
    await clock.advance(20_000)
    answer = silent
    let got: string | undefined
    void get().then(token => {
      got = token
    })
    await clock.advance(999)
    expect(got).toBeUndefined()
    await clock.advance(1)
    expect(got).toBe('token 1')
  })

  test('an answer that comes late is kept for the next who asks', async () => {
    answer = async n => {
      await new Promise<void>(resolve => clock.after(9_000, resolve))
      return issue(30_000)(n)
    }
    const first = failure(get())
    await clock.advance(9_000)
    expect((await first).code).toBe('ALERT_TIMEOUT')
    expect(await get()).toBe('token 1')
    expect(asked).toBe(1)
  })
})

describe('a token that the broker refuses', () => {
  test('is replaced, if it is older than 10 s', async () => {
    await get()
    source.refused('token 1')
    expect(await get()).toBe('token 1')
    await clock.advance(10_000)
    source.refused('another one')
    expect(await get()).toBe('token 1')
    source.refused('token 1')
    expect(await get()).toBe('token 2')
  })
})

describe('the end', () => {
  test('calls off what is under way, and leaves no timer', async () => {
    const aborted = vi.fn()
    answer = (_, signal) => {
      signal.addEventListener('abort', aborted)
      return silent()
    }
    const wanted = failure(get())
    over.abort()
    expect((await wanted).code).toBe('ALERT_CLOSED')
    expect(aborted).toHaveBeenCalledOnce()
    const late = failure(get())
    await clock.advance(0)
    expect((await late).code).toBe('ALERT_CLOSED')
    expect(clock.pending).toBe(0)
    expect(asked).toBe(1)
  })
})
