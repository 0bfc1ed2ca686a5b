import { randomInt } from 'node:crypto'
import { expect, it } from 'vitest'
import { uniqueName } from '../bed/bedClient.ts'
import { until } from '../bed/run.ts'
import { sharedBed } from '../bed/shared.ts'
import { Crowd } from './support/Crowd.ts'
import { explain, wrongCommits } from './support/doubles.ts'
import { figure } from './support/figures.ts'
import { readGroupLog } from './support/groupLog.ts'
import { Ledger } from './support/ledger.ts'
import { length } from './support/length.ts'
import { Pace } from './support/pace.ts'
import { now, seconds } from './support/time.ts'

const PARTITIONS = 12
const LASTS = length({ short: 20_000, full: 120_000 })
const RECORDS = length({ short: 2000, full: 20_000 })
/** Between two events, ms at most. */
const PAUSE = 4000
const TIMES = { sessionTimeout: 6000, heartbeatInterval: 500, revokeTimeout: 500 } as const
const COMMIT_WITHIN = 1000

it(`4 members that join, leave and are killed for ${seconds(LASTS)}: nothing is lost, and each double has its reason`, async () => {
  const seed = randomInt(1 << 30)
  const bed = sharedBed()
  const [topic, group, ledger] = [uniqueName('members'), uniqueName('members'), new Ledger()]
  await bed.createTopic(topic, { partitions: PARTITIONS })
  await using crowd = new Crowd({ bed, topic, group, seed, ...TIMES })
  const brokers = [bed.brokers[0]!.plaintext]
  const perSecond = (1000 * RECORDS) / LASTS
  await using pace = await Pace.start({ brokers, topic, partitions: PARTITIONS, perSecond, ledgers: [ledger] })
  await crowd.stir(now() + LASTS, PAUSE)
  await pace.stop()
  const ends = await bed.endOffsets(topic)
  await crowd.fill()
  const isCommitted = async (): Promise<boolean> => String(await bed.committed(group, topic)) === String(ends)
  await until(isCommitted, `not all is committed, --seed ${seed}`, 60_000, 200).catch(() => {}) // what is lost is said below
  await crowd.leave()

  const { commits, generations } = await readGroupLog(bed, group, topic, await bed.committed(group, topic))
  const pieces = crowd.lives.flatMap(life => life.pieces)
  for (const { partition, offset, handled } of pieces) if (Number.isFinite(handled)) ledger.got(partition, offset, handled)
  const { lost, sent } = ledger.verdict()
  const { reasons, unexplained } = explain(pieces, commits, { revokeTimeout: TIMES.revokeTimeout, commitWithin: COMMIT_WITHIN })
  const doubled = [...reasons].map(([reason, count]) => `${count} ${reason}`).join(', ')
  const { joined, left, killed } = crowd.counts
  expect(killed).toBeGreaterThan(0)
  figure(
    'members',
    `3 of ours and one in Python, ${PARTITIONS} partitions, ${seconds(LASTS)}`,
    `${joined} joined, ${left} left, ${killed} killed -9, shared out ${generations} times: ${lost.length} of ${sent} lost; begun again: ` +
      `${doubled || 'none'}; ${unexplained.length} without a reason`,
  )
  const because = `seed ${seed}`
  expect(lost, because).toEqual([])
  expect(unexplained, because).toEqual([])
  expect(wrongCommits(pieces, commits), because).toEqual([])
  expect(
    crowd.lives.flatMap(({ troubles }) => troubles),
    because,
  ).toEqual([])
  expect(await bed.committed(group, topic), because).toEqual(ends)
})
