import type { Observable, Subscription } from 'rxjs'
import { AlertError } from '../../src/errors.ts'
import type { Delivery } from '../../src/record.ts'
import type { AlertStream } from '../../src/sources/AlertStream.ts'
import { Checkpoint } from '../../src/sources/Checkpoint.ts'
import { Reading } from '../../src/sources/Reading.ts'
import { type ChainParts, consumersOf, idOf, open, type Placed, type Shape, TWICE } from './property.chains.ts'
import type { Scenario, Step } from './property.one.steps.ts'
import { Rival } from './property.rival.ts'
import { timerOf, Works } from './property.works.ts'
import { groupOf, Rig } from './rig.ts'

const TOPICS = ['t0', 't1']
const GROUP = 'g'

/** The world of one subscription, of any shape; with a consumer group, a rival member may come and go. */
class One implements ChainParts {
  readonly topics = TOPICS
  readonly rig = new Rig({ batchRecords: 3 })
  readonly #shape: Shape
  readonly #group: boolean
  readonly #maxUnhandled: number
  readonly #produced = new Set<string>()
  readonly #works = new Works<string>()
  /** Pieces of work that are done, by record and consumer. */
  readonly #done = new Set<string>()
  readonly #gaveUp = new Set<string>()
  readonly #rival: Rival
  readonly #checkpoint = new Checkpoint('earliest')
  readonly #ownCheckpoints = new Map<string, Checkpoint>()
  #boom = false
  #over = false
  #dead: unknown
  #subscription: Subscription | undefined
  #iterator: AsyncIterator<unknown> | undefined
  /** Calls off a fatal error that nobody met. */
  #heal = (): void => {}

  constructor(shape: Shape, { group, maxUnhandled }: Scenario) {
    this.#shape = shape
    this.#group = group && !TWICE.has(shape)
    this.#maxUnhandled = maxUnhandled
    for (const topic of TOPICS) this.rig.log.createTopic(topic)
    this.#rival = new Rival(this.rig, groupOf(GROUP), TOPICS, topic => this.#offsetsOf(topic))
  }

