import { of } from 'rxjs'
import { describe, expect, it, test } from 'vitest'
import { ConfigError, IgwnAlertClient, outgoing, PublishError, type Stored } from '../../src/index.ts'
import { WRITABLE_COMPRESSIONS } from '../../src/transports/kafka/compress.ts'
import { ClientRig, configError, rejection } from './rig.ts'

const text = new TextDecoder()

/** What the log holds: value, and headers but for `_id`. */
function stored(rig: ClientRig, topic: string): { value: string; headers: string[]; key: string | null }[] {
  const { records } = rig.log.partition({ topic, partition: 0 })
  return records.map(({ value, headers, key }) => ({
    value: text.decode(value!),
    headers: headers.filter(({ name }) => name !== '_id').map(({ name, value: bytes }) => `${name}=${text.decode(bytes!)}`),
    key: key && text.decode(key),
  }))
}

describe('connect()', () => {
  it('resolves when all topics can be described', async () => {
    const rig = new ClientRig('gracedb.a', 'gracedb.b')
    const client = rig.client()
    await client.connect('a')
    await client.connect(['a', 'b'])
  })

  it('rejects before the first alert when one is unknown, with the nearest', async () => {
    const rig = new ClientRig('gracedb.superevent')
    const error = await rejection(rig.client().connect(['superevent', 'supervent']))
    expect(error).toMatchObject({ code: 'ALERT_TOPIC_UNKNOWN', fatal: true })
    expect(error.message).toContain('Nearest existing topics: gracedb.superevent')
  })

  it('says how many topics there are where none is near', async () => {
    expect((await rejection(new ClientRig('gracedb.superevent').client().connect('x'))).message).toContain('This user sees 1 topic')
    expect((await rejection(new ClientRig('gracedb.superevent', 'gracedb.cbc_gstlal').client().connect('x'))).message).toContain(
      'sees 2 topics',
    )
  })

  it('rejects when one may not be described', async () => {
    const rig = new ClientRig('gracedb.a')
    rig.transport.forbid('gracedb.a')
    expect(await rejection(rig.client().connect('a'))).toMatchObject({ code: 'ALERT_TOPIC_FORBIDDEN', fatal: true })
  })

  it('refuses what Kafka would not take for a name, and nothing', async () => {
    const client = new ClientRig().client()
    expect((await rejection(client.connect('a b'))).message).toContain("Not a topic's name: 'a b'")
    expect((await rejection(client.connect([]))).message).toContain('connect() got an empty list of topics')
  })
})

describe('publish()', () => {
  it('gives where it was stored', async () => {
    const rig = new ClientRig('gracedb.superevent')
    const client = rig.client()
    const first = await client.publish('superevent', { superevent_id: 'S1' })
    const second = await client.publish('superevent', 'text')
    expect([first, second]).toMatchObject([
      {
        ok: true,
        stored: true,
        topic: 'superevent',
        fullTopic: 'gracedb.superevent',
        partition: 0,
        offset: 0,
        payload: { superevent_id: 'S1' },
      },
      { offset: 1 },
    ])
    expect(first.id).toMatch(/^[0-9a-f-]{36}$/)
    expect(stored(rig, 'gracedb.superevent')).toEqual([
      { value: '{"superevent_id":"S1"}', headers: ['_format=json'], key: null },
      { value: '"text"', headers: ['_format=json'], key: null },
    ])
  })

  it('to several topics', async () => {
    const rig = new ClientRig('gracedb.a', 'gracedb.b')
    const results: Stored[] = await rig.client().publish(['a', 'b'], outgoing(1, { key: 'S1', test: true }))
    expect(results.map(({ fullTopic }) => fullTopic)).toEqual(['gracedb.a', 'gracedb.b'])
    expect(stored(rig, 'gracedb.b')).toEqual([{ value: '1', headers: ['_test=true', '_format=json'], key: 'S1' }])
  })

  it('to several of which one fails: told of once all are settled', async () => {
    const rig = new ClientRig('gracedb.a', 'gracedb.b')
    const error = await rejection<AggregateError>(rig.client().publish(['nope', 'a', 'b'], 1))
    expect(error).toBeInstanceOf(AggregateError)
    expect(error.message).toBe('not published to 1 of 3 topics')
    expect(error.errors).toMatchObject([{ code: 'ALERT_TOPIC_UNKNOWN', stored: false }])
    expect(stored(rig, 'gracedb.a')).toHaveLength(1)
    expect(stored(rig, 'gracedb.b')).toHaveLength(1)
  })

  it('rejects what cannot be written, and where; never throws', async () => {
    const rig = new ClientRig('gracedb.a')
    const client = rig.client()
    const error = await rejection<PublishError>(client.publish('a', undefined))
    expect(error).toBeInstanceOf(PublishError)
    expect(error).toMatchObject({ code: 'ALERT_UNWRITABLE', stored: false })
    expect(await rejection(client.publish('no way', 1))).toBeInstanceOf(ConfigError)
    expect(await rejection(client.publish([], 1))).toBeInstanceOf(ConfigError)
  })

  it('within deliveryTimeout', async () => {
    const rig = new ClientRig('gracedb.a')
    rig.transport.goOffline()
    const refused = rejection<PublishError>(rig.client({ deliveryTimeout: 5_000 }).publish('a', 1))
    await rig.clock.advance(5_000)
    expect(await refused).toMatchObject({ code: 'ALERT_EXPIRED', stored: false })
  })

  it('with the sender, when there is a user', async () => {
    const rig = new ClientRig('gracedb.a')
    await rig.client({ username: 'alice', password: 'x' }).publish('a', 1)
    expect(stored(rig, 'gracedb.a')[0]!.headers).toEqual(['_sender=alice', '_format=json'])
  })

  it('without a group', async () => {
    const rig = new ClientRig('igwn.gwalert')
    expect(await rig.client({ group: null }).publish('igwn.gwalert', 1)).toMatchObject({ topic: 'igwn.gwalert', fullTopic: 'igwn.gwalert' })
  })
})

