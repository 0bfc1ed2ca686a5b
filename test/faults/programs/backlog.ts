import { setTimeout as wait } from 'node:timers/promises'
import { handle, IgwnAlertClient, parseJson } from 'igwn-alert-rx'
import { filter, firstValueFrom, lastValueFrom, take } from 'rxjs'
import { task, tell } from './talk.ts'

export interface BacklogTask {
  readonly server: string
  readonly topic: string
  /** 0: it only idles for a while. */
  readonly count: number
  /** Bytes. */
  readonly maxUnhandled: number | undefined
  /** The handler gets JSON, not bytes. */
  readonly parsed: boolean
}

export interface BacklogResult {
  readonly handled: number
  readonly distinct: number
  /** The most memory that was resident, bytes; of an idle one what is. */
  readonly resident: number
  readonly ms: number
}

/** ms of work on a record. */
const WORK = 1
/** ms in which an idle reader comes to rest. */
const IDLE = 3000

const { server, topic, count, maxUnhandled, parsed } = task<BacklogTask>()
const client = new IgwnAlertClient({
  server: `kafka://${server}/`,
  noauth: true,
  group: null,
  from: 'earliest',
  maxUnhandled: { bytes: maxUnhandled },
})
const connected = firstValueFrom(client.status$.pipe(filter(({ type }) => type === 'connected')))
const begun = performance.now()
const places = new Set<string>()
let handled = 0
const records = client.topic(topic)
const work = (parsed ? records.pipe(parseJson()) : records).pipe(
  handle(async ({ partition, offset }) => {
    await wait(WORK)
    places.add(`${partition}@${offset}`)
    return ++handled
  }),
)
if (count > 0) await lastValueFrom(work.pipe(take(count)))
else {
  const idle = work.subscribe()
  await connected
  await wait(IDLE) // it is what an idle one needs that is measured
  idle.unsubscribe()
}
const resident = count > 0 ? process.resourceUsage().maxRSS * 1024 : process.memoryUsage.rss()
tell({ handled, distinct: places.size, resident, ms: performance.now() - begun } satisfies BacklogResult)
await client.close()
