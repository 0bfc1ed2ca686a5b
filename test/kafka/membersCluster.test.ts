import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { KafkaTransport } from '../../src/transports/kafka/KafkaTransport.ts'
import { uniqueName } from '../bed/bedClient.ts'
import { type KafkaBed, startKafka } from '../bed/kafka.ts'
import { until } from '../bed/run.ts'
import { Member } from '../contract/member.ts'
import { at, range } from '../contract/observer.ts'
import { writeBatch } from './engineSupport.ts'
import { commitAs, coordinatorOf } from './groupRequests.ts'

const PARTITIONS = 6

describe('a member whose coordinator goes away', () => {
  let kafka: KafkaBed

  beforeAll(async () => {
    kafka = await startKafka({ brokers: 3 })
  })
  afterAll(() => kafka.close())

  const running = (): number[] => [...kafka.brokers.keys()].filter(broker => kafka.isRunning(broker))
  const coordinator = async (group: string): Promise<number> => {
    const address = await coordinatorOf(kafka.brokers[running()[0]!]!.plaintext, group)
    return kafka.brokers.findIndex(({ plaintext }) => plaintext === address)
  }

  it('goes on under its id and generation when it is killed twice in a row, and when it moves', async () => {
    const [group, topic] = [uniqueName('group'), uniqueName('topic')]
    await kafka.createTopic(topic, { partitions: PARTITIONS })
    const server = kafka.brokers[0]!.plaintext
    const transport = new KafkaTransport({ server, brokers: kafka.brokers.map(({ plaintext }) => plaintext) })
    const members = [1, 2].map(() => new Member({ sessionTimeout: 30_000 }, transport, { id: group, topics: [topic] }))
    const [one, two] = members as [Member, Member]
    await until(() => one.holds.length === PARTITIONS / 2 && two.holds.length === PARTITIONS / 2, 'it was not shared')
    const assigned = members.map(member => member.last('assigned')!)
    const before = members.map(member => member.all('assigned').length)
    const owned = (partition: number): Member =>
      members[assigned.findIndex(({ partitions }) => partitions.some(p => p.partition === partition))]!

    /** All is read and can be committed. */
    const proves = async (count: number, what: string): Promise<void> => {
      for (const partition of range(0, PARTITIONS))
        await writeBatch(kafka.brokers[running()[0]!]!.plaintext, { topic, partition, values: [`${what} ${partition}`] })
      for (const partition of range(0, PARTITIONS)) {
        await until(() => owned(partition).positionOf({ topic, partition }) === count, `${what}: ${partition} is not read`)
        await owned(partition).reader.commit(owned(partition).epoch, [at(topic, partition, count)])
      }
      expect(await kafka.committed(group, topic)).toEqual(Array(PARTITIONS).fill(count))
    }

    await proves(1, 'before')
    let count = 1
    for (const ends of ['kill', 'kill', 'stop'] as const) {
      const gone = await coordinator(group)
      await kafka[ends](gone)
      await until(async () => (await coordinator(group)) !== gone, 'nobody took over')
      await proves(++count, ends)
      await kafka.start(gone)
      for (const each of [topic, '__consumer_offsets']) await kafka.untilInSync(each)
    }
    await proves(++count, 'after')

    for (const [n, member] of members.entries()) {
      expect(member.all('revoked')).toHaveLength(before[n]! - 1)
      expect(member.all('ended')).toEqual([])
      expect(member.last('assigned')).toEqual(assigned[n])
    }
    for (const partition of range(0, PARTITIONS)) expect(owned(partition).offsetsOf({ topic, partition })).toEqual(range(0, count))
    const { members: known } = await kafka.describeGroup(group)
    expect(known.map(({ memberId }) => memberId).sort()).toEqual(assigned.map(({ memberId }) => memberId).sort())
    await transport.close(2000)
    const left = await commitAs(kafka.brokers[0]!.plaintext, { group, topic, partition: 0, offset: count })
    expect(left).toBe(0) // nobody is in it any more
  }, 180_000)
})
