import { Observable, Subject } from 'rxjs'
import type { Status } from '../status.ts'

/** What a source is at now, out of what it says. */
class PresentState {
  #state: Status | undefined
  /** While it is connected. */
  #connected: Status | undefined

  get state(): Status | undefined {
    return this.#state
  }

  note(status: Status): void {
    switch (status.type) {
      case 'connected':
        this.#state = this.#connected = status
        return
      case 'connecting':
        this.#interrupted(status)
        return
      case 'reconnecting':
        // With a delay it is one partition that is tried again: the source as such goes on, and does not say when that works.
        if (!status.partitions || status.delay === 0) this.#interrupted(status)
        return
      case 'refused':
        // So does one of several topics.
        if (status.topic === undefined) this.#interrupted(status)
        return
      case 'revoked':
      case 'lost':
        this.#state = status
        return
      case 'assigned':
      case 'positioned':
        // Of one that is connected: more partitions, or others than before. It does not say again that it is connected.
        this.#state = this.#connected ?? status
        return
      default:
    }
  }

  #interrupted(status: Status): void {
    this.#connected = undefined
    this.#state = status
  }
}

/** `status$`: hot; a new subscriber first hears the present state of each source. Completes at `close()`. */
export class StatusFeed {
  readonly #onStatus: (status: Status) => void
  readonly #events = new Subject<Status>()
  readonly #sources = new Set<PresentState>()
  readonly status$: Observable<Status> = new Observable(subscriber => {
    for (const { state } of this.#sources) if (state) subscriber.next(state)
    return this.#events.subscribe(subscriber)
  })

  /** @param onStatus told of each status before those who subscribed */
  constructor(onStatus: (status: Status) => void) {
    this.#onStatus = onStatus
  }

  /** How one source reports. */
  reporter(): (status: Status) => void {
    const source = new PresentState()
    return status => {
      source.note(status)
      if (status.type === 'closed') this.#sources.delete(source)
      else this.#sources.add(source)
      this.#onStatus(status)
      this.#events.next(status)
    }
  }

  /** Sources that are connected now. */
  get connected(): number {
    return [...this.#sources].filter(({ state }) => state?.type === 'connected').length
  }

  close(): void {
    this.#sources.clear()
    this.#events.complete()
  }
}
