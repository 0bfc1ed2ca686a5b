import { setTimeout as wait } from 'node:timers/promises'
import { type ClientOptions, handle, IgwnAlertClient, type Status, silentLogger } from 'igwn-alert-rx'
import { filter, firstValueFrom } from 'rxjs'
import { seeded } from '../../../src/testing/random.ts'
import { task, tell } from './talk.ts'

/** Closes a client at random moments, round after round, and says what is left of it. SIGTERM lets it go. */
export interface CloserTask {
  readonly client: ClientOptions
  /** Has many records, and is read from its beginning: some are always on their way. */
  readonly topic: string
  /** Is published to all the while. */
  readonly out: string
  readonly rounds: number
  readonly seed: number
  /** start: while it begins. reconnect: after the connections were cut, which the test does when it is told. rebalance: while another one joins. */
  readonly moment: 'start' | 'reconnect' | 'rebalance'
  /** The moments are spread over so many ms. */
  readonly spread: number
  /** Round n joins `<group>-<n>`. @default none */
  readonly group?: string | undefined
}

export type CloserLine =
  /** The connections are to be cut now. */
  | { readonly type: 'cut' }
  | {
      readonly type: 'closed'
      readonly round: number
      /** ms after which it was closed, and how long that took. */
      readonly after: number
      readonly took: number
      /** What keeps the event loop alive and did not before. */
      readonly left: readonly string[]
      readonly unsettled: number
    }
  /** Records and statuses that came after `close()` had resolved, in all rounds. */
  | { readonly type: 'done'; readonly late: readonly string[] }

const say = (line: CloserLine): void => tell(line)
const { client: options, topic, out, rounds, seed, moment, spread, group } = task<CloserTask>()
const random = seeded(seed)
const late: string[] = []

/** One client that notes what comes after its end. */
class Watched {
  readonly #client: IgwnAlertClient
  readonly connected: Promise<unknown>
  readonly assigned: Promise<unknown>
  #closed = false
  unsettled = 0

  constructor(consumerGroup: string | undefined) {
    this.#client = new IgwnAlertClient({ group: null, logger: silentLogger, from: 'earliest', consumerGroup, ...options })
    this.connected = this.#once('connected')
    this.assigned = this.#once('assigned')
    this.#client.status$.subscribe({ next: ({ type }) => this.#note(type), complete: () => this.#note('the end of status$') })
    const records = this.#client.topic(topic).pipe(handle(async () => wait(1), { concurrency: 4 }))
    records.subscribe({ next: () => this.#note('record'), error: error => this.#note(`error ${error}`) })
    const sink = this.#client.sink(out)
    for (let n = 0; n < 5; n++) {
      this.unsettled++
      sink.send({ n }).then(
        () => this.#settled(),
        () => this.#settled(),
      )
    }
  }

  async close(): Promise<void> {
    await this.#client.close()
    this.#closed = true
  }

  #once(type: Status['type']): Promise<unknown> {
    return firstValueFrom(this.#client.status$.pipe(filter(status => status.type === type)), { defaultValue: undefined })
  }

  #settled(): void {
    this.unsettled--
    this.#note('a send that settled')
  }

  #note(what: string): void {
    if (this.#closed) late.push(what)
  }
}

const resources = (): Map<string, number> => {
  const counts = new Map<string, number>()
  for (const kind of process.getActiveResourcesInfo()) counts.set(kind, (counts.get(kind) ?? 0) + 1)
  return counts
}

async function round(n: number): Promise<void> {
  const before = resources()
  const consumerGroup = group && `${group}-${n}`
  const watched = new Watched(consumerGroup)
  const others: Watched[] = []
  if (moment === 'reconnect') {
    await watched.connected
    say({ type: 'cut' })
  } else if (moment === 'rebalance') {
    await watched.assigned
    others.push(new Watched(consumerGroup))
  }
  const after = Math.round(random() * spread)
  await wait(after)
  const begun = performance.now()
  await watched.close()
  const took = Math.round(performance.now() - begun)
  for (const other of others) await other.close()
  await new Promise(setImmediate) // what had its turn coming runs, and finds it closed
  const left = [...resources()].filter(([kind, count]) => count > (before.get(kind) ?? 0)).map(([kind]) => kind)
  say({ type: 'closed', round: n, after, took, left, unsettled: watched.unsettled })
}

for (let n = 0; n < rounds; n++) await round(n)
await wait(300) // what comes late has this long to come
// Sockets of ended processes are closed in any case: it lives until the test has counted them.
const alive = setInterval(() => {}, 1000)
process.once('SIGTERM', () => clearInterval(alive))
say({ type: 'done', late })
