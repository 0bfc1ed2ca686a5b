import { setTimeout as wait } from 'node:timers/promises'
import type { ClientOptions } from 'igwn-alert-rx'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { uniqueName } from '../bed/bedClient.ts'
import { type KafkaBed, startKafka } from '../bed/kafka.ts'
import { proxyBrokers } from '../bed/proxy.ts'
import { until } from '../bed/run.ts'
import { figure } from './support/figures.ts'
import { FAULTLESS, type Ledger, longestLag, told } from './support/ledger.ts'
import { length } from './support/length.ts'
import { ReaderProgram } from './support/readerProgram.ts'
import { Reading } from './support/reading.ts'
import { now, seconds } from './support/time.ts'

const ALERTS = 20
const GOES_ON_WITHIN = 15_000

let bed: KafkaBed
beforeAll(async () => {
  bed = await startKafka({ proxied: ['plaintext'], reauthMs: 5000 })
})
afterAll(() => bed.close())

const plain = (address: string): ClientOptions => ({ server: `kafka://${address}/`, noauth: true, group: null })

async function newTopic(): Promise<string> {
  const topic = uniqueName('liveness')
  await bed.createTopic(topic)
  return topic
}

async function produce(topic: string, count: number, ...ledgers: readonly Ledger[]): Promise<void> {
  const values = Array.from({ length: count }, (_, n) => JSON.stringify({ n }))
  const base = (await bed.produce(topic, values)).get(0)!
  for (const ledger of ledgers) for (let n = 0; n < count; n++) ledger.sent(0, base + n)
}

const untilThere = (ledger: Ledger): Promise<void> => until(() => ledger.missing === 0, 'alerts are missing', 60_000)

const ASLEEP = length({ short: 15_000, full: 60_000 })
/** Shorter than the sleep: the group goes on without the sleeper. */
const SESSION_TIMEOUT = length({ short: 10_000, full: 45_000 })

it.concurrent(`readers that are stopped (SIGSTOP) for ${ASLEEP / 1000} s while alerts come, without a group and in one`, async () => {
  const topic = await newTopic()
  const client = { ...plain(bed.brokers[0]!.plaintext), sessionTimeout: SESSION_TIMEOUT }
  await using alone = new ReaderProgram({ topic, client })
  await using member = new ReaderProgram({ topic, client, stream: { consumerGroup: uniqueName('asleep') } })
  const readers = [alone, member]
  const ledgers = readers.map(({ ledger }) => ledger)
  const allThere = async (): Promise<void> => {
    for (const ledger of ledgers) await untilThere(ledger)
  }
  for (const reader of readers) await reader.untilConnected()
  await produce(topic, 1, ...ledgers)
  await allThere()

  for (const reader of readers) reader.signal('SIGSTOP')
  await produce(topic, ALERTS, ...ledgers)
  await wait(ASLEEP) // how long they sleep is what is tested
  const awake = now()
  for (const reader of readers) reader.signal('SIGCONT')
  await produce(topic, 1, ...ledgers)
  await allThere()
  await produce(topic, 1, ...ledgers) // what comes twice comes before it
  await allThere()

  const value = ({ ledger }: ReaderProgram): string =>
    `${told(ledger.verdict())}; next alert ${seconds(ledger.nextAfter(awake))}, all there ${seconds(ledger.recovery(awake))} after`
  figure('liveness', `asleep for ${ASLEEP / 1000} s`, value(alone))
  figure('liveness', `asleep for ${ASLEEP / 1000} s, in a group with a session of ${SESSION_TIMEOUT / 1000} s`, value(member))
  expect(alone.ledger.verdict()).toMatchObject({ sent: ALERTS + 3, ...FAULTLESS })
  expect(member.ledger.verdict()).toMatchObject({ sent: ALERTS + 3, lost: [] })
  for (const reader of readers) {
    expect(reader.ledger.recovery(awake)).toBeLessThan(GOES_ON_WITHIN)
    expect(reader.failures).toEqual([])
  }
})

