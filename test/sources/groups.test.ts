import { EMPTY } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { handle } from '../../src/operators/handle.ts'
import type { Delivery } from '../../src/record.ts'
import { LiveReadings } from '../../src/sources/LiveReadings.ts'
import { source } from '../../src/sources/source.ts'
import type { Status } from '../../src/status.ts'
import { MemoryTransport } from '../../src/transports/memory/MemoryTransport.ts'
import { groupOf, Heard, NOTHING_LEFT, Rig, type StreamSetup, textOf } from './rig.ts'

const consumerGroup = groupOf('g')

/** Another process on the same log. */
function process(rig: Rig): { transport: MemoryTransport; live: LiveReadings } {
  return { transport: new MemoryTransport({ log: rig.log, clock: rig.clock }), live: new LiveReadings() }
}

describe('a found start', () => {
  it('is committed at once: a new group that is killed before its first record loses nothing, 20 of 20', async () => {
    for (let run = 0; run < 20; run++) {
      const rig = Rig.holding(['old'])
      await rig.clock.advance(1)
      const killed = process(rig)
      rig.hear({ ...killed, from: 'latest', consumerGroup })
      await rig.clock.advance(run * 7)
      await rig.settle()
      killed.transport.goOffline()
      for (const { memberId } of rig.log.members('g')) rig.log.expire(memberId)
      rig.append('t', ['alert'])
      const heard = rig.hear({ ...process(rig), from: 'latest', consumerGroup })
      await rig.clock.advance(1_000)
      expect(heard.got, `killed after ${run * 7} ms`).toEqual(['alert'])
    }
  })

  it('is committed when it is said, and before the first record comes', async () => {
    const rig = Rig.holding(['old'], { latency: 5 })
    const committed = (): unknown => rig.log.committed('g', 't', 0)
    const seen: unknown[] = []
    const report = ({ type }: Status): unknown => type === 'positioned' && seen.push([type, committed()])
    rig.stream({ consumerGroup, report }).subscribe(() => seen.push(['record', committed()]))
    await rig.clock.advance(1_000)
    expect(seen).toEqual([
      ['positioned', 0],
      ['record', 0],
    ])
  })

  it('is committed later when it cannot be at once', async () => {
    const rig = Rig.holding(['old'])
    await rig.clock.advance(1)
    rig.transport.fail('TOPIC_AUTHORIZATION_FAILED', { at: 'commit' })
    rig.hear({ from: 'latest', consumerGroup })
    await rig.settle()
    expect(rig.log.committed('g', 't', 0)).toBeUndefined()
    await rig.clock.advance(5_000)
    expect(rig.log.committed('g', 't', 0)).toBe(1)
  })

  it.each(['latest', 'earliest'] as const)("from: '%s' is a fall-back: a committed offset wins", async from => {
    const rig = Rig.holding([0, 1, 2])
    rig.log.commit('g', [{ topic: 't', partition: 0, offset: 1 }])
    const heard = rig.hear({ from, consumerGroup })
    await rig.settle()
    expect(heard.got).toEqual(['1', '2'])
  })

  it('is asked for until there is one: a partition whose leader is away holds up no other', async () => {
    const rig = Rig.holding([0], { brokers: 2, partitions: 2 })
    rig.append('t', [1], 1)
    rig.log.stopBroker(1)
    const heard = rig.hear({ consumerGroup })
    await rig.clock.advance(60_000)
    expect(heard.got).toEqual(['0'])
    rig.log.startBroker(1)
    await rig.clock.advance(1_000)
    expect(heard.got).toEqual(['0', '1'])
    expect([0, 1].map(partition => rig.log.committed('g', 't', partition))).toEqual([1, 0])
  })
})

describe('a commit', () => {
  it('of records handled by default comes every autoCommitInterval', async () => {
    const rig = Rig.holding([0, 1])
    rig.hear({ consumerGroup })
    await rig.clock.advance(4_999)
    expect(rig.log.committed('g', 't', 0)).toBe(0)
    await rig.clock.advance(1)
    expect(rig.log.committed('g', 't', 0)).toBe(2)
  })

  it('of acked records comes at once, each as soon as the last is answered', async () => {
    const rig = Rig.holding([0, 1, 2, 3], { latency: 10 })
    const records: Delivery[] = []
    rig.stream({ consumerGroup, delivery: 'manual' }).subscribe(record => records.push(record))
    await rig.clock.advance(200)
    const commits: (number | undefined)[] = []
    for (const record of records) {
      record.ack()
      await rig.clock.advance(4)
      commits.push(rig.log.committed('g', 't', 0))
    }
    expect(commits).toEqual([0, 0, 1, 1])
    await rig.clock.advance(20)
    expect(rig.log.committed('g', 't', 0)).toBe(4)
  })

  it('never passes a record that is not handled', async () => {
    const rig = Rig.holding([0, 1, 2])
    const records: Delivery[] = []
    rig.stream({ consumerGroup, delivery: 'manual' }).subscribe(record => records.push(record))
    await rig.settle()
    records[2]!.ack()
    records[0]!.ack()
    await rig.clock.advance(20_000)
    expect(rig.log.committed('g', 't', 0)).toBe(1)
  })

  it('comes once more at the end, after its drain', async () => {
    const rig = Rig.holding([0])
    const ends: (() => void)[] = []
    const heard = new Heard(
      rig.stream({ consumerGroup }).pipe(
        handle(async record => {
          await new Promise<void>(resolve => ends.push(resolve))
          return textOf(record)
        }),
      ),
    )
    await rig.settle()
    heard.stop()
    await rig.clock.advance(5_000)
    expect([rig.log.committed('g', 't', 0), rig.log.members('g').length]).toEqual([0, 1])
    ends[0]!()
    await rig.settle()
    expect(rig.log.committed('g', 't', 0)).toBe(1)
    expect(rig.left).toEqual(NOTHING_LEFT)
  })

  it('that is not answered does not hold up the end for ever', async () => {
    const rig = Rig.holding([0])
    const heard = rig.hear({ consumerGroup })
    await rig.settle()
    rig.transport.fail('COORDINATOR_NOT_AVAILABLE', { at: 'commit', times: Number.POSITIVE_INFINITY })
    heard.stop()
    await rig.clock.advance(5_000)
    expect(rig.left).toEqual(NOTHING_LEFT)
  })
})

