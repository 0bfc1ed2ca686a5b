import { setTimeout as wait } from 'node:timers/promises'
import { AlertError, type ClientOptions, type Delivery, handle, outgoing, parseJson, type Work } from 'igwn-alert-rx'
import { throwError } from 'rxjs'
import { describe, type ExpectStatic, it } from 'vitest'
import { uniqueName } from '../bed/bedClient.ts'
import { sharedBed } from '../bed/shared.ts'
import { readBack } from '../kafka/writing/readBack.ts'
import { figure } from './support/figures.ts'
import { fill } from './support/fill.ts'
import { isInGeneration, membersOf } from './support/groupState.ts'
import { Ledger } from './support/ledger.ts'
import { length } from './support/length.ts'
import { Pace } from './support/pace.ts'
import { now, seconds } from './support/time.ts'
import { alerts, hear, type Numbered, range, Watched } from './support/watched.ts'

/** Kafka's default of the smallest that a broker takes. */
const SESSION = 6000
const FIRST = 1 // generation

const soon = { timeout: 20_000 }

/** A topic and a consumer group of its own: the cases run side by side, for most of their time is waiting. */
class Rig {
  readonly bed = sharedBed()
  readonly address = this.bed.brokers[0]!.plaintext
  readonly topic = uniqueName('handlers')
  readonly group = uniqueName('handlers')

  watch(options: ClientOptions = {}): Watched {
    const times = { sessionTimeout: SESSION, heartbeatInterval: 500 }
    return new Watched(this.address, { consumerGroup: this.group, from: 'earliest', ...times, ...options })
  }

  committed(): Promise<number[]> {
    return this.bed.committed(this.group, this.topic)
  }

  /** The group's only member. @throws Error if it has another number of them, or was shared out anew */
  async onlyMember(): Promise<string> {
    const members = await membersOf(this.address, this.group)
    const [memberId, ...others] = members.map(({ memberId }) => memberId)
    if (memberId === undefined || others.length > 0) throw new Error(`the group has ${members.length} members, expected 1`)
    if (!(await isInGeneration(this.address, this.group, memberId, FIRST))) throw new Error(`${memberId} is in another generation`)
    return memberId
  }
}

it.concurrent('a handler slower than the session time-out: the member stays, each record is handled once', async ({ expect }) => {
  const rig = new Rig()
  const { topic } = rig
  const slow = length({ short: 2, full: 5 })
  const work = 1.2 * SESSION
  await rig.bed.createTopic(topic)
  await rig.bed.produce(topic, alerts(0, slow))
  await using watched = rig.watch()
  const heard = hear(watched.client.topic(topic), n => (n < slow ? wait(work) : undefined))
  await expect.poll(() => heard.got.length, soon).toBe(1)
  const begun = now()
  const before = await rig.onlyMember()
  await expect.poll(() => heard.got.length, { timeout: 2 * work * slow }).toBe(slow)
  await wait(0.8 * work) // the last one is under way: nobody but the member itself has prolonged its session since `before`
  const during = await rig.onlyMember()
  await rig.bed.produce(topic, alerts(slow, slow + 5))
  await expect.poll(() => heard.got.length, { timeout: 2 * work }).toBe(slow + 5)
  await expect.poll(() => rig.committed(), soon).toEqual([slow + 5])
  const [after, took] = [await rig.onlyMember(), now() - begun]
  figure(
    'handlers',
    `${slow} records of ${seconds(work)} each, session time-out ${seconds(SESSION)}`,
    `the same member id and generation at the broker for ${seconds(took)}, each record handled once`,
  )
  expect([during, after]).toEqual([before, before])
  expect(heard.got).toEqual(range(0, slow + 5))
  expect(watched.of('assigned')).toHaveLength(1)
  expect([...watched.of('revoked'), ...watched.of('lost'), ...watched.of('reconnecting')]).toEqual([])
})

