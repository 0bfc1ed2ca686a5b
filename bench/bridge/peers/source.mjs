import { IgwnAlertClient } from 'igwn-alert-rx'
import { createBridge } from 'igwn-alert-rx/bridge'
import { MemoryTransport } from 'igwn-alert-rx/testing'
import { tap } from 'rxjs'
import { payloads, task } from '../../peers/meter.mjs'
import { now } from './answer.mjs'

/** The last record of a run says this; clients look for it. */
const END = Buffer.from('"END"')
const TOPIC = 'bench.alerts'

const alerts = payloads()
const { log } = new MemoryTransport()

/** A bridge over a log in memory. `stamps`: when each record came to its ring, at the latest. */
export async function bridgeOf() {
  if (!log.topic(TOPIC)) log.createTopic(TOPIC)
  const stamps = []
  const client = new IgwnAlertClient({ transport: new MemoryTransport({ log }), group: 'bench' })
  const stamped = {
    server: client.server,
    group: client.group,
    status$: client.status$,
    topics: (names, options) => client.topics(names, options).pipe(tap(() => stamps.push(now()))),
    getTopics: () => client.getTopics(),
    cursor: (names, at) => client.cursor(names, at),
  }
  const bridge = createBridge({ streams: { client: stamped, topics: ['alerts'] }, maxClientsPerAddress: 10_000, ring: { history: 1 } })
  await bridge.ready
  return { bridge, client, stamps }
}

export const append = value => log.append(TOPIC, { value, timestamp: Date.now() })
export const appendEnd = () => append(END)
export const alertOf = index => alerts[index % alerts.length]

/** What the bridge makes of the first alerts and of the last record: the events that others are to write. */
export async function eventsOf(count) {
  const { bridge, client } = await bridgeOf()
  const response = await bridge.fetch(new Request('http://localhost/stream'))
  for (let i = 0; i < count; i++) append(alertOf(i))
  appendEnd()
  const events = []
  let rest = ''
  for await (const chunk of response.body) {
    const blocks = (rest + Buffer.from(chunk).toString()).split('\n\n')
    rest = blocks.pop()
    for (const block of blocks) if (block.startsWith('event: record\n')) events.push(Buffer.from(`${block}\n\n`))
    if (events.length > count) break
  }
  await bridge.close()
  await client.close()
  return events
}

/** Calls `write` with 0 .. count - 1, so many times a second. */
export async function paced(count, rate, write) {
  const start = now()
  for (let i = 0; i < count; i++) {
    await new Promise(resolve => setTimeout(resolve, Math.max(0, start + (i * 1000) / rate - now())))
    write(i)
  }
}

export { task }
