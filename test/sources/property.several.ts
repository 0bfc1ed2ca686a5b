import { Book } from './property.book.ts'
import { CommitPath } from './property.network.ts'
import { overfull } from './property.one.ts'
import { CALMS_IN, Process, type Surroundings } from './property.process.ts'
import type { Chain, Scenario, Step } from './property.several.steps.ts'
import { groupOf, Rig } from './rig.ts'

const TOPICS = ['t0', 't1'] as const
const GROUP = 'g'
const CONSUMER_GROUP = groupOf(GROUP, { sessionTimeout: 10_000 })
const MOST_PARTITIONS = 6

/** The world of one consumer group: several processes on one log. */
class Several implements Surroundings {
  readonly rig = new Rig()
  readonly consumerGroup = CONSUMER_GROUP
  readonly topics = TOPICS
  readonly book: Book
  readonly setup: Surroundings['setup']
  readonly latency: number
  readonly #scenario: Scenario
  readonly #commits: CommitPath
  /** The present process of each place. */
  readonly #places: (Process | undefined)[]
  /** All that ever were. */
  readonly #processes: Process[] = []
  #coordinatorBack: (() => void) | undefined
  #troubledUntil = 0

  constructor(scenario: Scenario) {
    const { log } = this.rig
    const { partitions, from, maxUnhandled, latency, places } = scenario
    this.#scenario = scenario
    this.latency = latency
    this.setup = { from, maxUnhandled: { records: maxUnhandled, bytes: 1e9 } }
    this.#places = new Array<Process | undefined>(places).fill(undefined)
    TOPICS.forEach((topic, i) => {
      log.createTopic(topic, { partitions: partitions[i] })
      log.append(topic, { value: 'from before' })
    })
    this.book = new Book({
      log,
      group: GROUP,
      startOf: at => (from === 'latest' ? log.partition(at).end : 0),
      // A request that is on its way when the time is over comes too late.
      revokeTimeout: CONSUMER_GROUP.revokeTimeout - 2 * latency,
    })
    this.#commits = new CommitPath(log, GROUP, {
      committed: (memberId, positions) => this.book.committed(memberId, positions),
      stuck: () => this.#trouble(),
      tookStale: ({ generation }) => this.book.wrong(`a commit of generation ${generation} was taken when it was over`),
    })
  }

  get isCalm(): boolean {
    return this.#coordinatorBack === undefined && this.rig.clock.now() >= this.#troubledUntil
  }

  /** The first process finds the starts, and commits them before anything else happens. */
  async begin(): Promise<void> {
    this.#join(0, this.#scenario.first, false)
    await this.#settle()
    const { log } = this.rig
    const isFound = (topic: string): boolean =>
      log.topic(topic)!.partitions.every((_, partition) => log.committed(GROUP, topic, partition) !== undefined)
    if (!TOPICS.every(isFound)) this.book.wrong('a found start was not committed at once')
  }

  async step(step: Step): Promise<void> {
    const process = 'who' in step ? this.#places[step.who % this.#places.length] : undefined
    switch (step.do) {
      case 'append':
        this.#append(step.at, step.hole)
        break
      case 'work':
        process?.works.settle(step.which, step.ok)
        break
      case 'join':
        if (!process?.isOpen) this.#join(step.who % this.#places.length, step.chain, step.split)
        break
      case 'leave':
        process?.close(step.byClose)
        break
      case 'kill':
        process?.kill()
        break
      case 'expire':
        if (process) this.#expire(process)
        break
      case 'reopen':
        if (!process?.isOpen) break
        process.close(true)
        process.open(step.split)
        break
      case 'topics':
        // While it has no reader it is not heard whether it lets go of what it drops.
        if (process?.members.every(member => !member.isOpen || this.book.hasJoined(member)))
          process.follow([['t0'], ['t1'], TOPICS][step.topics]!)
        break
      case 'link':
        process?.link(!process.isUp)
        break
      case 'blink':
        process?.link(false)
        await this.rig.clock.advance(50)
        process?.link(true)
        await this.rig.clock.advance(250)
        break
      case 'slowCommits':
        process?.slowCommits(process.commitDelay === 0 ? step.ms : 0)
        break
      case 'stuckCommit':
        this.#commits.toStick++
        break
      case 'coordinator':
        this.#coordinator(this.#coordinatorBack !== undefined)
        break
      case 'grow':
        this.#grow()
        break
      case 'time':
        await this.rig.clock.advance(step.ms)
        this.#commits.arrive()
        break
    }
    await this.#settle()
  }

  fault(): string | undefined {
    for (const process of this.#processes) {
      if (process.isDead) continue
      process.check()
      if (this.latency === 0) this.book.check(process.members)
      for (const { reading, name } of process.members) {
        const fault = reading && overfull(reading, this.#scenario.maxUnhandled)
        if (fault) this.book.wrong(`${name}: ${fault}`)
      }
    }
    return this.book.fault
  }

  /** Everything that was produced has to be handled and committed, by whoever is left. */
  async end(): Promise<string | undefined> {
    this.#commits.toStick = 0
    this.#coordinator(true)
    for (const process of this.#present) {
      process.link(true)
      process.slowCommits(0)
      process.follow(TOPICS)
    }
    if (!this.#present.some(({ isOpen }) => isOpen)) this.#join(0, 'handle', false)
    // What was handled is committed also when nobody handles any more.
    await this.rig.clock.advance(2 * CALMS_IN)
    if (this.fault()) return this.fault()
    for (let i = 0; i < 200; i++) {
      for (const { works } of this.#processes) works.finish()
      await this.rig.clock.advance(i > 3 ? 2_500 : 50)
      this.#commits.arrive()
      const fault = this.fault()
      if (fault) return fault
      if (i > 12 && this.#working === 0 && this.book.owed.length === 0) break
    }
    const { owed, doubled } = this.book
    if (owed.length > 0) return `not both handled and committed: ${owed.join(' ')}`
    return doubled.length > 0 ? `handled again although it was committed: ${doubled.join(' ')}` : undefined
  }

  async close(byClose: boolean): Promise<string | undefined> {
    // Some work under way and some that waits: the first may end, the others are given back.
    for (let at = 0; at < 2 * MOST_PARTITIONS; at++) this.#append(at, false)
    await this.#settle()
    for (const process of this.#present) process.close(byClose)
    for (const { works } of this.#present) works.finish()
    await this.#settle()
    for (const { works } of this.#present) works.finish()
    await this.rig.clock.advance(10 * this.latency)
    const fault = this.fault()
    if (fault) return fault
    const left = this.#left
    if (!left) return undefined
    await this.rig.clock.advance(12_000)
    return this.#left ? `left: ${left}` : `the end waited with nothing running; left was: ${left}`
  }

  get #left(): string | undefined {
    const { rig } = this
    const readings = this.#processes.reduce((sum, { live }) => sum + live.size, 0)
    const open = this.#processes.flatMap(({ members }) => members.map(({ transport }) => transport.open))
    const readers = open.reduce((sum, { readers }) => sum + readers, 0)
    const left = { readings, readers, members: rig.log.members(GROUP).length, timers: rig.clock.pending }
    return Object.values(left).some(count => count > 0) ? JSON.stringify(left) : undefined
  }

  get #present(): readonly Process[] {
    return this.#processes.filter(({ isDead }) => !isDead)
  }

  get #working(): number {
    return this.#processes.reduce((sum, { works }) => sum + works.size, 0)
  }

  /** All that is on its way arrives. */
  #settle(): Promise<void> {
    return this.rig.clock.advance(6 * this.latency)
  }

  #join(place: number, chain: Chain, split: boolean): void {
    const process = new Process(String.fromCharCode(65 + this.#processes.length), chain, this)
    this.#places[place] = process
    this.#processes.push(process)
    process.open(split)
  }

  #append(at: number, hole: boolean): void {
    const { log } = this.rig
    const topic = TOPICS[at % TOPICS.length]!
    const partition = Math.floor(at / TOPICS.length) % log.topic(topic)!.partitions.length
    if (hole) log.skip(topic, partition, 1)
    log.append(topic, { value: 'x', partition })
  }

  #expire(process: Process): void {
    const [member] = process.members.filter(({ isOpen }) => isOpen)
    const memberId = member && this.book.memberIdOf(member)
    if (memberId === undefined) return
    this.rig.log.expire(memberId)
    process.trouble()
  }

  #coordinator(up: boolean): void {
    if (up === (this.#coordinatorBack === undefined)) return
    this.#coordinatorBack?.()
    this.#coordinatorBack = up ? undefined : this.#coordinatorAway()
    this.#trouble()
  }

  /** Gives what brings it back. */
  #coordinatorAway(): () => void {
    const transports = this.#processes.flatMap(({ members }) => members.map(({ transport }) => transport))
    const heals = transports.flatMap(transport =>
      (['join', 'heartbeat', 'commit'] as const).map(at =>
        transport.fail('COORDINATOR_NOT_AVAILABLE', { at, times: Number.POSITIVE_INFINITY }),
      ),
    )
    return () => {
      for (const heal of heals) heal()
    }
  }

  /** Nobody who comes later would find what is older than itself, when it starts at the latest. */
  #grow(): void {
    const { log } = this.rig
    if (this.#scenario.from === 'earliest' && log.topic('t0')!.partitions.length < MOST_PARTITIONS) log.addPartitions('t0', 1)
  }

  #trouble(): void {
    this.#troubledUntil = this.rig.clock.now() + CALMS_IN
  }
}

/** What goes wrong in one run, if anything. */
export async function playSeveral(scenario: Scenario): Promise<string | undefined> {
  const world = new Several(scenario)
  await world.begin()
  for (const step of scenario.steps) {
    await world.step(step)
    const fault = world.fault()
    if (fault) return fault
  }
  return (await world.end()) ?? (await world.close(scenario.steps.length % 2 === 1))
}
