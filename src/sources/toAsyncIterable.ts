import type { Observable, Subscription } from 'rxjs'
import { AlertError, ConfigError } from '../errors.ts'

/** How much is kept for a loop that is slow. */
export interface ToAsyncIterableOptions {
  /** Values kept for a loop that is slower than the source. */
  readonly buffer: number
  /**
   * What happens when the buffer is full. 'error': lossless, the loop throws. 'dropOldest', 'dropNewest': lossy.
   * @default 'error'
   */
  readonly overflow?: 'error' | 'dropOldest' | 'dropNewest' | undefined
}

/**
 * A *hot* source (`status$`, a UI's events) as an async iterable: subscribed when the loop begins, at the latest `buffer` values behind.
 * For alerts use the stream itself: it is lossless without a buffer, for it is asked for the next record.
 *
 * @throws ConfigError when `buffer` is not a whole number of at least 1
 * @example
 * for await (const status of toAsyncIterable(client.status$, { buffer: 100, overflow: 'dropOldest' })) console.log(status.type)
 */
export function toAsyncIterable<T>(source: Observable<T>, { buffer, overflow = 'error' }: ToAsyncIterableOptions): AsyncIterable<T> {
  if (!Number.isInteger(buffer) || buffer < 1) {
    throw new ConfigError(`buffer is ${buffer}`, { mend: 'It is the number of values kept: a whole number of at least 1' })
  }
  return { [Symbol.asyncIterator]: () => iterateHot(source, buffer, overflow) }
}

function iterateHot<T>(
  source: Observable<T>,
  buffer: number,
  overflow: 'error' | 'dropOldest' | 'dropNewest',
): AsyncIterator<T, undefined> {
  const queue: T[] = []
  const waiting: { resolve(result: IteratorResult<T, undefined>): void; reject(error: unknown): void }[] = []
  const done: IteratorResult<T, undefined> = { done: true, value: undefined }
  let subscription: Subscription | undefined
  let end: { readonly error?: unknown } | undefined

  const finish = (how: { readonly error?: unknown }): void => {
    end ??= how
    subscription?.unsubscribe()
    for (const { resolve, reject } of waiting.splice(0)) {
      if ('error' in how) reject(how.error)
      else resolve(done)
    }
  }

  const next = (value: T): void => {
    if (end) return
    const waiter = waiting.shift()
    if (waiter) waiter.resolve({ value, done: false })
    else if (queue.length < buffer) queue.push(value)
    else if (overflow === 'dropOldest') {
      queue.shift()
      queue.push(value)
    } else if (overflow === 'error') {
      finish({
        error: new AlertError('ALERT_OVERFLOW', `the loop is more than ${buffer} values behind`, {
          mend: `Do less in the loop, or give a larger buffer or another overflow`,
        }),
      })
    }
  }

  return {
    next() {
      if (!subscription && !end) {
        subscription = source.subscribe({ next, error: error => finish({ error }), complete: () => finish({}) })
        // What it replayed at once may have been too much.
        if (end) subscription.unsubscribe()
      }
      if (queue.length > 0) return Promise.resolve({ value: queue.shift()!, done: false })
      if (end) {
        const how = end
        end = {}
        return 'error' in how ? Promise.reject(how.error) : Promise.resolve(done)
      }
      return new Promise((resolve, reject) => waiting.push({ resolve, reject }))
    },
    return() {
      queue.length = 0
      finish({})
      return Promise.resolve(done)
    },
  }
}
