import { beforeEach, describe, expect, it } from 'vitest'
import { AlertError } from '../../../src/errors.ts'
import { VirtualClock } from '../../../src/testing/VirtualClock.ts'
import { MemoryTransport } from '../../../src/transports/memory/MemoryTransport.ts'
import type { ReadOptions, WriteOptions, WriteOutcome } from '../../../src/transports/transport.ts'
import { at, Observer } from '../../contract/observer.ts'

const TOPIC = 'gracedb.superevent'
const OF = { topic: TOPIC, partition: 0 }
const GROUP = { id: 'g', topics: [TOPIC], sessionTimeout: 6000, heartbeatInterval: 1000, revokeTimeout: 500 }

let clock: VirtualClock
let transport: MemoryTransport

beforeEach(() => {
  clock = new VirtualClock()
  transport = new MemoryTransport({ clock })
  transport.log.createTopic(TOPIC, { partitions: 2 })
})

async function reading(options: Partial<ReadOptions> = {}): Promise<Observer> {
  const observer = new Observer(transport, options)
  observer.onEvent = event => {
    if (event.type === 'assigned') observer.reader.start(event.epoch, [at(TOPIC, 0, 0)])
    if (event.type === 'revoked') observer.reader.release(event.epoch)
  }
  observer.reader.start(0, [at(TOPIC, 0, 0), at(TOPIC, 1, 0)])
  await clock.advance(0)
  return observer
}

function writing(value: string, options: Partial<WriteOptions> = {}) {
  const outcomes: WriteOutcome[] = []
  const writer = transport.write({ deliveryTimeout: 1000, ...options })
  const record = { topic: TOPIC, partition: 0, key: null, value: new TextEncoder().encode(value), headers: [], timestamp: 1 }
  writer.write(record, outcome => outcomes.push(outcome))
  return { writer, outcomes, record }
}

const stored = () => transport.log.topic(TOPIC)!.partitions[0]!.records.map(({ value }) => new TextDecoder().decode(value!))

describe('fail()', () => {
  it('refuses what is not an error of Kafka', () => {
    expect(() => transport.fail(9999, { at: 'fetch' })).toThrow('9999 is not an error of Kafka')
  })

  it('fails as many times as it says, or until it is called off', async () => {
    const ask = async () => {
      const answer = (await transport.describe([TOPIC])).get(TOPIC)!
      return 'fault' in answer ? answer.fault.kafka : answer.partitions
    }
    transport.fail('TOPIC_AUTHORIZATION_FAILED', { at: 'describe', topic: TOPIC, times: 2 })
    expect([await ask(), await ask(), await ask()]).toEqual(['TOPIC_AUTHORIZATION_FAILED', 'TOPIC_AUTHORIZATION_FAILED', 2])
    const heal = transport.fail(3, { at: 'describe', topic: TOPIC, times: Number.POSITIVE_INFINITY })
    expect([await ask(), await ask()]).toEqual(['UNKNOWN_TOPIC_OR_PARTITION', 'UNKNOWN_TOPIC_OR_PARTITION'])
    heal()
    expect(await ask()).toBe(2)
  })

  it('fails a whole question where it names no topic', async () => {
    const error = new AlertError('ALERT_TIMEOUT', 'too slow')
    transport.fail(error, { at: 'describe' })
    transport.fail(error, { at: 'locate' })
    transport.fail(error, { at: 'delete' })
    await expect(transport.describe([TOPIC])).rejects.toBe(error)
    await expect(transport.locate('latest', [OF])).rejects.toBe(error)
    await expect(transport.deleteTopic(TOPIC)).rejects.toBe(error)
    expect(transport.log.topic(TOPIC)).toBeDefined()
  })

  it('fails one partition of an answer', async () => {
    transport.fail('LEADER_NOT_AVAILABLE', { at: 'locate', topic: TOPIC, partition: 1 })
    expect(await transport.locate('latest', [OF, { topic: TOPIC, partition: 1 }])).toMatchObject([
      { offset: 0 },
      { fault: { code: 'ALERT_LEADER' } },
    ])
  })

  it('fails a connection', async () => {
    transport.fail(new AlertError('ALERT_TLS_TRUST', 'self-signed'), { at: 'connect', times: 2 })
    await expect(transport.describe([TOPIC])).rejects.toMatchObject({ code: 'ALERT_TLS_TRUST' })
    const observer = await reading()
    expect(observer.events).toMatchObject([{ type: 'ended', error: { code: 'ALERT_TLS_TRUST' } }])
    expect((await transport.describe([TOPIC])).size).toBe(1)
  })
})

