import { type ClientOptions, handle, IgwnAlertClient, outgoing, silentLogger } from 'igwn-alert-rx'
import { now } from '../support/time.ts'
import { task, tell } from './talk.ts'

/**
 * One client with a reader, a reader in a group, and a sink, for as long as it is let. SIGUSR2: it publishes no more; SIGTERM: it closes the
 * client, after which nothing must keep the process. To be run with `--expose-gc`.
 */
export interface SoakTask {
  readonly client: ClientOptions
  readonly topic: string
  readonly consumerGroup: string
  readonly out: string
  /** Alerts published a second. */
  readonly perSecond: number
  /** How often memory and handles are told, ms. */
  readonly sampleEvery: number
}

/** By what keeps the event loop alive, e.g. `{ TCPSocketWrap: 4, Timeout: 3 }`. */
export type Resources = Readonly<Record<string, number>>

export type SoakLine =
  | { readonly type: 'record'; readonly grouped: boolean; readonly partition: number; readonly offset: number; readonly at: number }
  | { readonly type: 'status'; readonly status: string }
  | { readonly type: 'stored'; readonly n: number; readonly partition: number; readonly at: number }
  | { readonly type: 'failed'; readonly what: string }
  /** After garbage collection, bytes: the heap with what hangs on it outside (`external`, of which buffers are a part); and the whole process. */
  | { readonly type: 'sample'; readonly at: number; readonly heap: number; readonly rss: number; readonly resources: Resources }
  | { readonly type: 'quiet' }
  | { readonly type: 'closed'; readonly before: Resources; readonly after: Resources }

const KEYS = 40

const say = (line: SoakLine): void => tell(line)
const failed = (error: unknown): void => say({ type: 'failed', what: String(error) })
const { client: options, topic, consumerGroup, out, perSecond, sampleEvery } = task<SoakTask>()

function resources(): Resources {
  const counts: Record<string, number> = {}
  for (const name of process.getActiveResourcesInfo()) counts[name] = (counts[name] ?? 0) + 1
  return counts
}

function sample(): void {
  globalThis.gc?.()
  const { heapUsed, external, rss } = process.memoryUsage()
  say({ type: 'sample', at: now(), heap: heapUsed + external, rss, resources: resources() })
}

// What listens for signals is there before it is counted.
const untilSignal = (name: NodeJS.Signals): Promise<void> => new Promise(resolve => process.once(name, () => resolve()))
const [toBeQuiet, toEnd] = [untilSignal('SIGUSR2'), untilSignal('SIGTERM')]
const before = resources()

const client = new IgwnAlertClient({ group: null, logger: silentLogger, ...options })
client.status$.subscribe(({ type }) => say({ type: 'status', status: type }))
for (const grouped of [false, true]) {
  const records = client.topic(topic, grouped ? { consumerGroup } : {})
  const alerts = records.pipe(handle(async ({ partition, offset }) => say({ type: 'record', grouped, partition, offset, at: now() })))
  alerts.subscribe({ error: failed })
}

const sink = client.sink<{ readonly n: number }>(out)
const started = performance.now()
let next = 0
async function publish(n: number): Promise<void> {
  try {
    const { partition } = await sink.send(outgoing({ n }, { key: `key-${n % KEYS}` }))
    say({ type: 'stored', n, partition, at: now() })
  } catch (error) {
    failed(error)
  }
}
const publishing = setInterval(() => {
  const due = ((performance.now() - started) / 1000) * perSecond
  while (next < due) void publish(next++)
}, 20)
const sampling = setInterval(sample, sampleEvery)

await toBeQuiet
clearInterval(publishing)
await sink.flush()
say({ type: 'quiet' })
await toEnd
clearInterval(sampling)
await client.close()
// What was closed in this turn is gone in a later one, and the timer that waits for it in the one after.
setTimeout(() => setImmediate(() => say({ type: 'closed', before, after: resources() })), 100)
