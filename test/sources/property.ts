import fc from 'fast-check'
import { filter, map, merge, Observable, retry, type Subscription, share } from 'rxjs'
import { AlertError } from '../../src/errors.ts'
import { filterRecords } from '../../src/operators/filterRecords.ts'
import { handle } from '../../src/operators/handle.ts'
import { retryOnFatal } from '../../src/operators/retryOnFatal.ts'
import type { Delivery } from '../../src/record.ts'
import type { AlertStream } from '../../src/sources/AlertStream.ts'
import { Checkpoint } from '../../src/sources/Checkpoint.ts'
import { Reading } from '../../src/sources/Reading.ts'
import type { Reader } from '../../src/transports/transport.ts'
import { groupOf, Rig } from './rig.ts'

/*
 * The semantics of reading as a property: random appends with holes, work that ends in any order or fails, fatal errors, throws in a user's
 * map, rebalances, sessions that are lost, restarts and closes, in many shapes of chains. Always:
 *
 * - no commit and no checkpoint passes a delivered record that is not handled, by everyone who holds it;
 * - every record is handled in the end;
 * - what is delivered and not behind the prefix stays within maxUnhandled;
 * - at the end no reading, reader, member or timer is left, and nothing waits for drainTimeout when nothing runs.
 */

export type Step =
  | { do: 'append'; part: number; hole: boolean }
  | { do: 'work'; which: number; ok: boolean }
  | { do: 'fatal' | 'throw' | 'commit' | 'restart' | 'time' | 'rivalLeaves' | 'expire' | 'offline' }
  | { do: 'rival'; handles: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('append' as const), part: fc.nat(1), hole: fc.boolean() }) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('work' as const),
      which: fc.nat(7),
      ok: fc.oneof({ weight: 4, arbitrary: fc.constant(true) }, fc.constant(false)),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('fatal' as const, 'throw' as const, 'restart' as const, 'offline' as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('commit' as const, 'time' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('rival' as const), handles: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('rivalLeaves' as const, 'expire' as const) }) },
)

export const SHAPES = [
  'handle',
  'handle-keyed',
  'handle-above-retry',
  'merge-two',
  'same-twice',
  'share-two-handles',
  'share-sync-handle',
  'for-await',
  'for-await-mapped',
  'manual',
  'manual-handle',
  'handle-then-for-await',
  'plain-retry',
  'plain-retry-twice',
] as const
export type Shape = (typeof SHAPES)[number]

/** Shapes that subscribe one stream twice: neither a group nor a Checkpoint takes that. */
const TWICE: ReadonlySet<Shape> = new Set(['same-twice', 'plain-retry-twice'])
const TWO_CONSUMERS: ReadonlySet<Shape> = new Set(['same-twice', 'plain-retry-twice', 'share-two-handles'])

const TOPICS = ['t0', 't1']
const GROUP = 'g'
const idOf = (record: { readonly topic: string; readonly offset: number }): string => `${record.topic}@${record.offset}`

/** One run of one shape; what went wrong, or undefined. */
export class Play {
  readonly rig = new Rig({ batchRecords: 3 })
  readonly produced = new Set<string>()
  /** How often each piece of work was done, by record and consumer. */
  readonly times = new Map<string, number>()
  readonly gaveUp = new Set<string>()
  /** Handled by the rival member of the group. */
  readonly elsewhere = new Set<string>()
  readonly pending: { readonly id: string; settle(ok: boolean): void }[] = []
  readonly checkpoint = new Checkpoint('earliest')
  readonly shape: Shape
  readonly group: boolean
  readonly maxUnhandled: number
  boom = false
  over = false
  dead: unknown
  subscription: Subscription | undefined
  iterator: AsyncIterator<unknown> | undefined
  rival: Reader | undefined
  /** Calls off a fatal error that nobody met. */
  heal = (): void => {}

  constructor(shape: Shape, group: boolean, maxUnhandled: number) {
    this.shape = shape
    this.group = group && !TWICE.has(shape)
    this.maxUnhandled = maxUnhandled
    for (const topic of TOPICS) this.rig.log.createTopic(topic)
  }

  get consumers(): readonly string[] {
    return TWO_CONSUMERS.has(this.shape) ? ['A', 'B'] : ['']
  }

  get readings(): Reading[] {
    return this.rig.readings.filter((reading): reading is Reading => reading instanceof Reading)
  }

