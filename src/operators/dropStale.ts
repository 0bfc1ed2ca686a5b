import { asyncScheduler, type MonoTypeOperatorFunction, type TimestampProvider } from 'rxjs'
import { AlertError } from '../errors.ts'
import { type AlertRecord, Delivery, placeOf } from '../record.ts'
import { checkDuration } from './checks.ts'
import { filterRecords } from './filterRecords.ts'

/** What `dropStale` takes for too old. */
export interface DropStaleOptions<R> {
  /** ms. */
  readonly maxAge: number
  /** When it was new, ms since 1970. @default its `timestamp` */
  readonly time?: ((record: R) => number) | undefined
  /**
   * Told of each record that is dropped, and its age in ms. @default `record.fail(error)`: logger.error and `status$` 'failed'; a plain record,
   * in a page, has nobody to tell
   */
  readonly onDrop?: ((record: R, age: number) => void) | undefined
  /** Tells the time, ms since 1970: a scheduler, a `VirtualClock`, `Date`. @default the time of rxjs's timers: wall-clock time */
  readonly clock?: TimestampProvider | undefined
}

/**
 * Drops records that are too old to act upon, as after a night without a connection. Each is reported, see `onDrop`.
 *
 *     --a(1 s)--b(2 h)--c(9 s)--|
 *       dropStale({ maxAge: 3_600_000 })
 *     --a---------------c-------|
 *
 * Only where old alerts are really of no use. To *begin* with the recent ones, `from: new Date(Date.now() - 3_600_000)` does not even fetch
 * the others. A record whose time is not known (NaN, Kafka's -1) passes.
 *
 * A dropped delivery is settled as by `filterRecords`; so is an error of `time` or `onDrop`.
 *
 * @throws ConfigError for a wrong option
 * @example
 * ```ts
 * client.topic('superevent').pipe(
 *   dropStale({ maxAge: 3_600_000, onDrop: ({ id }, age) => console.log(id, 'is', Math.round(age / 60_000), 'min old') }),
 *   parseJson<Alert>(),
 * ).subscribe(({ payload }) => console.log('point the telescope at', payload.superevent_id))
 * // 0b9cd8a2-0c1a-4c53-8d2b-4d3c8f7a4a51 is 127 min old
 * // point the telescope at S190425z
 * ```
 * @see {@link filterRecords}
 */
export function dropStale<R extends AlertRecord<unknown>>(options: DropStaleOptions<NoInfer<R>>): MonoTypeOperatorFunction<R> {
  const { time = ({ timestamp }) => timestamp, clock = asyncScheduler } = options
  const maxAge = checkDuration('dropStale: maxAge', options.maxAge)
  const { onDrop = (record, age) => report(record, age, maxAge) } = options
  return filterRecords<R>(record => {
    const at = time(record)
    const age = clock.now() - at
    const stale = at >= 0 && age > maxAge
    if (stale) onDrop(record, age)
    return !stale
  })
}

function report(record: AlertRecord<unknown>, age: number, maxAge: number): void {
  if (!(record instanceof Delivery)) return
  const text = `${placeOf(record)} is ${age / 1000} s old, dropStale lets none pass that is older than ${maxAge / 1000} s`
  record.fail(new AlertError('ALERT_STALE', text))
}
