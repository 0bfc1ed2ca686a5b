import { type Admin, Kafka, type KafkaConfig, logLevel } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { ask } from './ask.ts'
import { uniqueName } from './bedClient.ts'
import { type KafkaBed, startKafka } from './kafka.ts'
import { metadataQuestion } from './metadata.ts'
import { confluentRead, hopRead } from './peerPrograms.ts'
import { startProxy } from './proxy.ts'
import { sharedBed } from './shared.ts'
import { ApiKey } from './wire.ts'

const bed = sharedBed()

/** A raw kafkajs admin that tries once, disconnected at the end of the test. */
async function connected(config: KafkaConfig): Promise<Admin> {
  const admin = new Kafka({ retry: { retries: 0 }, logLevel: logLevel.NOTHING, ...config }).admin()
  onTestFinished(() => admin.disconnect())
  await admin.connect()
  await admin.listTopics()
  return admin
}

function sasl(user: string, mechanism: 'scram-sha-512' | 'scram-sha-256' | 'plain' = 'scram-sha-512') {
  return { mechanism, username: user, password: bed.users[user]! } as NonNullable<KafkaConfig['sasl']>
}

const { plaintext, saslPlaintext, saslSsl, ssl, wrongName } = bed.brokers[0]!
const tls = { ca: [bed.ca] }

describe('listeners', () => {
  test.each<[string, KafkaConfig]>([
    ['plain', { brokers: [plaintext] }],
    ['SCRAM-SHA-512', { brokers: [saslPlaintext], sasl: sasl('admin') }],
    ['SCRAM-SHA-256', { brokers: [saslPlaintext], sasl: sasl('admin', 'scram-sha-256') }],
    ['PLAIN', { brokers: [saslPlaintext], sasl: sasl('admin', 'plain') }],
    ['SCRAM-SHA-512 over TLS', { brokers: [saslSsl], sasl: sasl('admin'), ssl: tls }],
    ['PLAIN over TLS', { brokers: [saslSsl], sasl: sasl('admin', 'plain'), ssl: tls }],
    ['TLS without SASL', { brokers: [ssl], ssl: tls }],
    ['TLS by address', { brokers: [ssl.replace('localhost', '127.0.0.1')], ssl: tls }],
    ['the wrong name, not looked at', { brokers: [wrongName], sasl: sasl('admin'), ssl: { ...tls, checkServerIdentity: () => undefined } }],
  ])('%s serves who may do everything', async (_, config) => {
    const topic = uniqueName('listeners')
    await bed.createTopic(topic)
    const admin = await connected(config)
    expect(await admin.listTopics()).toContain(topic)
  })

  test.each<[string, KafkaConfig, RegExp]>([
    [
      'a wrong password',
      { brokers: [saslSsl], ssl: tls, sasl: { ...sasl('alice'), password: 'wrong' } as never },
      /credentials|authentication/i,
    ],
    [
      'an unknown user',
      { brokers: [saslPlaintext], sasl: { mechanism: 'plain', username: 'mallory', password: 'x' } },
      /username or password/i,
    ],
    ['a CA that signed nothing', { brokers: [ssl], ssl: { ca: [bed.otherCa] } }, /certificate/],
    ['a certificate of another name', { brokers: [wrongName], ssl: tls, sasl: sasl('alice') }, /wrong\.invalid/],
  ])('%s is refused', async (_, config, message) => {
    await expect(connected(config)).rejects.toThrow(message)
  })
})

describe('rights', () => {
  test('a topic is nobody else’s until granted, and again when revoked', async () => {
    const topic = uniqueName('rights')
    await bed.createTopic(topic)
    await bed.produce(topic, ['one'])
    const alice = await connected({ brokers: [saslPlaintext], sasl: sasl('alice') })
    await expect(alice.fetchTopicOffsets(topic)).rejects.toThrow(/authorized/)
    await bed.grant('alice', 'topic', topic, ['read'])
    expect(await alice.fetchTopicOffsets(topic)).toMatchObject([{ partition: 0, high: '1' }])
    await bed.grant('alice', 'topic', topic.slice(0, 8), ['all'], { prefixed: true, deny: true })
    await expect(alice.fetchTopicOffsets(topic)).rejects.toThrow(/authorized/)
    await bed.revoke('alice', 'topic', topic.slice(0, 8), ['all'], { prefixed: true, deny: true })
    expect(await alice.fetchTopicOffsets(topic)).toHaveLength(1)
    await bed.revoke('alice', 'topic', topic, ['read'])
    await expect(alice.fetchTopicOffsets(topic)).rejects.toThrow(/authorized/)
  })

  test('groups are those that begin with the user’s name', async () => {
    const topic = uniqueName('groups')
    await bed.createTopic(topic)
    await bed.produce(topic, ['1'])
    await bed.grant('alice', 'topic', topic, ['read'])
    const group = uniqueName('alice-reader')
    expect(await hopRead(bed.access('alice'), { topics: [topic], group, count: 1 })).toHaveLength(1)
    expect(await bed.committed(group, topic)).toEqual([1])
    await expect(hopRead(bed.access('alice'), { topics: [topic], group: 'bob-reader', count: 1 })).rejects.toThrow(
      'GROUP_AUTHORIZATION_FAILED',
    )
  })

  test('a password can be set and changed', async () => {
    const user = uniqueName('carol')
    await bed.setPassword(user, 'first')
    await connected({ brokers: [saslPlaintext], sasl: sasl(user, 'scram-sha-256') })
    await bed.setPassword(user, 'second')
    await expect(
      connected({ brokers: [saslPlaintext], sasl: { mechanism: 'scram-sha-512', username: user, password: 'first' } }),
    ).rejects.toThrow(/credentials|authentication/i)
    await connected({ brokers: [saslPlaintext], sasl: sasl(user) })
  })
})

