import { pause, systemClock } from '../../../clock.ts'
import { toAlertError } from '../../../errors.ts'
import { kafkaError } from '../../codes.ts'
import type { Links } from '../links.ts'
import type { Entry, GroupOptions } from './Admission.ts'
import type { Coordinator } from './Coordinator.ts'
import { GroupCode } from './groupCodes.ts'
import { TopicWatch } from './TopicWatch.ts'

/** Why a member has to join again. `lost`: its session has ended, it is too late for a commit. */
export type Verdict = 'rejoin' | 'lost'

export interface StayOptions {
  readonly links: Links
  readonly coordinator: Coordinator
  readonly group: GroupOptions
  readonly memberId: string
  readonly topics: readonly string[]
  readonly entry: Entry
  /** A heartbeat was answered. */
  readonly alive: () => void
}

/** One generation of a member: heartbeats on their own timer, and a look at the topics by whoever shared them out. */
export class Stay {
  /** Rejects with what ends the member for good. */
  readonly verdict: Promise<Verdict>
  readonly #options: StayOptions
  readonly #over = new AbortController()
  readonly #watch: TopicWatch | undefined
  #decide: (verdict: Verdict) => void = () => {}

  constructor(options: StayOptions) {
    const { links, entry, group, topics } = options
    this.#options = options
    this.verdict = new Promise((resolve, reject) => {
      this.#decide = resolve
      this.#beat().catch((error: unknown) => {
        if (!this.#over.signal.aborted) reject(toAlertError(error))
      })
    })
    this.verdict.catch(() => {}) // whoever waits is told
    // A static member that comes back is not told that it leads.
    if (!entry.shared && group.instanceId === undefined) return
    const { counts, topics: all } = entry.shared ?? { counts: undefined, topics }
    this.#watch = new TopicWatch(links, all, counts, () => this.leave(), this.#over.signal)
    void this.#watch.run(links.config.lookAgain)
  }

  get signal(): AbortSignal {
    return this.#over.signal
  }

  /** We want to join again ourselves. Heartbeats go on until `end()`: what was done is still to be committed. */
  leave(): void {
    this.#decide('rejoin')
  }

  /** The topics may have changed. */
  look(): void {
    void this.#watch?.look()
  }

  end(): void {
    this.#over.abort()
    this.#decide('rejoin')
  }

  async #beat(): Promise<void> {
    const { coordinator, links, group, memberId, entry, alive } = this.#options
    const { signal } = this.#over
    const question = { groupId: group.id, groupGenerationId: entry.generation, memberId, groupInstanceId: group.instanceId }
    // Late enough for a commit that the broker takes its time for, early enough for another try within the session.
    const timeout = Math.min(links.config.requestTimeout, group.sessionTimeout / 2)
    for (;;) {
      await pause(systemClock, group.heartbeatInterval, signal)
      if (signal.aborted) return
      const { errorCode } = await coordinator.ask('Heartbeat', question, { timeout, signal })
      if (signal.aborted) return
      if (errorCode === 0) alive()
      else if (errorCode === GroupCode.rebalanceInProgress) this.leave()
      else if (errorCode === GroupCode.illegalGeneration || errorCode === GroupCode.unknownMember) return this.#decide('lost')
      else throw kafkaError(errorCode, `heartbeat of group ${group.id}`)
    }
  }
}
