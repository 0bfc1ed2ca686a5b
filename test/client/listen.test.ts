import { describe, expect, it, test, vi } from 'vitest'
import { writeAvro } from '../../src/formats/avro/writeAvro.ts'
import type { ListenCallback } from '../../src/index.ts'
import { ClientRig, configError, listening, rejection } from './rig.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const header = (name: string, value: string): { name: string; value: Uint8Array } => ({ name, value: bytes(value) })

describe('the callback', () => {
  it('gets topic, payload and record', async () => {
    const rig = new ClientRig('gracedb.t')
    rig.append('gracedb.t', { superevent_id: 'S1' })
    const { calls } = listening(rig)
    await rig.settle()
    expect(calls).toHaveLength(1)
    expect(calls[0]!.slice(0, 2)).toEqual(['t', { superevent_id: 'S1' }])
    expect(calls[0]![2]).toMatchObject({ fullTopic: 'gracedb.t', partition: 0, offset: 0 })
  })

  test.each<[string, { value: string | Uint8Array | null; headers?: { name: string; value: Uint8Array }[] }, unknown]>([
    ['a dict', { value: '{"a": 1}', headers: [header('_format', 'json')] }, { a: 1 }],
    ['a str, which stays one', { value: JSON.stringify('{"a": 1}'), headers: [header('_format', 'json')] }, '{"a": 1}'],
    ['NaN', { value: '{"far": NaN}', headers: [header('_format', 'JSON')] }, { far: Number.NaN }],
    ['a blob', { value: '{"a": 1}', headers: [header('_format', 'blob')] }, bytes('{"a": 1}')],
    ['Avro', { value: writeAvro([{ far: 1e-9 }]), headers: [header('_format', 'avro')] }, [{ far: 1e-9 }]],
    ['a circular', { value: '{"header": {}, "body": "B"}', headers: [header('_format', 'circular')] }, { header: {}, body: 'B' }],
    ['an unknown format', { value: 'stripes', headers: [header('_format', 'zebra')] }, bytes('stripes')],
    ['JSON without a format', { value: '[1, 2]' }, [1, 2]],
    ['bytes without a format', { value: Uint8Array.of(0xff, 0) }, Uint8Array.of(0xff, 0)],
    ['text without a format', { value: 'hello' }, bytes('hello')],
    ['a tombstone', { value: null }, null],
  ])('gets %s as hop gives it', async (_what, record, payload) => {
    const rig = new ClientRig('gracedb.t')
    rig.log.append('gracedb.t', record)
    const { calls } = listening(rig)
    await rig.settle()
    expect(calls.map(([, got]) => got)).toEqual([payload])
  })

  it('is not called for a payload that cannot be decoded, which is reported', async () => {
    const rig = new ClientRig('gracedb.t')
    rig.log.append('gracedb.t', { value: '{"a', headers: [header('_format', 'json')] })
    rig.append('gracedb.t', 2)
    const { handle, calls } = listening(rig)
    await rig.settle()
    expect(calls.map(([, payload]) => payload)).toEqual([2])
    expect(rig.said('failed')).toMatchObject([{ topic: 'gracedb.t', partition: 0, offset: 0, error: { code: 'ALERT_DECODE' } }])
    expect(handle.errors).toBe(0)
  })

  it("has the client's limits", async () => {
    const rig = new ClientRig('gracedb.t')
    rig.append('gracedb.t', 'x'.repeat(100), 'y')
    const got: unknown[] = []
    rig.client({ from: 'earliest', limits: { jsonBytes: 50 } }).listen((_topic, payload) => got.push(payload), 't')
    await rig.settle()
    expect(got).toEqual(['y'])
    expect(rig.said('failed')).toMatchObject([{ offset: 0, error: { code: 'ALERT_TOO_LARGE' } }])
  })

  it('is awaited: one alert after the other', async () => {
    const rig = new ClientRig('gracedb.t')
    rig.append('gracedb.t', 1, 2)
    const release: (() => void)[] = []
    const { calls } = listening(rig, { callback: () => new Promise<void>(resolve => release.push(resolve)) })
    await rig.clock.advance(1_000)
    expect(calls).toHaveLength(1)
    release[0]!()
    await rig.settle()
    expect(calls).toHaveLength(2)
  })

  it('gets test messages only where they are asked for', async () => {
    const rig = new ClientRig('gracedb.t')
    rig.log.append('gracedb.t', { value: '1', headers: [header('_test', 'true')] })
    const [without, with_] = [listening(rig), listening(rig, { tests: 'include' })]
    await rig.settle()
    expect(without.calls).toHaveLength(0)
    expect(with_.calls).toHaveLength(1)
  })

  it('has to be a function', () => {
    const client = new ClientRig().client()
    expect(configError(() => client.listen('superevent' as unknown as ListenCallback)).message).toBe(
      "listen() got 'superevent' for its callback. listen((topic, payload) => ..., topics)",
    )
    expect(configError(() => client.listen(() => {}, 't', { onError: 'ignore' as 'stop' })).message).toContain(
      "onError is 'ignore'. Give 'continue' or 'stop'",
    )
    expect(configError(() => client.listen(() => {}, [])).message).toContain('listen() got an empty list of topics')
  })
})

