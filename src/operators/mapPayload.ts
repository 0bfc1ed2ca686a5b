import { map, type OperatorFunction } from 'rxjs'
import type { AlertRecord, With } from '../record.ts'
import { withPayload } from './records.ts'

/**
 * Gives every record another payload; all else stays, a delivery keeps its claims. In its place `map(r => ({ ...r, payload }))` would lose
 * them, and does not compile into `handle`.
 *
 *     --{a}---{b}---|
 *       mapPayload(p => p.x)
 *     --ax----bx----|
 *
 * An error of `fn` ends the stream, and the record comes again.
 *
 * @example
 * ```ts
 * client.topic('superevent').pipe(
 *   parseJson<Alert>(),
 *   mapPayload(alert => alert.superevent_id),
 * ).subscribe(({ payload }) => console.log(payload))
 * // S190425z
 * ```
 * @see {@link parseJson}
 */
export function mapPayload<R extends AlertRecord<unknown>, P>(
  fn: (payload: R['payload'], record: R) => P,
): OperatorFunction<R, With<R, P>> {
  return map(record => withPayload(record, fn(record.payload, record)))
}
