import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import type { Position } from '../../../../src/place.ts'
import { engineConfig } from '../../../../src/transports/kafka/config.ts'
import { Links } from '../../../../src/transports/kafka/links.ts'
import { encodeAssignment, encodeSubscription } from '../../../../src/transports/kafka/member/consumerProtocol.ts'
import { KafkaReader } from '../../../../src/transports/kafka/reader/KafkaReader.ts'
import type { ReadEvent, ReadOptions } from '../../../../src/transports/transport.ts'
import { GroupBroker } from './groupBroker.ts'

type EventOf<T extends ReadEvent['type']> = Extract<ReadEvent, { type: T }>
type GroupOptions = NonNullable<ReadOptions['group']>

const GROUP: GroupOptions = { id: 'g', topics: ['t'], sessionTimeout: 1000, heartbeatInterval: 20, revokeTimeout: 200 }

let broker: GroupBroker
let links: Links
let events: ReadEvent[]
let reader: KafkaReader
let onEvent: (event: ReadEvent) => void

const of = <T extends ReadEvent['type']>(type: T): EventOf<T>[] => events.filter((event): event is EventOf<T> => event.type === type)
const told = (): string[] => events.filter(({ type }) => type !== 'alive' && type !== 'lane').map(({ type }) => type)
const at = (offset: number, partition = 0, topic = 't'): Position => ({ topic, partition, offset })
const assigned = async (times = 1): Promise<EventOf<'assigned'>> => {
  await expect.poll(() => of('assigned').length, { timeout: 5000 }).toBe(times)
  return of('assigned').at(-1)!
}
const ended = async (): Promise<EventOf<'ended'>> => {
  await expect.poll(() => of('ended').length, { timeout: 5000 }).toBe(1)
  return of('ended')[0]!
}

function join(options: Partial<GroupOptions> = {}): KafkaReader {
  const on = (event: ReadEvent): void => {
    events.push(event)
    onEvent(event)
  }
  reader = new KafkaReader(links, { maxBytes: 1 << 20, maxWait: 20, maxBatchBytes: 1 << 20, group: { ...GROUP, ...options } }, on)
  return reader
}

function connect(lookAgain?: number): void {
  links = new Links(engineConfig({ server: broker.address, connectTimeout: 500, requestTimeout: 200, lookAgain }))
}

beforeEach(async () => {
  broker = await GroupBroker.start()
  broker.reading.topics.set('t', { leaders: [true, true] })
  connect()
  events = []
  onEvent = () => {}
})

afterEach(async () => {
  await reader.close(1000)
  await links.close()
  broker.close()
})