describe('fail() at a fetch', () => {
  it.each(['TOPIC_AUTHORIZATION_FAILED', 'OFFSET_OUT_OF_RANGE', 'CORRUPT_MESSAGE', 'UNKNOWN_TOPIC_ID'] as const)(
    'faults the partition: %s',
    async name => {
      const observer = await reading()
      transport.fail(name, { at: 'fetch', topic: TOPIC, partition: 1 })
      transport.log.append(TOPIC, { value: 'a' })
      await clock.advance(1000)
      expect(observer.all('fault')).toMatchObject([{ of: { partition: 1 }, error: { kafka: name } }])
      expect(observer.valuesOf(OF)).toEqual(['a'])
    },
  )

  it.each(['NOT_LEADER_OR_FOLLOWER', 'UNKNOWN_SERVER_ERROR'] as const)('is ridden out: %s', async name => {
    const observer = await reading()
    transport.fail(name, { at: 'fetch', topic: TOPIC, partition: 0, times: 3 })
    transport.log.append(TOPIC, { value: 'a' })
    transport.log.append(TOPIC, { value: 'b', partition: 1 })
    await clock.advance(0)
    expect([observer.valuesOf(OF), observer.valuesOf({ topic: TOPIC, partition: 1 })]).toEqual([[], ['b']])
    await clock.advance(1000)
    expect(observer.valuesOf(OF)).toEqual(['a'])
    expect(observer.events.filter(({ type }) => type !== 'alive' && type !== 'records')).toEqual([])
  })

  it('breaks the lane and mends it: a lost connection', async () => {
    const observer = await reading()
    const error = new AlertError('ALERT_CONNECTION', 'reset')
    transport.fail(error, { at: 'fetch' })
    transport.log.append(TOPIC, { value: 'a' })
    await clock.advance(0)
    const partitions = [OF, { topic: TOPIC, partition: 1 }]
    expect(observer.all('lane')).toEqual([{ type: 'lane', leader: 'memory:9092', error, partitions: expect.arrayContaining(partitions) }])
    expect(observer.all('records')).toEqual([])
    await clock.advance(1000)
    expect(observer.last('lane')).toEqual({ type: 'lane', leader: 'memory:9092', partitions: expect.arrayContaining(partitions) })
    expect(observer.valuesOf(OF)).toEqual(['a'])
  })

  it('ends the reader: anything else', async () => {
    const observer = await reading()
    transport.fail('SASL_AUTHENTICATION_FAILED', { at: 'fetch' })
    await clock.advance(0)
    expect(observer.events.at(-1)).toMatchObject({ type: 'ended', error: { code: 'ALERT_CREDENTIALS' } })
    expect(transport.open).toEqual({ readers: 0, writers: 0, timers: 0 })
  })
})