describe('a throw of the callback', () => {
  const failing: ListenCallback = (_topic, payload) => {
    if (payload === 'bad') throw new TypeError('no such field')
  }

  it('is logged, said and counted, and the listener lives', async () => {
    const rig = new ClientRig('gracedb.t')
    rig.append('gracedb.t', 1, 'bad', 3)
    const { handle, calls } = listening(rig, { callback: failing, consumerGroup: 'g' })
    await rig.clock.advance(10_000)
    expect(calls).toHaveLength(3)
    expect(handle.errors).toBe(1)
    const errors = rig.logged.filter(({ level }) => level === 'error')
    expect(errors).toMatchObject([
      {
        message: expect.stringMatching(/^gracedb\.t\[0\]@1 failed: no such field/),
        fields: { topic: 'gracedb.t', partition: 0, offset: 1, code: 'ALERT_HANDLER', error: { cause: expect.any(TypeError) } },
      },
    ])
    expect(rig.said('failed')).toMatchObject([{ topic: 'gracedb.t', partition: 0, offset: 1, error: { code: 'ALERT_HANDLER' } }])
    expect(rig.log.committed('g', 'gracedb.t', 0)).toBe(3)
  })

  it('so is a rejection', async () => {
    const rig = new ClientRig('gracedb.t')
    rig.append('gracedb.t', 1, 2)
    const { handle, calls } = listening(rig, { callback: () => Promise.reject(new Error('down')) })
    await rig.settle()
    expect(calls).toHaveLength(2)
    expect(handle.errors).toBe(2)
  })

  it("onError 'stop': ends the listener, the alert not handled", async () => {
    const rig = new ClientRig('gracedb.t')
    rig.append('gracedb.t', 1, 'bad', 3)
    const { handle, calls } = listening(rig, { callback: failing, onError: 'stop', consumerGroup: 'g' })
    await rig.clock.advance(20_000)
    expect(await rejection<Error>(handle.done)).toMatchObject({ message: 'no such field' })
    expect(calls).toHaveLength(2)
    expect(handle.errors).toBe(1)
    expect(rig.log.committed('g', 'gracedb.t', 0)).toBe(1)
  })
})

describe('without a callback', () => {
  it('prints as the peer does', async () => {
    const print = vi.spyOn(console, 'log').mockImplementation(() => {})
    try {
      const rig = new ClientRig('gracedb.t')
      rig.log.append('gracedb.t', { value: '{"far": 1419724818123456789, "a": {"b": {"c": {"d": 1}}}}' })
      rig.append('gracedb.t', 'text')
      rig.append('gracedb.t', '\u001b]0;mine\u0007')
      rig.log.append('gracedb.t', { value: null })
      rig.log.append('gracedb.t', { value: writeAvro([{ skymap: bytes('FITS') }]), headers: [header('_format', 'avro')] })
      rig.client({ from: 'earliest' }).listen(undefined, 't')
      await rig.settle()
      expect(print.mock.calls.map(([line]: unknown[]) => line)).toEqual([
        'New message from topic gracedb.t:',
        '{"far": 1419724818123456789, "a": {"b": {"c": {"d": 1}}}}',
        'New message from topic gracedb.t:',
        'text',
        'New message from topic gracedb.t:',
        '\ufffd]0;mine\ufffd',
        'New message from topic gracedb.t:',
        null,
        'New message from topic gracedb.t:',
        '[{"skymap":"RklUUw=="}]',
      ])
    } finally {
      print.mockRestore()
    }
  })
})
