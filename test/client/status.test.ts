import { describe, expect, it, vi } from 'vitest'
import type { IgwnAlertClient, Status } from '../../src/index.ts'
import { MemoryLog, MemoryTransport } from '../../src/testing.ts'
import { ClientRig, collect } from './rig.ts'

describe('status$', () => {
  const types = (statuses: readonly Status[]): string[] => statuses.map(({ type }) => type)

  it('says what happens to each stream', async () => {
    const rig = new ClientRig('gracedb.t')
    const { stop } = collect(rig.client().topic('t'))
    await rig.settle()
    stop()
    await rig.clock.advance(20_000)
    expect(types(rig.statuses)).toEqual(['connecting', 'positioned', 'connected', 'closed'])
    expect(rig.statuses[0]).toMatchObject({ server: 'memory:9092', group: 'gracedb', topics: ['gracedb.t'], time: expect.any(Number) })
  })

  it('is hot: a new subscriber first hears the present state of each live source', async () => {
    const rig = new ClientRig('gracedb.a', 'gracedb.b', 'gracedb.c')
    const client = rig.client()
    const [, , c] = ['a', 'b', 'c'].map(topic => collect(client.topic(topic)))
    await rig.settle()
    c!.stop()
    await rig.clock.advance(20_000)
    rig.transport.goOffline()
    await rig.clock.advance(100)
    const late: Status[] = []
    client.status$.subscribe(status => late.push(status))
    expect(late.map(({ type, topics }) => `${type} ${topics.join()}`)).toEqual(['reconnecting gracedb.a', 'reconnecting gracedb.b'])
    rig.transport.goOnline()
    await rig.clock.advance(5_000)
    expect(types(late).filter(type => type === 'connected')).toHaveLength(2)
  })

  describe('the present state', () => {
    const presentOf = (client: IgwnAlertClient): string[] => {
      const states: Status[] = []
      client.status$.subscribe(status => states.push(status)).unsubscribe()
      return types(states)
    }

    it('of one that reads is connected, also after it has found a new topic', async () => {
      const rig = new ClientRig('gracedb.t')
      const client = rig.client({ refresh: 1_000 })
      collect(client.topics())
      await rig.settle()
      rig.log.createTopic('gracedb.u')
      await rig.clock.advance(2_000)
      expect(types(rig.statuses)).toEqual(['connecting', 'positioned', 'connected', 'positioned'])
      expect(presentOf(client)).toEqual(['connected'])
    })

    it('so after one partition was tried again, or one topic refused', async () => {
      const rig = new ClientRig('gracedb.t', 'gracedb.u')
      const client = rig.client()
      collect(client.topics(['t', 'u']))
      await rig.settle()
      rig.transport.fail('CORRUPT_MESSAGE', { at: 'fetch', topic: 'gracedb.t' })
      rig.append('gracedb.t', 1)
      await rig.clock.advance(1_000)
      expect(types(rig.statuses).at(-1)).toBe('reconnecting')
      expect(presentOf(client)).toEqual(['connected'])
      rig.transport.forbid('gracedb.u')
      await rig.clock.advance(1_000)
      expect(types(rig.statuses).at(-1)).toBe('refused')
      expect(presentOf(client)).toEqual(['connected'])
    })

    it('so after a rebalance', async () => {
      const rig = new ClientRig()
      rig.log.createTopic('gracedb.t', { partitions: 2 })
      const [client, other] = [rig.client({ consumerGroup: 'g' }), rig.client({ consumerGroup: 'g' })]
      collect(client.topic('t'))
      await rig.clock.advance(5_000)
      collect(other.topic('t'))
      await rig.clock.advance(10_000)
      expect(rig.said('revoked')).toHaveLength(1)
      expect([presentOf(client), presentOf(other)]).toEqual([['connected'], ['connected']])
    })

    it('while a leader is away, then while the server is: reconnecting', async () => {
      const rig = new ClientRig()
      const log = new MemoryLog({ clock: rig.clock, brokers: 2 })
      log.createTopic('gracedb.t', { partitions: 2 })
      const transport = new MemoryTransport({ log, clock: rig.clock })
      const client = rig.client({ transport })
      collect(client.topic('t'))
      await rig.settle()
      log.stopBroker(1)
      await rig.clock.advance(5_000)
      expect(presentOf(client)).toEqual(['reconnecting'])
      log.startBroker(1)
      await rig.clock.advance(5_000)
      expect(presentOf(client)).toEqual(['connected'])
      transport.goOffline()
      await rig.clock.advance(5_000)
      expect(presentOf(client)[0]).toMatch(/^(re)?connecting$/)
    })

    it('of one that has ended is none', async () => {
      const rig = new ClientRig('gracedb.t')
      const client = rig.client()
      const { stop } = collect(client.topic('t'))
      await rig.settle()
      stop()
      await rig.clock.advance(20_000)
      expect(presentOf(client)).toEqual([])
    })
  })

  it('completes at close()', async () => {
    const rig = new ClientRig()
    const client = rig.client()
    const complete = vi.fn()
    client.status$.subscribe({ complete })
    expect(complete).not.toHaveBeenCalled()
    await client.close()
    expect(complete).toHaveBeenCalledTimes(1)
    client.status$.subscribe({ complete })
    expect(complete).toHaveBeenCalledTimes(2)
  })
})
