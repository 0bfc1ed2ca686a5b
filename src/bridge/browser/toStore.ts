import type { Observable, Subscription } from 'rxjs'

/** What a store holds: the last value, and how it ended, if it did. The same object until something changes. */
export type StoreState<T> =
  | { readonly status: 'active'; readonly value: T; readonly error?: undefined }
  | { readonly status: 'complete'; readonly value: T; readonly error?: undefined }
  | { readonly status: 'error'; readonly value: T; readonly error: unknown }

/** As React's `useSyncExternalStore` and Svelte's `$store` take it. */
export interface Store<T> {
  /** Calls back at once, and at each change; gives what ends that. */
  subscribe(run: (state: StoreState<T>) => void): () => void
  /** What it holds now: the same object until something changes. */
  getSnapshot(): StoreState<T>
}

/**
 * An Observable as a store of its last value. The source is subscribed while somebody listens, once for all of them. An error is a state, not a
 * throw that a framework may swallow; a new first listener subscribes the source again.
 *
 * @example
 * const alerts = toStore(alert$.pipe(scan((list: readonly Alert[], alert) => [alert, ...list].slice(0, 50), [])), [])
 * const { value, error } = useSyncExternalStore(alerts.subscribe, alerts.getSnapshot) // React
 */
export function toStore<T>(source: Observable<T>, initial: T): Store<T> {
  const listeners = new Set<(state: StoreState<T>) => void>()
  let state: StoreState<T> = { status: 'active', value: initial }
  let subscription: Subscription | undefined
  const become = (next: StoreState<T>): void => {
    state = next
    for (const run of [...listeners]) run(state)
  }
  const start = (): void => {
    if (state.status !== 'active') state = { status: 'active', value: state.value }
    subscription = source.subscribe({
      next: value => become({ status: 'active', value }),
      error: (error: unknown) => become({ status: 'error', value: state.value, error }),
      complete: () => become({ status: 'complete', value: state.value }),
    })
  }
  return {
    subscribe(run) {
      // Each call is a listener of its own, also with the same function.
      const listener = (now: StoreState<T>): void => run(now)
      listeners.add(listener)
      if (listeners.size === 1) start()
      run(state)
      return () => {
        listeners.delete(listener)
        if (listeners.size > 0) return
        subscription?.unsubscribe()
        subscription = undefined
      }
    },
    getSnapshot: () => state,
  }
}
