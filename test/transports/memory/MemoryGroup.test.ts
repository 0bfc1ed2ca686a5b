import { beforeEach, describe, expect, it } from 'vitest'
import { VirtualClock } from '../../../src/testing/VirtualClock.ts'
import { type JoinRequest, MemoryGroup } from '../../../src/transports/memory/MemoryGroup.ts'
import { TimerScope } from '../../../src/transports/memory/TimerScope.ts'

const SESSION = 6000

let clock: VirtualClock
let group: MemoryGroup
let partitions: number

beforeEach(() => {
  clock = new VirtualClock()
  partitions = 2
  group = new MemoryGroup('g', 'range', new TimerScope(clock), topic => (topic === 't' ? partitions : 0))
})

const join = (memberId: string, more: Partial<JoinRequest> = {}) =>
  group.join({ memberId, topics: ['t'], sessionTimeout: SESSION, ...more })

/** Heartbeats so often that a session lives on; gives what the last one said. */
async function staysFor(ms: number, memberId: string, generation: number): Promise<string> {
  let said = 'well'
  for (let waited = 0; waited < ms; waited += 1000) {
    await clock.advance(1000)
    try {
      group.heartbeat(memberId, generation)
    } catch (error) {
      said = (error as { kafka: string }).kafka
    }
  }
  return said
}

describe('MemoryGroup', () => {
  it('knows only members whose id it gave out', () => {
    expect(() => join('somebody')).toThrow('UNKNOWN_MEMBER_ID')
    expect(() => group.heartbeat('somebody', 0)).toThrow('UNKNOWN_MEMBER_ID')
  })

  it('counts its generations, and takes heartbeats and commits of the last one alone', async () => {
    const id = group.promiseId()
    const { generation } = await join(id)
    expect(generation).toBe(1)
    group.heartbeat(id, 1)
    group.commit(id, 1, [{ topic: 't', partition: 0, offset: 5 }])
    expect(() => group.heartbeat(id, 0)).toThrow('ILLEGAL_GENERATION')
    expect(() => group.commit(id, 2, [{ topic: 't', partition: 0, offset: 9 }])).toThrow('ILLEGAL_GENERATION')
    expect(group.committedOf({ topic: 't', partition: 0 })).toBe(5)
  })

  it('waits for all members before it shares anew, and takes their commits meanwhile', async () => {
    const [first, second] = [group.promiseId(), group.promiseId()]
    await join(first)
    const joining = join(second)
    expect(() => group.heartbeat(first, 1)).toThrow('REBALANCE_IN_PROGRESS')
    group.commit(first, 1, [{ topic: 't', partition: 1, offset: 3 }])
    expect(group.generation).toBe(1)
    const [again, joined] = await Promise.all([join(first), joining])
    expect([again, joined]).toEqual([
      { memberId: first, generation: 2, partitions: [{ topic: 't', partition: 0 }] },
      { memberId: second, generation: 2, partitions: [{ topic: 't', partition: 1 }] },
    ])
  })

  it('ends the session of a member that is silent, and shares what it had', async () => {
    const [silent, other] = [group.promiseId(), group.promiseId()]
    await join(silent)
    const joining = join(other)
    await clock.advance(SESSION)
    expect((await joining).partitions).toHaveLength(2)
    expect(group.members.map(({ memberId }) => memberId)).toEqual([other])
  })

  it('goes on without a member that sends heartbeats and does not join again', async () => {
    const [first, second] = [group.promiseId(), group.promiseId()]
    await join(first)
    const joining = join(second)
    expect(await staysFor(59_000, first, 1)).toBe('REBALANCE_IN_PROGRESS')
    expect(group.generation).toBe(1)
    expect(await staysFor(1000, first, 1)).toBe('UNKNOWN_MEMBER_ID')
    expect((await joining).generation).toBe(2)
  })

  it('lets a member in again at once that asks for the same, and shares anew for one that asks for more', async () => {
    const id = group.promiseId()
    await join(id)
    expect((await join(id)).generation).toBe(1)
    expect((await join(id, { topics: ['t', 'u'] })).generation).toBe(2)
  })

  it('shares anew when topics grow, not when they go', async () => {
    const id = group.promiseId()
    await join(id)
    partitions = 0
    group.topicsChanged()
    group.heartbeat(id, 1)
    partitions = 3
    group.topicsChanged()
    expect(() => group.heartbeat(id, 1)).toThrow('REBALANCE_IN_PROGRESS')
    expect((await join(id)).partitions).toHaveLength(3)
  })

  it('fences a static member whose place another one took', async () => {
    const [old, successor] = [group.promiseId('i'), group.promiseId('i')]
    await join(old, { instanceId: 'i' })
    expect(await join(successor, { instanceId: 'i' })).toMatchObject({ memberId: successor, generation: 1, partitions: { length: 2 } })
    expect(() => group.heartbeat(old, 1, 'i')).toThrow('FENCED_INSTANCE_ID')
    expect(() => group.commit(old, 1, [], 'i')).toThrow('FENCED_INSTANCE_ID')
    expect(() => join(old, { instanceId: 'i' })).toThrow('FENCED_INSTANCE_ID')
    group.heartbeat(successor, 1, 'i')
  })

  it('leaves no timer behind when all have gone', async () => {
    const ids = [group.promiseId(), group.promiseId()]
    await join(ids[0]!)
    const joining = join(ids[1]!)
    for (const id of [...ids].reverse()) group.remove(id)
    await expect(joining).rejects.toMatchObject({ kafka: 'UNKNOWN_MEMBER_ID' })
    expect([clock.pending, group.members.length]).toEqual([0, 0])
  })
})
