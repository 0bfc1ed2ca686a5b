import { type Delivery, handle, parseJson, type StreamOptions } from 'igwn-alert-rx'
import { lastValueFrom, toArray } from 'rxjs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { confluentWrite, hopWrite, igwnPublish } from '../bed/peerPrograms.ts'
import { base64, InteropRig } from './rig.ts'

const utf8 = new TextEncoder()

describe('Python writes, we read', () => {
  let rig: InteropRig
  let full: string

  beforeEach(async () => {
    rig = new InteropRig()
    full = await rig.topic('superevent')
  })
  afterEach(() => rig[Symbol.asyncDispose]())

  const read = (options?: StreamOptions): Promise<Delivery[]> =>
    lastValueFrom(
      rig.client.topic('superevent', options).pipe(
        handle(async record => record),
        toArray(),
      ),
    )
  const payloads = (): Promise<unknown[]> =>
    lastValueFrom(
      rig.client.topic('superevent').pipe(
        parseJson({ bigints: true }),
        handle(async ({ payload }) => payload),
        toArray(),
      ),
    )
  const heard = async (): Promise<unknown[]> => {
    const got: unknown[] = []
    await rig.client.listen((topic, payload) => got.push([topic, payload]), 'superevent').done
    return got
  }

  it('JSON of every kind: dict, list, NaN and Infinity, long integers, JSON in a JSON string', async () => {
    await hopWrite(rig.access, full, [
      { content: { uid: 'S1', text: 'gravité ☄' } },
      { content: [1, null, 'é'] },
      { format: 'jsonText', content: '{"a": NaN, "b": [Infinity, -Infinity]}' },
      { format: 'jsonText', content: '{"gps_ns": 1419724818123456789}' },
      { format: 'text', content: '{"uid": "S2"}' },
      { format: 'text', content: 'no JSON' },
    ])
    expect(await payloads()).toEqual([
      { uid: 'S1', text: 'gravité ☄' },
      [1, null, 'é'],
      { a: Number.NaN, b: [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY] },
      { gps_ns: 1419724818123456789n },
      { uid: 'S2' },
      'no JSON',
    ])
  })

  it('test messages: left out by default, read on request, or alone', async () => {
    await hopWrite(rig.access, full, [{ content: 1 }, { content: 2, test: true }, { content: 3 }])
    const offsets = async (options?: StreamOptions) => (await read(options)).map(({ offset, isTest }) => [offset, isTest])
    expect(await offsets()).toEqual([
      [0, false],
      [2, false],
    ])
    expect(await offsets({ tests: 'include' })).toEqual([
      [0, false],
      [1, true],
      [2, false],
    ])
    expect(await offsets({ tests: 'only' })).toEqual([[1, true]])
  })

  it('key, sender and headers in their order; of two ids the last', async () => {
    const earlier = Buffer.alloc(16, 7).toString('base64')
    await hopWrite(rig.access, full, [
      {
        content: 1,
        key: 'S1',
        headers: [
          ['mine', base64('1')],
          ['_id', earlier],
          ['mine', base64('2')],
        ],
      },
    ])
    const [record] = await read()
    expect(record).toMatchObject({ key: utf8.encode('S1'), sender: 'alice', format: 'json', fullTopic: full, group: rig.group })
    expect(record?.headers.map(({ name }) => name)).toEqual(['mine', '_id', 'mine', '_id', '_sender', '_format'])
    expect(record?.headers.filter(({ name }) => name === 'mine').map(({ value }) => value)).toEqual([utf8.encode('1'), utf8.encode('2')])
    const last = record?.headers[3]?.value ?? new Uint8Array()
    expect(record?.id?.replaceAll('-', '')).toBe(Buffer.from(last).toString('hex'))
    expect(record?.id).not.toMatch(/^0707/)
  })

  it('blob, bare JSON, an empty value and a tombstone', async () => {
    await hopWrite(rig.access, full, [{ format: 'blob', content: base64('{"a": 1}') }])
    const bare = ['{"bare": true}', ''].map(value => ({ value: base64(value) }))
    await confluentWrite(rig.access, full, { messages: [...bare, { value: null, key: base64('gone') }] })
    const records = await read()
    expect(records.map(({ payload }) => payload)).toEqual([utf8.encode('{"a": 1}'), utf8.encode('{"bare": true}'), new Uint8Array(), null])
    expect(records[1]).toMatchObject({ headers: [], id: undefined, sender: undefined, format: undefined, key: null })
    expect(await heard()).toEqual([utf8.encode('{"a": 1}'), { bare: true }, new Uint8Array(), null].map(payload => ['superevent', payload]))
  })

  it("what igwn-alert publishes: listen() as hop decodes it, parseJson() without the string's layer", async () => {
    const sent = [{ uid: 'S1' }, '{"uid": "S2"}', [1, 2]]
    await igwnPublish(
      rig.access,
      rig.group,
      sent.map(payload => ({ topic: 'superevent', payload })),
      { connected: true },
    )
    expect(await heard()).toEqual(sent.map(payload => ['superevent', payload]))
    expect(await payloads()).toEqual([{ uid: 'S1' }, { uid: 'S2' }, [1, 2]])
  })

  it.each(['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const)('%s: 2000 records in order, and one of 1 MB', async codec => {
    const many = Array.from({ length: 2000 }, (_, i) => JSON.stringify({ i, pad: 'x'.repeat(i % 97) }))
    const values = [...many, JSON.stringify({ pad: '0123456789abcdef'.repeat(65_536) })]
    await confluentWrite(rig.access, full, { codec, messages: values.map(value => ({ value: base64(value) })) })
    expect(await payloads()).toEqual(values.map(value => JSON.parse(value)))
  })
})
