import { describe, expect, it } from 'vitest'
import { Checkpoint, type ClientMetrics, handle, type IgwnAlertClient, retryOnFatal, type TopicMetrics } from '../../src/index.ts'
import { ClientRig, collect, rejection, slow } from './rig.ts'

const TEST = { name: '_test', value: new Uint8Array() }

const of = (client: IgwnAlertClient, topic = 'gracedb.t'): TopicMetrics => client.metrics().topics[topic]!

describe('metrics() of what is read', () => {
  it('of a client that did nothing', () => {
    const rig = new ClientRig()
    const nothing: ClientMetrics = {
      time: rig.clock.now(),
      server: 'memory:9092',
      streams: 0,
      connected: 0,
      reconnects: 0,
      refusals: 0,
      commits: 0,
      commitFailures: 0,
      topics: {},
    }
    expect(rig.client().metrics()).toEqual(nothing)
  })

  it('delivered, handled, excluded, by full topic; plain JSON', async () => {
    const rig = new ClientRig('gracedb.t', 'gracedb.u')
    rig.append('gracedb.t', 1, 2)
    rig.log.append('gracedb.t', { value: '3', headers: [TEST] })
    const client = rig.client({ from: 'earliest' })
    collect(client.topics(['t', 'u']))
    await rig.settle()
    const metrics = client.metrics()
    expect(metrics).toMatchObject({ streams: 1, topics: { 'gracedb.u': { delivered: 0, handled: 0 } } })
    expect(metrics.topics['gracedb.t']).toEqual({
      delivered: 2,
      redelivered: 0,
      handled: 2,
      failed: 0,
      excluded: 1,
      gaps: 0,
      missing: 0,
      stalls: 0,
      unhandled: 0,
      oldestUnhandled: undefined,
      lag: { 0: 0 },
      published: 0,
      publishFailures: 0,
      fetched: 0,
      fetchFailures: 0,
    })
    expect(JSON.parse(JSON.stringify(metrics))).toEqual(metrics)
  })

  it('is a snapshot, and counts are over all streams of the client, also those that have ended', async () => {
    const rig = new ClientRig('gracedb.t')
    rig.append('gracedb.t', 1, 2)
    const client = rig.client({ from: 'earliest' })
    const [first] = [collect(client.topic('t')), collect(client.topic('t', { tests: 'only' }))]
    await rig.settle()
    const before = client.metrics()
    expect(before).toMatchObject({ streams: 2, topics: { 'gracedb.t': { delivered: 2, excluded: 2 } } })
    first.stop()
    rig.append('gracedb.t', 3)
    await rig.clock.advance(20_000)
    expect(before.topics['gracedb.t']).toMatchObject({ delivered: 2, excluded: 2 })
    expect(client.metrics()).toMatchObject({ streams: 1, topics: { 'gracedb.t': { delivered: 2, excluded: 3 } } })
    const closed = client.close()
    await rig.clock.advance(20_000)
    await closed
    expect(client.metrics()).toMatchObject({ streams: 0, topics: { 'gracedb.t': { delivered: 2, excluded: 3, lag: {} } } })
  })

  it('what is at work: how much, and since when; the lag behind it', async () => {
    const rig = new ClientRig('gracedb.t')
    rig.append('gracedb.t', 1, 2, 3, 4, 5)
    const { work, release } = slow()
    const client = rig.client({ from: 'earliest', maxUnhandled: { records: 2 } })
    client.topic('t').pipe(handle(work)).subscribe()
    await rig.settle()
    await rig.clock.advance(4_000)
    expect(of(client)).toMatchObject({ delivered: 2, handled: 0, unhandled: 2, oldestUnhandled: 4_000, lag: { 0: 3 } })
    release()
    await rig.settle()
    await rig.clock.advance(500)
    expect(of(client)).toMatchObject({ delivered: 3, handled: 1, unhandled: 2, oldestUnhandled: 4_500, lag: { 0: 2 } })
  })

  it('work that ended out of order is handled once the prefix is there', async () => {
    const rig = new ClientRig('gracedb.t')
    rig.append('gracedb.t', 1, 2)
    const client = rig.client({ from: 'earliest', delivery: 'manual' })
    const acks: (() => void)[] = []
    client.topic('t').subscribe(record => acks.push(() => record.ack()))
    await rig.settle()
    acks[1]!()
    expect(of(client)).toMatchObject({ handled: 0, unhandled: 1 })
    acks[0]!()
    expect(of(client)).toMatchObject({ handled: 2, unhandled: 0, oldestUnhandled: undefined })
  })

  it('the lag of two streams of a partition is the larger one', async () => {
    const rig = new ClientRig('gracedb.t')
    rig.append('gracedb.t', 1, 2, 3)
    const client = rig.client({ from: 'earliest' })
    client
      .topic('t', { maxUnhandled: { records: 1 } })
      .pipe(handle(slow().work))
      .subscribe()
    collect(client.topic('t'))
    await rig.settle()
    expect(of(client).lag).toEqual({ 0: 2 })
  })

  it('failed: by fail(), by a handler that gave up, by the callback of listen', async () => {
    const rig = new ClientRig('gracedb.t', 'gracedb.u', 'gracedb.v')
    for (const topic of rig.log.topics) rig.append(topic, 1, 2)
    const client = rig.client({ from: 'earliest' })
    const throws = (): never => {
      throw new Error('no')
    }
    client.topic('t').subscribe(record => record.fail(new Error('no')))
    client
      .topic('u')
      .pipe(handle(throws, { retry: 0 }))
      .subscribe()
    const { errors, stop } = client.listen(throws, 'v')
    await rig.settle()
    for (const topic of rig.log.topics) expect(of(client, topic), topic).toMatchObject({ delivered: 2, failed: 2, handled: 2 })
    expect(errors).toBe(0)
    await Promise.all([stop(), rig.clock.advance(1_000)])
  })

  it('redelivered: what a resumed stream gives again', async () => {
    const rig = new ClientRig('gracedb.t')
    rig.append('gracedb.t', 1, 2, 3)
    const client = rig.client({ from: 'earliest' })
    let tries = 0
    const once = ({ offset }: { offset: number }): void => {
      if (offset === 1 && ++tries === 1) throw new Error('the first time')
    }
    const work = handle(once, { retry: 0, onFailure: 'error' })
    client
      .topic('t')
      .pipe(work, retryOnFatal({ delay: 0, when: () => true }))
      .subscribe()
    await expect.poll(() => rig.settle().then(() => of(client).handled)).toBe(3)
    const { delivered, redelivered } = of(client)
    expect({ delivered, redelivered }).toEqual({ delivered: 4, redelivered: 1 })
  })

  it('gaps, and how much is missing', async () => {
    const rig = new ClientRig('gracedb.t')
    rig.append('gracedb.t', 1, 2, 3, 4)
    const client = rig.client()
    const cursor = client.cursor(['t'], 'earliest')
    await rig.settle()
    rig.log.truncate('gracedb.t', 0, 3)
    collect(client.topic('t', { from: await cursor }))
    await rig.settle()
    expect(of(client)).toMatchObject({ gaps: 1, missing: 3, delivered: 1 })
  })

  it('stalls: what is held longer than ackTimeout', async () => {
    const rig = new ClientRig('gracedb.t')
    rig.append('gracedb.t', 1)
    const client = rig.client({ from: 'earliest', ackTimeout: 10_000 })
    client.topic('t').pipe(handle(slow().work)).subscribe()
    await rig.clock.advance(5_000)
    expect(of(client)).toMatchObject({ stalls: 0 })
    await rig.clock.advance(10_000)
    expect(of(client)).toMatchObject({ stalls: 1 })
  })

  it('how many streams are connected', async () => {
    const rig = new ClientRig('gracedb.t')
    const client = rig.client()
    for (let i = 0; i < 2; i++) collect(client.topic('t'))
    expect(client.metrics()).toMatchObject({ streams: 2, connected: 0 })
    await rig.settle()
    expect(client.metrics()).toMatchObject({ streams: 2, connected: 2 })
    rig.transport.goOffline()
    await rig.clock.advance(3_600_000)
    expect(client.metrics()).toMatchObject({ streams: 2, connected: 0 })
    rig.transport.goOnline()
    await rig.clock.advance(60_000)
    expect(client.metrics()).toMatchObject({ streams: 2, connected: 2 })
  })

  it('reconnects and refusals', async () => {
    const rig = new ClientRig('gracedb.t', 'gracedb.u')
    const client = rig.client()
    collect(client.topic('t'))
    await rig.settle()
    expect(client.metrics()).toMatchObject({ reconnects: 0, refusals: 0 })
    rig.transport.goOffline()
    await rig.clock.advance(5_000)
    rig.transport.goOnline()
    await rig.clock.advance(5_000)
    rig.transport.forbid('gracedb.t')
    await rig.clock.advance(5_000)
    const { reconnects, refusals } = client.metrics()
    expect(reconnects).toBe(rig.said('reconnecting').length)
    expect(refusals).toBe(rig.said('refused').length)
    expect(Math.min(reconnects, refusals)).toBeGreaterThan(0)
  })

  it('commits to a consumer group, and those that failed', async () => {
    const rig = new ClientRig('gracedb.t')
    rig.append('gracedb.t', 1)
    const client = rig.client({ from: 'earliest', consumerGroup: 'g' })
    client
      .topic('t')
      .pipe(handle(async () => {}))
      .subscribe()
    await rig.clock.advance(5_000)
    const { commits } = client.metrics()
    expect(commits).toBeGreaterThan(0)
    rig.transport.fail('UNSTABLE_OFFSET_COMMIT', { at: 'commit' })
    rig.append('gracedb.t', 2)
    await rig.clock.advance(20_000)
    expect(client.metrics()).toMatchObject({ commits: commits + 1, commitFailures: 1 })
    expect(rig.log.committed('g', 'gracedb.t', 0)).toBe(2)
  })

  it('saves of a checkpoint, and those that failed', async () => {
    const rig = new ClientRig('gracedb.t')
    rig.append('gracedb.t', 1)
    let full = true
    const save = async (): Promise<void> => {
      if (full) throw new Error('the disk is full')
    }
    const from = new Checkpoint('earliest', { load: async () => undefined, save })
    const client = rig.client({ from })
    client
      .topic('t')
      .pipe(handle(async () => {}))
      .subscribe()
    await rig.clock.advance(1_000)
    expect(client.metrics()).toMatchObject({ commits: 0, commitFailures: 2 }) // the start that was found, and the record
    full = false
    await rig.clock.advance(60_000)
    expect(client.metrics()).toMatchObject({ commits: 1, commitFailures: 2 })
  })
})

describe('metrics() of what is published', () => {
  it('stored, and not stored: also what could not be sent at all, and whoever was told', async () => {
    const rig = new ClientRig('gracedb.t')
    const client = rig.client()
    await client.publish('t', 1)
    const sink = client.sink('t')
    sink.next(2)
    sink.next(undefined)
    await rig.settle()
    rig.transport.forbid('gracedb.t', 'write')
    const failed = rejection(client.publish('t', 3))
    await rig.settle()
    await failed
    expect(of(client)).toMatchObject({ published: 2, publishFailures: 2, failed: 0, delivered: 0, lag: {} })
  })
})