describe('fail() in a group', () => {
  it.each(['COORDINATOR_LOAD_IN_PROGRESS', 'NOT_COORDINATOR', 'REBALANCE_IN_PROGRESS'] as const)('joins again: %s', async name => {
    transport.fail(name, { at: 'join', times: 3 })
    const observer = await reading({ group: GROUP })
    expect(observer.events).toEqual([])
    await clock.advance(1000)
    expect(observer.all('assigned')).toHaveLength(1)
  })

  it('ends a reader that may not join', async () => {
    transport.fail('GROUP_AUTHORIZATION_FAILED', { at: 'join' })
    const observer = await reading({ group: GROUP })
    expect(observer.events).toMatchObject([{ type: 'ended', error: { code: 'ALERT_GROUP_FORBIDDEN' } }])
  })

  it.each([
    { name: 'REBALANCE_IN_PROGRESS', revoked: [{ type: 'revoked', epoch: 1, lost: false }] },
    { name: 'ILLEGAL_GENERATION', revoked: [{ type: 'revoked', epoch: 1, lost: true }] },
    { name: 'NOT_COORDINATOR', revoked: [] },
  ] as const)('does what a heartbeat says: $name', async ({ name, revoked }) => {
    const observer = await reading({ group: GROUP })
    transport.fail(name, { at: 'heartbeat' })
    await clock.advance(3000)
    expect(observer.all('revoked')).toEqual(revoked)
    expect(observer.all('assigned')).toHaveLength(1 + revoked.length)
    expect(observer.all('ended')).toEqual([])
    expect(transport.log.members('g')).toHaveLength(1)
  })

  it('assigns what was committed with a fault while it cannot be read, and anew when it can', async () => {
    transport.log.commit('g', [at(TOPIC, 0, 7)])
    const heal = transport.fail('TOPIC_AUTHORIZATION_FAILED', {
      at: 'offsets',
      topic: TOPIC,
      partition: 0,
      times: Number.POSITIVE_INFINITY,
    })
    const observer = await reading({ group: GROUP })
    const fault = expect.objectContaining({ code: 'ALERT_TOPIC_FORBIDDEN' })
    expect(observer.last('assigned')!.partitions).toEqual([
      { topic: TOPIC, partition: 0, fault },
      { topic: TOPIC, partition: 1, committed: undefined },
    ])
    await clock.advance(5000)
    expect(observer.all('revoked')).toEqual([])
    heal()
    await clock.advance(1000)
    expect(observer.all('revoked')).toEqual([{ type: 'revoked', epoch: 1, lost: false }])
    expect(observer.last('assigned')).toMatchObject({ epoch: 2, partitions: [{ committed: 7 }, {}] })
  })

  it('asks again for what was committed when that passes, and ends when the group is refused', async () => {
    transport.log.commit('g', [at(TOPIC, 0, 7)])
    transport.fail('COORDINATOR_LOAD_IN_PROGRESS', { at: 'offsets', times: 2 })
    const observer = await reading({ group: GROUP })
    expect(observer.all('assigned')).toEqual([])
    await clock.advance(1000)
    expect(observer.last('assigned')!.partitions).toMatchObject([{ committed: 7 }, {}])
    transport.fail('GROUP_AUTHORIZATION_FAILED', { at: 'offsets' })
    const refused = await reading({ group: { ...GROUP, id: 'other' } })
    expect(refused.last('ended')!.error).toMatchObject({ code: 'ALERT_GROUP_FORBIDDEN' })
  })

  it('takes no commit any more when it is too late', async () => {
    const observer = await reading({ group: GROUP })
    let commit: Promise<void> | undefined
    observer.onEvent = event => {
      if (event.type === 'revoked') commit = observer.reader.commit(event.epoch, [at(TOPIC, 0, 7)])
    }
    transport.fail('ILLEGAL_GENERATION', { at: 'heartbeat' })
    await clock.advance(1000)
    await expect(commit).rejects.toMatchObject({ code: 'ALERT_STALE_EPOCH' })
    expect(transport.log.committed('g', TOPIC, 0)).toBeUndefined()
  })

  it('ends a member that was fenced, and keeps its id for a successor', async () => {
    const observer = await reading({ group: GROUP })
    transport.fail('FENCED_INSTANCE_ID', { at: 'heartbeat' })
    await clock.advance(1000)
    const { memberId } = observer.last('assigned')!
    expect(observer.events.at(-1)).toMatchObject({ type: 'ended', error: { code: 'ALERT_GROUP_FENCED' }, memberId })
    expect(transport.log.members('g')).toHaveLength(1)
    await clock.advance(GROUP.sessionTimeout)
    expect(transport.log.members('g')).toEqual([])
  })

  it('rejects a commit, tries it again, or calls it stale', async () => {
    const observer = await reading({ group: GROUP })
    const commit = (offset: number) => observer.reader.commit(1, [at(TOPIC, 0, offset)])
    transport.fail('GROUP_AUTHORIZATION_FAILED', { at: 'commit' })
    await expect(commit(1)).rejects.toMatchObject({ code: 'ALERT_GROUP_FORBIDDEN' })
    transport.fail('ILLEGAL_GENERATION', { at: 'commit', topic: TOPIC })
    await expect(commit(2)).rejects.toMatchObject({ code: 'ALERT_STALE_EPOCH', kafka: 'ILLEGAL_GENERATION' })
    expect(transport.log.committed('g', TOPIC, 0)).toBeUndefined()
    transport.fail('COORDINATOR_LOAD_IN_PROGRESS', { at: 'commit', times: 2 })
    const slow = commit(3)
    const next = commit(4)
    await clock.advance(0)
    expect(transport.log.committed('g', TOPIC, 0)).toBeUndefined()
    await clock.advance(1000)
    await Promise.all([slow, next])
    expect(transport.log.committed('g', TOPIC, 0)).toBe(4)
  })
})

