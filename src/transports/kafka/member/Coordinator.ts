import { pause, systemClock } from '../../../clock.ts'
import { AlertError } from '../../../errors.ts'
import { kafkaError } from '../../codes.ts'
import { formatAddress } from '../address.ts'
import type { AnswerOf, ArgsOf } from '../apis.ts'
import { backoff } from '../backoff.ts'
import type { Link } from '../link.ts'
import type { Links } from '../links.ts'
import { awayCodeIn } from './groupCodes.ts'

type GroupApi = 'JoinGroup' | 'SyncGroup' | 'Heartbeat' | 'LeaveGroup' | 'OffsetCommit' | 'OffsetFetch'

export interface AskOptions {
  /** Longest silence of the link, ms. @default the configuration's `requestTimeout` */
  readonly timeout?: number | undefined
  /** Once aborted it is not tried again. */
  readonly signal?: AbortSignal | undefined
}

export interface CoordinatorHost {
  /** It does not answer, or says that it is none. It is sought on. */
  away(address: string, error: AlertError): void
  /** It answers again. */
  back(address: string): void
}

/** One or two failures are a coordinator that moves: not worth a word. */
const WORTH_A_WORD = 3

const OF_GROUP = 0

/** May be another in a moment. */
const TRANSIENT: ReadonlySet<string> = new Set(['ALERT_BROKER', 'ALERT_LEADER'])

/**
 * The broker that coordinates a group, over a link of its own. A link that dies and a coordinator that says that it is none mean that it is
 * looked for anew, for as long as any broker answers: only the coordinator's word ends a session.
 */
export class Coordinator {
  readonly #links: Links
  readonly #group: string
  readonly #host: CoordinatorHost
  readonly #over = new AbortController()
  #link: Link | undefined
  #search: Promise<Link> | undefined
  /** In a row, of all questions. */
  #failures = 0

  constructor(links: Links, group: string, host: CoordinatorHost) {
    this.#links = links
    this.#group = group
    this.#host = host
  }

  /**
   * The coordinator's answer: its codes, but for those that say that it is none, are for the caller to read. Rejects when no broker
   * answers, when the group may not be used, with the last failure when `signal` is aborted.
   */
  async ask<A extends GroupApi>(api: A, args: ArgsOf<A>, { timeout, signal = this.#over.signal }: AskOptions = {}): Promise<AnswerOf<A>> {
    for (let failures = 0; ; ) {
      const link = failures === 0 && this.#link && !this.#link.dead ? this.#link : await this.#find()
      let error: AlertError
      try {
        const answer = await link.call(api, args, timeout)
        const away = awayCodeIn(answer)
        if (away === undefined) {
          this.#well(link)
          return answer
        }
        error = kafkaError(away, `${api} of group ${this.#group}`)
      } catch (thrown) {
        if (!link.dead || this.#over.signal.aborted) throw thrown
        error = link.dead
        this.#links.noteFailed(link.address)
      }
      this.#failed(link.address, error)
      await pause(systemClock, backoff(++failures), signal)
      if (signal.aborted) throw error
    }
  }

  /** What is under way breaks off; the next question goes over another link. */
  drop(): void {
    this.#link?.kill(new AlertError('ALERT_CLOSED', `group ${this.#group}: the question was broken off`))
  }

  close(): void {
    this.#over.abort()
    this.#link?.kill(this.#closed())
  }

  #find(): Promise<Link> {
    this.#search ??= this.#seek().finally(() => {
      this.#search = undefined
    })
    return this.#search
  }

  async #seek(): Promise<Link> {
    for (let failures = 1; ; failures++) {
      const address = await this.#locate()
      if (this.#over.signal.aborted) throw this.#closed()
      if (address !== undefined) return this.#at(address)
      await pause(systemClock, backoff(failures), this.#over.signal)
    }
  }

  /** Undefined: no broker is it now. */
  async #locate(): Promise<string | undefined> {
    const question = { groupId: this.#group, coordinatorType: OF_GROUP } as const
    const { errorCode, coordinator } = await this.#links.question(link => link.call('GroupCoordinator', question))
    if (errorCode === 0) return formatAddress(coordinator)
    const error = kafkaError(errorCode, `the coordinator of group ${this.#group}`)
    if (!TRANSIENT.has(error.code)) throw error
    this.#failed(this.#links.config.server, error)
    return undefined
  }

  #at(address: string): Link {
    const known = this.#link
    // Still there: what is under way on it is not thrown away.
    if (known && !known.dead && known.address === address) return known
    this.#link = this.#links.link(address)
    known?.kill(new AlertError('ALERT_CONNECTION', `${known.address}: group ${this.#group} is coordinated at ${address} now`))
    return this.#link
  }

  #well({ address }: Link): void {
    const wasAway = this.#failures >= WORTH_A_WORD
    this.#failures = 0
    if (wasAway) this.#host.back(address)
  }

  #failed(address: string, error: AlertError): void {
    this.#failures++
    if (this.#failures === WORTH_A_WORD) this.#host.away(address, error)
  }

  #closed(): AlertError {
    return new AlertError('ALERT_CLOSED', `the member of group ${this.#group} was closed`)
  }
}
