import { asyncScheduler, Observable, type OperatorFunction, type SchedulerLike } from 'rxjs'
import { ConfigError } from '../errors.ts'
import type { Delivery } from '../record.ts'
import { checkCount, checkDuration } from './checks.ts'
import { Handling, type HandlingSettings } from './handling.ts'
import type { Work } from './job.ts'
import { backoff, type RetryDelay } from './timing.ts'

/** How often a record is tried again, and when. */
export interface HandleRetry {
  /** Further tries after the first one; Infinity: until it succeeds. @default 3 */
  readonly count?: number | undefined
  /** @default 250 ms, doubled each time, at most 30 s, up to half of it taken off at random */
  readonly delay?: RetryDelay | undefined
}

/** How `handle` works. */
export interface HandleOptions<R> {
  /** Records at work at the same time; one that waits for its next try is one of them. @default 1 */
  readonly concurrency?: number | undefined
  /** Records with the same key are handled one after the other, in their order, at any concurrency. @default none: in any order */
  readonly key?: ((record: R) => string | undefined) | undefined
  /** Further tries of a record that failed: their number, or with the delay between them. @default 3 */
  readonly retry?: number | HandleRetry | undefined
  /**
   * ms for one try. An Observable is unsubscribed then; a promise goes on unseen, so give it an end of its own too. @default Infinity
   */
  readonly timeout?: number | undefined
  /**
   * Takes a record whose tries have all failed; once it has, the record counts as handled. If it fails itself, the stream ends with its
   * error, and the record comes again. @default `record.fail(error)`: logger.error and `status$` 'failed'
   */
  readonly deadLetter?: ((record: R, error: unknown) => unknown) | undefined
  /** error: a record whose tries have all failed ends the stream with its error, and comes again. @default 'deadLetter' */
  readonly onFailure?: 'deadLetter' | 'error' | undefined
  /** For `retry.delay` and `timeout`. @default rxjs's asyncScheduler */
  readonly scheduler?: SchedulerLike | undefined
}

/**
 * Works on each record, **at least once**: it holds the record while `fn` works and acks it when the work is done. What was not done when the
 * process ends, the partition leaves or the stream fails, comes again.
 *
 *     --a-----b-----|
 *       handle(r => work(r))          concurrency 1; a takes 4, b takes 3
 *     ------A-----B-|                 a is acked at A, b at B
 *
 * `fn` returns
 * - nothing: the record is done, and nothing is emitted;
 * - a promise: its value is emitted and the record is done. It runs out even when the chain is unsubscribed, and acks then;
 * - an Observable: its values are emitted, the record is done when it completes. Unsubscribed with the chain, or when an ack no longer counts
 *   (`record.signal`), it gives the record back.
 *
 * Results come in order of completion, each while its record is still held: a `handle` or a loop below may hold it on. When the source
 * completes, the work that has started is waited for.
 *
 * A failed record is tried again, see `retry`; then it goes to `deadLetter`. So does one whose `key` throws. Between two tries nothing of it
 * runs: it is given back at once if its partition leaves or the source ends.
 *
 * @throws ConfigError for a wrong option. As the stream's error: ConfigError for a value that is no Delivery, AlertError ALERT_LATE_HOLD below
 * an asynchronous operator, where the record is handled by default already
 * @example
 * ```ts
 * client.topic('superevent').pipe(
 *   parseJson<Alert>(),
 *   handle(async ({ payload }) => {
 *     await page(payload)
 *     return payload.superevent_id
 *   }, { concurrency: 4, key: r => r.payload.superevent_id, timeout: 10_000 }),
 * ).subscribe({ next: id => console.log('paged for', id), error: console.error })
 * // paged for S190425z
 * ```
 * @see {@link retryOnFatal}
 */
export function handle<R extends Delivery<unknown>, O = void>(
  fn: (record: R) => Work<O>,
  options: HandleOptions<R> = {},
): OperatorFunction<R, O> {
  const settings = withDefaults(fn, options)
  return source =>
    new Observable(out => {
      new Handling(settings, out).run(source)
    })
}

function withDefaults<R extends Delivery<unknown>, O>(fn: (record: R) => Work<O>, options: HandleOptions<R>): HandlingSettings<R, O> {
  const {
    concurrency = 1,
    key,
    retry = {},
    timeout = Number.POSITIVE_INFINITY,
    onFailure = 'deadLetter',
    scheduler = asyncScheduler,
  } = options
  const { count = 3, delay = (_error: unknown, attempt: number) => backoff(attempt) } = typeof retry === 'number' ? { count: retry } : retry
  if (options.deadLetter && onFailure === 'error') {
    throw new ConfigError("handle() got a deadLetter and onFailure: 'error': no record would reach it", { mend: 'Leave one of them out' })
  }
  const { deadLetter = (record, error) => record.fail(error) } = options
  return {
    fn,
    key,
    deadLetter,
    onFailure,
    scheduler,
    delay: typeof delay === 'number' ? checkDuration('handle: retry.delay', delay) : delay,
    concurrency: checkCount('handle: concurrency', concurrency, 1),
    retries: checkCount('handle: retry', count, 0),
    timeout: checkDuration('handle: timeout', timeout),
  }
}