describe('joining', () => {
  it('asks for a name, joins under it, shares out as the leader, and tells what is committed', async () => {
    broker.committed.set('t[1]', 7)
    join()
    const { memberId, epoch, partitions } = await assigned()
    expect([memberId, epoch]).toEqual(['member-1', 1])
    expect(partitions).toEqual(
      [at(0), at(0, 1)].map(({ topic, partition }) => ({ topic, partition, committed: partition ? 7 : undefined })),
    )
    expect(broker.of('JoinGroup').map(({ memberId }) => memberId)).toEqual(['', 'member-1'])
    expect(broker.of('JoinGroup')[1]!.join).toMatchObject({
      sessionTimeout: 1000,
      rebalanceTimeout: 60_200,
      protocols: ['range', 'roundrobin'],
    })
    expect(broker.of('SyncGroup')[0]!.generation).toBe(1)
  })

  it('has a link of its own for the group', async () => {
    join()
    await assigned()
    expect(new Set(broker.requests.filter(({ api }) => api !== 'GroupCoordinator').map(({ connection }) => connection)).size).toBe(1)
    expect(broker.of('JoinGroup')[0]!.connection).not.toBe(broker.of('GroupCoordinator')[0]!.connection)
  })

  it('takes over a member id', async () => {
    broker.memberId = 'left-behind'
    join({ memberId: 'left-behind' })
    expect((await assigned()).memberId).toBe('left-behind')
    expect(broker.of('JoinGroup')).toHaveLength(1)
  })

  it('joins as a new member where that id is over', async () => {
    join({ memberId: 'long-gone' })
    expect((await assigned()).memberId).toBe('member-1')
    expect(broker.of('JoinGroup').map(({ memberId }) => memberId)).toEqual(['long-gone', '', 'member-1'])
  })

  it('joins by its instance id in one round', async () => {
    join({ instanceId: 'here' })
    expect((await assigned()).memberId).toBe('here-1')
    expect(broker.of('JoinGroup').map(({ instanceId }) => instanceId)).toEqual(['here'])
    await expect.poll(() => broker.of('Heartbeat').length).toBeGreaterThan(0)
    expect(broker.of('Heartbeat')[0]!.instanceId).toBe('here')
    expect(broker.of('SyncGroup')[0]!.instanceId).toBe('here')
  })

  it('takes what another leader gives', async () => {
    broker.leader = 'python'
    broker.assignment = encodeAssignment([{ topic: 't', partition: 1 }])
    join()
    expect((await assigned()).partitions).toEqual([{ topic: 't', partition: 1, committed: undefined }])
    expect(broker.of('SyncGroup')[0]!.shares!.size).toBe(0)
  })

  it('may be given nothing', async () => {
    broker.leader = 'python'
    join()
    expect((await assigned()).partitions).toEqual([])
    expect(broker.of('OffsetFetch')).toEqual([]) // it would ask for all of the group
  })

  it('ends when the leader gives what cannot be read', async () => {
    broker.leader = 'odd'
    broker.assignment = Buffer.from([0, 0, 9])
    join()
    expect((await ended()).error).toMatchObject({ code: 'ALERT_PROTOCOL', message: expect.stringContaining('cannot be read') })
  })

  it('asks again for a topic that is not known yet, and counts a forbidden one as none', async () => {
    broker.reading.topics.set('new', { errorCode: 5 })
    broker.reading.topics.set('forbidden', { errorCode: 29 })
    join({ topics: ['t', 'new', 'forbidden'] })
    await expect.poll(() => broker.reading.metadataAsked).toBeGreaterThan(0)
    broker.reading.topics.set('new', {})
    expect((await assigned()).partitions.map(({ topic }) => topic)).toEqual(['t', 't', 'new'])
  })

  it.each([
    ['JoinGroup', 27],
    ['JoinGroup', 22],
    ['SyncGroup', 27],
    ['SyncGroup', 22],
  ] as const)('joins again under its id where %s says %i', async (api, code) => {
    broker.fail(api, 0, ...(api === 'JoinGroup' ? [code] : []))
    if (api === 'SyncGroup') broker.fail(api, code)
    join()
    expect((await assigned()).memberId).toBe('member-1')
    expect(told()).toEqual(['assigned'])
  })

  it('joins as a new member where it is unknown at the sync', async () => {
    broker.fail('SyncGroup', 25)
    join()
    expect((await assigned()).memberId).toBe('member-2')
  })

  it.each([
    ['JoinGroup', 30, 'ALERT_GROUP_FORBIDDEN', 'GROUP_AUTHORIZATION_FAILED'],
    ['JoinGroup', 23, 'ALERT_GROUP_INVALID', 'INCONSISTENT_GROUP_PROTOCOL'],
    ['JoinGroup', 24, 'ALERT_GROUP_INVALID', 'INVALID_GROUP_ID'],
    ['JoinGroup', 26, 'ALERT_GROUP_INVALID', 'INVALID_SESSION_TIMEOUT'],
    ['JoinGroup', 81, 'ALERT_BROKER', 'GROUP_MAX_SIZE_REACHED'],
    ['JoinGroup', 82, 'ALERT_GROUP_FENCED', 'FENCED_INSTANCE_ID'],
    ['SyncGroup', 82, 'ALERT_GROUP_FENCED', 'FENCED_INSTANCE_ID'],
    ['Heartbeat', 82, 'ALERT_GROUP_FENCED', 'FENCED_INSTANCE_ID'],
    ['Heartbeat', 30, 'ALERT_GROUP_FORBIDDEN', 'GROUP_AUTHORIZATION_FAILED'],
    ['OffsetFetch', 30, 'ALERT_GROUP_FORBIDDEN', 'GROUP_AUTHORIZATION_FAILED'],
    ['GroupCoordinator', 30, 'ALERT_GROUP_FORBIDDEN', 'GROUP_AUTHORIZATION_FAILED'],
  ] as const)('ends where %s says %i', async (api, code, alert, kafka) => {
    broker.fail(api, code)
    join()
    expect((await ended()).error).toMatchObject({ code: alert, kafka })
    expect(broker.of('LeaveGroup')).toEqual([]) // a successor may take its place
  })

  it('never takes "not known now" for "nothing is committed"', async () => {
    broker.committed.set('t[0]', 3)
    broker.offsetCodes.push(-1, 88, 0, 88)
    join()
    expect((await assigned()).partitions).toEqual([
      { topic: 't', partition: 0, committed: 3 },
      { topic: 't', partition: 1, committed: undefined },
    ])
    expect(broker.of('OffsetFetch').map(({ places }) => places)).toEqual([['t[0]', 't[1]'], ['t[0]', 't[1]'], ['t[1]']])
  })

  it.each([
    [29, 'ALERT_TOPIC_FORBIDDEN'],
    [3, 'ALERT_TOPIC_UNKNOWN'],
  ])('never takes "not for you" for "nothing is committed": %i is a fault until it can be read', async (code, alert) => {
    broker.committed.set('t[0]', 3)
    broker.offsetCodes.push(code, 0, code, code)
    join({ revokeTimeout: 5000 })
    const { epoch, memberId, partitions } = await assigned()
    expect(partitions).toEqual([
      { topic: 't', partition: 0, fault: expect.objectContaining({ code: alert, message: expect.stringContaining('t[0]') }) },
      { topic: 't', partition: 1, committed: undefined },
    ])
    await expect.poll(() => of('revoked'), { timeout: 10_000 }).toEqual([{ type: 'revoked', epoch, lost: false }])
    expect(broker.of('OffsetFetch').map(({ places }) => places)).toEqual([['t[0]', 't[1]'], ['t[0]'], ['t[0]'], ['t[0]']])
    await reader.commit(epoch, [at(9, 1)])
    reader.release(epoch)
    const again = await assigned(2)
    expect(again).toMatchObject({ memberId, partitions: [{ committed: 3 }, { committed: 9 }] })
    expect(again.partitions[0]).not.toHaveProperty('fault')
  })

  it('gives up that question with the assignment', async () => {
    broker.offsetCodes.push(...Array.from({ length: 100 }, () => 29))
    join()
    await assigned()
    await reader.close(500)
    await links.close()
    await expect.poll(() => process.getActiveResourcesInfo().filter(name => name === 'Timeout').length).toBe(0)
  })
})

