import { AlertError, toAlertError } from '../../errors.ts'
import { type Position, partitionKey, type TopicPartition } from '../../place.ts'
import { sameTopics } from '../assigners.ts'
import { kafkaError } from '../codes.ts'
import type { Assigned, ReadOptions } from '../transport.ts'
import { type Client, RETRY_PAUSE } from './Client.ts'
import { type FaultPoint, isCoordinatorAway, isOfTopic, isTransient } from './faults.ts'
import type { Joined, MemoryGroup } from './MemoryGroup.ts'
import { TimerScope } from './TimerScope.ts'

export type GroupOptions = NonNullable<ReadOptions['group']>

/** Called in the order in which things happen, never after `close()`. */
export interface MembershipEvents {
  assigned(epoch: number, memberId: string, partitions: readonly Assigned[]): void
  revoked(epoch: number, lost: boolean): void
  alive(): void
  failed(error: AlertError): void
}

/** From an assignment to the next. */
interface Stay {
  readonly timers: TimerScope
  /** What is committed there could not be read. */
  readonly faulty: readonly TopicPartition[]
  isOver: boolean
}

/** One reader's membership of its group: joins, stays by heartbeats, gives its partitions back, joins again. */
export class Membership {
  readonly #client: Client
  readonly #options: GroupOptions
  readonly #events: MembershipEvents
  readonly #group: MemoryGroup
  readonly #timers: TimerScope
  #memberId: string
  #topics: readonly string[]
  /** Ours: one for each assignment. */
  #epoch = 0
  #generation = -1
  #owned: ReadonlySet<string> | undefined
  #commits: Promise<void> = Promise.resolve()
  #leaveStay: (lost: boolean) => void = () => {}
  #release: () => void = () => {}
  #isClosed = false
  /** There once the connection is dead: what waits for an answer waits for this, which rejects at `close()`. */
  #silence: Promise<never> | undefined
  #endSilence: (error: AlertError) => void = () => {}

  constructor(client: Client, options: GroupOptions, events: MembershipEvents) {
    this.#client = client
    this.#options = options
    this.#events = events
    this.#group = client.log.group(options.id)
    this.#timers = new TimerScope(client.timers)
    this.#memberId = options.memberId ?? ''
    this.#topics = options.topics
  }

  /** Empty until the group gave one. */
  get memberId(): string {
    return this.#memberId
  }

