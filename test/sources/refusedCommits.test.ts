import { describe, expect, it } from 'vitest'
import { handle } from '../../src/operators/handle.ts'
import { groupOf, Heard, Rig, type StreamSetup, textOf } from './rig.ts'

const MINUTE = 60_000
const consumerGroup = groupOf('g')

/** The broker does not tell what is committed of `topic`, until that is called off. */
const refuse = (rig: Rig, topic: string): (() => void) =>
  rig.transport.fail('TOPIC_AUTHORIZATION_FAILED', { at: 'offsets', topic, times: Number.POSITIVE_INFINITY })

const committed = (rig: Rig, topic: string): number | undefined => rig.log.committed('g', topic, 0)

/** Two topics, of which the group has committed something. */
function holding(): Rig {
  const rig = new Rig()
  for (const topic of ['t', 'u']) {
    rig.log.createTopic(topic)
    rig.append(topic, [`${topic}0`, `${topic}1`, `${topic}2`])
    rig.log.commit('g', [{ topic, partition: 0, offset: 1 }])
  }
  return rig
}

describe('a partition whose commit may not be read', () => {
  it.each(['latest', 'earliest'] as const)("is not placed where from: '%s' says, and nothing is committed for it", async from => {
    const rig = holding()
    refuse(rig, 'u')
    const heard = rig.hear({ topics: ['t', 'u'], consumerGroup, from })
    await rig.clock.advance(2 * MINUTE)
    expect(heard.got).toEqual(['t1', 't2'])
    expect([committed(rig, 't'), committed(rig, 'u')]).toEqual([3, 1])
    expect(rig.said('positioned').flatMap(({ positions }) => positions)).toMatchObject([{ topic: 't', offset: 1 }])
  })

  it('is a fault of its topic, said once; it goes on at its commit when that can be read', async () => {
    const rig = holding()
    const allow = refuse(rig, 'u')
    const heard = rig.hear({ topics: ['t', 'u'], consumerGroup, from: 'latest' })
    await rig.clock.advance(MINUTE)
    expect(rig.said('refused')).toMatchObject([{ topic: 'u', error: { code: 'ALERT_TOPIC_FORBIDDEN' } }])
    const warnings = rig.logged.filter(({ level }) => level === 'warn')
    expect(warnings).toMatchObject([
      { fields: { topic: 'u' }, message: expect.stringMatching(/Other topics go on; this one is looked at again$/) },
    ])
    allow()
    await rig.clock.advance(2 * MINUTE)
    expect(heard.got).toEqual(['t1', 't2', 'u1', 'u2'])
    expect(committed(rig, 'u')).toBe(3)
    expect(heard.errors).toEqual([])
  })

  it('goes on at its commit too when it is the only one', async () => {
    const rig = holding()
    const allow = refuse(rig, 'u')
    const heard = rig.hear({ topics: ['u'], consumerGroup, from: 'latest' })
    await rig.clock.advance(MINUTE)
    allow()
    await rig.clock.advance(2 * MINUTE)
    expect([heard.got, heard.errors, committed(rig, 'u')]).toEqual([['u1', 'u2'], [], 3])
  })

  it('that was read until then stops: others may have committed more of it', async () => {
    const rig = holding()
    const heard = rig.hear({ topics: ['t', 'u'], consumerGroup })
    await rig.clock.advance(10_000)
    const allow = refuse(rig, 'u')
    rig.transport.goOffline()
    await rig.clock.advance(2 * MINUTE)
    rig.transport.goOnline()
    rig.log.commit('g', [{ topic: 'u', partition: 0, offset: 4 }])
    rig.append('u', ['of another', 'u4'])
    await rig.clock.advance(MINUTE)
    expect([heard.got.filter(value => value.startsWith('u')), committed(rig, 'u')]).toEqual([['u1', 'u2'], 4])
    allow()
    await rig.clock.advance(2 * MINUTE)
    expect(heard.got).toEqual(['t1', 't2', 'u1', 'u2', 'u4'])
  })

  it("does not make a stream with until: 'end' complete as if there were nothing in it", async () => {
    const rig = holding()
    const allow = refuse(rig, 'u')
    const heard = rig.hear({ topics: ['u'], consumerGroup, until: 'end' })
    await rig.clock.advance(MINUTE)
    expect(heard).toMatchObject({ got: [], done: false })
    allow()
    await rig.clock.advance(2 * MINUTE)
    expect(heard).toMatchObject({ got: ['u1', 'u2'], done: true })
  })
})

