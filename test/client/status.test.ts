import { describe, expect, it, vi } from 'vitest'
import type { Status } from '../../src/index.ts'
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
