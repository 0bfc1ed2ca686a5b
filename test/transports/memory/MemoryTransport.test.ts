import { beforeEach, describe, expect, it } from 'vitest'
import { VirtualClock } from '../../../src/testing/VirtualClock.ts'
import { MemoryLog } from '../../../src/transports/memory/MemoryLog.ts'
import { MemoryTransport } from '../../../src/transports/memory/MemoryTransport.ts'
import type { WriteOutcome } from '../../../src/transports/transport.ts'
import { at, numbered, Observer } from '../../contract/observer.ts'

const TOPIC = 'gracedb.superevent'
const OF = { topic: TOPIC, partition: 0 }
const GROUP = { id: 'g', topics: [TOPIC], sessionTimeout: 6000, heartbeatInterval: 1000, revokeTimeout: 500 }

let clock: VirtualClock
let log: MemoryLog
let connections: number
let transport: MemoryTransport

beforeEach(() => {
  clock = new VirtualClock()
  log = new MemoryLog({ clock, brokers: 2 })
  log.createTopic(TOPIC, { partitions: 2 })
  connections = 0
  const credentials = () => {
    connections++
    return undefined
  }
  transport = new MemoryTransport({ log, credentials, server: 'kafka.test:9000' })
})

async function reading(): Promise<Observer> {
  const observer = new Observer(transport)
  observer.reader.start(0, [at(TOPIC, 0, 0), at(TOPIC, 1, 0)])
  await clock.advance(0)
  return observer
}

function write(value: string): WriteOutcome[] {
  const outcomes: WriteOutcome[] = []
  const record = { topic: TOPIC, partition: 0, key: null, value: new TextEncoder().encode(value), headers: [], timestamp: 1 }
  transport.write({ deliveryTimeout: 5000 }).write(record, outcome => outcomes.push(outcome))
  return outcomes
}

describe('MemoryTransport', () => {
  it('brings its own log', async () => {
    const own = new MemoryTransport()
    expect(own.server).toBe('memory:9092')
    own.log.createTopic(TOPIC)
    expect([...(await own.describe('all')).keys()]).toEqual([TOPIC])
  })

  it('shares a log with another client', async () => {
    const observer = await reading()
    const other = new MemoryTransport({ log })
    const written: WriteOutcome[] = []
    const record = { topic: TOPIC, partition: 1, key: null, value: Uint8Array.of(65), headers: [], timestamp: 1 }
    other.write({ deliveryTimeout: 1000 }).write(record, outcome => written.push(outcome))
    await clock.advance(0)
    expect(written).toEqual([{ partition: 1, offset: 0 }])
    expect(observer.valuesOf({ topic: TOPIC, partition: 1 })).toEqual(['A'])
  })

  it('fetches in bounded batches, over all partitions of a broker', async () => {
    const bounded = new MemoryTransport({ log, batchRecords: 7 })
    for (const value of numbered('v', 20)) log.append(TOPIC, { value })
    const observer = new Observer(bounded)
    observer.reader.start(0, [at(TOPIC, 0, 0)])
    await clock.advance(0)
    expect(observer.all('records').map(({ records }) => records.length)).toEqual([7, 7, 6])
    const small = new Observer(bounded, { maxBytes: 5 })
    small.reader.start(0, [at(TOPIC, 0, 0)])
    await clock.advance(0)
    expect(small.all('records').map(({ records }) => records.length)).toEqual([2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1])
    expect(() => new MemoryTransport({ batchRecords: 0 })).toThrow('batchRecords is 0; expected a whole number from 1')
  })

  it('does not let a full partition starve another one', async () => {
    log.createTopic('two')
    const bounded = new MemoryTransport({ log, batchRecords: 5 })
    for (const topic of [TOPIC, 'two']) for (const value of numbered('v', 20)) log.append(topic, { value })
    const observer = new Observer(bounded)
    observer.reader.start(0, [at(TOPIC, 0, 0), at('two', 0, 0)])
    await clock.advance(0)
    expect(
      observer
        .all('records')
        .slice(0, 4)
        .map(({ of }) => of.topic)
        .sort(),
    ).toEqual([TOPIC, TOPIC, 'two', 'two'])
  })

  it('answers after its latency', async () => {
    const far = new MemoryTransport({ log, latency: 50 })
    const answers: string[] = []
    void far.describe('all').then(() => answers.push('described'))
    await clock.advance(99)
    expect(answers).toEqual([])
    await clock.advance(1)
    expect(answers).toEqual(['described'])
    void far.describe('all').then(() => answers.push('again'))
    await clock.advance(50)
    expect(answers).toEqual(['described', 'again'])
  })

  it('counts what is open', async () => {
    const observer = new Observer(transport, { group: GROUP })
    observer.onEvent = event => {
      if (event.type === 'assigned') observer.reader.start(event.epoch, [at(TOPIC, 0, 0)])
    }
    const writer = transport.write({ deliveryTimeout: 1000 })
    await clock.advance(10)
    // A heartbeat, and a fetch that waits.
    expect(transport.open).toEqual({ readers: 1, writers: 1, timers: 2 })
    expect(log.members('g')).toMatchObject([{ topics: [TOPIC], partitions: [OF, { topic: TOPIC, partition: 1 }] }])
    await Promise.all([observer.reader.close(100), writer.close(100)])
    expect(transport.open).toEqual({ readers: 0, writers: 0, timers: 0 })
    expect([log.members('g').length, clock.pending]).toEqual([0, 0])
  })
})

