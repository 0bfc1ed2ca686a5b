import { describe, expect, it } from 'vitest'
import { handle } from '../../src/operators/handle.ts'
import type { Delivery } from '../../src/record.ts'
import type { Reader } from '../../src/transports/transport.ts'
import { groupOf, Heard, NOTHING_LEFT, Rig, textOf } from './rig.ts'

const MINUTE = 60_000
const consumerGroup = groupOf('g')

const whole = (rig: Rig): string[] => rig.said('reconnecting').map(({ error }) => error.code)

describe('a reader that hears nothing any more', () => {
  it('is given up, and another one goes on where it stood: nothing is lost, nothing comes twice', async () => {
    const rig = Rig.holding([0, 1])
    const heard = rig.hear()
    await rig.settle()
    rig.transport.goSilent()
    rig.append('t', [2])
    await rig.clock.advance(30_000)
    expect([heard.got, whole(rig)]).toEqual([['0', '1'], []])
    rig.append('t', [3])
    await rig.clock.advance(15_000)
    rig.append('t', [4])
    await rig.settle()
    expect([heard.got, heard.errors]).toEqual([['0', '1', '2', '3', '4'], []])
    expect(whole(rig)).toEqual(['ALERT_TIMEOUT'])
    expect(rig.logged[0]).toMatchObject({
      level: 'warn',
      message: expect.stringMatching(/^lost memory:9092: .*no answer and no error for 40000 ms/),
    })
    expect(rig.transport.open.readers).toBe(1)
    heard.stop()
    await rig.settle()
    expect(rig.left).toEqual(NOTHING_LEFT)
  })

  it('of a group leaves its member to the next one: within its session, without a rebalance', async () => {
    const rig = Rig.holding([0, 1])
    const heard = rig.hear({ consumerGroup })
    await rig.clock.advance(6_000)
    const [member] = rig.log.members('g')
    const { generation } = rig.log.group('g')
    rig.transport.goSilent()
    rig.append('t', [2])
    await rig.clock.advance(MINUTE)
    expect(heard.got).toEqual(['0', '1', '2'])
    expect(rig.log.members('g')).toMatchObject([{ memberId: member!.memberId }])
    expect(rig.log.group('g').generation).toBe(generation)
    expect(rig.log.committed('g', 't', 0)).toBe(3)
  })

  it('holds up no later commit with one that is never answered', async () => {
    const rig = Rig.holding([0])
    const ends: (() => void)[] = []
    const wait = (): Promise<void> => new Promise(resolve => ends.push(resolve))
    const work = async (record: Delivery): Promise<string> => {
      await wait()
      return textOf(record)
    }
    const heard = new Heard(rig.stream({ consumerGroup }).pipe(handle(work)))
    await rig.clock.advance(6_000)
    rig.transport.goSilent()
    ends[0]!()
    await rig.settle()
    rig.append('t', [1])
    await rig.clock.advance(MINUTE)
    expect(rig.log.committed('g', 't', 0)).toBe(1)
    ends[1]!()
    await rig.clock.advance(6_000)
    expect([heard.got, rig.log.committed('g', 't', 0)]).toEqual([['0', '1'], 2])
  })

  it('holds up no later commit either with one that its close does not settle', async () => {
    const rig = Rig.holding([0])
    const { read } = rig.transport
    let hangs = false
    rig.transport.read = (options, on) => {
      const reader = read.call(rig.transport, options, on)
      const { commit } = reader
      reader.commit = (epoch, at) => (hangs ? new Promise(() => {}) : commit.call(reader, epoch, at))
      return reader
    }
    rig.hear({ consumerGroup })
    await rig.clock.advance(6_000)
    hangs = true
    rig.append('t', [1])
    await rig.clock.advance(10_000)
    rig.transport.goSilent()
    await rig.clock.advance(30_000)
    hangs = false
    await rig.clock.advance(30_000)
    expect(rig.log.committed('g', 't', 0)).toBe(2)
  })

  it('at an end holds it up no longer than its close may take', async () => {
    const rig = Rig.holding([0])
    const heard = rig.hear({ consumerGroup })
    await rig.clock.advance(6_000)
    rig.transport.goSilent()
    heard.stop()
    await rig.clock.advance(4_000)
    expect(rig.left).toMatchObject({ readings: 0, readers: 0 })
  })

  it('is given up as often as it takes', async () => {
    const rig = Rig.holding([0])
    const heard = rig.hear()
    for (let i = 1; i < 4; i++) {
      await rig.settle()
      rig.transport.goSilent()
      rig.append('t', [i])
      await rig.clock.advance(MINUTE)
    }
    expect([heard.got, whole(rig)]).toEqual([
      ['0', '1', '2', '3'],
      ['ALERT_TIMEOUT', 'ALERT_TIMEOUT', 'ALERT_TIMEOUT'],
    ])
  })
})

