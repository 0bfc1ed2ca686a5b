import type { MonoTypeOperatorFunction } from 'rxjs'
import type { AlertRecord } from '../record.ts'
import { filterRecords } from './filterRecords.ts'

/**
 * Drops test messages: those with the header `_test`, whatever its value. Only for streams that were asked for them (`tests: 'include'`):
 * by default the source leaves them out.
 *
 *     --a--T--b--|
 *       ignoreTest()
 *     --a-----b--|
 *
 * A dropped delivery is settled as by `filterRecords`.
 *
 * @example
 * ```ts
 * const all = client.topic('superevent', { tests: 'include' }).pipe(parseJson<Alert>(), share())
 * all.subscribe(({ isTest, id }) => console.log(id, isTest ? 'test' : 'real'))
 * all.pipe(ignoreTest()).subscribe(({ payload }) => console.log('page for', payload.superevent_id))
 * // 0b9cd8a2-0c1a-4c53-8d2b-4d3c8f7a4a51 real
 * // page for S190425z
 * ```
 * @see {@link filterRecords}
 */
export function ignoreTest<R extends AlertRecord<unknown>>(): MonoTypeOperatorFunction<R> {
  return filterRecords(record => !record.isTest)
}