it.concurrent('a partition whose records are never acked: it is said, the member stays, the other partitions go on, nothing is lost', async ({
  expect,
}) => {
  const rig = new Rig()
  const { topic } = rig
  const [partitions, records, ackTimeout] = [3, 20, 500]
  await rig.bed.createTopic(topic, { partitions })
  const ledger = new Ledger()
  const unhandled: number[] = []
  const watched = rig.watch({ delivery: 'manual', ackTimeout, maxUnhandled: { records }, drainTimeout: 200 })
  try {
    watched.client.topic(topic).subscribe(record => {
      ledger.got(record.partition, record.offset)
      if (record.partition === 0) unhandled.push(record.offset)
      else record.ack()
    })
    await expect.poll(() => watched.of('connected').length, soon).toBe(1)
    await using pace = await Pace.start({ brokers: [rig.address], topic, partitions, perSecond: 60, ledgers: [ledger] })
    await expect.poll(() => watched.of('stalled').length, soon).toBeGreaterThan(0)
    const before = await rig.onlyMember()
    await wait(2 * SESSION) // how long nobody acks is what is tested
    expect(await rig.onlyMember()).toBe(before)
    await pace.stop()
    const ends = await rig.bed.endOffsets(topic)
    await expect.poll(() => rig.committed(), soon).toEqual([0, ends[1], ends[2]])
    const stalled = watched.of('stalled')
    expect(new Set(stalled.map(({ partition, offset }) => `${partition}@${offset}`))).toEqual(new Set(['0@0']))
    stalled.slice(1).forEach(({ held }, i) => {
      expect(held).toBeGreaterThanOrEqual(2 * stalled[i]!.held)
    })
    expect(watched.logged.warn.filter(text => text.includes('is held for'))).toHaveLength(stalled.length)
    expect(unhandled).toEqual(range(0, unhandled.length))
    expect(unhandled.length).toBeLessThan(ends[0]!) // fetching waits
    const { unhandled: gauge, oldestUnhandled, stalls } = watched.client.metrics().topics[topic]!
    expect([gauge, stalls]).toEqual([unhandled.length, stalled.length])
    expect(oldestUnhandled).toBeGreaterThan(2 * SESSION)
    const { lost, doubled } = ledger.verdict()
    expect(lost.filter(place => !place.startsWith('0@'))).toEqual([])
    expect(doubled).toEqual([])
    figure(
      'handlers',
      `never acked in one partition of ${partitions}, ackTimeout ${seconds(ackTimeout)}`,
      `stalled said after ${seconds(stalled[0]!.held)}, then ${stalled.length - 1} times in ${seconds(oldestUnhandled!)}, the member stays, ` +
        `0 of ${ends[1]! + ends[2]!} lost of the others, ${gauge} of ${ends[0]} are held`,
    )
  } finally {
    await watched.client.close()
  }
  await using successor = rig.watch()
  const again: string[] = []
  successor.client
    .topic(topic)
    .pipe(handle(async ({ partition, offset }) => void again.push(`${partition}@${offset}`)))
    .subscribe()
  const ends = await rig.bed.endOffsets(topic)
  await expect.poll(() => rig.committed(), soon).toEqual(ends)
  expect(again).toEqual(range(0, ends[0]!).map(offset => `0@${offset}`))
})

const thrown: readonly (readonly [what: string, value: unknown])[] = [
  ['an Error', new Error('it broke')],
  ['an Error without words', new Error('')],
  ['a TypeError', new TypeError('undefined is not a function')],
  ['a RangeError', new RangeError('Invalid array length')],
  ['a fatal AlertError', new AlertError('ALERT_CREDENTIALS', 'not of this stream', { fatal: true })],
  ['a string', 'it broke'],
  ['undefined', undefined],
  ['null', null],
  ['an object', { reason: 7 }],
  ['an object without a prototype', Object.create(null)],
]

const ways: readonly (readonly [how: string, fail: (value: unknown) => Work<never>])[] = [
  [
    'thrown',
    value => {
      throw value
    },
  ],
  ['as a rejection', value => Promise.reject(value)],
  ["as an Observable's error", value => throwError(() => value)],
]

