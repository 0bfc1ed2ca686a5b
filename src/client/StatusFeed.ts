import { Observable, Subject } from 'rxjs'
import type { Status } from '../status.ts'

/** What tells the state of a source, rather than an event of it. */
const STATES: ReadonlySet<Status['type']> = new Set([
  'connecting',
  'positioned',
  'connected',
  'assigned',
  'revoked',
  'lost',
  'reconnecting',
  'refused',
])

/** `status$`: hot; a new subscriber first hears the present state of each source. Completes at `close()`. */
export class StatusFeed {
  readonly #events = new Subject<Status>()
  readonly #states = new Map<symbol, Status>()
  readonly status$: Observable<Status> = new Observable(subscriber => {
    for (const state of this.#states.values()) subscriber.next(state)
    return this.#events.subscribe(subscriber)
  })

  /** How one source reports. */
  reporter(): (status: Status) => void {
    const source = Symbol('source')
    return status => {
      if (status.type === 'closed') this.#states.delete(source)
      else if (STATES.has(status.type)) this.#states.set(source, status)
      this.#events.next(status)
    }
  }

  close(): void {
    this.#states.clear()
    this.#events.complete()
  }
}
