import type { AlertError } from '../../errors.ts'
import { type Position, partitionKey, type TopicPartition } from '../../place.ts'
import { ASSIGNERS, type Assigner, sameTopics } from '../assigners.ts'
import { type KafkaErrorName, kafkaError } from '../codes.ts'
import type { TimerScope } from './TimerScope.ts'

export interface JoinRequest {
  /** Empty: the group gives one. */
  readonly memberId: string
  readonly instanceId?: string | undefined
  readonly topics: readonly string[]
  readonly sessionTimeout: number
}

export interface Joined {
  readonly memberId: string
  readonly generation: number
  readonly partitions: readonly TopicPartition[]
}

/** A member, as it is seen from outside. */
export interface GroupMember {
  readonly memberId: string
  readonly instanceId?: string | undefined
  readonly topics: readonly string[]
  readonly partitions: readonly TopicPartition[]
}

interface Member extends JoinRequest {
  partitions: readonly TopicPartition[]
  /** Waits for the others to join. */
  waiting?: { resolve(joined: Joined): void; reject(error: AlertError): void } | undefined
  endSession: () => void
}

/** Longest wait for members that still send heartbeats and do not join again, ms. */
const REBALANCE_TIMEOUT = 60_000

/** The coordinator of one consumer group: Kafka's classic protocol, with join and sync in one. */
export class MemoryGroup {
  readonly id: string
  readonly #assigner: Assigner
  readonly #timers: TimerScope
  readonly #countPartitions: (topic: string) => number
  readonly #members = new Map<string, Member>()
  readonly #instances = new Map<string, string>()
  /** Ids that were given out; Kafka wants to see each once more before it is a member. */
  readonly #promised = new Set<string>()
  readonly #committed = new Map<string, Position>()
  #lastId = 0
  #generation = 0
  /** Partitions of each subscribed topic, as they were shared out. */
  #counts: ReadonlyMap<string, number> = new Map()
  #rebalancing = false
  #endWait = (): void => {}

  constructor(id: string, assigner: Assigner, timers: TimerScope, countPartitions: (topic: string) => number) {
    this.id = id
    this.#assigner = assigner
    this.#timers = timers
    this.#countPartitions = countPartitions
  }

  get generation(): number {
    return this.#generation
  }

