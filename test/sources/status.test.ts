import { describe, expect, it } from 'vitest'
import { AlertError } from '../../src/errors.ts'
import { LiveReadings } from '../../src/sources/LiveReadings.ts'
import type { Status } from '../../src/status.ts'
import { MemoryTransport } from '../../src/transports/memory/MemoryTransport.ts'
import { groupOf, Rig } from './rig.ts'

const types = (rig: Rig): string[] => rig.statuses.map(({ type }) => type)

describe('what status$ hears of a stream', () => {
  it('in a normal life', async () => {
    const rig = Rig.holding([0])
    const heard = rig.hear()
    await rig.clock.advance(120_000)
    heard.stop()
    await rig.settle()
    expect(types(rig)).toEqual(['connecting', 'positioned', 'connected', 'closed'])
  })

  it('in a normal life in a group', async () => {
    const rig = Rig.holding([0])
    const heard = rig.hear({ consumerGroup: groupOf('g') })
    await rig.clock.advance(120_000)
    heard.stop()
    await rig.settle()
    expect(types(rig)).toEqual(['connecting', 'assigned', 'positioned', 'connected', 'closed'])
  })

  it('through an outage', async () => {
    const rig = Rig.holding([0])
    rig.hear()
    await rig.settle()
    rig.transport.goOffline()
    await rig.clock.advance(10_000)
    rig.transport.goOnline()
    await rig.clock.advance(3_000)
    const order = types(rig).filter((type, i, all) => type !== all[i - 1])
    expect(order.slice(0, 4)).toEqual(['connecting', 'positioned', 'connected', 'reconnecting'])
    expect(order.at(-1)).toBe('connected')
    expect(new Set(order.slice(3, -1))).toEqual(new Set(['reconnecting', 'connecting']))
    expect(rig.said('connected')).toHaveLength(2)
    const whole = rig.said('reconnecting').filter(({ partitions }) => !partitions)
    expect(whole.map(({ attempt }) => attempt)).toEqual(whole.map((_, i) => i + 1))
    expect(whole.every(({ error, delay }) => error.code === 'ALERT_CONNECTION' && delay >= 0 && delay <= 2_000)).toBe(true)
  })

  it('when a second member comes: revoked, and assigned what stays', async () => {
    const rig = Rig.holding([0], { partitions: 2 })
    const consumerGroup = groupOf('g')
    rig.hear({ consumerGroup })
    await rig.settle()
    const before = rig.statuses.length
    const transport = new MemoryTransport({ log: rig.log, clock: rig.clock })
    rig.hear({ consumerGroup, transport, live: new LiveReadings(), report: () => {} })
    await rig.clock.advance(10_000)
    const both = [
      { topic: 't', partition: 0 },
      { topic: 't', partition: 1 },
    ]
    expect(rig.statuses.slice(before)).toMatchObject([
      { type: 'revoked', partitions: both },
      { type: 'assigned', partitions: [expect.anything()] },
      { type: 'positioned' },
    ])
  })

  it('says who says it: server, group, topics, time', async () => {
    const rig = new Rig()
    rig.log.createTopic('gracedb.superevent')
    rig.hear({ topics: ['gracedb.superevent'], group: 'gracedb' })
    await rig.settle()
    const common = { server: 'memory:9092', group: 'gracedb', topics: ['gracedb.superevent'], time: rig.clock.now() }
    for (const status of rig.statuses) expect(status).toMatchObject(common)
    expect(rig.said('positioned')).toMatchObject([{ positions: [{ topic: 'gracedb.superevent', partition: 0, offset: 0 }] }])
  })

  it('names the topics that it reads where it reads all of a group', async () => {
    const rig = new Rig()
    for (const topic of ['t', 'u']) rig.log.createTopic(topic)
    rig.hear({ names: () => undefined })
    await rig.settle()
    expect(rig.said('connected')).toMatchObject([{ topics: ['t', 'u'] }])
  })

  it('never a secret, whatever the credentials fail with', async () => {
    const rig = Rig.holding([0])
    const secret = 'hunter2-unmistakable'
    const credentials = (): never => {
      throw new AlertError('ALERT_CREDENTIALS', 'auth.toml has no entry for this host', { cause: { password: secret } })
    }
    const transport = new MemoryTransport({ log: rig.log, clock: rig.clock, credentials })
    const heard = rig.hear({ transport })
    await rig.clock.advance(10_000)
    expect(heard.errors).toHaveLength(1)
    const said = JSON.stringify([rig.statuses, rig.logged, heard.errors])
    expect(said).toContain('auth.toml has no entry for this host')
    expect(said).not.toContain(secret)
  })
})

describe('one of several leaders that is gone', () => {
  it('concerns its partitions only: the others are delivered without a pause, and nothing is lost', async () => {
    const rig = Rig.holding([], { brokers: 2, partitions: 2 })
    const heard = rig.hear()
    await rig.settle()
    const before = rig.statuses.length
    rig.log.stopBroker(1)
    for (let i = 0; i < 20; i++) {
      rig.append('t', [`up ${i}`])
      rig.append('t', [`down ${i}`], 1)
      await rig.clock.advance(500)
      expect(heard.got.at(-1)).toBe(`up ${i}`)
    }
    expect(heard.got).toHaveLength(20)
    const saidMeanwhile: readonly Status[] = rig.statuses.slice(before)
    expect(saidMeanwhile).toMatchObject([{ type: 'reconnecting', partitions: [{ topic: 't', partition: 1 }] }])
    rig.log.startBroker(1)
    await rig.clock.advance(1_000)
    expect(heard.got.slice(20)).toEqual(Array.from({ length: 20 }, (_, i) => `down ${i}`))
    expect(rig.statuses.slice(before).map(({ type }) => type)).toEqual(['reconnecting', 'connected'])
    expect(rig.log.members()).toEqual([])
  })
})
