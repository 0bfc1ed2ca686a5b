import { describe, expect, it, test, vi } from 'vitest'
import { Checkpoint, type StreamOptions } from '../../src/index.ts'
import { ClientRig, collect, recordsOf } from './rig.ts'

describe('how a stream reads', () => {
  const read = async (options: StreamOptions, before: (rig: ClientRig) => void = () => {}) => {
    const rig = new ClientRig('gracedb.t')
    rig.append('gracedb.t', 1, 2, 3)
    before(rig)
    const stream = rig.client().topic('t', options)
    const result = collect(stream)
    await rig.settle()
    return { rig, stream, ...result }
  }

  test('from a Date', async () => {
    const rig = new ClientRig('gracedb.t')
    rig.append('gracedb.t', 'old')
    await rig.clock.advance(60_000)
    rig.append('gracedb.t', 'new')
    const { got } = collect(rig.client().topic('t', { from: new Date(rig.clock.now() - 1_000) }))
    await rig.settle()
    expect(got).toEqual(['t@1 "new"'])
  })

  test('from a Cursor, until another', async () => {
    const rig = new ClientRig('gracedb.t')
    const client = rig.client()
    rig.append('gracedb.t', 1)
    const start = client.cursor(['t'])
    await rig.settle()
    rig.append('gracedb.t', 2, 3)
    const end = client.cursor(['t'])
    await rig.settle()
    rig.append('gracedb.t', 4)
    const { got, isDone } = collect(client.topic('t', { from: await start, until: await end }))
    await rig.settle()
    expect(got).toEqual(['t@1 2', 't@2 3'])
    expect(isDone()).toBe(true)
  })

  test('untilEnd', async () => {
    const { got, isDone } = await read({ from: 'earliest', untilEnd: true })
    expect(got).toHaveLength(3)
    expect(isDone()).toBe(true)
  })

  test('from a Checkpoint: the next subscription goes on; one live subscription each', async () => {
    const rig = new ClientRig('gracedb.t')
    rig.append('gracedb.t', 1, 2)
    const stream = rig.client().topic('t', { from: new Checkpoint('earliest') })
    const first = collect(stream)
    const second = collect(stream)
    await rig.settle()
    expect(first.got).toEqual(['t@0 1', 't@1 2'])
    expect(String(second.errors[0])).toContain('This Checkpoint has a live subscription already')
    first.stop()
    rig.append('gracedb.t', 3)
    const third = collect(stream)
    await rig.clock.advance(20_000)
    expect(third.got).toEqual(['t@2 3'])
  })

  test('tests', async () => {
    const test = { name: '_test', value: new TextEncoder().encode('false') }
    const before = (rig: ClientRig): void => void rig.log.append('gracedb.t', { value: '"test"', headers: [test] })
    expect((await read({ from: 'earliest' }, before)).got).toHaveLength(3)
    expect((await read({ from: 'earliest', tests: 'include' }, before)).got).toHaveLength(4)
    expect((await read({ from: 'earliest', tests: 'only' }, before)).got).toEqual(['t@3 "test"'])
  })

  test("delivery: 'manual' and maxUnhandled: no more comes than is acked", async () => {
    const rig = new ClientRig('gracedb.t')
    rig.append('gracedb.t', ...Array.from({ length: 2_000 }, (_, i) => i))
    const records = await recordsOf(
      rig,
      rig.client({ maxUnhandled: { records: 10 } }).topic('t', { from: 'earliest', delivery: 'manual', maxUnhandled: { bytes: 1e6 } }),
    )
    expect(records).toHaveLength(10)
    for (const record of [...records]) record.ack()
    await rig.settle()
    expect(records).toHaveLength(20)
  })

  test("onOffsetLost and onGap: 'error'", async () => {
    const lost = async (options: StreamOptions) => {
      const rig = new ClientRig('gracedb.t')
      rig.append('gracedb.t', 1, 2, 3)
      const client = rig.client()
      const start = client.cursor(['t'], 'earliest')
      await rig.settle()
      rig.log.truncate('gracedb.t', 0, 2)
      const result = collect(client.topic('t', { ...options, from: await start }))
      await rig.clock.advance(1_000)
      return { rig, ...result }
    }
    const earliest = await lost({})
    expect(earliest.got).toEqual(['t@2 3'])
    expect(earliest.rig.said('gap')).toMatchObject([{ from: 0, to: 2, reason: 'offset-lost', topic: 'gracedb.t' }])
    expect((await lost({ onOffsetLost: 'latest' })).got).toEqual([])
    expect((await lost({ onOffsetLost: 'error' })).errors).toMatchObject([{ code: 'ALERT_OFFSET_RANGE', fatal: true }])
    expect((await lost({ onGap: 'error' })).errors).toMatchObject([{ code: 'ALERT_GAP', fatal: true }])
  })

  test('batchTimeout, limits and checkCrcs reach the transport', async () => {
    const rig = new ClientRig('gracedb.t')
    const open = vi.spyOn(rig.transport, 'read')
    collect(rig.client({ batchTimeout: 77, limits: { batchBytes: 5_000 }, checkCrcs: true }).topic('t'))
    await rig.settle()
    expect(open.mock.calls[0]![0]).toMatchObject({ maxWait: 77, maxBatchBytes: 5_000, checkCrcs: true, group: undefined })
  })

  test('and so do their defaults', async () => {
    const rig = new ClientRig('gracedb.t')
    const open = vi.spyOn(rig.transport, 'read')
    const client = rig.client()
    collect(client.topic('t', { consumerGroup: 'g' }))
    await rig.settle()
    expect(open.mock.calls[0]![0]).toMatchObject({
      maxWait: 200,
      maxBatchBytes: 134_217_728,
      checkCrcs: false,
      group: { id: 'g', sessionTimeout: 45_000, heartbeatInterval: 3_000, revokeTimeout: 3_000, topics: ['gracedb.t'] },
    })
  })
})