describe('staying', () => {
  it('sends heartbeats, and says that it lives', async () => {
    join()
    await assigned()
    await expect.poll(() => of('alive').length).toBeGreaterThan(3)
    expect(broker.of('Heartbeat')[0]).toMatchObject({ memberId: 'member-1', generation: 1, instanceId: null })
  })

  it('gives back before it joins again, and commits meanwhile', async () => {
    join({ revokeTimeout: 5000 })
    const { epoch } = await assigned()
    broker.fail('Heartbeat', 27)
    await expect.poll(() => of('revoked')).toEqual([{ type: 'revoked', epoch, lost: false }])
    const beats = broker.of('Heartbeat').length
    await expect.poll(() => broker.of('Heartbeat').length).toBeGreaterThan(beats + 2)
    expect(broker.of('JoinGroup')).toHaveLength(2)
    await reader.commit(epoch, [at(4)])
    expect(broker.committed.get('t[0]')).toBe(4)
    reader.release(epoch - 1)
    reader.release(epoch)
    const again = await assigned(2)
    expect(again).toMatchObject({ epoch: epoch + 1, memberId: 'member-1', partitions: [{ committed: 4 }, {}] })
    expect(broker.of('JoinGroup')).toHaveLength(3)
  })

  it('waits no longer than revokeTimeout', async () => {
    join({ revokeTimeout: 60 })
    await assigned()
    broker.fail('Heartbeat', 27)
    await assigned(2)
    expect(told()).toEqual(['assigned', 'revoked', 'assigned'])
  })

  it('delivers nothing of an epoch that is over, and starts nothing of it', async () => {
    let fetches = 0
    broker.reading.onFetch = () => {
      fetches++
      return undefined
    }
    join({ revokeTimeout: 5000 })
    const { epoch } = await assigned()
    reader.start(epoch, [at(0)])
    await expect.poll(() => fetches).toBeGreaterThan(0)
    broker.fail('Heartbeat', 27)
    await expect.poll(() => of('revoked').length).toBe(1)
    reader.start(epoch, [at(0)])
    reader.release(epoch)
    await assigned(2)
    reader.start(epoch, [at(0)])
    const before = fetches
    reader.start(epoch + 1, [at(0, 1)])
    await expect.poll(() => fetches).toBeGreaterThan(before + 1)
    expect(broker.reading.fetches.at(-1)!.partitions.map(({ partition }) => partition)).toEqual([1])
  })

  it.each([22, 25])('says that it is too late where a heartbeat is answered by %i', async code => {
    join()
    const { epoch } = await assigned()
    if (code === 25) broker.memberId = ''
    else broker.fail('Heartbeat', 22)
    let committing: Promise<void> | undefined
    onEvent = event => {
      if (event.type === 'revoked') committing = reader.commit(epoch, [at(9)])
    }
    expect((await assigned(2)).memberId).toBe(code === 25 ? 'member-2' : 'member-1')
    expect(of('revoked')).toEqual([{ type: 'revoked', epoch, lost: true }])
    await expect(committing).rejects.toMatchObject({ code: 'ALERT_STALE_EPOCH' })
    expect(broker.of('OffsetCommit')).toEqual([])
  })

  it('follows another subscription, once for the same in another order', async () => {
    broker.reading.topics.set('u', {})
    join()
    await assigned()
    reader.subscribe(['u', 't'])
    expect((await assigned(2)).partitions.map(({ topic }) => topic)).toEqual(['u', 't', 't'].sort())
    reader.subscribe(['t', 'u'])
    await expect.poll(() => of('alive').length).toBeGreaterThan(3)
    expect(of('revoked')).toHaveLength(1)
    expect(broker.of('JoinGroup').at(-1)!.join!.metadata).toEqual(encodeSubscription(['t', 'u']))
  })

  it('joins once more, and tells of that alone, where the subscription changes in a join', async () => {
    broker.fail('SyncGroup', 'silence')
    broker.reading.topics.set('u', {})
    join({ sessionTimeout: 100 })
    await expect.poll(() => broker.of('SyncGroup').length).toBe(1)
    reader.subscribe(['u'])
    expect((await assigned()).partitions.map(({ topic }) => topic)).toEqual(['u'])
    expect(told()).toEqual(['assigned'])
  })

  it('as the leader sees that topics grow or appear', async () => {
    connect(30)
    join({ topics: ['t', 'later'] })
    await assigned()
    broker.reading.topics.set('later', {})
    expect((await assigned(2)).partitions.map(({ topic }) => topic)).toEqual(['later', 't', 't'])
    broker.reading.topics.set('t', { leaders: [true, true, true] })
    expect((await assigned(3)).partitions).toHaveLength(4)
    broker.reading.topics.delete('later')
    await expect.poll(() => of('alive').length).toBeGreaterThan(10)
    expect(of('assigned')).toHaveLength(3)
  })

  it('as the leader looks again soon for a topic that could not be counted', async () => {
    broker.reading.topics.set('late', { errorCode: 5 })
    join({ topics: ['t', 'late'] })
    await assigned()
    const asked = broker.reading.metadataAsked
    await expect.poll(() => broker.reading.metadataAsked, { timeout: 5000 }).toBeGreaterThan(asked)
    broker.reading.topics.set('late', {})
    await expect
      .poll(
        () =>
          of('assigned')
            .at(-1)!
            .partitions.map(({ topic }) => topic),
        { timeout: 8000 },
      )
      .toEqual(['late', 't', 't'])
  })

  it('as the leader does not look soon again where all is counted, or no waiting helps', async () => {
    broker.reading.topics.set('forbidden', { errorCode: 29 })
    join({ topics: ['t', 'forbidden'] })
    await assigned()
    const asked = broker.reading.metadataAsked
    await expect.poll(() => of('alive').length, { timeout: 15_000 }).toBeGreaterThan(4000 / GROUP.heartbeatInterval)
    expect(broker.reading.metadataAsked).toBeLessThanOrEqual(asked + 1)
  })

  it('as a follower leaves that to the leader, unless it is static and cannot know', async () => {
    broker.leader = 'python'
    connect(20)
    join()
    await assigned()
    const asked = broker.reading.metadataAsked
    await expect.poll(() => of('alive').length).toBeGreaterThan(5)
    expect(broker.reading.metadataAsked).toBe(asked)
    await reader.close(500)
    events = []
    join({ instanceId: 'here' })
    await assigned()
    broker.reading.topics.set('t', { leaders: [true, true, true] })
    await assigned(2)
  })
})

