import { expect, it } from 'vitest'
import { uniqueName } from '../bed/bedClient.ts'
import { sharedBed } from '../bed/shared.ts'
import type { BacklogResult, BacklogTask } from './programs/backlog.ts'
import { figure } from './support/figures.ts'
import { fill } from './support/fill.ts'
import { length } from './support/length.ts'
import { Program } from './support/program.ts'
import { seconds } from './support/time.ts'

const COUNT = length({ short: 2_000, full: 10_000 })
const SIZE = 100_000
/** The largest fetch of a leader's partitions together, bytes. */
const MAX_BYTES = 50_000_000
const DEFAULT_UNHANDLED = 64_000_000
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
  const idle = await run({ server, topic: empty, count: 0, maxUnhandled: undefined, parsed: true })
  for (const { parsed, maxUnhandled = DEFAULT_UNHANDLED } of [
    { parsed: false },
    // What is parsed beside its bytes is the program's own, and counts as much again.
    { parsed: true, maxUnhandled: 8 * MB },
    { parsed: true, maxUnhandled: 2 * MB },
  ]) {
    const busy = await run({ server, topic, count: COUNT, maxUnhandled, parsed })
    const more = busy.resident - idle.resident
    const bound = 4 * MAX_BYTES + maxUnhandled
    const rounded = [more, idle.resident, bound].map(bytes => `${Math.round(bytes / MB)} MB`)
    figure(
      'backlog',
      `${COUNT} x 100 KB ${parsed ? 'of JSON' : 'of bytes'}, maxUnhandled ${maxUnhandled / MB} MB`,
      `all handled in ${seconds(busy.ms)}; at most ${rounded[0]} above an idle reader's ${rounded[1]} (bound: ${rounded[2]})`,
    )
    expect(busy).toMatchObject({ handled: COUNT, distinct: COUNT })
    expect(more).toBeLessThan(bound)
  }
  await bed.deleteTopic(topic) // a gigabyte
})
