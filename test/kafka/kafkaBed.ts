import { setTimeout as sleep } from 'node:timers/promises'
import { KafkaTransport } from '../../src/transports/kafka/KafkaTransport.ts'
import { uniqueName } from '../bed/bedClient.ts'
import { type KafkaBed, SHARED_OUT_AT_ONCE, startKafka } from '../bed/kafka.ts'
import { proxyBrokers } from '../bed/proxy.ts'
import { until } from '../bed/run.ts'
import { ApiKey } from '../bed/wire.ts'
import type { ClusterBed, GroupBed } from '../contract/bed.ts'
import { writeBatch } from './engineSupport.ts'
import { commitAs, evict } from './groupRequests.ts'

const PREFIX = 'contract'

/** Members look at their topics so often, ms. */
const LOOK_AGAIN = 500

export type OpenBed = ClusterBed & GroupBed & { close(): Promise<void> }

/** The contract's bed on a Kafka of its own: clients are alice, who has all rights on topics named contract-..., behind proxies. */
export async function openKafkaBed(brokers: 1 | 3 = 1): Promise<OpenBed> {
  const kafka = await startKafka({ brokers, proxied: ['saslPlaintext'], properties: SHARED_OUT_AT_ONCE })
  await kafka.grant('alice', 'topic', `${PREFIX}-`, ['all'], { prefixed: true })
  let unanswered = 0
  const proxies = await proxyBrokers(kafka, 'saslPlaintext', {
    onRequest: ({ apiKey }) => (apiKey === ApiKey.Produce && unanswered > 0 && unanswered-- > 0 ? 'cut-when-answered' : 'pass'),
  })
  const isolate = (isolated: boolean) => Promise.all(proxies.map(proxy => proxy.refuse(isolated)))
  const bed = bedOf(kafka)
  return {
    ...bed,
    async tidy() {
      await isolate(false)
      await bed.tidy()
    },
    swallowAnswers(count) {
      unanswered = count
    },
    async isolate() {
      await isolate(true)
      for (const proxy of proxies) proxy.cut()
    },
    async reconnect() {
      await isolate(false)
    },
    leftovers: () => proxies.reduce((sum, { open }) => sum + open, 0),
    async close() {
      await Promise.all(proxies.map(proxy => proxy.close()))
      await kafka.close()
    },
  }
}

type Faulty = 'swallowAnswers' | 'leftovers' | 'isolate' | 'reconnect'

function bedOf(kafka: KafkaBed): Omit<ClusterBed & GroupBed, Faulty> {
  const transports: KafkaTransport[] = []
  const servers = kafka.brokers.map(({ proxied }) => proxied.saslPlaintext!.advertised)
  const alice = { mechanism: 'SCRAM-SHA-512', username: 'alice', password: kafka.users['alice']! } as const
  const endOf = async (topic: string, partition: number) => (await kafka.endOffsets(topic))[partition]!
  const running = () => kafka.brokers.filter((_, broker) => kafka.isRunning(broker))

  return {
    brokers: kafka.brokers.length,

    connect() {
      const transport = new KafkaTransport({ server: servers[0]!, brokers: servers, credentials: () => alice, lookAgain: LOOK_AGAIN })
      transports.push(transport)
      return transport
    },
    async tidy() {
      await Promise.all(transports.splice(0).map(transport => transport.close(1000)))
      for (const broker of kafka.brokers.keys()) if (!kafka.isRunning(broker)) await kafka.start(broker)
    },

    async createTopic({ partitions, maxMessageBytes } = {}) {
      const topic = uniqueName(PREFIX)
      // The cases write times of their own, long ago: a broker would soon remove such records.
      const keepAll = { 'retention.ms': -1 }
      const config = maxMessageBytes === undefined ? keepAll : { ...keepAll, 'max.message.bytes': maxMessageBytes }
      await kafka.createTopic(topic, { partitions, config, replicas: 1 })
      return topic
    },
    absentTopic: () => uniqueName(PREFIX),
    addPartitions: (topic, total) => kafka.addPartitions(topic, total),
    async recreateTopic(topic) {
      const { partitions } = await kafka.describeTopic(topic)
      await kafka.deleteTopic(topic)
      await kafka.createTopic(topic, { partitions: partitions.length })
    },
    append: (topic, partition, values, timestamp) => writeBatch(running()[0]!.plaintext, { topic, partition, values, timestamp }),
    async skip(topic, partition) {
      const before = await endOf(topic, partition)
      await writeBatch(running()[0]!.plaintext, { topic, partition, values: ['given up'], transaction: 'abort' })
      // The record and the marker that aborts it, which the broker writes a moment after it said so.
      await until(async () => (await endOf(topic, partition)) === before + 2, 'the transaction is not aborted')
    },
    truncate: (topic, partition, before) => kafka.deleteRecords(topic, partition, before),
    end: endOf,
    damage: (topic, partition, offset) => kafka.damageSegment(topic, partition, offset),
    forbid: topic => kafka.grant('alice', 'topic', topic, ['all'], { deny: true }),
    allow: topic => kafka.revoke('alice', 'topic', topic, ['all'], { deny: true }),

    async leaderOf(topic, partition) {
      const { partitions } = await kafka.describeTopic(topic)
      return partitions.find(each => each.partition === partition)!.leader
    },
    // One that ends in order tells its clients first; this is about one that is gone.
    stopBroker: broker => kafka.kill(broker),
    startBroker: broker => kafka.start(broker),

    sessionTimeout: 6000,
    newGroup: () => uniqueName('alice'),
    async members(group) {
      const { members } = await kafka.describeGroup(group)
      return members.map(({ memberId }) => memberId)
    },
    async committed(group, topic, partition) {
      const offset = (await kafka.committed(group, topic))[partition]
      return offset === undefined || offset < 0 ? undefined : offset
    },
    async commit(group, topic, partition, offset) {
      const isDone = async () => (await commitAs(running()[0]!.plaintext, { group, topic, partition, offset })) === 0
      await until(isDone, `the offset ${offset} could not be committed for ${group}`)
    },
    expire: (group, memberId) => evict(running()[0]!.plaintext, group, memberId),

    answer: promise => promise,
    pass: ms => sleep(ms),
    until: (condition, what) => until(condition, what),
  }
}