describe('a leader of partitions', () => {
  it('whose link owes an answer for too long is given up, although heartbeats are answered all the while', async () => {
    let stuck = true
    broker.reading.onFetch = ({ partitions }) => {
      if (!stuck) return partitions[0]?.offset === 0 ? partitions.map(each => ({ ...each, end: 0 })) : undefined
      stuck = false
      return new Promise(() => {})
    }
    join()
    const { epoch } = await assigned()
    reader.start(epoch, [at(0)])
    await expect.poll(() => of('lane').length, { timeout: 5000 }).toBe(2)
    const partitions = [{ topic: 't', partition: 0 }]
    expect(of('lane')[0]).toMatchObject({ error: { code: 'ALERT_TIMEOUT', message: expect.stringContaining('Fetch') }, partitions })
    expect(of('lane')[1]).toEqual({ type: 'lane', leader: broker.address, partitions })
    expect(events.slice(0, events.indexOf(of('lane')[0]!)).filter(({ type }) => type === 'alive').length).toBeGreaterThan(2)
    expect(told()).toEqual(['assigned'])
  })
})

describe('a coordinator', () => {
  it.each([14, 15, 16])('that answers %i is looked for again: member id and generation stay', async code => {
    join()
    await assigned()
    broker.fail('Heartbeat', code)
    const asked = broker.of('GroupCoordinator').length
    await expect.poll(() => broker.of('GroupCoordinator').length).toBeGreaterThan(asked)
    const alive = of('alive').length
    await expect.poll(() => of('alive').length).toBeGreaterThan(alive)
    expect(told()).toEqual(['assigned'])
  })

  it.each([
    ['GroupCoordinator', 15],
    ['JoinGroup', 16],
    ['JoinGroup', 'cut'],
    ['SyncGroup', 14],
    ['SyncGroup', 'cut'],
    ['OffsetFetch', 16],
    ['OffsetFetch', 'cut'],
    ['OffsetFetch', 'silence'],
    ['Heartbeat', 'cut'],
    ['Heartbeat', 'silence'],
  ] as const)('where %s meets %s is ridden out', async (api, fault) => {
    // The first join is the one that names us: a name that got lost is another matter.
    broker.fail(api, ...(api === 'JoinGroup' ? [0, fault] : [fault, fault]))
    join()
    expect((await assigned()).memberId).toBe('member-1')
    await expect.poll(() => of('alive').length).toBeGreaterThan(2)
    expect(told()).toEqual(['assigned'])
  })

  it('that moves is followed, and its link closed', async () => {
    const other = await GroupBroker.start()
    onTestFinished(() => other.close())
    join()
    const { epoch, memberId } = await assigned()
    other.memberId = memberId
    other.generation = broker.generation
    broker.coordinator = other.address
    const { connections } = broker.reading.broker
    broker.fail('Heartbeat', 16)
    await expect.poll(() => other.of('Heartbeat').length).toBeGreaterThan(1)
    await reader.commit(epoch, [at(3)])
    expect(other.committed.get('t[0]')).toBe(3)
    const beats = broker.of('Heartbeat').length
    await expect.poll(() => other.of('Heartbeat').length).toBeGreaterThan(3)
    expect(broker.of('Heartbeat')).toHaveLength(beats)
    expect(broker.reading.broker.connections).toBe(connections)
    await reader.close(1000)
    expect(other.of('LeaveGroup')).toHaveLength(1)
    expect(told()).toEqual(['assigned', 'ended'])
  })

  it('whose link breaks again and again is told of, once, and that it is back', async () => {
    join()
    await assigned()
    broker.fail('Heartbeat', 'cut', 'cut', 'cut', 'cut', 'cut')
    await expect
      .poll(() => of('lane'), { timeout: 5000 })
      .toMatchObject([
        { leader: broker.address, error: { code: 'ALERT_CONNECTION' }, partitions: [] },
        { leader: broker.address, partitions: [] },
      ])
    expect(of('lane')[1]!.error).toBeUndefined()
    expect(told()).toEqual(['assigned'])
  })

  it('that no broker can be asked for ends the reader, which hands on its member id', async () => {
    join()
    const { memberId } = await assigned()
    broker.close()
    expect(await ended()).toMatchObject({ error: { code: 'ALERT_CONNECTION' }, memberId })
  })
})

