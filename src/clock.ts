/** Time as the library sees it; a test may give its own (`VirtualClock` of `igwn-alert-rx/testing`). */
export interface Clock {
  /** Wall-clock time, ms since 1970: for comparison with timestamps of records. It may jump. */
  now(): number
  /** Monotonic time, ms since anywhere: for durations. */
  tick(): number
  /** Calls `fn` after `ms`; gives what calls it off. */
  after(ms: number, fn: () => void): () => void
}

/** A longer timer fires at once, says the platform; nobody waits 24 days for one. */
const LONGEST_TIMER = 2 ** 31 - 1

export const systemClock: Clock = {
  now: () => Date.now(),
  tick: () => performance.now(),
  after: (ms, fn) => {
    if (ms === Number.POSITIVE_INFINITY) return () => {}
    const timer = setTimeout(fn, Math.min(Math.max(ms, 0), LONGEST_TIMER))
    return () => clearTimeout(timer)
  },
}

/** Resolves after `ms`, or at once when `signal` aborts. */
export function pause(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve()
  return new Promise(resolve => {
    const done = (): void => {
      cancel()
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const cancel = clock.after(ms, done)
    signal?.addEventListener('abort', done)
  })
}
