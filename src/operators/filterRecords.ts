import { filter, type MonoTypeOperatorFunction, type OperatorFunction } from 'rxjs'
import type { AlertRecord } from '../record.ts'
import { drop } from './records.ts'

export function filterRecords<R extends AlertRecord<unknown>, S extends R>(predicate: (record: R) => record is S): OperatorFunction<R, S>
export function filterRecords<R extends AlertRecord<unknown>>(predicate: (record: R) => boolean): MonoTypeOperatorFunction<R>
/**
 * Lets the records through that `predicate` is true for. As rxjs's `filter`, but a dropped delivery is acked where it waits for one
 * (`delivery: 'manual'`); below `filter` it would stay unhandled for ever.
 *
 *     --1--2--3--4--|
 *       filterRecords(r => r.payload % 2 === 0)
 *     -----2-----4--|
 *
 * An error of `predicate` ends the stream, and the record comes again.
 *
 * @example
 * ```ts
 * client.topic('superevent').pipe(
 *   parseJson<Alert>(),
 *   filterRecords(({ payload }) => payload.alert_type === 'initial'),
 * ).subscribe(({ payload }) => console.log(payload.alert_type, payload.superevent_id))
 * // initial S190425z
 * ```
 * @see {@link filterTopics}, {@link ignoreTest}
 */
export function filterRecords<R extends AlertRecord<unknown>>(predicate: (record: R) => boolean): MonoTypeOperatorFunction<R> {
  return filter(record => {
    const kept = predicate(record)
    if (!kept) drop(record)
    return kept
  })
}