describe('commits', () => {
  it('go one after the other, in the order of the calls', async () => {
    join()
    const { epoch } = await assigned()
    broker.fail('OffsetCommit', 'cut')
    await Promise.all([1, 2, 3].map(offset => reader.commit(epoch, [at(offset), at(offset + 10, 1)])))
    expect(broker.of('OffsetCommit').map(({ places }) => places!.join())).toEqual([
      't[0]@1,t[1]@11',
      't[0]@1,t[1]@11',
      't[0]@2,t[1]@12',
      't[0]@3,t[1]@13',
    ])
  })

  it('of another epoch, of others’ partitions, or of nothing do not reach the broker', async () => {
    join()
    const { epoch } = await assigned()
    for (const commit of [reader.commit(epoch - 1, [at(1)]), reader.commit(epoch + 1, [at(1)]), reader.commit(epoch, [at(1), at(1, 5)])])
      await expect(commit).rejects.toMatchObject({ code: 'ALERT_STALE_EPOCH' })
    await reader.commit(epoch, [])
    expect(broker.of('OffsetCommit')).toEqual([])
  })

  it('that wait behind another when their epoch ends are rejected', async () => {
    join({ revokeTimeout: 30 })
    const { epoch } = await assigned()
    broker.fail('OffsetCommit', 'silence')
    const [first, second] = [reader.commit(epoch, [at(1)]), reader.commit(epoch, [at(2)])]
    const rejections = Promise.allSettled([first, second])
    await expect.poll(() => broker.of('OffsetCommit').length).toBe(1)
    reader.subscribe(['t', 'u'])
    await assigned(2)
    for (const result of await rejections) expect(result).toMatchObject({ status: 'rejected', reason: { code: 'ALERT_STALE_EPOCH' } })
    expect(broker.of('OffsetCommit')).toHaveLength(1)
  })

  it.each([
    [22, 'ALERT_STALE_EPOCH'],
    [25, 'ALERT_STALE_EPOCH'],
    [27, 'ALERT_STALE_EPOCH'],
    [12, 'ALERT_REQUEST'],
    [28, 'ALERT_REQUEST'],
    [29, 'ALERT_TOPIC_FORBIDDEN'],
    [30, 'ALERT_GROUP_FORBIDDEN'],
  ])('that the broker answers by %i reject with %s', async (code, expected) => {
    join()
    const { epoch } = await assigned()
    broker.offsetCodes.push(0, code)
    await expect(reader.commit(epoch, [at(1), at(1, 1)])).rejects.toMatchObject({ code: expected })
    await reader.commit(epoch, [at(2)])
    expect(told()).toEqual(['assigned'])
  })

  it('without a group are refused', async () => {
    reader = new KafkaReader(links, { maxBytes: 1 << 20, maxWait: 20, maxBatchBytes: 1 << 20 }, event => events.push(event))
    await expect(reader.commit(0, [at(1)])).rejects.toMatchObject({ code: 'ALERT_CONFIG' })
    reader.release(0)
    reader.subscribe(['t'])
  })
})

