import { setTimeout as sleep } from 'node:timers/promises'
import { createBridge, serveBridge } from '../bridge.ts'
import { IgwnAlertClient, outgoing, silentLogger } from '../index.ts'
import { MemoryTransport, type NightMessage, sampleNight } from '../testing.ts'
import { running } from './running.ts'

const TOPICS: Readonly<Record<NightMessage['stream'], string>> = {
  production: 'gracedb.superevent',
  playground: 'gracedb-playground.superevent',
}
/** ms between two messages: of the first night, so that there is something to see, and of all that follow. */
const PACE = { first: 700, later: 4_000 } as const
/** Its last alert is published a day after the merger: as if that were now, ms. */
const NIGHT = 24 * 3_600_000
/** Seeds of a night's superevents. */
const SEEDS = 10

/**
 * Made-up nights on an embedded log, one after the other, and a page that shows them, until Ctrl-C.
 *
 * @param port of the page
 * @throws ConfigError when it cannot listen there
 */
export const demoPage = (port: number | undefined): Promise<void> =>
  running(
    async ({ output, signal }) => {
      const transport = new MemoryTransport()
      const topics = Object.values(TOPICS)
      for (const topic of topics) transport.log.createTopic(topic)
      const client = new IgwnAlertClient({ transport, group: null, logger: silentLogger })
      const bridge = createBridge({ streams: { client, topics }, ui: true, tests: 'include', logger: silentLogger })
      try {
        const server = await serveBridge(bridge, { port })
        await output.line(output.style('bold', 'Nights of made-up alerts, on a log in the memory of this process. No server, no account.'))
        await output.line(`\nOpen ${server.url}/ in a browser; Ctrl-C ends`)
        await bridge.ready
        await publishNights(client, signal)
        await server.close()
      } finally {
        await bridge.close()
        await client.close()
        await transport.close(0)
      }
    },
    { endsUnread: false },
  )

async function publishNights(client: IgwnAlertClient, signal: AbortSignal): Promise<void> {
  const sinks = { production: client.sink(TOPICS.production), playground: client.sink(TOPICS.playground) }
  for (let night = 0; !signal.aborted; night++) {
    for (const { stream, what, payload } of sampleNight({ seed: 1 + night * SEEDS, time: new Date(Date.now() - NIGHT) })) {
      await sinks[stream].send(outgoing(payload, { test: what === 'test', format: 'json' }))
      await sleep(night === 0 ? PACE.first : PACE.later, undefined, { signal }).catch(() => {})
      if (signal.aborted) return
    }
  }
}
