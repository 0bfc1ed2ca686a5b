import { setTimeout as wait } from 'node:timers/promises'
import { type ClientOptions, type Delivery, handle, IgwnAlertClient, silentLogger } from 'igwn-alert-rx'
import { seeded } from '../../../src/testing/random.ts'
import { now } from '../support/time.ts'
import { task, tell } from './talk.ts'

/** A member of a group that says all it does, and whose work takes times at random, so that it ends out of order. SIGTERM closes it. */
export interface MemberTask {
  readonly client: ClientOptions
  readonly topic: string
  /** Who settles the records: `handle` with a concurrency of 8, or their `ack()` when the work of each is done, whatever their number. */
  readonly by: 'handle' | 'ack'
  readonly seed: number
}

/** Its lines, and those of the peer in Python. `at`: ms since 1970. */
export type MemberLine = { readonly at: number } & (
  | { readonly type: 'started' | 'closed' }
  | { readonly type: 'assigned'; readonly partitions: readonly number[] }
  /** `lost`: too late for a commit. */
  | { readonly type: 'revoked'; readonly lost: boolean }
  /** `n` counts them: a record that comes again, while the work on it goes on that no longer counts, is another one. */
  | { readonly type: 'begun'; readonly n: number; readonly partition: number; readonly offset: number }
  /** `uncommitted`: the broker did not take the commit that followed it (Python). */
  | { readonly type: 'handled' | 'uncommitted'; readonly n: number }
  | { readonly type: 'trouble'; readonly message: string }
)

type Untimed<Line> = Line extends unknown ? Omit<Line, 'at'> : never

const say = (line: Untimed<MemberLine>): void => tell({ ...line, at: now() })
const { client: options, topic, by, seed } = task<MemberTask>()
const random = seeded(seed)

/** ms: most of it is quick, some takes longer than a revocation waits. */
const workTime = (): number => (random() < 0.01 ? 2000 : 40) * random()

let count = 0
async function work({ partition, offset }: Delivery): Promise<void> {
  const n = count++
  say({ type: 'begun', n, partition, offset })
  await wait(workTime())
  say({ type: 'handled', n })
}

const client = new IgwnAlertClient({ group: null, logger: silentLogger, ...options })
process.once('SIGTERM', () => void client.close())
client.status$.subscribe(status => {
  if (status.type === 'assigned') say({ type: 'assigned', partitions: status.partitions.map(({ partition }) => partition) })
  else if (status.type === 'revoked' || status.type === 'lost') say({ type: 'revoked', lost: status.type === 'lost' })
  else if (status.type === 'closed') say({ type: 'closed' })
  else if (status.type !== 'connecting' && status.type !== 'positioned' && status.type !== 'connected' && status.type !== 'lag')
    say({ type: 'trouble', message: JSON.stringify(status) })
})
say({ type: 'started' })
const error = (thrown: unknown): void => say({ type: 'trouble', message: String(thrown) })
if (by === 'handle')
  client
    .topic(topic)
    .pipe(handle(work, { concurrency: 8 }))
    .subscribe({ error })
else client.topic(topic, { delivery: 'manual' }).subscribe({ next: record => void work(record).then(() => record.ack()), error })
