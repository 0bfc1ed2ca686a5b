import { setTimeout as wait } from 'node:timers/promises'
import { type ClientOptions, type Delivery, handle, IgwnAlertClient, silentLogger } from 'igwn-alert-rx'
import { now } from '../support/time.ts'
import { task, tell } from './talk.ts'

/** Works on one topic under `handle` and says what it begins and what it has done. SIGTERM ends it. */
export interface WorkerTask {
  readonly client: ClientOptions
  readonly topic: string
  /** ms on each record. */
  readonly work: number
  readonly concurrency: number
  /** At SIGTERM: `close()`, which lets started work end, or the aborted `signal` of the client, which does not wait for it. */
  readonly endsBy: 'close' | 'signal'
}

export type WorkerLine = { readonly at: number } & (
  | { readonly type: 'begun' | 'handled'; readonly partition: number; readonly offset: number }
  | { readonly type: 'joined' | 'ended' }
  | { readonly type: 'failed'; readonly message: string }
)

type Untimed<Line> = Line extends unknown ? Omit<Line, 'at'> : never

const say = (line: Untimed<WorkerLine>): void => tell({ ...line, at: now() })
const { client: options, topic, work, concurrency, endsBy } = task<WorkerTask>()
const ending = new AbortController()
const client = new IgwnAlertClient({ group: null, logger: silentLogger, signal: ending.signal, ...options })
client.status$.subscribe(({ type }) => {
  if (type === 'assigned') say({ type: 'joined' })
})

async function handleOne({ partition, offset }: Delivery): Promise<void> {
  say({ type: 'begun', partition, offset })
  await wait(work)
  say({ type: 'handled', partition, offset })
}

client
  .topic(topic)
  .pipe(handle(handleOne, { concurrency }))
  .subscribe({ error: error => say({ type: 'failed', message: String(error) }) })
process.once('SIGTERM', () => {
  if (endsBy === 'signal') ending.abort()
  void client.close().then(() => say({ type: 'ended' }))
})
