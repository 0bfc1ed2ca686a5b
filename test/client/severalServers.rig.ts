import { onTestFinished } from 'vitest'
import { type ClientOptions, IgwnAlertClient, type Logger, type Status } from '../../src/index.ts'
import { MemoryLog, MemoryTransport, type VirtualClock } from '../../src/testing.ts'

export const ALERTS = 'igwn.gwalert'

/** One of several servers, a log in memory of its own; all of a test share a clock. */
export class Server {
  readonly log: MemoryLog
  readonly transport: MemoryTransport
  readonly statuses: Status[] = []
  readonly errors: string[] = []
  readonly #clock: VirtualClock

  /** @param name its host @param topics full names */
  constructor(clock: VirtualClock, name: string, topics: readonly string[] = [ALERTS]) {
    this.#clock = clock
    this.log = new MemoryLog({ clock })
    this.transport = new MemoryTransport({ log: this.log, clock, server: `${name}:9092` })
    for (const topic of topics) this.log.createTopic(topic)
  }

  /** Closed when the test ends. */
  client(options: ClientOptions = {}): IgwnAlertClient {
    const client = new IgwnAlertClient({ transport: this.transport, clock: this.#clock, group: null, logger: this.#logger, ...options })
    client.status$.subscribe(status => this.statuses.push(status))
    onTestFinished(async () => {
      const closed = client.close()
      await this.#clock.advance(200_000)
      await closed
    })
    return client
  }

  /** On partition 0. @param format hop's name; none: no header */
  publish(value: string | Uint8Array, { topic = ALERTS, format }: { topic?: string; format?: string } = {}): void {
    const headers = format === undefined ? [] : [{ name: '_format', value: new TextEncoder().encode(format) }]
    this.log.append(topic, { value, headers, timestamp: this.#clock.now() })
  }

  count(type: Status['type']): number {
    return this.statuses.filter(status => status.type === type).length
  }

  get #logger(): Logger {
    return { debug() {}, info() {}, warn() {}, error: (_fields, message) => void this.errors.push(message) }
  }
}
