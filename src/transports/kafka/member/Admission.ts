import { pause, systemClock } from '../../../clock.ts'
import { AlertError } from '../../../errors.ts'
import type { TopicPartition } from '../../../place.ts'
import { kafkaError } from '../../codes.ts'
import type { ReadOptions } from '../../transport.ts'
import type { AnswerOf, ArgsOf } from '../apis.ts'
import { backoff } from '../backoff.ts'
import type { Links } from '../links.ts'
import type { Coordinator } from './Coordinator.ts'
import { decodeAssignment, encodeSubscription } from './consumerProtocol.ts'
import { countPartitions } from './countPartitions.ts'
import { GroupCode } from './groupCodes.ts'
import { OFFERED, shareOut, subscribersOf } from './shareOut.ts'

export type GroupOptions = NonNullable<ReadOptions['group']>

/** What a member has once it is in. */
export interface Entry {
  readonly generation: number
  readonly partitions: readonly TopicPartition[]
  /** Of the leader alone: all topics of the group, and how many partitions of each it shared out. */
  readonly shared?: { readonly topics: readonly string[]; readonly counts: ReadonlyMap<string, number> } | undefined
}

type Joined = AnswerOf<'JoinGroup'>

/** What the leader says at the sync, and remembers of it. */
interface Lead extends Pick<ArgsOf<'SyncGroup'>, 'groupAssignment'>, Pick<Entry, 'shared'> {}

/** For how long the group waits for us to join again, beyond what we need to give back: the coordinator may be away meanwhile. */
const PATIENCE = 60_000

const LARGEST_NUMBER = 2 ** 31 - 1

/** The way into a group: join, twice if the coordinator has to name us first, and sync; as often as it takes. */
export class Admission {
  /** Empty until the coordinator gave one. */
  memberId: string
  readonly #links: Links
  readonly #coordinator: Coordinator
  readonly #options: GroupOptions
  #named: Promise<void> = Promise.resolve()
  #isWaiting = false

  constructor(links: Links, coordinator: Coordinator, options: GroupOptions) {
    this.#links = links
    this.#coordinator = coordinator
    this.#options = options
    this.memberId = options.memberId ?? ''
  }

  /** No answer is under way that will name us. */
  get named(): Promise<void> {
    return this.#named
  }

  /** A question is under way that is answered when the other members have come: nothing else is, on its link. */
  get isWaiting(): boolean {
    return this.#isWaiting
  }

  /** Resolves when the group has taken us in. Rejects when it does not, or `signal` is aborted. */
  async enter(topics: readonly string[], signal: AbortSignal): Promise<Entry> {
    for (let tries = 0; ; tries++) {
      // The first two are the two rounds of one join.
      if (tries > 1) await pause(systemClock, backoff(tries - 1), signal)
      if (signal.aborted) throw new AlertError('ALERT_CLOSED', `the member of group ${this.#options.id} was closed`)
      const joined = await this.#join(topics, signal)
      const entry = joined && (await this.#sync(joined, signal))
      if (entry) return entry
    }
  }

  /** Undefined: again. */
  async #join(topics: readonly string[], signal: AbortSignal): Promise<Joined | undefined> {
    const { id, instanceId, sessionTimeout, revokeTimeout } = this.#options
    const metadata = encodeSubscription(topics)
    const question = {
      groupId: id,
      sessionTimeout,
      rebalanceTimeout: Math.min(revokeTimeout + PATIENCE, LARGEST_NUMBER),
      memberId: this.memberId,
      groupInstanceId: instanceId,
      protocolType: 'consumer',
      groupProtocols: OFFERED.map(name => ({ name, metadata })),
    } as const
    const isNameless = this.memberId === '' && instanceId === undefined
    const asked = this.#coordinator.ask('JoinGroup', question, { timeout: this.#patience, signal })
    const answer = await (isNameless ? this.#naming(asked) : this.#waiting(asked))
    if (answer.errorCode === 0 || answer.errorCode === GroupCode.memberIdRequired) this.memberId = answer.memberId
    if (answer.errorCode === 0) return answer
    if (answer.errorCode !== GroupCode.memberIdRequired) this.#refused('join', answer.errorCode)
    return undefined
  }

  /** Undefined: join again. */
  async #sync(joined: Joined, signal: AbortSignal): Promise<Entry | undefined> {
    const { id, instanceId } = this.#options
    const generation = joined.generationId
    const lead = joined.leaderId === this.memberId ? await this.#lead(joined, signal) : undefined
    const groupAssignment = lead?.groupAssignment ?? []
    const question = { groupId: id, generationId: generation, memberId: this.memberId, groupInstanceId: instanceId, groupAssignment }
    const asked = this.#coordinator.ask('SyncGroup', question, { timeout: this.#patience, signal })
    const { errorCode, memberAssignment } = await this.#waiting(asked)
    if (errorCode === 0) return { generation, partitions: this.#read(memberAssignment), shared: lead?.shared }
    this.#refused('sync', errorCode)
    return undefined
  }

  async #lead({ members, groupProtocol }: Joined, signal: AbortSignal): Promise<Lead> {
    const subscribers = subscribersOf(members, this.#links.config.logger)
    const topics = [...new Set(subscribers.flatMap(({ topics }) => topics))]
    const counts = await countPartitions(this.#links, topics, signal)
    return { groupAssignment: shareOut(groupProtocol, subscribers, counts), shared: { topics, counts } }
  }

  #read(assignment: Buffer | null): TopicPartition[] {
    try {
      return decodeAssignment(assignment ?? Buffer.alloc(0))
    } catch (cause) {
      const text = `group ${this.#options.id}: what its leader assigned cannot be read (${cause})`
      throw new AlertError('ALERT_PROTOCOL', text, {
        cause,
        mend: 'Other programs in this group do not speak its protocol: name another group',
      })
    }
  }

  /** The group has moved on, or forgotten us: join again. @throws AlertError of any other code */
  #refused(what: string, code: number): void {
    if (code === GroupCode.unknownMember) this.memberId = ''
    else if (code !== GroupCode.illegalGeneration && code !== GroupCode.rebalanceInProgress)
      throw kafkaError(code, `${what} of group ${this.#options.id}`)
  }

  /** The others may take longer to come; then it is asked once more, of a coordinator that may be another one by now. */
  get #patience(): number {
    return this.#options.sessionTimeout + this.#links.config.requestTimeout
  }

  async #waiting<T>(asked: Promise<T>): Promise<T> {
    this.#isWaiting = true
    try {
      return await asked
    } finally {
      this.#isWaiting = false
    }
  }

  #naming(asked: Promise<Joined>): Promise<Joined> {
    const note = ({ memberId }: Joined): void => {
      this.memberId = memberId
    }
    this.#named = asked.then(note, () => {})
    return asked
  }
}