describe('connections', () => {
  it('opens one, when something is asked', async () => {
    expect(connections).toBe(0)
    await Promise.all([transport.describe('all'), transport.locate('latest', [OF])])
    await reading()
    expect(connections).toBe(1)
  })

  it('break and are opened again: readers go on, members stay', async () => {
    const observer = await reading()
    const member = new Observer(transport, { group: GROUP })
    await clock.advance(0)
    transport.disconnect()
    log.append(TOPIC, { value: 'a' })
    await clock.advance(0)
    const lanes = observer.all('lane').map(({ leader, error, partitions }) => [leader, error?.code ?? 'answers', partitions[0]!.partition])
    expect(lanes.slice(0, 2).sort()).toEqual([
      ['kafka.test:9000', 'ALERT_CONNECTION', 0],
      ['kafka.test:9001', 'ALERT_CONNECTION', 1],
    ])
    expect(lanes.slice(2).sort()).toEqual([
      ['kafka.test:9000', 'answers', 0],
      ['kafka.test:9001', 'answers', 1],
    ])
    expect(observer.valuesOf(OF)).toEqual(['a'])
    await clock.advance(20_000)
    expect(member.events.filter(({ type }) => type !== 'alive')).toHaveLength(1)
    expect(connections).toBe(2)
  })

  it('cannot be had offline: readers end, questions fail, writes wait', async () => {
    const observer = await reading()
    transport.goOffline()
    await clock.advance(0)
    expect(observer.all('lane')).toHaveLength(2)
    expect(observer.events.at(-1)).toMatchObject({ type: 'ended', error: { code: 'ALERT_CONNECTION' } })
    await expect(transport.describe('all')).rejects.toMatchObject({ code: 'ALERT_CONNECTION' })
    const successor = await reading()
    expect(successor.events).toMatchObject([{ type: 'ended', error: { code: 'ALERT_CONNECTION' } }])
    const outcomes = write('a')
    await clock.advance(4000)
    expect(outcomes).toEqual([])
    transport.goOnline()
    await clock.advance(200)
    expect(outcomes).toEqual([{ partition: 0, offset: 0 }])
    expect((await reading()).valuesOf(OF)).toEqual(['a'])
  })

  it('settles a write that was never sent', async () => {
    transport.goOffline()
    const outcomes = write('a')
    await clock.advance(5000)
    expect(outcomes).toMatchObject([{ error: { code: 'ALERT_EXPIRED', cause: { code: 'ALERT_CONNECTION' } }, stored: false }])
  })

  it('cannot be had while every broker is stopped', async () => {
    const observer = await reading()
    log.stopBroker(0)
    await clock.advance(0)
    expect(observer.last('lane')).toMatchObject({ leader: 'kafka.test:9000', error: { code: 'ALERT_CONNECTION' } })
    log.stopBroker(1)
    await clock.advance(0)
    expect(observer.events.at(-1)).toMatchObject({ type: 'ended', error: { code: 'ALERT_CONNECTION' } })
    await expect(transport.locate('latest', [OF])).rejects.toMatchObject({ code: 'ALERT_CONNECTION' })
    log.startBroker(1)
    expect(await transport.locate('latest', [OF, { topic: TOPIC, partition: 1 }])).toMatchObject([
      { fault: { code: 'ALERT_LEADER' } },
      { offset: 0 },
    ])
  })
})

