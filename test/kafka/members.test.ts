import { setTimeout as sleep } from 'node:timers/promises'
import { handle, IgwnAlertClient, type Status, silentLogger } from 'igwn-alert-rx'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { KafkaTransport } from '../../src/transports/kafka/KafkaTransport.ts'
import { uniqueName } from '../bed/bedClient.ts'
import { type KafkaBed, startKafka } from '../bed/kafka.ts'
import { until } from '../bed/run.ts'
import { Member } from '../contract/member.ts'
import { at, numbered } from '../contract/observer.ts'
import { openSockets, writeBatch } from './engineSupport.ts'
import { commitAs } from './groupRequests.ts'

/** Sessions of SASL are so short that each link is authenticated anew again and again. */
const SASL_SESSION = 5000

const SESSION_TIMEOUT = 6000

const ILLEGAL_GENERATION = 22

describe('a member of a group on Kafka', () => {
  let kafka: KafkaBed
  const transports: KafkaTransport[] = []

  beforeAll(async () => {
    kafka = await startKafka({ reauthMs: SASL_SESSION })
  })
  afterEach(async () => {
    await Promise.all(transports.splice(0).map(transport => transport.close(2000)))
  })
  afterAll(() => kafka.close())

  const plain = () => kafka.brokers[0]!.plaintext

  function connect(user = 'alice'): KafkaTransport {
    const server = kafka.brokers[0]!.saslPlaintext
    const credentials = () => ({ mechanism: 'SCRAM-SHA-512', username: user, password: kafka.users[user]! }) as const
    const transport = new KafkaTransport({ server, credentials })
    transports.push(transport)
    return transport
  }

  async function newTopic(partitions = 1, user = 'alice'): Promise<string> {
    const topic = uniqueName('members')
    await kafka.createTopic(topic, { partitions })
    await kafka.grant(user, 'topic', topic, ['all'])
    return topic
  }

  const join = (id: string, topic: string, transport = connect()) =>
    new Member({ sessionTimeout: SESSION_TIMEOUT }, transport, { id, topics: [topic] })

  it('commits for its generation alone: what a client sends of an earlier one is refused by the broker, too', async () => {
    const [group, topic] = [uniqueName('alice'), await newTopic()]
    const member = join(group, topic)
    await until(() => member.holds.length === 1, 'it was not assigned')
    const { memberId } = member.last('assigned')!
    await member.reader.commit(member.epoch, [at(topic, 0, 9)])
    const raw = { group, topic, partition: 0, offset: 3, memberId }
    expect(await commitAs(plain(), { ...raw, generation: 0 })).toBe(ILLEGAL_GENERATION)
    expect(await kafka.committed(group, topic)).toEqual([9])
    // Why epochs are checked here: with the current generation the broker takes any offset.
    expect(await commitAs(plain(), { ...raw, generation: 1 })).toBe(0)
    expect(await kafka.committed(group, topic)).toEqual([3])
  })

  it('keeps its id and its generation through three session timeouts of a pause, authenticated anew meanwhile', async () => {
    const [group, topic] = [uniqueName('alice'), await newTopic()]
    const member = join(group, topic)
    await until(() => member.holds.length === 1, 'it was not assigned')
    const { memberId, epoch } = member.last('assigned')!
    member.reader.pause([{ topic, partition: 0 }])
    await writeBatch(plain(), { topic, partition: 0, values: numbered('v', 3) })
    await sleep(3 * SESSION_TIMEOUT)
    expect(member.events.filter(({ type }) => type !== 'alive').map(({ type }) => type)).toEqual(['assigned'])
    const generation = 1
    expect(await commitAs(plain(), { group, topic, partition: 0, offset: 0, memberId, generation })).toBe(0)
    member.reader.resume([{ topic, partition: 0 }])
    await until(() => member.positionOf({ topic, partition: 0 }) === 3, 'it did not go on')
    expect(member.offsetsOf({ topic, partition: 0 })).toEqual([0, 1, 2])
    await member.reader.commit(epoch, [at(topic, 0, 3)])
    expect(await kafka.committed(group, topic)).toEqual([3])
  })

  it('reads and commits without a break while its links are authenticated anew every few seconds', async () => {
    const [group, topic] = [uniqueName('alice'), await newTopic(2)]
    const member = join(group, topic)
    await until(() => member.holds.length === 2, 'it was not assigned')
    const { memberId, epoch } = member.last('assigned')!
    const COUNT = 60
    for (let n = 0; n < COUNT; n++) {
      await writeBatch(plain(), { topic, partition: n % 2, values: [`${n}`] })
      await sleep(200) // sixty of these last longer than two sessions of its links
      const offset = member.positionOf({ topic, partition: n % 2 })
      if (offset !== undefined) await member.reader.commit(epoch, [at(topic, n % 2, offset)])
    }
    await until(() => [0, 1].every(partition => member.positionOf({ topic, partition }) === COUNT / 2), 'not all was read')
    for (const partition of [0, 1]) expect(member.offsetsOf({ topic, partition })).toEqual([...Array(COUNT / 2).keys()])
    const told = member.events.map(({ type }) => type).filter(type => type !== 'alive' && type !== 'records')
    expect(told).toEqual(['assigned'])
    const { members } = await kafka.describeGroup(group)
    expect(members.map(({ memberId }) => memberId)).toEqual([memberId])
  })

  it('waits through a password that is changed and set back, and goes on where it was', async () => {
    const user = uniqueName('alice-pw')
    await kafka.setPassword(user, 'right')
    await kafka.grant(user, 'group', 'alice-', ['read'], { prefixed: true })
    const [group, topic] = [uniqueName('alice'), await newTopic(1, user)]
    const right = { mechanism: 'SCRAM-SHA-512', username: user, password: 'right' } as const
    const transport = new KafkaTransport({ server: kafka.brokers[0]!.saslPlaintext, credentials: () => right })
    transports.push(transport)
    await using client = new IgwnAlertClient({
      transport,
      group: null,
      consumerGroup: group,
      from: 'earliest',
      sessionTimeout: 60_000,
      heartbeatInterval: 500,
      logger: silentLogger,
    })
    const told: Status[] = []
    client.status$.subscribe(status => told.push(status))
    const got: number[] = []
    client
      .topic(topic)
      .pipe(handle(async ({ offset }) => void got.push(offset)))
      .subscribe()
    await writeBatch(plain(), { topic, partition: 0, values: numbered('v', 5) })
    await until(() => got.length === 5, 'nothing was read')
    await kafka.setPassword(user, 'wrong')
    await until(() => told.some(({ type }) => type === 'refused'), 'nobody was refused')
    await writeBatch(plain(), { topic, partition: 0, values: numbered('w', 5) })
    await kafka.setPassword(user, 'right')
    await until(() => got.length === 10, 'it did not go on')
    await writeBatch(plain(), { topic, partition: 0, values: ['last'] })
    await until(() => got.length === 11, 'it stopped again')
    expect(got).toEqual([...Array(11).keys()])
    await until(async () => (await kafka.committed(group, topic))[0] === 11, 'it did not commit')
    expect((await kafka.describeGroup(group)).members).toHaveLength(1) // the successor took the member's place
  })

  it('closed at thirty moments of a first join leaves no member, no socket and no timer', async () => {
    const topic = await newTopic(2)
    const before = openSockets()
    const timers = () => process.getActiveResourcesInfo().filter(name => name === 'Timeout').length
    const transport = connect()
    const closed = await Promise.all(
      Array.from({ length: 30 }, async (_, n) => {
        const group = uniqueName('alice')
        const member = join(group, topic, transport)
        await sleep(n < 15 ? n * 4 : n * 125) // the names are given in the first moments; the group waits 3 s for other members
        const from = performance.now()
        await member.reader.close(2000)
        return { group, member, length: member.events.length, took: performance.now() - from }
      }),
    )
    for (const { group, member, length, took } of closed) {
      expect(member.events.at(-1)).toEqual({ type: 'ended' })
      expect(member.all('ended')).toHaveLength(1)
      expect(member.events).toHaveLength(length)
      expect(took).toBeLessThan(1900)
      expect((await kafka.describeGroup(group)).members).toEqual([])
    }
    await transport.close(1000)
    await until(() => openSockets() <= before, 'a socket is left')
    await until(() => timers() <= 1, 'a timer is left') // that of `until` itself
  })

  it('may not join a group that it has no right to', async () => {
    const topic = await newTopic()
    const member = join(uniqueName('bob'), topic)
    await until(() => member.all('ended').length === 1, 'it did not end')
    expect(member.last('ended')!.error).toMatchObject({ code: 'ALERT_GROUP_FORBIDDEN', kafka: 'GROUP_AUTHORIZATION_FAILED' })
  })

  it('is told which session timeouts the broker takes', async () => {
    const topic = await newTopic()
    const member = new Member({ sessionTimeout: 100 }, connect(), { id: uniqueName('alice'), topics: [topic] })
    await until(() => member.all('ended').length === 1, 'it did not end')
    expect(member.last('ended')!.error).toMatchObject({ code: 'ALERT_GROUP_INVALID', kafka: 'INVALID_SESSION_TIMEOUT' })
  })

  it('that was asleep for longer than its session is told that it is too late, and joins again', async () => {
    const [group, topic] = [uniqueName('alice'), await newTopic()]
    const member = join(group, topic)
    await until(() => member.holds.length === 1, 'it was not assigned')
    const { epoch } = member
    const wake = performance.now() + SESSION_TIMEOUT + 3000
    while (performance.now() < wake); // a blocked thread, or a laptop whose lid is closed
    await until(() => member.epoch > epoch, 'it did not join again')
    expect(member.all('revoked')).toEqual([{ type: 'revoked', epoch, lost: true }])
    await member.reader.commit(member.epoch, [at(topic, 0, 0)])
    expect(member.all('ended')).toEqual([])
  })
})
