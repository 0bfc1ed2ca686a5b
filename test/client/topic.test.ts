import { merge } from 'rxjs'
import { describe, expect, it, test, vi } from 'vitest'
import { handle, parseJson, toStream } from '../../src/index.ts'
import { MemoryTransport } from '../../src/testing.ts'
import { ClientRig, collect, configError, recordsOf } from './rig.ts'

describe('topic()', () => {
  it('is cold: nothing opens before subscribe', async () => {
    const rig = new ClientRig('gracedb.superevent')
    const describe = vi.spyOn(rig.transport, 'describe')
    const stream = rig.client().topic('superevent')
    await rig.clock.advance(100_000)
    expect(describe).not.toHaveBeenCalled()
    const { stop } = collect(stream)
    await rig.settle()
    expect(describe).toHaveBeenCalled()
    stop()
    await rig.clock.advance(20_000)
    expect(rig.transport.open).toEqual({ readers: 0, writers: 0, timers: 0 })
    expect(rig.clock.pending).toBe(0)
  })

  it('gives records of the topic of the group, from the moment of subscribing', async () => {
    const rig = new ClientRig('gracedb.superevent', 'other.superevent')
    rig.append('gracedb.superevent', 'before')
    const records = recordsOf(rig, rig.client().topic('superevent'))
    await records
    rig.append('gracedb.superevent', 'after')
    rig.append('other.superevent', 'not ours')
    await rig.settle()
    expect(await records).toMatchObject([
      { server: 'memory:9092', group: 'gracedb', topic: 'superevent', fullTopic: 'gracedb.superevent', partition: 0, offset: 1 },
    ])
  })

  it('each subscription reads for itself', async () => {
    const rig = new ClientRig('gracedb.t')
    rig.append('gracedb.t', 1, 2)
    const stream = rig.client().topic('t', { from: 'earliest' })
    const [one, two] = [collect(stream), collect(stream)]
    await rig.settle()
    expect(one.got).toEqual(['t@0 1', 't@1 2'])
    expect(two.got).toEqual(one.got)
  })

  it('takes its own options, over those of the client', async () => {
    const rig = new ClientRig('a.t', 'b.t')
    rig.append('a.t', 1)
    rig.append('b.t', 2)
    const client = rig.client({ group: 'a', from: 'earliest' })
    const own = [collect(client.topic('t')), collect(client.topic('t', { group: 'b' })), collect(client.topic('t', { from: 'latest' }))]
    await rig.settle()
    expect(own.map(({ got }) => got)).toEqual([['t@0 1'], ['t@0 2'], []])
  })

  it('options given as undefined do not override', async () => {
    const rig = new ClientRig('a.t')
    rig.append('a.t', 1)
    const { got } = collect(rig.client({ group: 'a', from: 'earliest' }).topic('t', { group: undefined, from: undefined }))
    await rig.settle()
    expect(got).toEqual(['t@0 1'])
  })

  it('group null: the topics have no prefix', async () => {
    const rig = new ClientRig('igwn.gwalert')
    rig.append('igwn.gwalert', 1)
    const records = await recordsOf(rig, rig.client({ group: null }).topic('igwn.gwalert', { from: 'earliest' }))
    expect(records).toMatchObject([{ group: null, topic: 'igwn.gwalert', fullTopic: 'igwn.gwalert' }])
    const also = await recordsOf(rig, rig.client().topic('igwn.gwalert', { group: null, from: 'earliest' }))
    expect(also).toHaveLength(1)
  })

  it('a topic of several parts keeps its name', async () => {
    const rig = new ClientRig('interop.deep.name')
    rig.append('interop.deep.name', 1)
    const { got } = collect(rig.client({ group: 'interop' }).topic('deep.name', { from: 'earliest' }))
    await rig.settle()
    expect(got).toEqual(['deep.name@0 1'])
  })

  test.each<[unknown, string]>([
    ['', "Not a topic's name: ''"],
    ['super event', "Not a topic's name: 'super event'. Kafka takes letters, digits, dots, _ and -, at most 249 with the prefix"],
    [undefined, "Not a topic's name: undefined"],
    [['a'], "Not a topic's name: an array"],
    ['a'.repeat(250), "Not a topic's name: 'aaaa"],
  ])('refuses %j', (name, text) => {
    const client = new ClientRig().client()
    expect(configError(() => client.topic(name as string)).message).toContain(text)
  })

  it('names the nearest topics when there is none of the name', async () => {
    const rig = new ClientRig('gracedb.superevent', 'gracedb.cbc_gstlal')
    const { errors } = collect(rig.client().topic('supervent'))
    await rig.settle()
    expect(errors).toMatchObject([{ code: 'ALERT_TOPIC_UNKNOWN', fatal: true }])
    expect(String(errors[0])).toContain('Nearest existing topics: gracedb.superevent')
  })

  it("missing: 'wait' waits for it", async () => {
    const rig = new ClientRig()
    const { got, errors } = collect(rig.client({ refresh: 1_000 }).topic('new', { missing: 'wait' }))
    await rig.settle()
    rig.log.createTopic('gracedb.new')
    rig.append('gracedb.new', 1)
    await rig.clock.advance(2_000)
    expect(errors).toEqual([])
    expect(got).toEqual(['new@0 1'])
  })
})

