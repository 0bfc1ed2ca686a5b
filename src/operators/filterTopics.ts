import type { MonoTypeOperatorFunction } from 'rxjs'
import { ConfigError } from '../errors.ts'
import type { AlertRecord } from '../record.ts'
import { filterRecords } from './filterRecords.ts'

export function filterTopics<R extends AlertRecord<unknown>>(...names: readonly string[]): MonoTypeOperatorFunction<R>
export function filterTopics<R extends AlertRecord<unknown>>(predicate: (topic: string, record: R) => boolean): MonoTypeOperatorFunction<R>
/**
 * Lets the records of some topics through: of those named, with the group's prefix (`gracedb.superevent`) or without (`superevent`), or of
 * those whose name without the prefix `predicate` is true for. So one subscription of many topics is split; each subscription of its own
 * would have its own connections.
 *
 *     --s--c--s--|
 *       filterTopics('superevent')
 *     --s-----s--|
 *
 * A dropped delivery is settled as by `filterRecords`.
 *
 * @throws ConfigError without a name: nothing would come through
 * @example
 * ```ts
 * const all = client.topics(['superevent', 'cbc_gstlal', 'cbc_mbta']).pipe(parseJson(), share())
 * all.pipe(filterTopics('superevent')).subscribe(r => console.log('superevent', r.payload))
 * all.pipe(filterTopics(topic => topic.startsWith('cbc_'))).subscribe(r => console.log(r.topic, r.payload))
 * // superevent { superevent_id: 'S190425z' }
 * // cbc_gstlal { graceid: 'G298048' }
 * ```
 * @see {@link filterRecords}
 */
export function filterTopics<R extends AlertRecord<unknown>>(
  ...args: readonly string[] | readonly [(topic: string, record: R) => boolean]
): MonoTypeOperatorFunction<R> {
  const [first] = args
  if (typeof first === 'function') return filterRecords(record => first(record.topic, record))
  if (first === undefined) throw new ConfigError('filterTopics() got no topic', { mend: 'Name at least one, or leave the operator out' })
  const names = new Set<unknown>(args)
  return filterRecords(({ topic, fullTopic }) => names.has(topic) || names.has(fullTopic))
}
