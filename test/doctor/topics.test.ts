import { expect, it, onTestFinished } from 'vitest'
import { lookAtTopics } from '../../src/doctor/checks/topics.ts'
import { type DoctorOptions, planOf } from '../../src/doctor/options.ts'
import { AlertError } from '../../src/errors.ts'
import { engineConfig } from '../../src/transports/kafka/config.ts'
import { Link } from '../../src/transports/kafka/link.ts'
import { WireWriter } from '../bed/wire.ts'
import { fakeBroker } from '../transports/kafka/fakeBroker.ts'

interface FakeTopic {
  readonly name: string
  readonly error?: number
  /** By partition: the broker's number, -1: none. */
  readonly leaders?: readonly number[]
  readonly rights?: number
}

const NO_RIGHTS_SAID = -(2 ** 31)

/** Metadata, version 10. */
function metadata(topics: readonly FakeTopic[]): Buffer {
  const answer = new WireWriter().noTags().int32(0).varint(2)
  answer.int32(1).string('elsewhere.invalid', true).int32(9092).string(null, true).noTags()
  answer
    .string('cluster', true)
    .int32(1)
    .varint(topics.length + 1)
  for (const { name, error = 0, leaders = [], rights = NO_RIGHTS_SAID } of topics) {
    answer
      .int16(error)
      .string(name, true)
      .raw(Buffer.alloc(16))
      .int8(0)
      .varint(leaders.length + 1)
    for (const [partition, leader] of leaders.entries()) {
      answer.int16(0).int32(partition).int32(leader).int32(0)
      for (const _ of ['replicas', 'in sync', 'offline']) answer.varint(1)
      answer.noTags()
    }
    answer.int32(rights).noTags()
  }
  return answer.noTags().build()
}

/** What is found where the server's answer names these topics, and the broker that leads partitions, number 1, is out of reach. */
async function look(topics: readonly FakeTopic[], options: DoctorOptions = {}) {
  const broker = await fakeBroker(({ apiKey }) => (apiKey === 3 ? metadata(topics) : undefined))
  const link = new Link(engineConfig({ server: broker.address }), broker.address)
  onTestFinished(() => {
    link.kill(new AlertError('ALERT_CLOSED', 'the test is over'))
    broker.close()
  })
  return lookAtTopics(planOf({ noauth: true, ...options }), { link, brokers: new Map() })
}

it('partitions of a broker that is out of reach are not judged: that is said of the broker', async () => {
  const { findings, value } = await look([{ name: 'gracedb.superevent', leaders: [1, 1] }], { topics: 'superevent' })
  expect(findings).toEqual([
    {
      check: 'topic',
      ok: 'unknown',
      subject: 'gracedb.superevent',
      what: 'gracedb.superevent: partition 0, 1 could not be looked at, see brokers',
    },
  ])
  expect(value).toMatchObject([{ topic: 'gracedb.superevent', newest: undefined }])
})

it('a partition that nobody leads', async () => {
  const { findings } = await look([{ name: 'gracedb.superevent', leaders: [1, -1] }])
  expect(findings).toMatchObject([{ ok: 'failed', what: 'gracedb.superevent: no broker leads partition 1 now' }])
})

it('topics are said in the order asked for, whatever the order of the answer', async () => {
  const topics = [
    { name: 'gracedb.b', error: 3 },
    { name: 'gracedb.a', leaders: [1] },
  ]
  const { findings } = await look(topics, { topics: ['a', 'b'] })
  expect(findings.map(({ subject, ok }) => [subject, ok])).toEqual([
    ['gracedb.a', 'unknown'],
    ['gracedb.b', 'failed'],
  ])
})

it('a topic that the server does not speak of', async () => {
  const { findings } = await look([], { topics: 'a' })
  expect(findings).toMatchObject([{ ok: 'failed', what: expect.stringContaining('gracedb.a') }])
})

it('a group without a topic: the groups that are seen', async () => {
  const { findings } = await look([{ name: 'igwn.gwalert', leaders: [1] }, { name: 'igwn.other' }, { name: 'gracedb_x' }])
  expect(findings).toMatchObject([
    {
      ok: 'failed',
      what: 'this user sees no topic of the group gracedb',
      mend: 'Check the group: topics that are seen begin with gracedb_x, igwn',
    },
  ])
  expect((await look([], { group: null })).findings).toMatchObject([
    { what: 'this user sees no topic', mend: expect.stringContaining('READ') },
  ])
})
