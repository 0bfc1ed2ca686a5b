import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { uniqueName } from '../bed/bedClient.ts'
import { type KafkaBed, startKafka } from '../bed/kafka.ts'
import { figure } from './support/figures.ts'
import { FAULTLESS, told } from './support/ledger.ts'
import { isFull } from './support/length.ts'
import { firstMetadata } from './support/probe.ts'
import { Reading } from './support/reading.ts'
import { now, seconds } from './support/time.ts'

const ALERTS = 20
const NEXT_WITHIN = 5000
const SESSION_TIMEOUT = 45_000 // the default

let bed: KafkaBed
beforeAll(async () => {
  bed = await startKafka()
})
afterAll(() => bed.close())

interface Case {
  readonly how: 'kill' | 'stop'
  /** How long the broker is away, ms. */
  readonly away: number
  readonly what: string
}

const cases: readonly Case[] = [
  { how: 'kill', away: 5000, what: 'killed, back after 5 s' },
  ...(isFull ? [{ how: 'kill', away: 60_000, what: 'killed, back after 60 s' } as const] : []),
  { how: 'stop', away: 0, what: 'restarted in order' },
]

/** Writes so many alerts, and tells the readers' ledgers. */
async function produce(topic: string, count: number, readings: readonly Reading[]): Promise<void> {
  const values = Array.from({ length: count }, (_, n) => JSON.stringify({ n }))
  const base = (await bed.produce(topic, values)).get(0)!
  for (const { ledger } of readings) for (let n = 0; n < count; n++) ledger.sent(0, base + n)
}

it.each(cases)('a broker that is $what: none of 20 alerts is lost or doubled, the next comes within 5 s', async ({ how, away, what }) => {
  const topic = uniqueName('killed')
  await bed.createTopic(topic)
  const address = bed.brokers[0]!.plaintext
  const client = { server: `kafka://${address}/`, noauth: true }
  await using reading = new Reading(topic, client)
  await using grouped = new Reading(topic, client, { consumerGroup: uniqueName('killed') })
  const readings = [reading, grouped]
  for (const each of readings) await each.untilConnected()
  const isThere = (): number => readings.reduce((missing, { ledger }) => missing + ledger.missing, 0)
  await produce(topic, 1, readings)
  await expect.poll(isThere, { timeout: 10_000 }).toBe(0)

  await bed[how](0)
  await wait(away) // how long the broker is away is what is tested
  const gone = now()
  const metadata = firstMetadata(address)
  await bed.start(0)
  await produce(topic, ALERTS, readings)
  const back = await metadata
  await expect.poll(isThere, { timeout: SESSION_TIMEOUT + 20_000 }).toBe(0)
  await produce(topic, 1, readings) // what comes twice comes before it
  await expect.poll(isThere, { timeout: 10_000 }).toBe(0)

  const next = (each: Reading): number => gone + each.ledger.nextAfter(gone) - back
  const value = (each: Reading): string => `${told(each.ledger.verdict())}; next alert ${seconds(next(each))} after the first metadata`
  figure('brokerKilled', what, value(reading))
  figure('brokerKilled', `${what}, in a group`, value(grouped))
  expect(next(reading)).toBeLessThan(NEXT_WITHIN)
  expect(next(grouped)).toBeLessThan(SESSION_TIMEOUT + NEXT_WITHIN)
  expect(reading.ledger.verdict()).toMatchObject({ sent: ALERTS + 2, ...FAULTLESS })
  expect(grouped.ledger.verdict()).toMatchObject({ sent: ALERTS + 2, lost: [] })
  expect(reading.count('reconnecting')).toBeGreaterThan(0)
  for (const each of readings) {
    expect(each.count('gap')).toBe(0)
    expect(each.errors).toEqual([])
  }
})
