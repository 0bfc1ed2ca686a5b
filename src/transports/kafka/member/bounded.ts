import { pause, systemClock } from '../../../clock.ts'

/** Waits for `work`, whatever comes of it, but no longer than `ms`. */
export async function bounded(ms: number, work: Promise<unknown>): Promise<void> {
  const done = new AbortController()
  const over = work.then(
    () => done.abort(),
    () => done.abort(),
  )
  await Promise.race([over, pause(systemClock, ms, done.signal)])
}