const uncommitted = (rig: Rig): Rig['logged'] => rig.logged.filter(({ message }) => message.includes('no committed offset'))

describe('a start that is not a committed one', () => {
  const start = (rig: Rig, setup: StreamSetup = {}): Heard => rig.hear({ consumerGroup, from: 'latest', ...setup })

  it('is said on the log, with the places: the commit may have expired, or been dropped with its topic', async () => {
    const rig = Rig.holding([0, 1], { partitions: 3 })
    rig.append('t', [0], 2)
    rig.log.commit('g', [{ topic: 't', partition: 1, offset: 0 }])
    await rig.clock.advance(1)
    start(rig)
    await rig.clock.advance(MINUTE)
    expect(uncommitted(rig)).toEqual([
      {
        level: 'warn',
        message:
          "the group g has no committed offset of t[0], t[2]: they start where from: 'latest' says, at t[0]@2, t[2]@1. A new group has none, nor has a new partition; else it has expired, or the topic was created again",
        fields: {
          group: 'g',
          topic: 't',
          partition: 0,
          offset: 2,
          partitions: [
            { topic: 't', partition: 0, offset: 2 },
            { topic: 't', partition: 2, offset: 1 },
          ],
        },
      },
    ])
  })

  it('is said once: the found start is committed', async () => {
    const rig = Rig.holding([0])
    start(rig)
    await rig.clock.advance(1_000)
    rig.transport.fail('ILLEGAL_GENERATION', { at: 'heartbeat' })
    await rig.clock.advance(MINUTE)
    expect(rig.said('assigned')).toHaveLength(2)
    expect(uncommitted(rig)).toHaveLength(1)
  })

  it('is not said of a topic that is created again while it is read: that is a gap', async () => {
    const rig = Rig.holding([0, 1])
    rig.log.commit('g', [{ topic: 't', partition: 0, offset: 0 }])
    const heard = start(rig)
    await rig.clock.advance(1_000)
    rig.log.recreateTopic('t')
    rig.append('t', ['new'])
    await rig.clock.advance(MINUTE)
    expect(heard.got).toEqual(['0', '1', 'new'])
    expect(rig.said('gap')).toHaveLength(1)
    expect(uncommitted(rig)).toEqual([])
  })
})

describe('a commit of a member whose place another process has taken', () => {
  it('is not said to be tried again: that would not help', async () => {
    const rig = Rig.holding([0])
    rig.log.commit('g', [{ topic: 't', partition: 0, offset: 0 }])
    const release: (() => void)[] = []
    const work = handle(async (record: Parameters<typeof textOf>[0]) => {
      await new Promise<void>(resolve => release.push(resolve))
      return textOf(record)
    })
    new Heard(rig.stream({ consumerGroup: groupOf('g', { instanceId: 'pager' }) }).pipe(work))
    await rig.clock.advance(1_000)
    rig.transport.fail('FENCED_INSTANCE_ID', { at: 'commit' })
    release[0]!()
    await rig.settle()
    const said = rig.logged.filter(({ message }) => message.startsWith('not committed'))
    expect(said).toMatchObject([{ level: 'warn', fields: { code: 'ALERT_GROUP_FENCED' } }])
    expect(said[0]!.message).toMatch(/Whoever took its place reads them from the last commit$/)
  })
})
