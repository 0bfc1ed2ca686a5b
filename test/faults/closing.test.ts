import { Kafka, logLevel } from 'kafkajs'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type BedClient, uniqueName } from '../bed/bedClient.ts'
import { type KafkaProxy, startProxy } from '../bed/proxy.ts'
import { rewriteAddresses } from '../bed/rewrite.ts'
import { sharedBed } from '../bed/shared.ts'
import type { CloserLine, CloserTask } from './programs/closer.ts'
import { figure } from './support/figures.ts'
import { fill } from './support/fill.ts'
import { length } from './support/length.ts'
import { Program } from './support/program.ts'
import { range } from './support/watched.ts'

type Closed = Extract<CloserLine, { readonly type: 'closed' }>

const PARTITIONS = 3

let bed: BedClient
let proxy: KafkaProxy
let topic: string
let out: string
beforeEach(async () => {
  bed = sharedBed()
  topic = uniqueName('closing')
  out = uniqueName('closing-out')
  for (const name of [topic, out]) await bed.createTopic(name, { partitions: PARTITIONS })
  await fill(bed.brokers[0]!.plaintext, topic, 5000, 1000, PARTITIONS)
  const target = bed.brokers[0]!.plaintext
  proxy = await startProxy(target)
  proxy.onResponse = rewriteAddresses({ [target]: proxy.address })
})
afterEach(() => proxy.close())

/** The members that the broker has in these groups. */
async function membersIn(groups: readonly string[]): Promise<number> {
  const admin = new Kafka({ brokers: [bed.brokers[0]!.plaintext], logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  try {
    await admin.listTopics() // kafkajs looks for coordinators among the brokers it knows: none before the first metadata
    const described = await admin.describeGroups([...groups])
    return described.groups.reduce((sum, { members }) => sum + members.length, 0)
  } finally {
    await admin.disconnect()
  }
}

interface Case extends Pick<CloserTask, 'moment' | 'spread'> {
  readonly rounds: number
  readonly grouped: boolean
}

/** 100 moments at full length, 30 in short. */
const cases: readonly Case[] = [
  { moment: 'start', grouped: false, rounds: length({ short: 12, full: 40 }), spread: 120 },
  { moment: 'reconnect', grouped: false, rounds: length({ short: 10, full: 30 }), spread: 300 },
  { moment: 'start', grouped: true, rounds: length({ short: 4, full: 10 }), spread: 3500 },
  { moment: 'reconnect', grouped: true, rounds: length({ short: 2, full: 10 }), spread: 500 },
  { moment: 'rebalance', grouped: true, rounds: length({ short: 2, full: 10 }), spread: 1500 },
]

it.each(cases)('at $rounds random moments of $moment, in a group: $grouped', async ({ moment, grouped, rounds, spread }) => {
  const seed = Math.floor(Math.random() * 2 ** 31)
  console.info(`closing, ${moment}: seed ${seed}`)
  const group = grouped ? uniqueName('closing') : undefined
  const client = { server: `kafka://${proxy.address}/`, noauth: true, sessionTimeout: 6000, heartbeatInterval: 500 } as const
  const task: CloserTask = { client, topic, out, rounds, seed, moment, spread, group }
  const onLine = ({ type }: CloserLine): void => {
    if (type === 'cut') proxy.cut()
  }
  await using program = new Program<CloserLine>('closer', { task, onLine })
  const done = await program.line(({ type }) => type === 'done', 30_000 + rounds * 15_000)
  const closed = program.lines.filter((line): line is Closed => line.type === 'closed')
  const bad = closed.filter(({ left, unsettled }) => left.length > 0 || unsettled > 0)
  expect(bad, `seed ${seed}`).toEqual([])
  expect(done, `seed ${seed}`).toEqual({ type: 'done', late: [] })
  await expect.poll(() => proxy.open, { timeout: 2000 }).toBe(0)
  if (group !== undefined) expect(await membersIn(range(0, rounds).map(n => `${group}-${n}`))).toBe(0)
  // Nothing holds its event loop any more.
  expect(await program.end('SIGTERM')).toEqual({ code: 0, signal: null })
  const longest = Math.max(...closed.map(({ took }) => took))
  figure(
    'closing',
    `${rounds} random moments of ${moment}${grouped ? ', in a group' : ''}`,
    `0 sockets, timers${grouped ? ', members' : ''} left, 0 events after; the longest took ${longest} ms`,
  )
  expect(longest).toBeLessThan(10_000)
})
