import { beforeAll, describe, expect, test } from 'vitest'
import { uniqueName } from './bedClient.ts'
import {
  type ConfluentMessage,
  confluentRead,
  confluentWrite,
  confluentWriting,
  type HopMessage,
  hopFollow,
  hopRead,
  hopWrite,
  igwnListen,
  igwnPublish,
} from './peerPrograms.ts'
import { python, startPython } from './peers.ts'
import { sharedBed } from './shared.ts'

const bed = sharedBed()
const base64 = (text: string) => Buffer.from(text).toString('base64')

async function newTopic(name = uniqueName('peers'), partitions = 1): Promise<string> {
  await bed.createTopic(name, { partitions })
  await bed.grant('alice', 'topic', name, ['read', 'write', 'describeConfigs'])
  return name
}

describe.each([
  ['over TLS as alice', 'alice'],
  ['without authentication', undefined],
] as const)('%s', (_, user) => {
  const access = bed.access(user)

  test('hop reads what hop wrote', async () => {
    const topic = await newTopic()
    const messages: HopMessage[] = [
      { content: { uid: 'S1', far: 1e-9, list: [1, null, 'é'] }, key: 'S1', headers: [['mine', base64('v')]] },
      { format: 'text', content: '{"a": 1}' },
      { format: 'blob', content: base64('\u0000bytes'), test: true },
      { format: 'jsonText', content: '{"big": 1419724818123456789}' },
    ]
    const places = await hopWrite(access, topic, messages)
    expect(places.map(({ offset }) => offset)).toEqual([0, 1, 2, 3])
    const read = await hopRead(access, { topics: [topic], tests: true })
    expect(read.map(({ format, payload, test: isTest }) => [format, payload, isTest])).toEqual([
      ['json', { uid: 'S1', far: 1e-9, list: [1, null, 'é'] }, false],
      ['json', '{"a": 1}', false],
      ['blob', base64('\u0000bytes'), true],
      ['json', { big: Number('1419724818123456789') }, false],
    ])
    expect(read[0]).toMatchObject({
      topic,
      partition: 0,
      offset: 0,
      key: base64('S1'),
      sender: user ?? null,
      id: expect.stringMatching(/^[0-9a-f]{32}$/),
    })
    expect(read[0]!.headers.map(([name]) => name)).toEqual(['mine', '_id', ...(user ? ['_sender'] : []), '_format'])
    expect(await hopRead(access, { topics: [topic] })).toHaveLength(3)
  })

  test('igwn-alert hears what igwn-alert published', async () => {
    const group = uniqueName('group')
    await newTopic(`${group}.superevent`)
    await igwnPublish(access, group, [{ topic: 'superevent', payload: { uid: 'S1' } }])
    await igwnPublish(access, group, [{ topic: 'superevent', payload: '{"uid": "S2"}' }], { connected: true })
    const listener = await igwnListen(access, { group, topics: ['superevent'], count: 2 })
    const { lines, code, stderr } = await listener.result
    expect([code, stderr, lines]).toEqual([
      0,
      expect.any(String),
      [
        { topic: 'superevent', payload: { uid: 'S1' }, type: 'dict' },
        { topic: 'superevent', payload: '{"uid": "S2"}', type: 'str' },
      ],
    ])
  })

  test('librdkafka reads what librdkafka wrote with each codec', async () => {
    const topic = await newTopic()
    const value = 'compressible '.repeat(100)
    for (const codec of ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const) {
      const messages: ConfluentMessage[] = [{ value: base64(`${codec} ${value}`), key: base64('key'), headers: [['h', null]] }]
      expect(await confluentWrite(access, topic, { codec, messages })).toMatchObject([{ error: null, topic, partition: 0 }])
    }
    const reader = await confluentRead(access, { topics: [topic], count: 5 })
    const { lines } = await reader.result
    const records = lines.filter(line => 'offset' in line)
    expect(records.map(record => Buffer.from(record.value!, 'base64').toString().split(' ')[0])).toEqual([
      'none',
      'gzip',
      'snappy',
      'lz4',
      'zstd',
    ])
    expect(records[0]).toMatchObject({ key: base64('key'), headers: [['h', null]] })
  })
})