  /** Until `close()`, or until the group ends it. */
  async run(): Promise<void> {
    try {
      while (!this.#isClosed) await this.#join()
    } catch (error) {
      if (!this.#isClosed) this.#events.failed(toAlertError(error))
    }
  }

  /** One after the other: else a slow one could overtake its successor. */
  commit(epoch: number, at: readonly Position[]): Promise<void> {
    const sent = this.#commits.then(() => this.#send(epoch, at))
    this.#commits = sent.catch(() => {})
    return sent
  }

  release(epoch: number): void {
    if (epoch === this.#epoch) this.#release()
  }

  /** Nothing gets through any more, and no answer comes; to what was asked before neither. */
  goSilent(): void {
    this.#silence = new Promise((_, reject) => {
      this.#endSilence = reject
    })
    this.#silence.catch(() => {})
  }

  subscribe(topics: readonly string[]): void {
    if (sameTopics(topics, this.#topics)) return
    this.#topics = topics
    this.#leaveStay(false)
  }

  /** Lets commits under way through. @param leave false for one whose successor takes over its member id */
  async close(leave: boolean, deadline: number): Promise<void> {
    this.#isClosed = true
    this.#endSilence(new AlertError('ALERT_CLOSED', `The member of group ${this.#options.id} was closed`))
    if (leave && !this.#silence) {
      await this.#timers.within(deadline / 2, this.#commits)
      await this.#timers.within(deadline / 2, this.#leave())
    }
    this.#owned = undefined
    this.#timers.clear()
  }

  async #leave(): Promise<void> {
    // A static member keeps its place: its process may start again.
    if (this.#options.instanceId !== undefined) return
    await this.#client.link.ready()
    this.#group.remove(this.#memberId)
  }

  async #join(): Promise<void> {
    const topics = this.#topics
    try {
      const { generation, partitions } = await this.#coordinated('join', () => this.#enter(topics))
      const assigned = await this.#committed(partitions)
      if (!this.#isClosed) await this.#stay(generation, assigned, topics)
    } catch (error) {
      if (!isRejoin(error) || this.#isClosed) throw error
      if (error.kafka === 'UNKNOWN_MEMBER_ID') this.#memberId = ''
      await this.#timers.sleep(RETRY_PAUSE)
    }
  }

  #enter(topics: readonly string[]): Promise<Joined> {
    const { instanceId, sessionTimeout } = this.#options
    if (this.#isClosed) throw new AlertError('ALERT_CLOSED', `The member of group ${this.#options.id} has left`)
    if (this.#memberId === '') this.#memberId = this.#group.promiseId(instanceId)
    return this.#group.join({ memberId: this.#memberId, instanceId, topics, sessionTimeout })
  }

  /** Asked for until it is known. */
  async #committed(partitions: readonly TopicPartition[]): Promise<Assigned[]> {
    for (;;) {
      if (this.#silence) return this.#silence
      try {
        return partitions.map(of => this.#committedIn(of))
      } catch (error) {
        if (!(error instanceof AlertError && isTransient(error))) throw error
        await this.#timers.sleep(RETRY_PAUSE)
      }
    }
  }

  /** @throws AlertError that concerns more than the topic */
  #committedIn({ topic, partition }: TopicPartition): Assigned {
    const { faults, rights } = this.#client
    const of = { topic, partition }
    const fault = faults.take('offsets', topic, partition)
    if (fault && !isOfTopic(fault)) throw fault
    if (fault) return { ...of, fault }
    if (rights.may('describe', topic)) return { ...of, committed: this.#group.committedOf(of) }
    const where = `committed offset of group ${this.#options.id} in ${partitionKey(of)}`
    return { ...of, fault: kafkaError('TOPIC_AUTHORIZATION_FAILED', where) }
  }

  #isReadable(of: TopicPartition): boolean {
    try {
      return this.#committedIn(of).fault === undefined
    } catch {
      return false
    }
  }

  async #stay(generation: number, assigned: readonly Assigned[], topics: readonly string[]): Promise<void> {
    this.#generation = generation
    const epoch = ++this.#epoch
    this.#owned = new Set(assigned.map(partitionKey))
    const stay: Stay = { timers: new TimerScope(this.#timers), faulty: assigned.filter(({ fault }) => fault), isOver: false }
    const verdict = new Promise<boolean>((leave, fail) => {
      this.#leaveStay = leave
      this.#beat(stay, leave).catch(fail)
    })
    const released = new Promise<void>(resolve => {
      this.#release = resolve
    })
    this.#events.assigned(epoch, this.#memberId, assigned)
    if (topics !== this.#topics) this.#leaveStay(false)
    const lost = await verdict
    if (this.#isClosed) return
    this.#events.revoked(epoch, lost)
    if (!lost) await this.#timers.within(this.#options.revokeTimeout, released)
    this.#owned = undefined
    stay.isOver = true
    stay.timers.clear()
    await this.#commits
  }

  /** Goes on while the group waits for the member to give back: as long as its session lives, it may commit. */
  async #beat(stay: Stay, leave: (lost: boolean) => void): Promise<void> {
    for (;;) {
      await stay.timers.sleep(this.#options.heartbeatInterval)
      if (stay.isOver || this.#isClosed) return
      const answer = await this.#heartbeat(stay.timers)
      if (stay.isOver || this.#isClosed) return
      if (answer === 'well') this.#events.alive()
      if (answer === 'rebalance' || stay.faulty.some(of => this.#isReadable(of))) leave(false)
      if (answer === 'lost') {
        leave(true)
        return
      }
    }
  }

  async #heartbeat(timers: TimerScope): Promise<'well' | 'away' | 'rebalance' | 'lost'> {
    const beat = (): void => this.#group.heartbeat(this.#memberId, this.#generation, this.#options.instanceId)
    try {
      await this.#ask('heartbeat', beat, timers)
      return 'well'
    } catch (error) {
      if (isRejoin(error)) return error.kafka === 'REBALANCE_IN_PROGRESS' ? 'rebalance' : 'lost'
      if (isAway(error)) return 'away'
      throw error
    }
  }

  async #send(epoch: number, at: readonly Position[]): Promise<void> {
    const holds = (): boolean => epoch === this.#epoch && at.every(position => this.#owned?.has(partitionKey(position)))
    if (!holds()) throw staleEpoch(epoch, this.#options.id)
    try {
      await this.#coordinated('commit', () => {
        if (!holds()) throw staleEpoch(epoch, this.#options.id)
        for (const { topic, partition } of at) this.#throwFault(topic, partition)
        this.#group.commit(this.#memberId, this.#generation, at, this.#options.instanceId)
      })
    } catch (error) {
      throw isRejoin(error) ? staleEpoch(epoch, this.#options.id, error) : error
    }
  }

  #throwFault(topic: string, partition: number): void {
    const fault = this.#client.faults.take('commit', topic, partition)
    if (fault) throw fault
  }

  async #ask<T>(at: FaultPoint, ask: () => T | Promise<T>, timers: TimerScope): Promise<T> {
    if (this.#silence) return this.#silence
    const answer = await this.#client.link.request(at, ask, { timers })
    return this.#silence ?? answer
  }

  /** Member id and generation stay good while the coordinator is away or its connection breaks. */
  async #coordinated<T>(at: FaultPoint, ask: () => T | Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await this.#ask(at, ask, this.#timers)
      } catch (error) {
        if (this.#isClosed || !isAway(error)) throw error
        await this.#timers.sleep(RETRY_PAUSE)
      }
    }
  }
}

const isRejoin = (error: unknown): error is AlertError => error instanceof AlertError && error.code === 'ALERT_REJOIN'

const isAway = (error: unknown): boolean => error instanceof AlertError && isCoordinatorAway(error)

function staleEpoch(epoch: number, group: string, cause?: AlertError): AlertError {
  const text = `Epoch ${epoch} of group ${group} is over: nothing was committed`
  return new AlertError('ALERT_STALE_EPOCH', text, { cause, kafka: cause?.kafka })
}
