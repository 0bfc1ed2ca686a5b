import { pause, systemClock } from '../../../clock.ts'
import { type AlertError, toAlertError } from '../../../errors.ts'
import type { Position } from '../../../place.ts'
import { sameTopics } from '../../assigners.ts'
import type { Assigned } from '../../transport.ts'
import type { Links } from '../links.ts'
import { Admission, type Entry, type GroupOptions } from './Admission.ts'
import { bounded } from './bounded.ts'
import { Commits } from './Commits.ts'
import { Coordinator, type CoordinatorHost } from './Coordinator.ts'
import { anyReadable, committedOffsets, type OffsetQuestion } from './committedOffsets.ts'
import { Stay, type Verdict } from './Stay.ts'

/** What a member tells, synchronously; nothing after `close()`. */
export interface MemberHost extends CoordinatorHost {
  assigned(epoch: number, memberId: string, partitions: readonly Assigned[]): void
  revoked(epoch: number, lost: boolean): void
  alive(): void
  /** The group has no place for us, or no broker answers any more. */
  failed(error: AlertError): void
}

/** A member of a consumer group: joins, stays by heartbeats, gives back, joins again. Its coordinator being away does not end it. */
export class Member {
  readonly #links: Links
  readonly #options: GroupOptions
  readonly #host: MemberHost
  readonly #coordinator: Coordinator
  readonly #admission: Admission
  readonly #commits: Commits
  readonly #closing = new AbortController()
  #topics: readonly string[]
  /** Ours: one for each assignment. */
  #epoch = 0
  #stay: Stay | undefined
  #released = new AbortController()

  constructor(links: Links, options: GroupOptions, host: MemberHost) {
    this.#links = links
    this.#options = options
    this.#host = host
    this.#topics = options.topics
    this.#coordinator = new Coordinator(links, options.id, host)
    this.#admission = new Admission(links, this.#coordinator, options)
    this.#commits = new Commits(this.#coordinator, options.id)
  }

  /** Empty until the coordinator gave one. */
  get memberId(): string {
    return this.#admission.memberId
  }

  /** Until `close()`, or a failure. */
  async run(): Promise<void> {
    try {
      while (!this.#isClosing) await this.#beMember()
    } catch (error) {
      if (!this.#isClosing) this.#host.failed(toAlertError(error))
    }
  }

  commit(epoch: number, at: readonly Position[]): Promise<void> {
    return this.#commits.send(epoch, at)
  }

  release(epoch: number): void {
    if (epoch === this.#epoch) this.#released.abort()
  }

  subscribe(topics: readonly string[]): void {
    if (sameTopics(topics, this.#topics)) return
    this.#topics = topics
    this.#stay?.leave()
  }

  /** The topics may have changed. */
  look(): void {
    this.#stay?.look()
  }

  /** Lets commits under way through, and leaves the group. @param leave false for one that broke: its successor takes over the member id */
  async close(leave: boolean, deadline: number): Promise<void> {
    this.#closing.abort()
    this.#released.abort()
    this.#stay?.leave()
    if (leave) {
      // A question for a name is answered at once: whom nobody can name, the group would wait for.
      await bounded(deadline / 2, Promise.all([this.#admission.named, this.#commits.settled]))
      await bounded(deadline / 2, this.#leave())
    }
    this.#commits.end()
    this.#stay?.end()
    this.#coordinator.close()
  }

  get #isClosing(): boolean {
    return this.#closing.signal.aborted
  }

  async #leave(): Promise<void> {
    const { id, instanceId } = this.#options
    // A static member keeps its place: its process may start again.
    if (this.memberId === '' || instanceId !== undefined) return
    if (this.#admission.isWaiting) this.#coordinator.drop()
    await this.#coordinator.ask('LeaveGroup', { groupId: id, memberId: this.memberId })
  }

  /** From one join to the next. */
  async #beMember(): Promise<void> {
    const topics = this.#topics
    const entry = await this.#admission.enter(topics, this.#closing.signal)
    if (this.#isClosing) return
    const { memberId } = this
    const { alive } = this.#host
    const stay = new Stay({ links: this.#links, coordinator: this.#coordinator, group: this.#options, memberId, topics, entry, alive })
    this.#stay = stay
    try {
      const partitions = await this.#committed(entry, stay)
      // Nothing was told of it, so nothing is to be given back.
      if (!partitions || this.#isClosing || topics !== this.#topics) return
      await this.#hold(entry, partitions, stay)
    } finally {
      stay.end()
      this.#stay = undefined
    }
  }

  /** Undefined: the group moved on before it was known. */
  async #committed({ partitions }: Entry, stay: Stay): Promise<Assigned[] | undefined> {
    const asked = committedOffsets(this.#offsetQuestion(stay), partitions)
    asked.catch(() => {}) // if the verdict comes first
    return Promise.race([asked, stay.verdict.then(() => undefined)])
  }

  async #hold({ generation }: Entry, partitions: readonly Assigned[], stay: Stay): Promise<void> {
    const { memberId } = this
    const epoch = ++this.#epoch
    this.#released = new AbortController()
    this.#commits.begin({ epoch, generation, memberId }, partitions)
    this.#host.assigned(epoch, memberId, partitions)
    void this.#awaitCommitted(partitions, stay)
    const verdict = await stay.verdict
    if (this.#isClosing) return
    await this.#giveBack(epoch, verdict)
    await this.#commits.settled
  }

  /** Joins again once what is committed can be read. */
  async #awaitCommitted(partitions: readonly Assigned[], stay: Stay): Promise<void> {
    const faulty = partitions.filter(({ fault }) => fault)
    if (faulty.length === 0) return
    await anyReadable(this.#offsetQuestion(stay), faulty, this.#links.config.lookAgain)
    stay.leave()
  }

  #offsetQuestion({ signal }: Stay): OffsetQuestion {
    return { coordinator: this.#coordinator, groupId: this.#options.id, signal }
  }

  /** Heartbeats go on meanwhile: as long as the session lives, what was done may be committed. */
  async #giveBack(epoch: number, verdict: Verdict): Promise<void> {
    const lost = verdict === 'lost'
    if (lost) this.#commits.end()
    this.#host.revoked(epoch, lost)
    if (!lost) await pause(systemClock, this.#options.revokeTimeout, this.#released.signal)
    if (!this.#isClosing) this.#commits.end()
  }
}