  open(): void {
    open(this.#shape, this)
  }

  stream(topics: readonly string[] = TOPICS, delivery: 'auto' | 'manual' = 'auto'): AlertStream<Delivery> {
    const isOwn = topics.length < TOPICS.length
    return this.rig.stream({
      topics,
      delivery,
      maxUnhandled: { records: this.#maxUnhandled, bytes: 1e9 },
      consumerGroup: this.#group ? groupOf(GROUP) : undefined,
      from: this.#group || TWICE.has(this.#shape) ? 'earliest' : isOwn ? this.#checkpointOf(topics[0]!) : this.#checkpoint,
    })
  }

  work(consumer = ''): (record: Placed) => Promise<string> {
    return async record => {
      const id = idOf(record) + consumer
      await this.#works.start(id, () => this.#done.add(id))
      return id
    }
  }

  giveUp(record: Placed): void {
    this.#gaveUp.add(idOf(record))
  }

  spoil<T>(value: T): T {
    if (!this.#boom) return value
    this.#boom = false
    throw new TypeError('user bug')
  }

  after(ms: number): Observable<0> {
    return timerOf(this.rig.clock, ms)
  }

  watch(chain: Observable<unknown>): void {
    this.#subscription = chain.subscribe({
      error: error => {
        this.#dead = error
      },
    })
  }

  loop(chain: AlertStream<unknown>, recordOf: (value: unknown) => Placed): void {
    const iterator = chain[Symbol.asyncIterator]()
    this.#iterator = iterator
    const run = async (): Promise<void> => {
      for await (const value of { [Symbol.asyncIterator]: () => iterator }) {
        if (this.#over) continue
        const record = recordOf(value)
        await this.work()(record).catch(() => this.giveUp(record))
      }
    }
    run().catch((error: unknown) => {
      this.#dead = error
    })
  }

  async step(step: Step): Promise<void> {
    const { rig } = this
    switch (step.do) {
      case 'append': {
        const topic = TOPICS[step.part]!
        if (step.hole) rig.log.skip(topic, 0, 1)
        this.#produced.add(`${topic}@${rig.log.append(topic, { value: 'x' })}`)
        break
      }
      case 'work':
        this.#works.settle(step.which, step.ok)
        break
      case 'fatal':
        await this.#rival.leaves()
        this.#heal()
        this.#heal = rig.transport.fail(new AlertError('ALERT_CREDENTIALS', 'refused', { fatal: true }), { at: 'fetch' })
        break
      case 'throw':
        this.#boom = !this.#shape.startsWith('plain-retry')
        break
      case 'offline':
        // A reader that ends does not leave its group; the rival has no supervisor that would go on with its member.
        await this.#rival.leaves()
        rig.transport.goOffline()
        await rig.clock.advance(300)
        rig.transport.goOnline()
        break
      case 'commit':
        await rig.clock.advance(5_000)
        break
      case 'time':
        await rig.clock.advance(20)
        break
      case 'restart':
        this.#subscription?.unsubscribe()
        void this.#iterator?.return?.()
        await this.#finishWork()
        await rig.clock.advance(10_000)
        this.open()
        break
      case 'rival':
        if (this.#group && this.#rival.joins(step.handles)) {
          await this.#finishWork()
          await rig.clock.advance(8_000)
        }
        break
      case 'rivalLeaves':
        await this.#rival.leaves()
        break
      case 'expire':
        if (this.#group) for (const { memberId } of rig.log.members(GROUP).slice(0, 1)) rig.log.expire(memberId)
        break
    }
    await rig.settle()
  }

  fault(): string | undefined {
    for (const topic of TOPICS) {
      const upTo = this.#writtenDown(topic) ?? 0
      const passed = this.#offsetsOf(topic).find(offset => offset < upTo && !this.#wasDone(`${topic}@${offset}`))
      if (passed !== undefined)
        return `${this.#group ? 'commit' : 'checkpoint'} of ${topic} at ${upTo} passes ${passed}, which is not handled`
    }
    for (const reading of this.rig.readings) {
      const fault = reading instanceof Reading ? overfull(reading, this.#maxUnhandled) : undefined
      if (fault) return fault
    }
    return undefined
  }

  /** Everything that was produced has to be handled, whatever happened. */
  async end(): Promise<string | undefined> {
    this.#heal()
    await this.#rival.leaves()
    const isDone = (): boolean => [...this.#produced].every(id => this.#wasDone(id))
    for (let i = 0; i < 200; i++) {
      await this.#finishWork()
      await this.rig.clock.advance(i > 3 ? 2_500 : 20)
      const fault = this.fault()
      if (fault) return fault
      if (i > 8 && this.#works.size === 0 && isDone()) break
    }
    if (this.#dead) return `the stream died: ${String(this.#dead)}`
    const lost = [...this.#produced].filter(id => !this.#wasDone(id))
    return lost.length > 0 ? `lost ${lost.join(' ')}` : undefined
  }

  async close(byClose: boolean): Promise<string | undefined> {
    const { rig } = this
    this.#boom = false
    // Some work under way and some that waits: the first may end, the others are given back.
    for (const topic of TOPICS) for (let n = 0; n < 3; n++) rig.log.append(topic, { value: 'x' })
    await rig.settle()
    this.#over = true
    if (byClose && !TWICE.has(this.#shape)) void rig.live.close()
    else {
      this.#subscription?.unsubscribe()
      await this.#iterator?.return?.()
    }
    await this.#finishWork()
    await rig.clock.advance(1)
    if (rig.live.size > 0) {
      await rig.clock.advance(10_000)
      return rig.live.size > 0 ? `${rig.live.size} readings are left` : 'the end waited for drainTimeout with nothing running'
    }
    const { readers, timers } = rig.transport.open
    if (readers + timers > 0) return `left: ${readers} readers, ${timers} timers of the transport`
    if (rig.clock.pending > 0) return `left: ${rig.clock.pending} timers`
    return rig.log.members(GROUP).length > 0 ? 'a member is left' : undefined
  }

  async #finishWork(): Promise<void> {
    this.#works.finish()
    await this.rig.settle()
  }

  /** Streams of one topic each have a Checkpoint each. */
  #checkpointOf(topic: string): Checkpoint {
    const own = this.#ownCheckpoints.get(topic) ?? new Checkpoint('earliest')
    this.#ownCheckpoints.set(topic, own)
    return own
  }

  #offsetsOf(topic: string): number[] {
    return [...this.#produced]
      .filter(id => id.startsWith(`${topic}@`))
      .map(id => Number(id.split('@')[1]))
      .sort((a, b) => a - b)
  }

  #wasDone(id: string): boolean {
    if (this.#gaveUp.has(id) || this.#rival.handled.has(id)) return true
    return consumersOf(this.#shape).every(consumer => this.#done.has(id + consumer) || this.#gaveUp.has(id))
  }

  #writtenDown(topic: string): number | undefined {
    if (this.#group) return this.rig.log.committed(GROUP, topic, 0)
    return (this.#ownCheckpoints.get(topic) ?? this.#checkpoint).cursor?.offset(topic, 0)
  }
}

/** A partition with nothing unhandled may always deliver one. */
export function overfull({ parts }: Reading, maxUnhandled: number): string | undefined {
  const windows = [...parts.values()].map(({ window }) => window.length)
  const delivered = windows.reduce((sum, length) => sum + length, 0)
  if (delivered <= maxUnhandled + windows.length) return undefined
  return `${delivered} delivered and not behind the prefix, maxUnhandled ${maxUnhandled}`
}

/** What goes wrong in one run, if anything. */
export async function playOne(shape: Shape, scenario: Scenario): Promise<string | undefined> {
  const world = new One(shape, scenario)
  world.open()
  await world.rig.settle()
  for (const step of scenario.steps) {
    await world.step(step)
    const fault = world.fault()
    if (fault) return fault
  }
  return (await world.end()) ?? (await world.close(scenario.steps.length % 2 === 1))
}
