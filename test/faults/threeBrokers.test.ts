import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { uniqueName } from '../bed/bedClient.ts'
import { type KafkaBed, startKafka } from '../bed/kafka.ts'
import { figure } from './support/figures.ts'
import { FAULTLESS, longestLag, type Passage, told } from './support/ledger.ts'
import { length } from './support/length.ts'
import { now, seconds } from './support/time.ts'
import { Traffic } from './support/traffic.ts'

const PER_SECOND = 50
const PARTITIONS = 12
const LONGEST_SILENCE = 1000
/** Of a partition that has a new leader, from the first word of that leader. */
const FOUND_WITHIN = 5000
/** Which brokers are restarted, and killed, one after the other; and whether all are killed at once then. */
const [ROLLED, KILLED, ALL] = length({ short: [[1], [2], false] as const, full: [[0, 1, 2], [0, 1, 2], true] as const })
const AWAY = 5000

let bed: KafkaBed
beforeAll(async () => {
  bed = await startKafka({ brokers: 3, reauthMs: 5000 })
})
afterAll(() => bed.close())

/** Partitions whose leader was taken away, until all replicas were in sync again. */
interface Outage {
  readonly from: number
  readonly to: number
  readonly partitions: readonly number[]
}

/** Its partition's leader lived all its way long. */
const isOfLiving = ({ partition, sent, got }: Passage, outages: readonly Outage[]): boolean =>
  !outages.some(({ from, to, partitions }) => partitions.includes(partition) && sent <= to && got >= from)

/** What a killed leader acknowledged is heard of up to this much later, ms. */
const LAST_WORDS = 1000

/** A new leader acknowledged it. */
const isOfMoved = ({ partition, sent }: Passage, outages: readonly Outage[]): boolean =>
  outages.some(({ from, to, partitions }) => partitions.includes(partition) && sent > from + LAST_WORDS && sent <= to)

async function ledBy(topic: string, broker: number): Promise<number[]> {
  const { partitions } = await bed.describeTopic(topic)
  return partitions.filter(({ leader }) => leader === broker).map(({ partition }) => partition)
}

async function roll({ topic }: Traffic): Promise<void> {
  for (const broker of ROLLED) {
    await bed.stop(broker)
    await bed.start(broker)
    await bed.untilInSync(topic)
  }
}

async function killEach(traffic: Traffic, outages: Outage[]): Promise<void> {
  for (const broker of KILLED) {
    const partitions = await ledBy(traffic.topic, broker)
    const from = now()
    await bed.kill(broker)
    await wait(AWAY) // how long it is away is what is tested
    await bed.start(broker)
    await bed.untilInSync(traffic.topic)
    outages.push({ from, to: now(), partitions })
  }
}

async function killAll({ topic }: Traffic, outages: Outage[]): Promise<void> {
  const from = now()
  await Promise.all(bed.brokers.map((_, broker) => bed.kill(broker)))
  await wait(AWAY)
  await bed.startAll()
  await bed.untilInSync(topic)
  outages.push({ from, to: now(), partitions: Array.from({ length: PARTITIONS }, (_, partition) => partition) })
}

it('3 brokers are restarted and killed, with SASL over TLS and sessions of 5 s: nothing is lost or doubled, either way', async () => {
  const auth = { username: 'admin', password: bed.users['admin'] ?? '', caFile: bed.caFile }
  const client = { server: `kafka://${bed.brokers[0]!.saslSsl}/`, auth }
  const consumerGroup = uniqueName('three')
  await using traffic = await Traffic.start({ bed, client, perSecond: PER_SECOND, partitions: PARTITIONS, consumerGroup })
  const outages: Outage[] = []
  const phases: { readonly what: string; readonly from: number; readonly to: number }[] = []
  const phase = async (what: string, work: () => Promise<void>): Promise<void> => {
    const from = now()
    await work()
    await traffic.flows(PER_SECOND)
    phases.push({ what, from, to: now() })
  }
  await phase(`${ROLLED.length} restarted in order`, () => roll(traffic))
  await phase(`${KILLED.length} killed one after the other`, () => killEach(traffic, outages))
  if (ALL) await phase('all killed at once', () => killAll(traffic, outages))
  await traffic.settle()

  const { reading, grouped, writing } = traffic
  const ways = reading.ledger.passages()
  const ofLiving = ways.filter(each => isOfLiving(each, outages))
  const ofMoved = ways.filter(each => isOfMoved(each, outages))
  for (const { what, from, to } of phases) {
    const longest = (all: readonly Passage[]): string => seconds(longestLag(all.filter(({ sent }) => sent >= from && sent <= to)))
    const value = `longest way in ${longest(ways)}; where the leader lives ${longest(ofLiving)}, where a new one does ${longest(ofMoved)}`
    figure('threeBrokers', what, value)
  }
  const silence = seconds(reading.ledger.verdict().silence)
  figure('threeBrokers', 'in', `${told(reading.ledger.verdict())}; longest silence of a partition, its writer's included, ${silence}`)
  const inGroup = `longest way ${seconds(longestLag(grouped!.ledger.passages()))}`
  figure('threeBrokers', 'in, in a group', `${told(grouped!.ledger.verdict())}; ${inGroup}`)
  figure('threeBrokers', 'out', `${told(writing.ledger.verdict())}; longest send ${seconds(writing.worst)}`)

  expect(reading.ledger.verdict()).toMatchObject(FAULTLESS)
  expect(longestLag(ofLiving)).toBeLessThan(LONGEST_SILENCE)
  expect(longestLag(ofMoved)).toBeLessThan(FOUND_WITHIN)
  expect(grouped!.ledger.verdict()).toMatchObject({ lost: [] })
  for (const each of traffic.readings) {
    expect(each.errors).toEqual([])
    expect(each.count('gap')).toBe(0)
  }
  expect(writing.failures).toEqual([])
  expect(writing.ledger.verdict()).toMatchObject(FAULTLESS)
})