describe('closing', () => {
  const unclosed = (): Promise<unknown> =>
    expect.poll(() => process.getActiveResourcesInfo().filter(name => name === 'Timeout').length).toBe(0)

  it('leaves the group, after the commits under way', async () => {
    join()
    const { epoch } = await assigned()
    const committing = reader.commit(epoch, [at(5)])
    await reader.close(1000)
    await committing
    expect(broker.requests.map(({ api }) => api).slice(-2)).toEqual(['OffsetCommit', 'LeaveGroup'])
    expect(told()).toEqual(['assigned', 'ended'])
    expect(of('ended')).toEqual([{ type: 'ended' }])
  })

  it('waits for nobody longer than it may', async () => {
    join()
    const { epoch } = await assigned()
    broker.fail('OffsetCommit', 'silence')
    broker.fail('LeaveGroup', 'silence', 'silence', 'silence')
    const committing = reader.commit(epoch, [at(5)]).catch(error => error.code)
    const from = performance.now()
    await reader.close(100)
    expect(performance.now() - from).toBeLessThan(300)
    expect(['ALERT_STALE_EPOCH', 'ALERT_CLOSED', 'ALERT_TIMEOUT']).toContain(await committing)
  })

  it('overtakes a join that waits for others, over another link', async () => {
    broker.fail('JoinGroup', 0, 'silence')
    join()
    await expect.poll(() => broker.of('JoinGroup').length).toBe(2)
    await reader.close(1000)
    expect(broker.of('LeaveGroup')).toMatchObject([{ memberId: 'member-1' }])
    expect(broker.of('LeaveGroup')[0]!.connection).not.toBe(broker.of('JoinGroup')[1]!.connection)
    expect(broker.of('JoinGroup')).toHaveLength(2)
  })

  it('waits for the name that it was about to be given: nobody else can leave under it', async () => {
    broker.onRequest = ({ api }) => {
      if (api === 'JoinGroup') void reader.close(1000)
    }
    join()
    await ended()
    expect(broker.of('LeaveGroup')).toMatchObject([{ memberId: 'member-1' }])
    expect(broker.of('JoinGroup')).toHaveLength(1)
    expect(told()).toEqual(['ended'])
  })

  it('of a static member keeps its place', async () => {
    join({ instanceId: 'here' })
    await assigned()
    await reader.close(1000)
    expect(broker.of('LeaveGroup')).toEqual([])
  })

  it.each(['assigned', 'revoked'] as const)('within the event %s says nothing more', async type => {
    let closing: Promise<void> | undefined
    onEvent = event => {
      if (event.type === type) closing ??= reader.close(1000)
    }
    join()
    if (type === 'revoked') {
      await assigned()
      broker.fail('Heartbeat', 27)
    }
    await ended()
    await closing
    expect(told()).toEqual(type === 'assigned' ? ['assigned', 'ended'] : ['assigned', 'revoked', 'ended'])
    expect(broker.of('LeaveGroup')).toHaveLength(1)
  })

  it('at any moment leaves no timer, no link, no member', async () => {
    const before = broker.reading.broker.connections
    for (let moment = 0; moment < 40; moment++) {
      if (moment % 4 === 3) broker.fail('Heartbeat', 27)
      const from = events.length
      const { epoch } = { epoch: moment }
      join({ heartbeatInterval: 1, revokeTimeout: 10 })
      await new Promise(resolve => setTimeout(resolve, moment))
      void reader.commit(epoch, [at(1)]).catch(() => {})
      await reader.close(500)
      expect(events.slice(from).at(-1)).toEqual({ type: 'ended' })
      expect(broker.memberId).toBe('')
    }
    expect(broker.reading.broker.connections).toBeGreaterThan(before)
    await links.close()
    await unclosed()
  })
})
