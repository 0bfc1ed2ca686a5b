import { type ClientOptions, handle, IgwnAlertClient, type StreamOptions, silentLogger } from 'igwn-alert-rx'
import { now } from '../support/time.ts'
import { task, tell } from './talk.ts'

/** A reader of one topic under `handle`. SIGTERM ends it in order; SIGUSR2 keeps its event loop busy for `blockFor` ms. */
export interface ReaderTask {
  readonly client: ClientOptions
  readonly topic: string
  readonly stream?: StreamOptions | undefined
  readonly blockFor?: number | undefined
}

export type ReaderLine =
  | { readonly type: 'record'; readonly partition: number; readonly offset: number; readonly at: number }
  | { readonly type: 'status'; readonly status: string; readonly at: number }
  | { readonly type: 'error'; readonly message: string }
  | { readonly type: 'blocked' }

const say = (line: ReaderLine): void => tell(line)
const { client: options, topic, stream, blockFor } = task<ReaderTask>()
const client = new IgwnAlertClient({ logger: silentLogger, ...options })
client.status$.subscribe(({ type }) => say({ type: 'status', status: type, at: now() }))
const alerts = client
  .topic(topic, stream)
  .pipe(handle(async ({ partition, offset }) => say({ type: 'record', partition, offset, at: now() })))
alerts.subscribe({ error: error => say({ type: 'error', message: String(error) }) })

process.once('SIGTERM', () => void client.close())
if (blockFor !== undefined) {
  process.on('SIGUSR2', () => {
    const end = performance.now() + blockFor
    say({ type: 'blocked' })
    while (performance.now() < end);
  })
}