  stream(topics: readonly string[] = TOPICS, delivery: 'auto' | 'manual' = 'auto'): AlertStream<Delivery> {
    const { shape, group, maxUnhandled, checkpoint } = this
    return this.rig.stream({
      topics,
      delivery,
      maxUnhandled: { records: maxUnhandled, bytes: 1e9 },
      consumerGroup: group ? groupOf(GROUP) : undefined,
      from: group || TWICE.has(shape) ? 'earliest' : topics.length === 2 ? checkpoint : this.checkpointOf(topics[0]!),
    })
  }

  readonly ownCheckpoints = new Map<string, Checkpoint>()
  /** Streams of one topic each have a Checkpoint each. */
  checkpointOf(topic: string): Checkpoint {
    const own = this.ownCheckpoints.get(topic) ?? new Checkpoint('earliest')
    this.ownCheckpoints.set(topic, own)
    return own
  }

  work(consumer = ''): (record: { readonly topic: string; readonly offset: number }) => Promise<string> {
    return record =>
      new Promise((resolve, reject) => {
        const id = idOf(record) + consumer
        this.pending.push({
          id,
          settle: ok => {
            if (!ok) return reject(new Error('work failed'))
            this.times.set(id, (this.times.get(id) ?? 0) + 1)
            resolve(id)
          },
        })
      })
  }

  watch(stream: Observable<unknown>): void {
    this.subscription = stream.subscribe({
      error: error => {
        this.dead = error
      },
    })
  }

  async loop(stream: AlertStream<unknown>, recordOf: (value: unknown) => { topic: string; offset: number }): Promise<void> {
    const iterator = stream[Symbol.asyncIterator]()
    this.iterator = iterator
    try {
      for await (const value of { [Symbol.asyncIterator]: () => iterator }) {
        if (this.over) continue
        const record = recordOf(value)
        await this.work()(record).catch(() => this.gaveUp.add(idOf(record)))
      }
    } catch (error) {
      this.dead = error
    }
  }

  open(): void {
    const spoil = <T>() =>
      map((value: T) => {
        if (!this.boom) return value
        this.boom = false
        throw new TypeError('user bug')
      })
    const again = <T>() => retryOnFatal<T>({ count: 1000, delay: (_e, n) => this.after(10 + (n % 2)), when: e => e instanceof TypeError })
    const giveUp = { retry: { count: 1, delay: () => this.after(0) }, deadLetter: (r: Delivery<unknown>) => void this.gaveUp.add(idOf(r)) }
    const one = (source: Observable<Delivery>, consumer = '') => source.pipe(spoil<Delivery>(), handle(this.work(consumer), giveUp))
    const parse = (value: unknown) => ({ topic: String(value).split('@')[0]!, offset: Number(String(value).split('@')[1]) })
    const text = (record: Delivery): string => idOf(record)
    const some = filterRecords<Delivery>(record => record.offset % 5 !== 4 || !this.gaveUp.add(idOf(record)))
    switch (this.shape) {
      case 'handle':
        this.watch(this.stream().pipe(spoil<Delivery>(), again(), handle(this.work(), giveUp)))
        break
      case 'handle-keyed':
        this.watch(
          this.stream().pipe(
            spoil<Delivery>(),
            again(),
            handle(this.work(), { ...giveUp, concurrency: 3, key: r => String(r.offset % 2) }),
          ),
        )
        break
      case 'handle-above-retry':
        this.watch(one(this.stream()).pipe(again()))
        break
      case 'merge-two':
        this.watch(merge(one(this.stream(['t0'])), one(this.stream(['t1']))).pipe(again()))
        break
      case 'same-twice': {
        const stream = this.stream()
        this.watch(merge(one(stream, 'A'), one(stream, 'B')).pipe(again()))
        break
      }
      case 'share-two-handles': {
        const shared = this.stream().pipe(share())
        this.watch(merge(one(shared, 'A'), one(shared, 'B')).pipe(again()))
        break
      }
      case 'share-sync-handle': {
        const shared = this.stream().pipe(share())
        const sync = shared.pipe(
          filterRecords<Delivery>(r => r.offset % 3 !== 0),
          handle(() => {}),
        )
        this.watch(merge(sync, shared.pipe(handle(async () => {})), one(shared)).pipe(again()))
        break
      }
      case 'for-await':
        void this.loop(this.stream().pipe(again()), value => value as Delivery)
        break
      case 'for-await-mapped':
        void this.loop(this.stream().pipe(spoil<Delivery>(), map(text), again()), parse)
        break
      case 'manual': {
        const settle = (r: Delivery): void => {
          const done = (): void => r.ack()
          this.work()(r).then(done, () => {
            this.gaveUp.add(idOf(r))
            done()
          })
        }
        this.watch(this.stream(TOPICS, 'manual').pipe(some, again(), map(settle)))
        break
      }
      case 'manual-handle':
        this.watch(this.stream(TOPICS, 'manual').pipe(spoil<Delivery>(), some, again(), handle(this.work(), giveUp)))
        break
      case 'handle-then-for-await':
        void this.loop(
          this.stream().pipe(
            again(),
            handle(async (r: Delivery) => text(r)),
          ),
          parse,
        )
        break
      case 'plain-retry':
        this.watch(
          this.stream().pipe(
            filter(() => true),
            retry({ delay: () => this.after(10) }),
            handle(this.work(), giveUp),
          ),
        )
        break
      case 'plain-retry-twice': {
        const stream = this.stream()
        const chain = (consumer: string, ms: number) =>
          stream.pipe(handle(this.work(consumer), giveUp), retry({ delay: () => this.after(ms) }))
        this.watch(merge(chain('A', 15), chain('B', 10)))
        break
      }
    }
  }