describe('a reader that has nothing to hear', () => {
  it('is left alone for as long as all that it reads is paused', async () => {
    const rig = Rig.holding([0, 1, 2])
    const records: string[] = []
    rig.stream({ delivery: 'manual', maxUnhandled: { records: 1, bytes: 1e6 } }).subscribe(record => records.push(textOf(record)))
    await rig.clock.advance(10 * MINUTE)
    expect([records, whole(rig)]).toEqual([['0'], []])
  })

  it('is left alone while the leader is away', async () => {
    const rig = Rig.holding([0], { brokers: 2, partitions: 1 })
    const heard = rig.hear()
    await rig.settle()
    rig.log.stopBroker(0)
    await rig.clock.advance(10 * MINUTE)
    expect(rig.said('reconnecting')).toHaveLength(1)
    rig.append('t', [1])
    rig.log.startBroker(0)
    await rig.clock.advance(1_000)
    expect(heard.got).toEqual(['0', '1'])
  })

  it('is left alone while its topic is refused', async () => {
    const rig = Rig.holding([0])
    rig.log.createTopic('u')
    rig.hear({ topics: ['t', 'u'] })
    await rig.settle()
    rig.transport.forbid('t')
    rig.transport.forbid('u')
    await rig.clock.advance(9 * MINUTE)
    expect(whole(rig)).toEqual([])
  })

  it('is left alone while its group waits for another member', async () => {
    const rig = Rig.holding([0], { partitions: 3 })
    const join = (revokeTimeout: number): Reader =>
      rig.transport.read(
        { group: { ...groupOf('g', { revokeTimeout }), topics: ['t'] }, maxBytes: 1e6, maxWait: 100, maxBatchBytes: 1e6 },
        () => {},
      )
    const heard = rig.hear({ consumerGroup })
    await rig.settle()
    const lazy = join(10 * MINUTE)
    await rig.clock.advance(20_000)
    rig.transport.fail('CLUSTER_AUTHORIZATION_FAILED', { at: 'fetch' })
    const third = join(0)
    await rig.clock.advance(50_000)
    expect(rig.log.members('g')).toHaveLength(3)
    await rig.clock.advance(MINUTE)
    expect([whole(rig), heard.errors]).toEqual([['ALERT_FORBIDDEN'], []])
    await Promise.all([lazy.close(0), third.close(0)])
  })

  it('is left alone by slow answers, however long they may take', async () => {
    const rig = Rig.holding([0])
    const heard = rig.hear({ times: { batchTimeout: 10 * MINUTE } })
    await rig.clock.advance(60 * MINUTE)
    expect([heard.got, whole(rig)]).toEqual([['0'], []])
  })
})

describe('time that went by without the process', () => {
  it.each([1, 60 * MINUTE])('of %i ms is no silence: answers get their turn first', async ms => {
    const rig = Rig.holding([0], { latency: 50 })
    const heard = rig.hear()
    await rig.clock.advance(1_000)
    for (let i = 1; i < 10; i++) {
      await rig.clock.block(ms)
      rig.append('t', [i])
      await rig.clock.advance(500)
    }
    expect(heard.got).toHaveLength(10)
    expect(whole(rig)).toEqual([])
  })
})