describe('consumerGroup', () => {
  it('goes on where the group has committed, also in another client', async () => {
    const rig = new ClientRig('gracedb.t')
    rig.append('gracedb.t', 1, 2)
    const first = rig.client({ consumerGroup: 'pager' })
    const one = collect(first.topic('t', { from: 'earliest' }))
    await rig.clock.advance(10_000)
    expect(one.got).toEqual(['t@0 1', 't@1 2'])
    const closed = first.close()
    await rig.clock.advance(20_000)
    await closed
    expect(rig.log.committed('pager', 'gracedb.t', 0)).toBe(2)
    rig.append('gracedb.t', 3)
    const two = collect(rig.client({ consumerGroup: 'pager' }).topic('t'))
    await rig.clock.advance(10_000)
    expect(two.got).toEqual(['t@2 3'])
  })

  it('a second live subscription of the topic is an error', async () => {
    const rig = new ClientRig('gracedb.t')
    const client = rig.client({ consumerGroup: 'g' })
    collect(client.topic('t'))
    const { errors } = collect(client.topic('t'))
    await rig.settle()
    expect(String(errors[0])).toContain('has a live subscription already. share() that one, or give the second its own consumerGroup')
  })
})

describe('retryOnFatal', () => {
  /** A topic whose right is missing for `times` subscriptions, each of which asks twice: for the topic, and for the nearest names. */
  const forbidden = (times: number, options: object) => {
    const rig = new ClientRig('gracedb.t')
    rig.append('gracedb.t', 1)
    rig.transport.fail('TOPIC_AUTHORIZATION_FAILED', { at: 'describe', topic: 'gracedb.t', times: 2 * times })
    const result = collect(rig.client({ from: 'earliest', ...options }).topic('t'))
    return { rig, ...result }
  }

  it('is off by default', async () => {
    const { rig, errors } = forbidden(1, {})
    await rig.clock.advance(10_000)
    expect(errors).toMatchObject([{ code: 'ALERT_TOPIC_FORBIDDEN' }])
  })

  it('subscribes again: listenRetries times, retryWait apart', async () => {
    const { rig, got, errors } = forbidden(3, { retryOnFatal: true, retryWait: 1_000 })
    await rig.clock.advance(2_999)
    expect(got).toEqual([])
    await rig.clock.advance(1)
    expect(got).toEqual(['t@0 1'])
    expect(errors).toEqual([])
  })

  it('gives up after listenRetries', async () => {
    const { rig, errors } = forbidden(3, { retryOnFatal: true, listenRetries: 2, retryWait: 1_000 })
    await rig.clock.advance(1_999)
    expect(errors).toEqual([])
    await rig.clock.advance(1)
    expect(errors).toMatchObject([{ code: 'ALERT_TOPIC_FORBIDDEN' }])
  })

  it('three times and 100 ms by default', async () => {
    const { rig, errors } = forbidden(4, { retryOnFatal: true })
    await rig.clock.advance(299)
    expect(errors).toEqual([])
    await rig.clock.advance(1)
    expect(errors).toHaveLength(1)
  })

  it('retryWait may be a function of the attempt', async () => {
    const waits = vi.fn((attempt: number) => attempt * 1_000)
    const { rig, got } = forbidden(2, { retryOnFatal: true, retryWait: waits })
    await rig.clock.advance(2_999)
    expect(got).toEqual([])
    await rig.clock.advance(1)
    expect(got).toEqual(['t@0 1'])
    expect(waits.mock.calls).toEqual([[1], [2]])
  })

  it('a function that gives seconds ends the stream with a word', async () => {
    const { rig, errors } = forbidden(2, { retryOnFatal: true, retryWait: () => 0.1 })
    await rig.settle()
    expect(String(errors[0])).toContain('retryWait is 0.1, expected milliseconds. If seconds were meant, write 100')
  })
})