describe('a group', () => {
  it('reads to the end, and commits it', async () => {
    const rig = Rig.holding([0, 1], { partitions: 2 })
    const heard = rig.hear({ consumerGroup, until: 'end' })
    await rig.settle()
    expect(heard).toMatchObject({ got: ['0', '1'], done: true })
    expect([0, 1].map(partition => rig.log.committed('g', 't', partition))).toEqual([2, 0])
    expect(rig.left).toEqual(NOTHING_LEFT)
  })
})

describe('two live subscriptions of one topic in one client', () => {
  const shared = (other: StreamSetup): StreamSetup[] => [{ consumerGroup }, other]

  it.each([
    ['of the same group', shared({ consumerGroup }), 1],
    ['of another group', shared({ consumerGroup: groupOf('other') }), 0],
    ['without a group', shared({}), 0],
  ])('%s', async (_, [first, second], errors) => {
    const rig = Rig.holding([0])
    const heard = [rig.hear(first), rig.hear(second)]
    await rig.settle()
    expect(heard[0]).toMatchObject({ got: ['0'], errors: [] })
    expect(heard[1]!.errors).toHaveLength(errors)
    if (errors === 0) return
    expect(heard[1]!.errors).toMatchObject([{ code: 'ALERT_SHARED', fatal: true }])
    expect(String(heard[1]!.errors[0])).toMatch(
      /^AlertError: t of the consumer group g has a live subscription already\. share\(\) that one, or give the second its own consumerGroup/,
    )
  })

  it('where one reads every topic of a group, and the other one of them', async () => {
    for (const wholeFirst of [true, false]) {
      const rig = new Rig()
      rig.log.createTopic('gracedb.superevent')
      const includes = (name: string): boolean => name.startsWith('gracedb.')
      const whole = { topics: { names: () => undefined, includes, changed$: EMPTY }, group: 'gracedb', consumerGroup }
      const one = { topics: ['gracedb.superevent'], group: 'gracedb', consumerGroup }
      const open = [() => new Heard(source(() => ({ ...rig.optionsOf(one), ...whole }))), () => rig.hear(one)]
      const heard = (wholeFirst ? open : open.reverse()).map(subscribe => subscribe())
      await rig.settle()
      expect(heard.map(({ errors }) => errors.length)).toEqual([0, 1])
      expect(heard[1]!.errors).toMatchObject([{ code: 'ALERT_SHARED' }])
    }
  })

  it('that read every topic of two different groups are none', async () => {
    const rig = new Rig()
    const wholes = ['gracedb', 'gracedb-test'].map(group => {
      rig.log.createTopic(`${group}.superevent`)
      const includes = (name: string): boolean => name.startsWith(`${group}.`)
      const topics = { names: () => undefined, includes, changed$: EMPTY }
      return new Heard(source(() => ({ ...rig.optionsOf({ group, consumerGroup }), topics })))
    })
    await rig.clock.advance(5_000)
    rig.append('gracedb.superevent', ['a'])
    rig.append('gracedb-test.superevent', ['b'])
    await rig.clock.advance(1_000)
    expect(wholes.map(({ errors, got }) => [errors, got])).toEqual([
      [[], ['a']],
      [[], ['b']],
    ])
  })

  it('of the same group, one of which drains: the successor waits, and takes over the position', async () => {
    const rig = Rig.holding([0, 1])
    const ends: (() => void)[] = []
    const stream = rig.stream({ consumerGroup })
    const first = new Heard(
      stream.pipe(
        handle(async record => {
          await new Promise<void>(resolve => ends.push(resolve))
          return textOf(record)
        }),
      ),
    )
    await rig.settle()
    first.stop()
    const second = new Heard(stream)
    await rig.clock.advance(3_000)
    expect(second.got).toEqual([])
    ends[0]!()
    await rig.settle()
    expect(second.got).toEqual(['1'])
  })
})

describe('two streams of one group on different topics', () => {
  it('each reads its own, in one client or in two', async () => {
    for (const two of [false, true]) {
      const rig = Rig.holding([], { partitions: 2 })
      rig.log.createTopic('u', { partitions: 2 })
      const heard = [rig.hear({ topics: ['t'], consumerGroup }), rig.hear({ topics: ['u'], consumerGroup, ...(two && process(rig)) })]
      await rig.clock.advance(10_000)
      for (const topic of ['t', 'u']) for (const partition of [0, 1]) rig.append(topic, [`${topic}${partition}`], partition)
      await rig.clock.advance(1_000)
      expect(heard.map(({ got }) => got.sort())).toEqual([
        ['t0', 't1'],
        ['u0', 'u1'],
      ])
    }
  })
})
