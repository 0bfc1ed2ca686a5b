import { BehaviorSubject, type Observable, type Subscription, tap } from 'rxjs'
import { handle } from '../../src/operators/handle.ts'
import type { Delivery } from '../../src/record.ts'
import type { AlertStream } from '../../src/sources/AlertStream.ts'
import { LiveReadings } from '../../src/sources/LiveReadings.ts'
import type { ConsumerGroupOptions } from '../../src/sources/options.ts'
import { Reading } from '../../src/sources/Reading.ts'
import type { ReadEvent } from '../../src/transports/transport.ts'
import type { Assignment } from './property.assignment.ts'
import type { Book, Owner } from './property.book.ts'
import { WatchedTransport } from './property.network.ts'
import type { Chain } from './property.several.steps.ts'
import { timerOf, Works } from './property.works.ts'
import type { Rig, StreamSetup } from './rig.ts'

export interface Surroundings {
  readonly rig: Rig
  readonly book: Book
  readonly consumerGroup: ConsumerGroupOptions
  readonly topics: readonly string[]
  readonly setup: StreamSetup
  readonly latency: number
  /** Nothing has disturbed the commits of all for a while. */
  readonly isCalm: boolean
}

/** Time for what was disturbed to be committed, ms: the tries after a break, the join, the next automatic commit. */
export const CALMS_IN = 15_000

/** One process of the group: its subscriptions, each with a link of its own, and its user's work. */
export class Process {
  readonly name: string
  readonly chain: Chain
  readonly live = new LiveReadings()
  readonly works = new Works<Delivery>()
  readonly #world: Surroundings
  readonly #topics$: BehaviorSubject<readonly string[]>
  readonly #members: Member[] = []
  readonly #assignments = new WeakMap<Delivery, Assignment>()
  #opened = 0
  #isUp = true
  #isDead = false
  #commitDelay = 0
  #troubledUntil = 0

  constructor(name: string, chain: Chain, world: Surroundings) {
    this.name = name
    this.chain = chain
    this.#world = world
    this.#topics$ = new BehaviorSubject(world.topics)
  }

  get isDead(): boolean {
    return this.#isDead
  }

  get isUp(): boolean {
    return this.#isUp
  }

  get commitDelay(): number {
    return this.#commitDelay
  }

  /** It reads, or could at any time. */
  get isOpen(): boolean {
    return !this.#isDead && this.#members.some(({ isOpen }) => isOpen)
  }

  get isCalm(): boolean {
    return this.#world.isCalm && this.#isUp && this.#commitDelay === 0 && this.#world.rig.clock.now() >= this.#troubledUntil
  }

  get members(): readonly Member[] {
    return this.#members
  }