describe('topics()', () => {
  it('reads several as one stream, each named once', async () => {
    const rig = new ClientRig('gracedb.a', 'gracedb.b', 'gracedb.c')
    for (const topic of ['a', 'b', 'c']) rig.append(`gracedb.${topic}`, topic)
    const { got } = collect(rig.client({ from: 'earliest' }).topics(['a', 'b', 'a']))
    await rig.settle()
    expect(got.sort()).toEqual(['a@0 "a"', 'b@0 "b"'])
    expect(rig.transport.open.readers).toBe(1)
  })

  it('without names reads exactly the topics of the group, and new ones', async () => {
    const rig = new ClientRig('interop.a', 'xinterop.alien', 'a.interop.b', 'interop', 'interop-test.x', 'interop.deep.name')
    for (const topic of rig.log.topics) rig.append(topic, 1)
    const { got } = collect(rig.client({ group: 'interop', refresh: 1_000 }).topics(undefined, { from: 'earliest' }))
    await rig.settle()
    expect(got.sort()).toEqual(['a@0 1', 'deep.name@0 1'])
    rig.log.createTopic('interop.new')
    rig.append('interop.new', 2)
    await rig.clock.advance(2_000)
    expect(got).toContain('new@0 2')
  })

  it('without names and without a group reads every topic that can be seen', async () => {
    const rig = new ClientRig('a', 'b.c', '__consumer_offsets')
    for (const topic of rig.log.topics) rig.append(topic, 1)
    const { got } = collect(rig.client({ group: null }).topics(undefined, { from: 'earliest' }))
    await rig.settle()
    expect(got.sort()).toEqual(['a@0 1', 'b.c@0 1'])
  })

  it('says when the group has no topic', async () => {
    const rig = new ClientRig('other.a')
    const { errors } = collect(rig.client().topics())
    await rig.settle()
    expect(String(errors[0])).toContain("memory:9092 shows no topic of group gracedb. Check the group's name")
  })

  test('an empty list is none of them', () => {
    const client = new ClientRig().client()
    expect(configError(() => client.topics([])).message).toBe(
      'topics() got an empty list of topics. Name some, or leave the list out for all',
    )
    expect(configError(() => client.topics(7 as unknown as string[])).message).toBe(
      'topics() got 7. Give the name of a topic, or a list of names',
    )
  })
})

describe('several clients', () => {
  it('of one transport, merged: closing one leaves the other', async () => {
    const rig = new ClientRig('gracedb.superevent', 'gracedb-test.superevent')
    const [production, test] = [rig.client({ from: 'earliest' }), rig.client({ group: 'gracedb-test', from: 'earliest' })]
    const got: string[] = []
    const merged = merge(production.topic('superevent'), test.topic('superevent')).pipe(
      parseJson<number>(),
      handle(({ group, payload }) => void got.push(`${group} ${payload}`)),
    )
    merged.subscribe()
    rig.append('gracedb.superevent', 1)
    rig.append('gracedb-test.superevent', 2)
    await rig.settle()
    expect(got.sort()).toEqual(['gracedb 1', 'gracedb-test 2'])
    await production.close()
    rig.append('gracedb.superevent', 3)
    rig.append('gracedb-test.superevent', 4)
    await rig.settle()
    expect(got).toContain('gracedb-test 4')
    expect(got).not.toContain('gracedb 3')
  })

  it('of one log, by their own transports', async () => {
    const rig = new ClientRig('gracedb.t')
    rig.append('gracedb.t', 1)
    const other = new MemoryTransport({ log: rig.log, clock: rig.clock, server: 'other:9092' })
    const servers: string[] = []
    merge(rig.client({ from: 'earliest' }).topic('t'), rig.client({ transport: other, from: 'earliest' }).topic('t')).subscribe(
      ({ server }) => servers.push(server),
    )
    await rig.settle()
    expect(servers.sort()).toEqual(['memory:9092', 'other:9092'])
  })
})

describe('an async iterator', () => {
  it('is what a stream is, also behind pipe, and toStream(merge(...))', async () => {
    const rig = new ClientRig('gracedb.a', 'gracedb.b')
    rig.append('gracedb.a', { id: 'A' })
    rig.append('gracedb.b', { id: 'B' })
    const client = rig.client({ from: 'earliest', untilEnd: true })
    const got: string[] = []
    for await (const { payload } of client.topics(['a', 'b']).pipe(parseJson<{ id: string }>())) got.push(payload.id)
    for await (const { topic } of toStream(merge(client.topic('a'), client.topic('b')))) got.push(topic)
    expect(got.sort()).toEqual(['A', 'B', 'a', 'b'])
  })
})
