import { setTimeout as wait } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { type BedClient, uniqueName } from '../bed/bedClient.ts'
import { until } from '../bed/run.ts'
import { sharedBed } from '../bed/shared.ts'
import { figure } from './support/figures.ts'
import { told, type Verdict } from './support/ledger.ts'
import { length } from './support/length.ts'
import { ReaderProgram } from './support/readerProgram.ts'
import { alerts, range } from './support/watched.ts'

const RECORDS = 20
const PARTITIONS = 3
const SESSION = 6000

interface Moment {
  /** The status of the first process after which it is killed. */
  readonly status: 'positioned' | 'connected'
  /** ms after it. */
  readonly after: number
}

/** A new group's first member is killed at a moment, all is sent while nobody is there, and read by the next process. */
async function killedAt(bed: BedClient, { status, after }: Moment): Promise<Verdict> {
  const [topic, consumerGroup] = [uniqueName('before-first'), uniqueName('before-first')]
  await bed.createTopic(topic, { partitions: PARTITIONS })
  const server = `kafka://${bed.brokers[0]!.plaintext}/`
  const client = { server, noauth: true, group: null, consumerGroup, sessionTimeout: SESSION, heartbeatInterval: 500 } as const
  const task = { client, topic, stream: { from: 'latest' } } as const
  await using first = new ReaderProgram(task)
  await first.line(line => line.type === 'status' && line.status === status)
  await wait(after)
  await first.end('SIGKILL')
  expect(first.ledger.arrived).toBe(0)

  await using second = new ReaderProgram(task)
  for (const n of range(0, RECORDS)) {
    const partition = n % PARTITIONS
    const offset = (await bed.produce(topic, alerts(n, n + 1), { partition })).get(partition)!
    second.ledger.sent(partition, offset)
  }
  // What is not there then is lost; the dead member's session has to end first.
  await until(() => second.ledger.missing === 0, 'missing', SESSION + 10_000).catch(() => {})
  await second.end('SIGTERM')
  expect(second.failures).toEqual([])
  return second.ledger.verdict()
}

const random = (): number => Math.round(Math.random() * 300)

/** Before 'positioned' nobody knows where it begins: it is said once the start is committed. */
const moments: readonly Moment[] = [
  { status: 'positioned', after: 0 },
  { status: 'connected', after: 0 },
  ...range(0, length({ short: 1, full: 5 })).map((): Moment => ({ status: 'positioned', after: random() })),
]

it.each(moments)('a new group at latest, killed $after ms after it was $status, before its first record: 20 of 20', async moment => {
  const verdict = await killedAt(sharedBed(), moment)
  figure('killedBeforeFirst', `killed ${moment.after} ms after '${moment.status}'`, told(verdict))
  expect(verdict).toMatchObject({ sent: RECORDS, lost: [], doubled: [], disordered: [] })
})