describe('topics', () => {
  test('grow, lose old records, and are another one when created again', async () => {
    const topic = uniqueName('topics')
    await bed.createTopic(topic, { partitions: 2, config: { 'max.message.bytes': 2000 } })
    await bed.produce(topic, ['a', 'b', 'c'], { partition: 1, headers: { name: ['x', 'y'] }, key: 'key', compression: 'gzip' })
    expect(await bed.endOffsets(topic)).toEqual([0, 3])
    await expect(bed.produce(topic, ['x'.repeat(3000)])).rejects.toThrow(/larger/)
    await bed.deleteRecords(topic, 1, 2)
    expect(await bed.startOffsets(topic)).toEqual([0, 2])
    await bed.addPartitions(topic, 3)
    const before = await bed.describeTopic(topic)
    expect(before.partitions).toHaveLength(3)
    await bed.deleteTopic(topic)
    expect(await bed.listTopics()).not.toContain(topic)
    await bed.createTopic(topic)
    expect((await bed.describeTopic(topic)).id).not.toBe(before.id)
  })

  test('a group without members is empty, an unknown one is dead', async () => {
    const topic = uniqueName('topics')
    await bed.createTopic(topic)
    await bed.commit('some-group', topic, [0])
    expect(await bed.describeGroup('some-group')).toEqual({ state: 'Empty', protocol: '', members: [] })
    expect((await bed.describeGroup(uniqueName('none'))).state).toBe('Dead')
  })
})

describe('one broker of its own', () => {
  let own: KafkaBed
  beforeAll(async () => {
    own = await startKafka({ reauthMs: 7000, properties: { 'group.initial.rebalance.delay.ms': 0 } })
  })
  afterAll(() => own.close())

  test('keeps data and addresses over an end and over a kill', async () => {
    await own.createTopic('kept')
    await own.produce('kept', ['one'])
    await own.stop(0)
    expect(own.isRunning(0)).toBe(false)
    await own.start(0)
    await own.produce('kept', ['two'])
    await own.kill(0)
    await expect(ask(own.brokers[0]!.plaintext, metadataQuestion([]))).rejects.toThrow(/ECONNREFUSED/)
    await own.start(0)
    expect(await own.endOffsets('kept')).toEqual([2])
  })

  test('still asks for a new authentication after a restart', async () => {
    const lifetimes: bigint[] = []
    const proxy = await startProxy(own.brokers[0]!.saslPlaintext, {
      onResponse: ({ apiKey, frame }) => {
        if (apiKey === ApiKey.SaslAuthenticate) lifetimes.push(frame.readBigInt64BE(frame.length - 8))
        return undefined
      },
    })
    onTestFinished(() => proxy.close())
    const kafka = new Kafka({
      brokers: [proxy.address],
      sasl: { mechanism: 'plain', username: 'alice', password: own.users['alice']! },
      logLevel: 0,
    })
    const admin = kafka.admin()
    await admin.connect()
    await admin.disconnect()
    expect(lifetimes).toEqual([7000n])
  })

  test('says nothing while paused', async () => {
    own.pause(0)
    await expect(ask(own.brokers[0]!.plaintext, metadataQuestion([]), 300)).rejects.toThrow(/no answer .* within 300 ms/)
    own.resume(0)
    await own.waitUntilReady()
    expect(await own.listTopics()).toContain('kept')
  })

  test('serves what was damaged on its disk', async () => {
    await own.createTopic('damaged')
    await own.produce('damaged', ['good'])
    await own.produce('damaged', ['bad'])
    await own.damageSegment('damaged', 0, 1, 'byte')
    const reader = await confluentRead(own.access(), { topics: ['damaged'], count: 2, config: { 'check.crcs': true } })
    const { code, lines, stderr } = await reader.result
    expect(lines.filter(line => 'offset' in line)).toHaveLength(1)
    expect([code, stderr]).toEqual([1, expect.stringContaining('CRC')])
    await expect(own.damageSegment('damaged', 0, 2)).rejects.toThrow('offset 2')
  })
})

test('a broker that cannot start is reported with its own words', async () => {
  await expect(startKafka({ properties: { 'log.retention.hours': 'never' } })).rejects.toThrow(/log\.retention\.hours/)
})

test('three brokers: one is killed, writing goes on, and it comes back in sync', async () => {
  await using three = await startKafka({ brokers: 3 })
  await three.createTopic('replicated', { partitions: 3 })
  const { leader } = (await three.describeTopic('replicated')).partitions[0]!
  await three.kill(leader)
  const stored = await three.produce('replicated', ['while it is away'], { partition: 0 })
  expect(stored.get(0)).toBe(0)
  await three.start(leader)
  await three.untilInSync('replicated')
  expect(await three.endOffsets('replicated')).toEqual([1, 0, 0])
})