describe('publishToTopic(), flushByTopic(), disconnect()', () => {
  it("speak the peer's words where nothing is connected", async () => {
    const client = new ClientRig('gracedb.a', 'gracedb.other').client()
    const none = "No active sessions. Please connect before publishing to a topic: await client.connect('a')"
    expect(configError(() => client.publishToTopic('a', 1)).message).toBe(none)
    expect((await rejection(client.flushByTopic('a'))).message).toBe(none)
    await client.connect('a')
    const other = "Not connected to topic other. Please connect before publishing to a topic: await client.connect('other')"
    expect(configError(() => client.publishToTopic('other', 1)).message).toBe(other)
    expect((await rejection(client.flushByTopic('other'))).message).toBe(other)
    expect((await rejection(client.disconnect('other'))).message).toBe(other)
    expect((await rejection(client.disconnect(['a', 'other']))).message).toBe(other)
    client.publishToTopic('a', 1)
    await client.flushByTopic('a')
  })

  it('flushByTopic waits until all is stored', async () => {
    const rig = new ClientRig('gracedb.a')
    const client = rig.client()
    await client.connect('a')
    for (let i = 0; i < 100; i++) client.publishToTopic('a', i)
    await client.flushByTopic('a')
    expect(stored(rig, 'gracedb.a').map(({ value }) => value)).toEqual(Array.from({ length: 100 }, (_, i) => String(i)))
    await client.flushByTopic('a')
  })

  it('flushByTopic rejects once with what failed; it is logged and said too', async () => {
    const rig = new ClientRig('gracedb.a')
    const client = rig.client()
    await client.connect('a')
    rig.transport.forbid('gracedb.a', 'write')
    client.publishToTopic('a', 1)
    const error = await rejection<AggregateError>(client.flushByTopic('a'))
    expect(error.errors).toMatchObject([{ code: 'ALERT_TOPIC_FORBIDDEN', stored: false }])
    await client.flushByTopic('a')
    await rig.clock.advance(1_000)
    expect(rig.said('failed')).toMatchObject([{ topic: 'gracedb.a', topics: ['gracedb.a'], server: 'memory:9092', group: 'gracedb' }])
    expect(rig.logged.filter(({ level }) => level === 'error')).toHaveLength(1)
  })

  it('disconnect ends one, or all: what was given is sent', async () => {
    const rig = new ClientRig('gracedb.a', 'gracedb.b')
    const client = rig.client()
    await client.connect(['a', 'b'])
    client.publishToTopic('a', 1)
    client.publishToTopic('b', 2)
    await client.disconnect('a')
    expect(stored(rig, 'gracedb.a')).toHaveLength(1)
    expect(configError(() => client.publishToTopic('a', 1)).message).toContain('Not connected to topic a')
    client.publishToTopic('b', 3)
    await client.disconnect()
    expect(stored(rig, 'gracedb.b')).toHaveLength(2)
    expect(configError(() => client.publishToTopic('b', 1)).message).toContain('No active sessions')
    await client.connect('b')
    client.publishToTopic('b', 4)
    await client.flushByTopic('b')
    expect(stored(rig, 'gracedb.b')).toHaveLength(3)
  })
})

describe('sink()', () => {
  it('is a Subject of the topic, with its options', async () => {
    const rig = new ClientRig('gracedb.a')
    const sink = rig.client().sink<{ id: string }>('a', { key: ({ id }) => id, compression: 'gzip', format: 'json' })
    const out: (number | undefined)[] = []
    sink.subscribe(({ offset }) => out.push(offset))
    of({ id: 'S1' }, { id: 'S2' }).subscribe(sink)
    await Promise.all([sink.done, rig.settle()])
    expect(out).toEqual([0, 1])
    expect(stored(rig, 'gracedb.a').map(({ key }) => key)).toEqual(['S1', 'S2'])
  })

  it('of one topic share its writer, and end by themselves', async () => {
    const rig = new ClientRig('gracedb.a')
    const client = rig.client()
    const [one, two] = [client.sink('a'), client.sink('a')]
    one.complete()
    expect(await two.send(1)).toMatchObject({ offset: 0 })
    expect(rig.transport.open.writers).toBe(1)
  })

  it('refuses names and options at once', () => {
    const client = new ClientRig().client()
    expect(configError(() => client.sink('a b')).message).toContain("Not a topic's name")
    expect(configError(() => client.sink('a', { compression: 'rar' as 'gzip' })).message).toContain("compression is 'rar'")
  })

  it('refuses a compression that this Node cannot write, before anything connects; a log in memory takes all', async () => {
    await using client = new IgwnAlertClient({ noauth: true })
    const sink = () => client.sink('a', { compression: 'zstd' })
    if (WRITABLE_COMPRESSIONS.includes('zstd')) expect(sink).not.toThrow()
    else expect(configError(sink).message).toMatch(/'zstd'.*Node 22\.15.*gzip/)
    expect(() => new ClientRig().client().sink('a', { compression: 'zstd' })).not.toThrow()
  })

  test('disconnect ends it; what comes after is an error result', async () => {
    const rig = new ClientRig('gracedb.a')
    const client = rig.client()
    const sink = client.sink('a')
    await client.disconnect()
    await sink.done
    expect(await rejection(sink.send(1))).toMatchObject({ code: 'ALERT_CLOSED', stored: false })
  })
})