describe('errors of every kind: the stream lives, each is reported once and counts as handled', () => {
  const bad = ways.flatMap(([how, fail]) => thrown.map(([what, value]) => ({ what: `${what} ${how}`, value, fail: () => fail(value) })))

  /** Each reported at its offset, with what was thrown. */
  function expectReported(expect: ExpectStatic, { topic }: Rig, watched: Watched, cases: readonly { readonly value: unknown }[]): void {
    const failed = watched.of('failed')
    expect(failed.map(({ offset }) => offset)).toEqual(cases.map((_, i) => 2 * i))
    failed.forEach(({ error }, i) => {
      const { value } = cases[i]!
      if (value instanceof AlertError) expect(error).toBe(value)
      else expect([error.code, error.cause]).toEqual(['ALERT_HANDLER', value])
      expect(error.message).toMatch(/\w/)
      expect(error.message).not.toContain('[object')
    })
    expect(watched.logged.error).toHaveLength(cases.length)
    expect(watched.client.metrics().topics[topic]).toMatchObject({ failed: cases.length, handled: 2 * cases.length, unhandled: 0 })
  }

  it.concurrent('of a handler', async ({ expect }) => {
    const rig = new Rig()
    const { topic } = rig
    await rig.bed.createTopic(topic)
    await rig.bed.produce(topic, alerts(0, 2 * bad.length))
    await using watched = rig.watch()
    const [tries, handled]: [number[], number[]] = [[], []]
    const errors: unknown[] = []
    const work = ({ payload: { n } }: Delivery<Numbered>): Work<never> => {
      if (n % 2 === 1) return void handled.push(n)
      tries.push(n)
      return bad[n / 2]!.fail()
    }
    const stream = watched.client.topic(topic).pipe(parseJson<Numbered>(), handle(work, { retry: { count: 1, delay: 1 } }))
    stream.subscribe({ error: error => errors.push(error) })
    await expect.poll(() => handled.length, soon).toBe(bad.length)
    await expect.poll(() => rig.committed(), soon).toEqual([2 * bad.length])
    expect(errors).toEqual([])
    expect(tries).toEqual(bad.flatMap((_, i) => [2 * i, 2 * i]))
    expectReported(expect, rig, watched, bad)
    expect(watched.of('closed')).toEqual([])
    figure(
      'handlers',
      `${thrown.length} kinds of errors, ${ways.length} ways each, of handle`,
      `the stream lives, each said once, all ${2 * bad.length} handled`,
    )
  })

  it.concurrent("of listen's callback", async ({ expect }) => {
    const rig = new Rig()
    const { topic } = rig
    const cases = bad.slice(0, 2 * thrown.length)
    await rig.bed.createTopic(topic)
    await rig.bed.produce(topic, alerts(0, 2 * cases.length))
    await using watched = rig.watch()
    const heard: number[] = []
    const listener = watched.client.listen((_topic, payload) => {
      const { n } = payload as Numbered
      heard.push(n)
      return n % 2 === 0 ? cases[n / 2]!.fail() : undefined
    }, topic)
    await expect.poll(() => rig.committed(), soon).toEqual([2 * cases.length])
    expect(heard).toEqual(range(0, 2 * cases.length))
    expect(listener.errors).toBe(cases.length)
    expectReported(expect, rig, watched, cases)
    figure(
      'handlers',
      `${thrown.length} kinds of errors, 2 ways each, of listen`,
      `it goes on, each said once, all ${heard.length} handled`,
    )
  })
})

it.concurrent('a poison record among 1000: the dead letters are exactly it, all others are handled once', async ({ expect }) => {
  const rig = new Rig()
  const { topic } = rig
  const [count, partitions, poison] = [1000, 4, 617]
  const graveyard = uniqueName('graveyard')
  await rig.bed.createTopic(topic, { partitions })
  await rig.bed.createTopic(graveyard)
  await fill(rig.address, topic, count, 10_000, partitions) // several batches a partition
  await using watched = rig.watch()
  const sink = watched.client.sink(graveyard)
  const handled = new Map<number, number>()
  let tries = 0
  const work = async ({ payload: { n } }: Delivery<Numbered>): Promise<void> => {
    if (n === poison) tries++
    await wait(n % 5)
    if (n === poison) throw new Error(`${n} is poison`)
    handled.set(n, (handled.get(n) ?? 0) + 1)
  }
  const deadLetter = ({ payload: { n } }: Delivery<Numbered>, error: unknown): Promise<unknown> =>
    sink.send(outgoing({ n, why: String(error) }))
  const errors: unknown[] = []
  watched.client
    .topic(topic)
    .pipe(parseJson<Numbered>(), handle(work, { concurrency: 16, retry: { count: 2, delay: 50 }, deadLetter }))
    .subscribe({ error: error => errors.push(error) })
  const ends = await rig.bed.endOffsets(topic)
  await expect.poll(() => rig.committed(), soon).toEqual(ends)
  const dead = (await readBack(rig.bed, graveyard)).map(({ value }) => JSON.parse(Buffer.from(value!, 'base64').toString()) as unknown)
  expect(dead).toEqual([{ n: poison, why: `Error: ${poison} is poison` }])
  expect(tries).toBe(3)
  expect([...handled.keys()].sort((a, b) => a - b)).toEqual(range(0, count).filter(n => n !== poison))
  expect([...handled.values()].every(times => times === 1)).toBe(true)
  expect(errors).toEqual([])
  expect([...watched.of('failed'), ...watched.logged.error]).toEqual([]) // the dead letter has it
  figure(
    'handlers',
    `a poison record among ${count}`,
    `${dead.length} dead letter after ${tries} tries, ${handled.size} others handled once, committed to the end`,
  )
})
