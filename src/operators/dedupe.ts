import { asyncScheduler, type MonoTypeOperatorFunction, Observable, type TimestampProvider } from 'rxjs'
import { type AlertRecord, placeOf } from '../record.ts'
import { checkCount, checkDuration } from './checks.ts'
import { Deduping } from './deduping.ts'
import { operate } from './operate.ts'

/** What `dedupe` takes for the same, and how much it remembers. */
export interface DedupeOptions<R> {
  /**
   * What is the same in duplicates; undefined: the record has none, and passes. Not the superevent alone: its later alerts are news.
   *
   * @default the message's `id`; without one the record's place in the log, so that only the same record is a duplicate
   */
  readonly key?: ((record: R) => string | undefined) | undefined
  /** Keys remembered; of more, the one that was not seen for the longest time is forgotten. @default 10_000 */
  readonly size?: number | undefined
  /** ms from one that passed: what comes later passes again. @default Infinity */
  readonly within?: number | undefined
  /** Tells the time, for `within`: a scheduler, a `VirtualClock`, `Date`. @default the time of rxjs's timers: wall-clock time */
  readonly clock?: TimestampProvider | undefined
}

/**
 * Lets the first of several records with the same key through: what its sender sent twice because the broker's answer got lost, or what comes
 * over two brokers.
 *
 *     --a--b--a--c--b--|
 *       dedupe()
 *     --a--b-----c-----|
 *
 * No alert is lost by it, not even between two sources of which only one keeps its position: a duplicate counts as handled when the one that
 * passed does, not before. If that one is given back (the stream failed, its partition went to another member), its key is forgotten: the
 * record passes when it comes again, and a duplicate that is waiting takes its place at once.
 *
 * What it remembers ends with the subscription. So put `retryOnFatal` above it, where its memory outlives a failure.
 *
 * An error of `key` ends the stream, and the record comes again.
 *
 * @throws ConfigError for a wrong option
 * @example
 * ```ts
 * merge(client.topic('superevent'), other.topic('superevent')).pipe(
 *   parseJson<Alert & { time_created: string }>(),
 *   dedupe({ key: ({ payload: { superevent_id, alert_type, time_created } }) => `${superevent_id} ${alert_type} ${time_created}` }),
 * ).subscribe(({ payload }) => console.log(payload.superevent_id, payload.alert_type))
 * // S190425z PRELIMINARY
 * // S190425z INITIAL
 * ```
 * @see {@link dropStale}, {@link orderByTime}
 */
// NoInfer: what flows decides what R is, not what a key function of its own declares to take.
export function dedupe<R extends AlertRecord<unknown>>(options: DedupeOptions<NoInfer<R>> = {}): MonoTypeOperatorFunction<R> {
  const { key = identityOf, size = 10_000, within = Number.POSITIVE_INFINITY, clock = asyncScheduler } = options
  const settings = { key, clock, size: checkCount('dedupe: size', size, 1), within: checkDuration('dedupe: within', within) }
  return source =>
    new Observable(out => {
      const deduping = new Deduping(settings, out)
      source.subscribe(operate<R>(out, { next: record => deduping.accept(record) }))
    })
}

/** With its time: a topic that was made anew counts its offsets from 0 again. */
const identityOf = (record: AlertRecord<unknown>): string => record.id ?? `${record.server} ${placeOf(record)} ${record.timestamp}`