  after(ms: number): Observable<0> {
    return new Observable(out =>
      this.rig.clock.after(ms, () => {
        out.next(0)
        out.complete()
      }),
    )
  }

  async step(step: Step): Promise<void> {
    const { rig } = this
    switch (step.do) {
      case 'append': {
        const topic = TOPICS[step.part]!
        if (step.hole) rig.log.skip(topic, 0, 1)
        this.produced.add(`${topic}@${rig.log.append(topic, { value: 'x' })}`)
        break
      }
      case 'work':
        this.pending.splice(step.which % (this.pending.length || 1), 1)[0]?.settle(step.ok)
        break
      case 'fatal':
        await this.rivalLeaves()
        this.heal()
        this.heal = rig.transport.fail(new AlertError('ALERT_CREDENTIALS', 'refused', { fatal: true }), { at: 'fetch' })
        break
      case 'throw':
        this.boom = !this.shape.startsWith('plain-retry')
        break
      case 'offline':
        // A reader that ends does not leave its group; the rival has no supervisor that would go on with its member.
        await this.rivalLeaves()
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
        this.subscription?.unsubscribe()
        void this.iterator?.return?.()
        await this.finishWork()
        await rig.clock.advance(10_000)
        this.open()
        break
      case 'rival':
        if (this.group && !this.rival) await this.rivalJoins(step.handles)
        break
      case 'rivalLeaves':
        await this.rivalLeaves()
        break
      case 'expire':
        if (this.group) for (const { memberId } of rig.log.members(GROUP).slice(0, 1)) rig.log.expire(memberId)
        break
    }
    await rig.settle()
  }

  async finishWork(): Promise<void> {
    for (const { settle } of this.pending.splice(0)) settle(true)
    await this.rig.settle()
  }

  /** Another member takes its share, handles some records of it, and commits them. */
  async rivalJoins(handles: number): Promise<void> {
    const { transport, clock } = this.rig
    const group = { ...groupOf(GROUP), topics: TOPICS }
    this.rival = transport.read({ group, maxBytes: 1e6, maxWait: 100, maxBatchBytes: 1e6 }, event => {
      if (event.type === 'revoked') this.rival?.release(event.epoch)
      if (event.type !== 'assigned') return
      for (const { topic, partition, committed = 0 } of event.partitions) {
        const mine = this.offsetsOf(topic)
          .filter(offset => offset >= committed)
          .slice(0, handles)
        if (mine.length === 0) continue
        const commit = this.rival?.commit(event.epoch, [{ topic, partition, offset: mine.at(-1)! + 1 }])
        commit?.then(
          () => {
            for (const offset of mine) this.elsewhere.add(`${topic}@${offset}`)
          },
          () => {},
        )
      }
    })
    await this.finishWork()
    await clock.advance(8_000)
  }