const BLOCKED = length({ short: 12_000, full: 20_000 })

it.concurrent(`a reader whose event loop is blocked for ${BLOCKED / 1000} s while alerts come`, async () => {
  const topic = await newTopic()
  const task = { topic, client: plain(bed.brokers[0]!.plaintext), blockFor: BLOCKED }
  await using reader = await new ReaderProgram(task).untilConnected()
  await produce(topic, 1, reader.ledger)
  await untilThere(reader.ledger)

  reader.signal('SIGUSR2')
  await reader.line(({ type }) => type === 'blocked')
  const free = now() + BLOCKED
  await produce(topic, ALERTS, reader.ledger)
  await untilThere(reader.ledger)
  await produce(topic, 1, reader.ledger)
  await untilThere(reader.ledger)

  const late = reader.ledger.recovery(free)
  figure('liveness', `event loop blocked for ${BLOCKED / 1000} s`, `${told(reader.ledger.verdict())}; all there ${seconds(late)} after`)
  expect(reader.ledger.verdict()).toMatchObject({ sent: ALERTS + 2, ...FAULTLESS })
  expect(late).toBeLessThan(GOES_ON_WITHIN)
  expect(reader.failures).toEqual([])
})

it.concurrent('sockets that died without a word under an idle reader are found, and it goes on', async () => {
  const topic = await newTopic()
  const [proxy] = await proxyBrokers(bed, 'plaintext')
  await using _proxy = proxy!
  await using reading = await new Reading(topic, plain(proxy!.address)).untilConnected()
  await produce(topic, 1, reading.ledger)
  await untilThere(reading.ledger)

  proxy!.strand()
  const died = now()
  await produce(topic, ALERTS, reading.ledger)
  await untilThere(reading.ledger)
  await produce(topic, 1, reading.ledger)
  await untilThere(reading.ledger)

  const next = reading.ledger.nextAfter(died)
  figure('liveness', 'idle sockets died without a word', `${told(reading.ledger.verdict())}; next alert ${seconds(next)} after`)
  expect(reading.ledger.verdict()).toMatchObject({ sent: ALERTS + 2, ...FAULTLESS })
  expect(next).toBeLessThan(GOES_ON_WITHIN)
  expect(reading.errors).toEqual([])
})

const HOUR = 3_600_000
const JUMPS = [HOUR, -2 * HOUR, 25 * HOUR, -24 * HOUR]
/** Longer than a session of SASL in this bed, so that authentications fall into it. */
const AFTER_A_JUMP = length({ short: 6000, full: 15_000 })

it.concurrent('a wall clock that jumps, forth and back by hours, does nothing, with sessions of SASL that end every 5 s', async () => {
  const topic = await newTopic()
  const auth = { username: 'admin', password: bed.users['admin'] ?? '', caFile: bed.caFile }
  const client: ClientOptions = { server: `kafka://${bed.brokers[0]!.saslSsl}/`, auth, group: null }
  const env = { CLOCK_JUMPS: JUMPS.join() }
  const node = ['--import', './test/faults/programs/jumpingClock.ts']
  await using reader = await new ReaderProgram({ topic, client }, { env, node }).untilConnected()
  for (const _ of JUMPS) {
    reader.signal('SIGUSR2')
    for (const end = now() + AFTER_A_JUMP; now() < end; await wait(500)) await produce(topic, 1, reader.ledger)
  }
  await untilThere(reader.ledger)

  const lag = longestLag(reader.ledger.passages())
  figure('liveness', 'wall clock jumps by +1, -2, +25, -24 h', `${told(reader.ledger.verdict())}; longest way ${seconds(lag)}`)
  expect(reader.ledger.verdict()).toMatchObject(FAULTLESS)
  expect(reader.count('reconnecting')).toBe(0)
  expect(lag).toBeLessThan(GOES_ON_WITHIN)
  expect(reader.failures).toEqual([])
})