describe('fail() at a write', () => {
  it('tries again what passes, in order', async () => {
    transport.fail('NOT_ENOUGH_REPLICAS', { at: 'write', times: 2 })
    const retries: unknown[] = []
    const { writer, outcomes, record } = writing('a', { onRetry: (error, topic) => retries.push([error.kafka, topic]) })
    await clock.advance(0)
    expect(outcomes).toEqual([])
    writer.write({ ...record, value: Uint8Array.of(98) }, outcome => outcomes.push(outcome))
    await clock.advance(50)
    expect(retries).toHaveLength(1)
    await clock.advance(450)
    expect(outcomes).toEqual([
      { partition: 0, offset: 0 },
      { partition: 0, offset: 1 },
    ])
    expect(stored()).toEqual(['a', 'b'])
    expect(retries).toEqual([
      ['NOT_ENOUGH_REPLICAS', TOPIC],
      ['NOT_ENOUGH_REPLICAS', TOPIC],
    ])
  })

  it('fails what does not', async () => {
    transport.fail('INVALID_RECORD', { at: 'write' })
    const { outcomes, writer, record } = writing('a')
    writer.write(record, outcome => outcomes.push(outcome))
    await clock.advance(0)
    const refused = { error: { code: 'ALERT_UNWRITABLE', kafka: 'INVALID_RECORD' }, stored: false }
    expect(outcomes).toMatchObject([refused, refused])
    expect(outcomes[0]!.error).not.toBe(outcomes[1]!.error)
  })

  it.each([
    { kind: 'NOT_ENOUGH_REPLICAS', fate: false },
    { kind: 'REQUEST_TIMED_OUT', fate: 'unknown' },
    { kind: new AlertError('ALERT_CONNECTION', 'reset'), fate: 'unknown' },
  ] as const)('settles at its deadline: $kind, stored: $fate', async ({ kind, fate }) => {
    transport.fail(kind, { at: 'write', times: Number.POSITIVE_INFINITY })
    const { outcomes } = writing('a')
    await clock.advance(999)
    expect(outcomes).toEqual([])
    await clock.advance(1)
    expect(outcomes).toMatchObject([{ error: { code: 'ALERT_EXPIRED' }, stored: fate }])
    await clock.advance(1000)
    expect(clock.pending).toBe(0)
  })

  it('writes plainly where the right to be idempotent is missing, and then doubles what it cannot know', async () => {
    transport.fail('CLUSTER_AUTHORIZATION_FAILED', { at: 'write' })
    transport.swallowAnswers(1)
    const refusals: unknown[] = []
    const { outcomes } = writing('a', { onPlain: error => refusals.push(error.kafka) })
    await clock.advance(500)
    expect(refusals).toEqual(['CLUSTER_AUTHORIZATION_FAILED'])
    expect(outcomes).toEqual([{ partition: 0, offset: 1 }])
    expect(stored()).toEqual(['a', 'a'])
  })

  it('does not know of a record whose answers all got lost', async () => {
    transport.swallowAnswers(Number.POSITIVE_INFINITY)
    const { outcomes } = writing('a')
    await clock.advance(1000)
    expect(outcomes).toMatchObject([{ error: { code: 'ALERT_EXPIRED' }, stored: 'unknown' }])
    expect(stored()).toEqual(['a'])
  })

  it('says what it did not send when it is closed too early', async () => {
    transport.fail('LEADER_NOT_AVAILABLE', { at: 'write', times: Number.POSITIVE_INFINITY })
    const { writer, outcomes } = writing('a')
    const closed = writer.close(300)
    await clock.advance(300)
    await closed
    expect(outcomes).toMatchObject([
      { error: { code: 'ALERT_CLOSED', message: expect.stringContaining('LEADER_NOT_AVAILABLE') }, stored: false },
    ])
    expect(transport.open).toEqual({ readers: 0, writers: 0, timers: 0 })
  })
})

describe('goSilent()', () => {
  it('ends nothing and says nothing: readers hear no more, new ones are answered', async () => {
    const old = await reading()
    transport.log.append(TOPIC, { value: 'a' })
    await clock.advance(0)
    const { length } = old.events
    transport.goSilent()
    transport.log.append(TOPIC, { value: 'b' })
    transport.disconnect()
    await clock.advance(10_000)
    expect([old.valuesOf(OF), old.events.length]).toEqual([['a'], length])
    expect((await reading()).valuesOf(OF)).toEqual(['a', 'b'])
    await old.reader.close(0)
    expect(old.events.slice(length)).toMatchObject([{ type: 'ended', error: undefined }])
  })

  it('lets no heartbeat, commit or leave of a member through: its session runs out', async () => {
    const old = await reading({ group: GROUP })
    await clock.advance(1_000)
    transport.goSilent()
    const commit = old.reader.commit(1, [at(TOPIC, 0, 1)])
    let settled = false
    commit
      .catch(() => {})
      .finally(() => {
        settled = true
      })
    await clock.advance(3_000)
    expect([settled, transport.log.committed('g', TOPIC, 0)]).toEqual([false, undefined])
    await old.reader.close(0)
    await expect(commit).rejects.toMatchObject({ code: 'ALERT_CLOSED' })
    expect(transport.log.members('g')).toHaveLength(1)
    await clock.advance(GROUP.sessionTimeout)
    expect(transport.log.members('g')).toHaveLength(0)
    expect(transport.open).toEqual({ readers: 0, writers: 0, timers: 0 })
  })
})