  async rivalLeaves(): Promise<void> {
    const { rival } = this
    this.rival = undefined
    await rival?.close(1_000)
    if (rival) await this.rig.clock.advance(4_000)
  }

  offsetsOf(topic: string): number[] {
    return [...this.produced]
      .filter(id => id.startsWith(`${topic}@`))
      .map(id => Number(id.split('@')[1]))
      .sort((a, b) => a - b)
  }

  wasDone(id: string): boolean {
    return (
      this.gaveUp.has(id) ||
      this.elsewhere.has(id) ||
      this.consumers.every(consumer => this.times.has(id + consumer) || this.gaveUp.has(id))
    )
  }

  writtenDown(topic: string): number | undefined {
    if (this.group) return this.rig.log.committed(GROUP, topic, 0)
    return (this.ownCheckpoints.get(topic) ?? this.checkpoint).cursor?.offset(topic, 0)
  }

  fault(): string | undefined {
    for (const topic of TOPICS) {
      const upTo = this.writtenDown(topic) ?? 0
      const passed = this.offsetsOf(topic).find(offset => offset < upTo && !this.wasDone(`${topic}@${offset}`))
      if (passed !== undefined)
        return `${this.group ? 'commit' : 'checkpoint'} of ${topic} at ${upTo} passes ${passed}, which is not handled`
    }
    for (const { parts } of this.readings) {
      const windows = [...parts.values()].map(({ window }) => window.length)
      const delivered = windows.reduce((sum, length) => sum + length, 0)
      if (delivered > this.maxUnhandled + windows.length)
        return `${delivered} delivered and not behind the prefix, maxUnhandled ${this.maxUnhandled}`
    }
    return undefined
  }

  /** Everything that was produced has to be handled, whatever happened. */
  async end(): Promise<string | undefined> {
    this.heal()
    await this.rivalLeaves()
    for (let i = 0; i < 200; i++) {
      await this.finishWork()
      await this.rig.clock.advance(i > 3 ? 2_500 : 20)
      const fault = this.fault()
      if (fault) return fault
      if (i > 8 && this.pending.length === 0 && [...this.produced].every(id => this.wasDone(id))) break
    }
    if (this.dead) return `the stream died: ${String(this.dead)}`
    const lost = [...this.produced].filter(id => !this.wasDone(id))
    return lost.length > 0 ? `lost ${lost.join(' ')}` : undefined
  }

  async close(byClose: boolean): Promise<string | undefined> {
    const { rig } = this
    this.boom = false
    // Some work under way and some that waits: the first may end, the others are given back.
    for (const topic of TOPICS) for (let n = 0; n < 3; n++) rig.log.append(topic, { value: 'x' })
    await rig.settle()
    this.over = true
    if (byClose && !TWICE.has(this.shape)) void rig.live.close()
    else {
      this.subscription?.unsubscribe()
      await this.iterator?.return?.()
    }
    await this.finishWork()
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
}

export async function play(shape: Shape, steps: readonly Step[], group: boolean, maxUnhandled: number): Promise<string | undefined> {
  const play = new Play(shape, group, maxUnhandled)
  play.open()
  await play.rig.settle()
  for (const step of steps) {
    await play.step(step)
    const fault = play.fault()
    if (fault) return fault
  }
  return (await play.end()) ?? (await play.close(steps.length % 2 === 1))
}

export interface Failure {
  readonly message: string
  readonly counterexample: string
  /** How many runs it took. */
  readonly runs: number
}

/** Plays a shape `runs` times; the first failure, shrunk. */
export async function check(shape: Shape, runs: number, seed: number, shrink = true): Promise<Failure | undefined> {
  const scenario = fc.asyncProperty(
    fc.array(step, { minLength: 10, maxLength: 70, size: 'max' }),
    fc.boolean(),
    fc.constantFrom(2, 4, 1000),
    async (steps, group, maxUnhandled) => {
      const fault = await play(shape, steps, group, maxUnhandled)
      if (fault) throw new Error(fault)
    },
  )
  const result = await fc.check(scenario, { numRuns: runs, seed, endOnFailure: !shrink })
  if (!result.failed) return undefined
  const message = result.errorInstance instanceof Error ? result.errorInstance.message : String(result.errorInstance)
  return { message, counterexample: JSON.stringify(result.counterexample), runs: result.numRuns }
}
