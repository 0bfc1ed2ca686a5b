import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe } from 'vitest'
import { KafkaTransport } from '../../src/transports/kafka/KafkaTransport.ts'
import { uniqueName } from '../bed/bedClient.ts'
import { type KafkaBed, startKafka } from '../bed/kafka.ts'
import { until } from '../bed/run.ts'
import type { ContractBed } from '../contract/bed.ts'
import { closingCases } from '../contract/closing.ts'
import { readingCases } from '../contract/reading.ts'
import { topicCases } from '../contract/topics.ts'
import { openSockets, writeBatch } from './engineSupport.ts'

const PREFIX = 'contract'

/** The contract's cases on a Kafka of their own, as alice, who has all rights on topics named contract-... */
function kafkaBed(kafka: KafkaBed): ContractBed {
  const transports: KafkaTransport[] = []
  const { plaintext: plain } = kafka.brokers[0]!
  const user = { mechanism: 'SCRAM-SHA-512', username: 'alice', password: kafka.users['alice']! } as const

  return {
    connect() {
      const transport = new KafkaTransport({ server: kafka.brokers[0]!.saslPlaintext, credentials: () => user })
      transports.push(transport)
      return transport
    },
    async tidy() {
      await Promise.all(transports.splice(0).map(transport => transport.close(1000)))
    },

    async createTopic({ partitions, maxMessageBytes } = {}) {
      const topic = uniqueName(PREFIX)
      const config = maxMessageBytes === undefined ? {} : { 'max.message.bytes': maxMessageBytes }
      await kafka.createTopic(topic, { partitions, config })
      return topic
    },
    absentTopic: () => uniqueName(PREFIX),
    addPartitions: (topic, total) => kafka.addPartitions(topic, total),
    async recreateTopic(topic) {
      const { partitions } = await kafka.describeTopic(topic)
      await kafka.deleteTopic(topic)
      await kafka.createTopic(topic, { partitions: partitions.length })
    },
    append: (topic, partition, values, timestamp) => writeBatch(plain, { topic, partition, values, timestamp }),
    async skip(topic, partition) {
      await writeBatch(plain, { topic, partition, values: ['given up'], transaction: 'abort' })
    },
    truncate: (topic, partition, before) => kafka.deleteRecords(topic, partition, before),
    end: async (topic, partition) => (await kafka.endOffsets(topic))[partition]!,
    damage: (topic, partition, offset) => kafka.damageSegment(topic, partition, offset),
    forbid: topic => kafka.grant('alice', 'topic', topic, ['all'], { deny: true }),
    swallowAnswers() {
      throw new Error('not on this bed')
    },

    answer: promise => promise,
    pass: ms => sleep(ms),
    until: (condition, what) => until(condition, what),
    leftovers: () => openSockets(),
  }
}

describe('the contract on Kafka', () => {
  let kafka: KafkaBed
  let bed: ContractBed
  const given = (): ContractBed => bed

  beforeAll(async () => {
    kafka = await startKafka()
    await kafka.grant('alice', 'topic', `${PREFIX}-`, ['all'], { prefixed: true })
    bed = kafkaBed(kafka)
  })
  afterEach(() => bed.tidy())
  afterAll(() => kafka.close())

  describe('reading', () => readingCases(given))
  describe('topics', () => topicCases(given))
  describe('closing', () => closingCases(given))
})
