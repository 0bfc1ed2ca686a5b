import { asyncScheduler, type MonoTypeOperatorFunction, Observable, type SchedulerLike } from 'rxjs'
import { ConfigError } from '../errors.ts'
import type { AlertRecord } from '../record.ts'
import { checkDuration } from './checks.ts'
import { operate } from './operate.ts'
import { Ordering } from './ordering.ts'

/** How `orderByTime` orders. */
export interface OrderByTimeOptions<R> {
  /** ms that a record is held back at most: how much later than the others one may arrive and still be put in its place. */
  readonly within: number
  /** What is ordered by, ms since 1970. @default the record's `timestamp` */
  readonly time?: ((record: R) => number) | undefined
  /** @default rxjs's asyncScheduler */
  readonly scheduler?: SchedulerLike | undefined
}

/**
 * Puts the records of several topics, partitions or brokers in order of their time: holds each back for up to `within` ms, so that one which
 * arrives that much late still goes before it. Of equal times the one that came first goes first.
 *
 *     --3-1-2--------5-4-------|    the numbers are times
 *       orderByTime({ within: 5 })
 *     -------(123)--------(45)-|
 *
 * A record that comes later still goes on at once, out of order; so does one whose time is NaN. Every record but those is `within` ms late:
 * for a page at 3 a.m. order is seldom worth it.
 *
 * Lossless: what is held back is not handled. When the stream completes it goes on, in order; when it fails or is unsubscribed, or the
 * partition leaves, it is given back.
 *
 * What is held back counts in `maxUnhandled` (1000 records, 64 MB): at more than that in `within` ms, as while a backlog is read, the source
 * pauses until the oldest are due. Nothing is stuck, but no more than `maxUnhandled` records come in `within` ms: raise it for that.
 *
 * An error of `time` ends the stream, and the record comes again.
 *
 * @throws ConfigError for a wrong option. As the stream's error: AlertError ALERT_LATE_HOLD below an asynchronous operator
 * @example
 * ```ts
 * client.topics(['cbc_gstlal', 'cbc_mbta', 'cbc_pycbc']).pipe(
 *   orderByTime({ within: 2_000 }),
 *   handle(async ({ topic, timestamp }) => console.log(new Date(timestamp).toISOString(), topic)),
 * ).subscribe({ error: console.error })
 * // 2025-08-18T02:02:44.120Z cbc_mbta
 * // 2025-08-18T02:02:44.871Z cbc_gstlal
 * ```
 * @see {@link dedupe}
 */
export function orderByTime<R extends AlertRecord<unknown>>(options: OrderByTimeOptions<NoInfer<R>>): MonoTypeOperatorFunction<R> {
  const { time = ({ timestamp }) => timestamp, scheduler = asyncScheduler } = options
  const settings = { time, scheduler, within: checkFinite(options.within) }
  return source =>
    new Observable(out => {
      const ordering = new Ordering(settings, out)
      const complete = (): void => {
        ordering.flush()
        out.complete()
      }
      const upstream = operate<R>(out, { next: record => ordering.accept(record), complete })
      // Behind the unsubscribing of the source, which has to know of its end before anything is given back.
      out.add(() => ordering.shut())
      source.subscribe(upstream)
    })
}

function checkFinite(within: number): number {
  if (within !== Number.POSITIVE_INFINITY) return checkDuration('orderByTime: within', within)
  throw new ConfigError('orderByTime: within is Infinity, expected milliseconds', {
    mend: 'Nothing would come before the stream completes, and a source waits once maxUnhandled is reached',
  })
}
