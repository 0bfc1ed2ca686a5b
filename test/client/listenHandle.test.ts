import { describe, expect, it, test } from 'vitest'
import type { ClientOptions } from '../../src/index.ts'
import { ClientRig, listening, rejection } from './rig.ts'

describe('the topics', () => {
  const heard = (rig: ClientRig, options: ClientOptions = {}) => {
    const client = rig.client({ refresh: 1_000, ...options })
    const got: string[] = []
    return { client, got, callback: (topic: string, payload: unknown) => void got.push(`${topic} ${String(payload)}`) }
  }

  it('one, or several', async () => {
    const rig = new ClientRig('gracedb.a', 'gracedb.b', 'gracedb.c')
    const { client, got, callback } = heard(rig, { from: 'earliest' })
    for (const topic of ['a', 'b', 'c']) rig.append(`gracedb.${topic}`, 1)
    client.listen(callback, ['a', 'b'])
    client.listen(callback, 'c')
    await rig.settle()
    expect(got.sort()).toEqual(['a 1', 'b 1', 'c 1'])
  })

  it('none: every topic of the group, new ones picked up', async () => {
    const rig = new ClientRig('gracedb.a', 'other.b')
    const { client, got, callback } = heard(rig)
    const { ready } = client.listen(callback)
    await rig.settle()
    await ready
    rig.append('gracedb.a', 1)
    rig.append('other.b', 1)
    rig.log.createTopic('gracedb.new')
    rig.append('gracedb.new', 2)
    await rig.clock.advance(2_000)
    expect(got.sort()).toEqual(['a 1', 'new 2'])
  })

  it('none: the subscriptions, followed at once', async () => {
    const rig = new ClientRig('gracedb.a', 'gracedb.b')
    const { client, got, callback } = heard(rig, { refresh: Number.POSITIVE_INFINITY })
    client.subscribe('a')
    const { ready } = client.listen(callback)
    await rig.settle()
    await ready
    rig.append('gracedb.a', 1)
    rig.append('gracedb.b', 'nobody listens')
    await rig.settle()
    client.subscribe('b')
    await rig.settle()
    rig.append('gracedb.b', 2)
    await rig.settle()
    client.unsubscribe('a')
    await rig.settle()
    rig.append('gracedb.a', 'nobody listens')
    rig.append('gracedb.b', 3)
    await rig.settle()
    expect(got).toEqual(['a 1', 'b 2', 'b 3'])
  })

  it('the last one unsubscribed: none, not all of the group', async () => {
    const rig = new ClientRig('gracedb.a', 'gracedb.b')
    const { client, got, callback } = heard(rig)
    client.subscribe('a')
    const { done } = client.listen(callback)
    await rig.settle()
    client.unsubscribe('a')
    await rig.settle()
    rig.append('gracedb.a', 1)
    rig.append('gracedb.b', 1)
    await rig.clock.advance(5_000)
    expect(got).toEqual([])
    client.subscribe('b')
    await rig.settle()
    rig.append('gracedb.b', 2)
    await rig.settle()
    expect(got).toEqual(['b 2'])
    const closed = client.close()
    await rig.clock.advance(20_000)
    await Promise.all([closed, done])
  })

  it('none, then a first subscription: the whole group no more', async () => {
    const rig = new ClientRig('gracedb.a', 'gracedb.b')
    const { client, got, callback } = heard(rig)
    client.listen(callback)
    await rig.settle()
    rig.append('gracedb.a', 1)
    await rig.settle()
    client.subscribe('b')
    await rig.settle()
    rig.append('gracedb.a', 'nobody listens')
    rig.append('gracedb.b', 2)
    await rig.settle()
    expect(got).toEqual(['a 1', 'b 2'])
  })
})

describe('the handle', () => {
  test('ready: every alert from then on is heard', async () => {
    const rig = new ClientRig('gracedb.t')
    const got: unknown[] = []
    const { ready } = rig.client().listen((_topic, payload) => got.push(payload), 't')
    await Promise.all([rig.clock.advance(10), ready])
    rig.append('gracedb.t', 1)
    await rig.settle()
    expect(got).toEqual([1])
  })

  test('ready: of a member that is given no partition', async () => {
    const rig = new ClientRig('gracedb.t')
    const ready = [rig.client(), rig.client()].map(client => client.listen(() => {}, 't', { consumerGroup: 'g' }).ready)
    await rig.clock.advance(60_000)
    await Promise.all(ready)
  })

  test('ready and done reject with what ended it, and nobody has to look', async () => {
    const rig = new ClientRig('gracedb.t')
    const { ready, done } = rig.client().listen(() => {}, 'nope')
    await rig.settle()
    expect(await rejection(ready)).toMatchObject({ code: 'ALERT_TOPIC_UNKNOWN' })
    expect(await rejection(done)).toMatchObject({ code: 'ALERT_TOPIC_UNKNOWN' })
    rig.client().listen(() => {}, 'nope')
    await rig.settle()
  })

  test('done: at the end of the log', async () => {
    const rig = new ClientRig('gracedb.t')
    rig.append('gracedb.t', 1, 2)
    const { handle, calls } = listening(rig, { untilEnd: true })
    await rig.settle()
    await handle.done
    expect(calls).toHaveLength(2)
  })

  test('stop(): the alert that is being handled is done, the next never comes; idempotent', async () => {
    const rig = new ClientRig('gracedb.t')
    rig.append('gracedb.t', 1, 2)
    let release = (): void => {}
    const { handle, calls } = listening(rig, {
      consumerGroup: 'g',
      callback: () =>
        new Promise<void>(resolve => {
          release = resolve
        }),
    })
    await rig.clock.advance(5_000)
    let stopped = false
    const stops = Promise.all([handle.stop(), handle.stop()]).then(() => {
      stopped = true
    })
    await rig.clock.advance(1_000)
    expect(stopped).toBe(false)
    release()
    await rig.clock.advance(5_000)
    await Promise.all([stops, handle.done, handle.stop()])
    expect(calls).toHaveLength(1)
    expect(rig.log.committed('g', 'gracedb.t', 0)).toBe(1)
    expect(rig.transport.open).toEqual({ readers: 0, writers: 0, timers: 0 })
  })

  test('stop() during the wait of retryOnFatal', async () => {
    const rig = new ClientRig('gracedb.t')
    rig.transport.forbid('gracedb.t')
    const { handle } = listening(rig, { retryOnFatal: true, retryWait: 60_000 })
    await rig.clock.advance(1_000)
    await Promise.all([rig.clock.advance(10), handle.stop(), handle.done])
    expect(rig.clock.pending).toBe(0)
  })

  test('close() of the client ends it', async () => {
    const rig = new ClientRig('gracedb.t')
    const client = rig.client()
    const { ready, done } = client.listen(() => {}, 't')
    await rig.settle()
    const closed = client.close()
    await rig.clock.advance(10_000)
    await Promise.all([closed, done, ready])
  })

  test('an AbortSignal ends it', async () => {
    const rig = new ClientRig('gracedb.t')
    const controller = new AbortController()
    const { handle } = listening(rig, { signal: controller.signal })
    await rig.settle()
    controller.abort()
    await rig.settle()
    await handle.done
  })

  test("delivery: 'manual' is taken over: done is handled", async () => {
    const rig = new ClientRig('gracedb.t')
    rig.append('gracedb.t', 1, 2)
    const { calls } = listening(rig, { delivery: 'manual', consumerGroup: 'g' })
    await rig.clock.advance(10_000)
    expect(calls).toHaveLength(2)
    expect(rig.log.committed('g', 'gracedb.t', 0)).toBe(2)
  })
})