  get members(): readonly GroupMember[] {
    return [...this.#members.values()].map(({ memberId, instanceId, topics, partitions }) => ({ memberId, instanceId, topics, partitions }))
  }

  get committed(): readonly Position[] {
    return [...this.#committed.values()]
  }

  committedOf(of: TopicPartition): number | undefined {
    return this.#committed.get(partitionKey(of))?.offset
  }

  /** As a tool outside the group sets them. */
  setCommitted(positions: readonly Position[]): void {
    for (const { topic, partition, offset } of positions)
      this.#committed.set(partitionKey({ topic, partition }), { topic, partition, offset })
  }

  forgetCommitted(topic: string): void {
    for (const [key, position] of this.#committed) if (position.topic === topic) this.#committed.delete(key)
  }

  /** The id under which to join: Kafka tells it first, so that a join that still waits can be left. */
  promiseId(instanceId?: string): string {
    const memberId = `${instanceId ?? 'member'}-${String(++this.#lastId).padStart(6, '0')}`
    this.#promised.add(memberId)
    return memberId
  }

  /** Resolves once every member has joined; at once for one that is already in and asks for the same. */
  join(request: JoinRequest): Promise<Joined> {
    const { memberId, instanceId } = request
    if (instanceId !== undefined) this.#replaceInstance(instanceId, memberId)
    const known = this.#members.get(memberId)
    if (!known && !this.#promised.delete(memberId)) throw this.#error('UNKNOWN_MEMBER_ID', 'join')
    if (known && !this.#rebalancing && sameTopics(known.topics, request.topics)) {
      this.#startSession(known)
      return Promise.resolve(this.#answer(known))
    }
    known?.endSession()
    known?.waiting?.reject(this.#error('UNKNOWN_MEMBER_ID', 'join'))
    const member: Member = { ...request, partitions: known?.partitions ?? [], endSession: () => {} }
    this.#members.set(memberId, member)
    const joined = new Promise<Joined>((resolve, reject) => {
      member.waiting = { resolve, reject }
    })
    this.#rebalance()
    return joined
  }

  heartbeat(memberId: string, generation: number, instanceId?: string): void {
    const member = this.#check('heartbeat', memberId, generation, instanceId)
    this.#startSession(member)
    if (this.#rebalancing) throw this.#error('REBALANCE_IN_PROGRESS', 'heartbeat')
  }

  /** Also while the group waits for members to join again: so work under way can be committed. */
  commit(memberId: string, generation: number, positions: readonly Position[], instanceId?: string): void {
    const member = this.#check('commit', memberId, generation, instanceId)
    if (!member.waiting) this.#startSession(member)
    this.setCommitted(positions)
  }

  /** The member goes, or its session has ended: the others share what it had. */
  remove(memberId: string): void {
    this.#promised.delete(memberId)
    const member = this.#members.get(memberId)
    if (!member) return
    this.#forget(member, 'UNKNOWN_MEMBER_ID')
    this.#rebalance()
  }

  /** Topics came or grew. */
  topicsChanged(): void {
    const counts = this.#countTopics()
    if ([...counts].some(([topic, count]) => count > 0 && count !== this.#counts.get(topic))) this.#rebalance()
  }

  #check(what: string, memberId: string, generation: number, instanceId: string | undefined): Member {
    if (instanceId !== undefined && this.#instances.get(instanceId) !== memberId) throw this.#error('FENCED_INSTANCE_ID', what)
    const member = this.#members.get(memberId)
    if (!member) throw this.#error('UNKNOWN_MEMBER_ID', what)
    if (generation !== this.#generation) throw this.#error('ILLEGAL_GENERATION', what)
    return member
  }

  /** A process that starts again takes its place, under its new id and without a rebalance; the old one is fenced. */
  #replaceInstance(instanceId: string, memberId: string): void {
    const old = this.#members.get(this.#instances.get(instanceId) ?? '')
    if (old && old.memberId !== memberId) {
      if (!this.#promised.delete(memberId)) throw this.#error('FENCED_INSTANCE_ID', 'join')
      this.#forget(old, 'FENCED_INSTANCE_ID')
      this.#members.set(memberId, { ...old, memberId, waiting: undefined, endSession: () => {} })
    }
    this.#instances.set(instanceId, memberId)
  }

  #forget(member: Member, why: KafkaErrorName): void {
    member.endSession()
    member.waiting?.reject(this.#error(why, 'join'))
    this.#members.delete(member.memberId)
    if (member.instanceId !== undefined) this.#instances.delete(member.instanceId)
  }

  #startSession(member: Member): void {
    member.endSession()
    member.endSession = this.#timers.after(member.sessionTimeout, () => this.remove(member.memberId))
  }

  #rebalance(): void {
    if (this.#members.size === 0) {
      this.#rebalancing = false
      this.#endWait()
      return
    }
    if (!this.#rebalancing) {
      this.#rebalancing = true
      this.#endWait = this.#timers.after(REBALANCE_TIMEOUT, () => this.#goOnWithout())
    }
    this.#completeIfAllJoined()
  }

  #goOnWithout(): void {
    for (const member of [...this.#members.values()]) if (!member.waiting) this.#forget(member, 'UNKNOWN_MEMBER_ID')
    if (this.#members.size === 0) this.#rebalancing = false
    else this.#completeIfAllJoined()
  }

  #completeIfAllJoined(): void {
    const members = [...this.#members.values()]
    if (members.some(({ waiting }) => !waiting)) return
    this.#endWait()
    this.#rebalancing = false
    this.#generation++
    this.#counts = this.#countTopics()
    const assigned = ASSIGNERS[this.#assigner](members, this.#counts)
    for (const member of members) {
      member.partitions = assigned.get(member.memberId)!
      const { resolve } = member.waiting!
      member.waiting = undefined
      this.#startSession(member)
      resolve(this.#answer(member))
    }
  }

  #countTopics(): Map<string, number> {
    const topics = new Set([...this.#members.values()].flatMap(({ topics }) => topics))
    return new Map([...topics].map(topic => [topic, this.#countPartitions(topic)]))
  }

  #answer({ memberId, partitions }: Member): Joined {
    return { memberId, generation: this.#generation, partitions }
  }

  #error(name: KafkaErrorName, what: string): AlertError {
    return kafkaError(name, `${what} of group ${this.id}`)
  }
}