describe('hop', () => {
  let topic: string
  beforeAll(async () => {
    topic = await newTopic()
  })

  test('has all its formats', async () => {
    const voevent =
      '<voe:VOEvent xmlns:voe="http://www.ivoa.net/xml/VOEvent/v2.0" ivorn="ivo://x/y" role="test" version="2.0"><Who/></voe:VOEvent>'
    await hopWrite(bed.access(), topic, [
      { format: 'voevent', content: voevent },
      { format: 'circular', content: { header: { title: 'T' }, body: 'B' } },
      { format: 'notice', content: 'TITLE: notice\n' },
      { format: 'avro', content: [{ a: 1 }] },
    ])
    const read = await hopRead(bed.access(), { topics: [topic] })
    expect(read.map(({ format, payload }) => [format, payload])).toEqual([
      ['voevent', expect.objectContaining({ ivorn: 'ivo://x/y' })],
      ['circular', { header: { title: 'T' }, body: 'B' }],
      ['gcntextnotice', expect.objectContaining({ fields: { title: 'notice' } })],
      ['avro', [{ a: 1 }]],
    ])
  })

  test('follows until it is stopped, and commits for its group', async () => {
    const group = uniqueName('alice-group')
    await using reader = await hopFollow(bed.access('alice'), { topics: [topic], group })
    await reader.until(4, 20_000, line => 'offset' in line)
    await hopWrite(bed.access(), topic, [{ content: 'x'.repeat(200_000) }])
    await reader.until(5, 20_000, line => 'offset' in line)
    expect((await reader.stop()).code).toBe(0)
    expect(await bed.committed(group, topic)).toEqual([5])
  })
})

describe('librdkafka', () => {
  test('writes tombstones, empty values, times and partitions; aborted transactions are not read', async () => {
    const topic = await newTopic(undefined, 2)
    await confluentWrite(bed.access(), topic, {
      messages: [
        { value: null, key: base64('k'), partition: 1, timestamp: 1234 },
        { value: '', partition: 1 },
      ],
    })
    await confluentWrite(bed.access(), topic, { count: 2, transaction: 'abort' })
    await confluentWrite(bed.access(), topic, { count: 1, transaction: 'commit', prefix: 'kept' })
    const reader = await confluentRead(bed.access(), { topics: [topic], count: 3 })
    const records = (await reader.result).lines.filter(line => 'offset' in line)
    expect(records.filter(({ partition }) => partition === 1).slice(0, 2)).toMatchObject([
      { value: null, timestamp: 1234 },
      { value: '', key: null },
    ])
    expect(records.map(({ value }) => value)).toContain(base64('kept.0.'))
  })

  test('is a member of a group, and commits', async () => {
    const [topic, group] = [await newTopic(undefined, 2), uniqueName('group')]
    await using member = await confluentRead(bed.access(), { topics: [topic], group, commit: true })
    await member.until(1, 20_000, line => 'assigned' in line && line.assigned.length === 2)
    expect(await bed.describeGroup(group)).toMatchObject({ state: 'Stable', members: [{ clientId: 'rdkafka' }] })
    await using writer = await confluentWriting(bed.access(), topic, { count: 5, intervalMs: 20, size: 100, prefix: 'paced' })
    const acknowledged = (await writer.result).lines
    expect(acknowledged.map(({ value }) => value.slice(0, 8)).sort()).toEqual(['paced.0.', 'paced.1.', 'paced.2.', 'paced.3.', 'paced.4.'])
    await member.until(5, 20_000, line => 'offset' in line)
    await member.stop()
    expect(await bed.committed(group, topic)).toEqual(await bed.endOffsets(topic).then(ends => ends.map(end => end || -1)))
  })
})

test('a program that fails says why, one that hangs is killed', async () => {
  await expect(hopWrite(bed.access(), uniqueName('absent'), [{ content: 1 }])).rejects.toThrow(
    /hop_write.py ended with code 1[\s\S]*UNKNOWN_TOPIC_OR_PART/,
  )
  const options = { access: bed.access(), topics: [await newTopic()], count: 1 }
  await expect(python('hop_read.py', options, { timeoutMs: 1500 })).rejects.toThrow('did not end within 1500 ms')
  await using late = await startPython('hop_read.py', { ...options, topics: ['absent'] })
  await expect(late.until(1)).rejects.toThrow(/ended after 0 of 1 lines[\s\S]*does not exist on the broker/)
})