describe('credentials', () => {
  it('are refused at the next connection, not before', async () => {
    const observer = await reading()
    transport.refuseCredentials()
    log.append(TOPIC, { value: 'a' })
    await clock.advance(0)
    expect(observer.valuesOf(OF)).toEqual(['a'])
    transport.disconnect()
    await clock.advance(0)
    expect(observer.events.at(-1)).toMatchObject({
      type: 'ended',
      error: { code: 'ALERT_CREDENTIALS', kafka: 'SASL_AUTHENTICATION_FAILED' },
    })
    const outcomes = write('b')
    await clock.advance(0)
    expect(outcomes).toMatchObject([{ error: { code: 'ALERT_CREDENTIALS' }, stored: false }])
    transport.acceptCredentials()
    expect((await reading()).valuesOf(OF)).toEqual(['a'])
  })

  it('that cannot be had say why', async () => {
    const broken = new MemoryTransport({ log, credentials: () => Promise.reject(new Error('no such file')) })
    await expect(broken.describe('all')).rejects.toMatchObject({ code: 'ALERT_CREDENTIALS', message: 'no such file' })
  })
})

describe('rights', () => {
  it('are taken one by one, and given back', async () => {
    log.append(TOPIC, { value: 'a' })
    transport.forbid(TOPIC, 'read')
    const observer = await reading()
    expect(observer.all('fault').map(({ error }) => error.code)).toEqual(['ALERT_TOPIC_FORBIDDEN', 'ALERT_TOPIC_FORBIDDEN'])
    expect((await transport.describe([TOPIC])).get(TOPIC)).toMatchObject({ partitions: 2 })
    const outcomes = write('b')
    await clock.advance(0)
    expect(outcomes).toEqual([{ partition: 0, offset: 1 }])
    transport.allow(TOPIC)
    observer.reader.start(0, [at(TOPIC, 0, 0)])
    await clock.advance(0)
    expect(observer.valuesOf(OF)).toEqual(['a', 'b'])
  })

  it('are one client alone', async () => {
    transport.forbid(TOPIC)
    expect([...(await transport.describe('all')).keys()]).toEqual([])
    expect([...(await new MemoryTransport({ log }).describe('all')).keys()]).toEqual([TOPIC])
  })
})

describe('groups', () => {
  it('wait for the session of a member that ended without leaving', async () => {
    const first = new Observer(transport, { group: GROUP })
    await clock.advance(0)
    transport.goOffline()
    await clock.advance(0)
    expect(first.all('ended')).toHaveLength(1)
    transport.goOnline()
    const second = new Observer(transport, { group: GROUP })
    await clock.advance(GROUP.sessionTimeout - 1)
    expect(second.all('assigned')).toEqual([])
    await clock.advance(1)
    expect(second.all('assigned')).toHaveLength(1)
  })

  it('share by the assigner of the log', async () => {
    const dealt = new MemoryLog({ clock, assigner: 'roundrobin' })
    dealt.createTopic('t', { partitions: 3 })
    dealt.createTopic('u', { partitions: 1 })
    const client = new MemoryTransport({ log: dealt })
    const group = { ...GROUP, topics: ['t', 'u'] }
    const members = [new Observer(client, { group }), new Observer(client, { group })]
    for (const member of members) {
      member.onEvent = event => {
        if (event.type === 'revoked') member.reader.release(event.epoch)
      }
    }
    await clock.advance(5000)
    const shares = members.map(member => member.last('assigned')!.partitions.map(({ topic, partition }) => `${topic}${partition}`))
    expect(shares).toEqual([
      ['t0', 't2'],
      ['t1', 'u0'],
    ])
  })

  it('end a session by hand', async () => {
    const observer = new Observer(transport, { group: GROUP })
    await clock.advance(0)
    log.expire(observer.last('assigned')!.memberId)
    await clock.advance(1000)
    expect(observer.all('revoked')).toEqual([{ type: 'revoked', epoch: 1, lost: true }])
  })
})
