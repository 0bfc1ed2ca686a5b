import { expect, it } from 'vitest'
import { uniqueName } from '../bed/bedClient.ts'
import { sharedBed } from '../bed/shared.ts'
import type { BacklogResult, BacklogTask } from './programs/backlog.ts'
import { figure } from './support/figures.ts'
import { fill } from './support/fill.ts'
import { length } from './support/length.ts'
import { Program } from './support/program.ts'

const COUNT = length({ short: 2_000, full: 10_000 })
const SIZE = 100_000
/** The largest fetch of a partition, bytes. */
const MAX_BYTES = 16 * 1024 * 1024
const MB = 1_000_000

async function run(task: BacklogTask): Promise<BacklogResult> {
  await using program = new Program<BacklogResult>('backlog', { task })
  return await program.line(() => true, 180_000)
}

it('a backlog of 100 KB records, a reader of 1 ms a record: all is handled, memory stays within its bound', async () => {
  const bed = sharedBed()
  const server = bed.brokers[0]!.plaintext
  const [empty, topic] = [uniqueName('empty'), uniqueName('backlog')]
  await bed.createTopic(empty)
  await bed.createTopic(topic)
  await fill(server, topic, COUNT, SIZE)
  const idle = await run({ server, topic: empty, count: 0, maxUnhandled: undefined })
  for (const maxUnhandled of [undefined, 2 * MB]) {
    const busy = await run({ server, topic, count: COUNT, maxUnhandled })
    const more = busy.resident - idle.resident
    const bound = 4 * MAX_BYTES + (maxUnhandled ?? 64 * MB)
    figure(
      'backlog',
      `${COUNT} x 100 KB, maxUnhandled ${(maxUnhandled ?? 64 * MB) / MB} MB`,
      `all handled in ${(busy.ms / 1000).toFixed(1)} s; at most ${Math.round(more / MB)} MB above an idle reader's ${Math.round(idle.resident / MB)} MB (bound: ${Math.round(bound / MB)} MB)`,
    )
    expect(busy).toMatchObject({ handled: COUNT, distinct: COUNT })
    expect(more).toBeLessThan(bound)
  }
  await bed.deleteTopic(topic) // a gigabyte
})
