import {
  asyncScheduler,
  defer,
  type MonoTypeOperatorFunction,
  mergeMap,
  Observable,
  retryWhen,
  type SchedulerLike,
  type Subscription,
  throwError,
} from 'rxjs'
import { currentLoop, inLoop } from '../claims.ts'
import { AlertError } from '../errors.ts'
import { currentScope, Scope } from '../scope.ts'
import { checkCount, checkDuration } from './checks.ts'
import { type RetryDelay, retryTime } from './timing.ts'

/** When `retryOnFatal` subscribes again. */
export interface RetryOnFatalOptions {
  /** Resubscriptions; counted anew once a record comes that was not delivered before. Infinity: for ever. @default 3 */
  readonly count?: number | undefined
  /** @default 100 ms */
  readonly delay?: RetryDelay | undefined
  /** Further errors to resubscribe on, such as a throw in a `map` above. @default none */
  readonly when?: ((error: unknown) => boolean) | undefined
  /** For `delay`. @default rxjs's asyncScheduler */
  readonly scheduler?: SchedulerLike | undefined
}

/** The resume scope of one place in a chain: kept by an outer `retryOnFatal`, so that a resubscription of that one resumes here too. */
interface Resumable {
  readonly scope: Scope
  onFresh: () => void
}

function resumable(): Resumable {
  const made: Resumable = { scope: new Scope(() => made.onFresh()), onFresh: () => {} }
  return made
}

/**
 * Subscribes again after a fatal error (`AlertError.fatal`: refused credentials, a missing right, ...; what waiting cures is ridden out by
 * the source), and goes on where the records before it were handled: nothing is lost, little comes twice.
 *
 *     source  --a--#                 # is fatal
 *     source            --b--|
 *       retryOnFatal({ delay: 3 })
 *     --a-----------b--|
 *
 * Every source that is subscribed synchronously above it resumes at its own position, healthy siblings of a `merge` too. Not so a source
 * subscribed later (`concat`, `switchMap`) or above a `share()`: put `retryOnFatal` above those, or start from a `Checkpoint`.
 *
 * @throws ConfigError for a wrong option
 * @example
 * ```ts
 * merge(client.topic('superevent'), client.topic('superevent', { group: 'gracedb-test' })).pipe(
 *   parseJson<Alert>(),
 *   retryOnFatal({ count: Infinity, delay: (_error, attempt) => Math.min(attempt * 1000, 60_000) }),
 * ).subscribe(({ group, payload }) => console.log(group, payload.superevent_id))
 * // gracedb S190425z
 * ```
 * @see {@link handle}
 */
export function retryOnFatal<T>(options: RetryOnFatalOptions = {}): MonoTypeOperatorFunction<T> {
  const { delay = 100, when = () => false, scheduler = asyncScheduler } = options
  const count = checkCount('retryOnFatal: count', options.count ?? 3, 0)
  if (typeof delay === 'number') checkDuration('retryOnFatal: delay', delay)
  return source => {
    const place = {}
    return defer(() => {
      const loop = currentLoop()
      const outer = currentScope()?.slot<Resumable>(place)
      const mine = outer?.previous ?? resumable()
      outer?.keep(mine)
      let attempt = 0
      mine.onFresh = () => {
        attempt = 0
        outer?.fresh()
      }
      const next = (error: unknown): Observable<unknown> => {
        const fatal = (error instanceof AlertError && error.fatal) || when(error)
        return fatal && attempt < count ? retryTime(delay, error, ++attempt, scheduler) : throwError(() => error)
      }
      return new Observable<T>(out => {
        const subscribe = (): Subscription => mine.scope.run(() => source.subscribe(out))
        return loop ? inLoop(loop, subscribe) : subscribe()
      }).pipe(
        // eslint-disable-next-line @typescript-eslint/no-deprecated -- one place to change when RxJS drops it: docs/decisions.md 7
        retryWhen(errors => errors.pipe(mergeMap(next))),
      )
    })
  }
}