  /** @param split one subscription for each topic */
  open(split: boolean): void {
    const all = (): readonly string[] => this.#topics$.value
    if (!split) this.#subscribe(all)
    else for (const topic of this.#world.topics) this.#subscribe(() => [topic])
  }

  close(byClose: boolean): void {
    for (const member of this.#members) this.#world.book.ending(member)
    if (byClose || this.chain === 'loop') void this.live.close()
    else for (const member of this.#members) member.subscription?.unsubscribe()
  }

  /** All that it is and holds is gone; nothing more of it comes to anybody. */
  kill(): void {
    this.#isDead = true
    this.works.forget()
    for (const member of this.#members) {
      this.#world.book.ended(member)
      member.transport.goOffline()
      member.reading?.abort()
    }
  }

  follow(topics: readonly string[]): void {
    this.#topics$.next(topics)
  }

  link(up: boolean): void {
    if (up === this.#isUp || this.#isDead) return
    this.#isUp = up
    for (const { transport } of this.#members) {
      if (up) transport.goOnline()
      else transport.goOffline()
    }
    this.trouble()
  }

  slowCommits(ms: number): void {
    for (const { transport } of this.#members) transport.commitDelay = ms
    this.#commitDelay = ms
    this.trouble()
  }

  trouble(): void {
    this.#troubledUntil = this.#world.rig.clock.now() + CALMS_IN
  }

  get busy(): ReadonlySet<Assignment | undefined> {
    return new Set(this.works.on.map(delivery => this.#assignments.get(delivery)))
  }

  /** A user's signal says whether an ack counts. */
  check(): void {
    const { book } = this.#world
    for (const delivery of this.works.on) {
      const state = this.#assignments.get(delivery)?.state
      const where = `${this.name} works on ${delivery.fullTopic}[${delivery.partition}]@${delivery.offset}, its partition is ${state}`
      if (state === 'over' && !delivery.signal.aborted) book.wrong(`${where}, and its acks count`)
      if (state === 'delivering' && delivery.signal.aborted) book.wrong(`${where}, and its acks do not count`)
    }
  }

  #subscribe(names: () => readonly string[]): void {
    const { rig, book, consumerGroup, setup, latency } = this.#world
    const member = new Member(`${this.name}${++this.#opened}`, this, { rig, book, latency })
    if (!this.#isUp) member.transport.goOffline()
    member.transport.commitDelay = this.#commitDelay
    this.#members.push(member)
    const stream = rig.stream({
      ...setup,
      names,
      changed$: this.#topics$,
      transport: member.transport,
      live: this.live,
      consumerGroup,
      delivery: this.chain === 'manual' ? 'manual' : 'auto',
      times: { connectTimeout: Number.POSITIVE_INFINITY, refresh: 20_000 },
      onOpen: reading => {
        if (reading instanceof Reading) member.opened(reading)
      },
    })
    const delivered = tap<Delivery>(delivery => this.#deliver(member, delivery))
    this.#run(member, stream.pipe(delivered))
  }

  #run(member: Member, stream: AlertStream<Delivery>): void {
    const died = (error: unknown): void => this.#world.book.wrong(`${member.name} died: ${String(error)}`)
    const watch = (chain: Observable<unknown>): void => {
      member.subscription = chain.subscribe({ error: died })
    }
    switch (this.chain) {
      case 'handle':
      case 'keyed': {
        const keyed = { concurrency: 3, key: ({ offset }: Delivery) => String(offset % 2) }
        const giveUp = {
          retry: { count: 1, delay: () => timerOf(this.#world.rig.clock, 50) },
          deadLetter: (delivery: Delivery) => this.#handled(delivery),
        }
        watch(stream.pipe(handle(delivery => this.#work(delivery), { ...giveUp, ...(this.chain === 'keyed' && keyed) })))
        break
      }
      case 'manual':
        watch(
          stream.pipe(
            tap(delivery => {
              const ack = (): void => {
                this.#handled(delivery)
                delivery.ack()
              }
              this.#work(delivery).then(ack, ack)
            }),
          ),
        )
        break
      case 'loop':
        this.#loop(stream).catch(died)
        break
      case 'bare':
        watch(stream.pipe(tap(delivery => this.#handled(delivery))))
    }
  }

  async #loop(stream: AlertStream<Delivery>): Promise<void> {
    for await (const delivery of stream) await this.#work(delivery).catch(() => this.#handled(delivery))
  }

  #work(delivery: Delivery): Promise<void> {
    return this.#isDead ? new Promise(() => {}) : this.works.start(delivery, () => this.#handled(delivery))
  }

  #deliver(member: Member, delivery: Delivery): void {
    const { fullTopic: topic, partition, offset } = delivery
    const assignment = this.#world.book.delivered(member, { topic, partition, offset })
    if (assignment) this.#assignments.set(delivery, assignment)
  }

  #handled(delivery: Delivery): void {
    if (!this.#isDead) this.#world.book.handled(this.#assignments.get(delivery), delivery)
  }
}

/** One subscription of a process. */
export class Member implements Owner {
  readonly name: string
  readonly transport: WatchedTransport
  readonly #process: Process
  readonly #book: Book
  subscription: Subscription | undefined
  #reading: Reading | undefined

  constructor(name: string, process: Process, { rig, book, latency }: Pick<Surroundings, 'rig' | 'book' | 'latency'>) {
    this.name = name
    this.#process = process
    this.#book = book
    this.transport = new WatchedTransport(
      { log: rig.log, clock: rig.clock, batchRecords: 3, latency },
      {
        event: event => this.#on(event),
        released: epoch => book.released(this, epoch, process.busy),
        committedEarly: epoch => book.wrong(`${name} commits with epoch ${epoch} to a reader that has not joined`),
      },
    )
  }

  get reading(): Reading | undefined {
    return this.#reading
  }

  get isOpen(): boolean {
    return this.#reading?.ended === false
  }

  get isDead(): boolean {
    return this.#process.isDead
  }

  get isCalm(): boolean {
    return this.#process.isCalm
  }

  get acks(): boolean {
    return this.#process.chain !== 'bare'
  }

  opened(reading: Reading): void {
    this.#reading = reading
    void reading.drained.then(() => this.#book.ended(this))
  }

  #on(event: ReadEvent): void {
    if (event.type === 'assigned') this.#book.assigned(this, event)
    if (event.type === 'revoked') this.#book.revoked(this, event.lost)
    if (event.type === 'ended') this.#book.readerEnded(this, event.error !== undefined)
  }
}
