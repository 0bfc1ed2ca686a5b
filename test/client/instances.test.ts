import { describe, expect, it } from 'vitest'
import type { IgwnAlertClient } from '../../src/index.ts'
import { ClientRig, collect, configError } from './rig.ts'

const OPTIONS = { consumerGroup: 'pagers', instanceId: 'pager-1', from: 'earliest' } as const

interface Instance {
  readonly instanceId: string | undefined
  readonly topics: readonly string[]
}

const instances = (rig: ClientRig): Instance[] => rig.log.members('pagers').map(({ instanceId, topics }) => ({ instanceId, topics }))
const idOf = (rig: ClientRig, topic: string): string | undefined => instances(rig).find(({ topics }) => topics.includes(topic))?.instanceId

/** What the broker knows a stream as. */
async function idWhile(read: (client: IgwnAlertClient) => void): Promise<string | undefined> {
  const rig = new ClientRig('gracedb.a', 'gracedb.b', 'test.a')
  read(rig.client(OPTIONS))
  await rig.clock.advance(10_000)
  return instances(rig)[0]?.instanceId
}

describe('two streams of one client with a consumerGroup and an instanceId', () => {
  it('are two members: none takes the place of the other', async () => {
    const rig = new ClientRig('gracedb.a', 'gracedb.b')
    const client = rig.client(OPTIONS)
    const streams = ['a', 'b'].map(topic => collect(client.topic(topic)))
    await rig.clock.advance(10_000)
    rig.append('gracedb.a', 1)
    rig.append('gracedb.b', 2)
    await rig.clock.advance(60_000)
    expect(streams.map(({ got, errors }) => [got, errors])).toEqual([
      [['a@0 1'], []],
      [['b@0 2'], []],
    ])
    const ids = instances(rig).map(({ instanceId }) => instanceId)
    expect(new Set(ids).size).toBe(2)
    for (const id of ids) expect(id).toMatch(/^pager-1-[0-9a-f]{12}$/)
  })

  it('take their old places when the process starts again, without a wait and without another member noticing', async () => {
    const rig = new ClientRig('gracedb.a', 'gracedb.b')
    const first = rig.client(OPTIONS)
    for (const topic of ['a', 'b']) collect(first.topic(topic))
    await rig.clock.advance(10_000)
    const before = [idOf(rig, 'gracedb.a'), idOf(rig, 'gracedb.b')]
    const generation = rig.log.group('pagers').generation
    const closed = first.close()
    await rig.clock.advance(1_000)
    await closed
    const second = rig.client(OPTIONS)
    // In the other order.
    const streams = ['b', 'a'].map(topic => collect(second.topic(topic)))
    rig.append('gracedb.a', 1)
    rig.append('gracedb.b', 2)
    await rig.clock.advance(1_000)
    expect(streams.map(({ got, errors }) => [got, errors])).toEqual([
      [['b@0 2'], []],
      [['a@0 1'], []],
    ])
    expect([idOf(rig, 'gracedb.a'), idOf(rig, 'gracedb.b')]).toEqual(before)
    expect(instances(rig)).toHaveLength(2)
    expect(rig.log.group('pagers').generation).toBe(generation)
  })

  it('that are read one after the other are the same member', async () => {
    const rig = new ClientRig('gracedb.a')
    const stream = rig.client(OPTIONS).topic('a')
    const first = collect(stream)
    await rig.clock.advance(10_000)
    first.stop()
    const second = collect(stream)
    await rig.clock.advance(1_000)
    rig.append('gracedb.a', 1)
    await rig.clock.advance(1_000)
    expect([second.got, second.errors, instances(rig).length]).toEqual([['a@0 1'], [], 1])
  })
})

describe('the instance of a stream', () => {
  it('is known by what it reads, in any order', async () => {
    const ab = await idWhile(client => collect(client.topics(['a', 'b'])))
    expect(await idWhile(client => collect(client.topics(['b', 'a'])))).toBe(ab)
    const others = [
      await idWhile(client => collect(client.topic('a'))),
      await idWhile(client => collect(client.topic('b'))),
      await idWhile(client => collect(client.topic('a', { group: 'test' }))),
      await idWhile(client => collect(client.topics())),
      await idWhile(client => collect(client.topics(undefined, { group: 'test' }))),
      await idWhile(client => void client.listen(() => {})),
    ]
    expect(new Set([ab, ...others]).size).toBe(1 + others.length)
  })

  it('stays the same while a listener follows the subscriptions', async () => {
    const rig = new ClientRig('gracedb.a', 'gracedb.b')
    const client = rig.client(OPTIONS)
    client.subscribe('a')
    client.listen(() => {})
    await rig.clock.advance(10_000)
    const before = idOf(rig, 'gracedb.a')
    client.unsubscribe('a')
    client.subscribe('b')
    await rig.clock.advance(10_000)
    expect(before).toBeDefined()
    expect(idOf(rig, 'gracedb.b')).toBe(before)
    const restarted = rig.client(OPTIONS)
    const closed = client.close()
    await rig.clock.advance(1_000)
    await closed
    restarted.subscribe(['a', 'b'])
    restarted.listen(() => {})
    await rig.clock.advance(10_000)
    expect(instances(rig)).toEqual([{ instanceId: before, topics: ['gracedb.a', 'gracedb.b'] }])
  })

  it('is none without an instanceId', async () => {
    const rig = new ClientRig('gracedb.a')
    collect(rig.client({ consumerGroup: 'pagers' }).topic('a'))
    await rig.clock.advance(1_000)
    expect(instances(rig)).toEqual([{ instanceId: undefined, topics: ['gracedb.a'] }])
  })

  it.each(['pager 1', 'pager/1', 'p'.repeat(201)])('has a name that Kafka takes: not %j', instanceId => {
    expect(configError(() => new ClientRig().client({ instanceId })).message).toMatch(/letters, digits, dots, _ and -, at most 200/)
  })
})
