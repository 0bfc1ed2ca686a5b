import { setTimeout as sleep } from 'node:timers/promises'
import { lastValueFrom, merge, Subject, takeUntil } from 'rxjs'
import { ConfigError, type Delivery, filterRecords, handle, IgwnAlertClient, outgoing, parseJson, type Status, toStream } from '../index.ts'
import { MemoryTransport, type NightMessage, type SampleAlert, sampleNight } from '../testing.ts'
import { type Output, outputTo } from './output.ts'

const GROUPS = { production: 'gracedb', playground: 'gracedb-playground' } as const
const TOPIC = 'superevent'
/** ms between two alerts: a night in a few seconds. */
const PACE = 700
/** ms without a server. */
const OUTAGE = 1_500
/** False alarms per second: less rare ones are left out. About one in two months. */
const RARE = 1 / (60 * 86_400)

/** A false-alarm rate in words: how often noise alone looks like this. */
function inWords(far: number): string {
  const years = 1 / (far * 365.25 * 86_400)
  if (years >= 1000) return `1 in ${Math.round(years / 1000)} thousand years`
  return years >= 1 ? `1 in ${years.toFixed(1)} years` : `1 in ${(years * 365.25).toFixed(1)} days`
}

function likeliest(classification: Readonly<Record<string, number>>): string {
  const [name, probability] = Object.entries(classification).sort(([, a], [, b]) => b - a)[0] ?? ['?', 0]
  return `${name} ${Math.round(probability * 100)} %`
}

function alertLine({ payload, group, partition, offset }: Delivery<SampleAlert>, { style }: Output): string {
  const { superevent_id: id, alert_type: type, event } = payload
  const mock = id.startsWith('MS') ? style('yellow', ' (mock)') : ''
  const facts = event
    ? `${likeliest(event.classification).padEnd(9)} ${event.instruments.join(' ').padEnd(9)} ${inWords(event.far)}`
    : 'not an astrophysical event'
  const shown = type === 'RETRACTION' ? style('red', type.padEnd(12)) : style('green', type.padEnd(12))
  return `${style('bold', id.padEnd(11))} ${shown} ${facts}${mock}  ${style('dim', `${group}.${TOPIC}[${partition}]@${offset}`)}`
}

/** What is worth a line of the stream's own state. */
function statusLine(status: Status, { style }: Output): string | undefined {
  switch (status.type) {
    case 'reconnecting':
      return status.attempt === 1
        ? style('yellow', `~ connection lost (${status.error.message}): reconnecting, nothing is lost by it`)
        : undefined
    case 'failed':
      return style(
        'yellow',
        `~ dropped: ${status.topic}[${status.partition}]@${status.offset} is broken and was reported: ${status.error.message}`,
      )
    default:
      return undefined
  }
}

/** Publishes the night through the sinks of both groups; in its middle the server is away for a moment. */
async function publish(
  night: readonly NightMessage[],
  clients: Readonly<Record<NightMessage['stream'], IgwnAlertClient>>,
  transport: MemoryTransport,
): Promise<void> {
  const sinks = { production: clients.production.sink(TOPIC), playground: clients.playground.sink(TOPIC) }
  for (const [i, { stream, what, payload }] of night.entries()) {
    const isOutage = i === Math.floor(night.length / 2)
    if (isOutage) transport.goOffline()
    const stored = sinks[stream].send(outgoing(payload, { test: what === 'test', ...(what === 'broken' && { format: 'json' }) }))
    if (isOutage) {
      await sleep(OUTAGE)
      transport.goOnline()
    }
    await stored
    await sleep(PACE)
  }
}

/** A made-up night on an embedded log, through sinks and one merged pipeline. */
export async function demo(): Promise<void> {
  const output = outputTo(process.stdout, process.stderr)
  const { style } = output
  const transport = new MemoryTransport()
  for (const group of Object.values(GROUPS)) transport.log.createTopic(`${group}.${TOPIC}`)
  const clientOf = (group: string): IgwnAlertClient => new IgwnAlertClient({ transport, group, logger: quiet })
  const clients = { production: clientOf(GROUPS.production), playground: clientOf(GROUPS.playground) }
  const night = sampleNight()
  const dropped: string[] = []
  const done = new Subject<void>()

  await output.line(style('bold', 'A night of made-up alerts, on a log embedded in this process.'))
  await output.line(style('dim', `${night.length} messages are published through sinks, and read through one merged stream:\n`))

  merge(clients.production.status$, clients.playground.status$).subscribe(status => {
    const line = statusLine(status, output)
    if (line) void output.line(line)
  })
  const isRare = ({ payload: { superevent_id, event } }: Delivery<SampleAlert>): boolean => {
    if (!event || event.far <= RARE) return true
    dropped.push(superevent_id)
    void output.line(style('yellow', `~ dropped: ${superevent_id}, ${inWords(event.far)}, by filterRecords`))
    return false
  }
  let shown = 0
  const streams = merge(clients.production.topic(TOPIC), clients.playground.topic(TOPIC)).pipe(
    parseJson<SampleAlert>(),
    filterRecords(isRare),
    handle(async record => {
      shown++
      await output.line(alertLine(record, output))
    }),
    takeUntil(done),
  )
  const read = lastValueFrom(toStream(streams), { defaultValue: undefined })
  await publish(night, clients, transport)
  const tests = night.filter(({ what }) => what === 'test').map(({ payload }) => supereventOf(payload))
  for (const id of tests) await output.line(style('yellow', `~ dropped: ${id}, a test message: excluded unless tests: 'include'`))
  await Promise.all(Object.values(clients).map(client => client.close()))
  done.next()
  await read
  await transport.close(0)
  await output.line(closing(night.length, shown, output))
}

function supereventOf(payload: SampleAlert | Uint8Array): string {
  if (payload instanceof Uint8Array) throw new ConfigError('a broken message has no superevent')
  return payload.superevent_id
}

/** The demonstration says itself what is worth saying. */
const quiet = { debug() {}, info() {}, warn() {}, error() {} }

function closing(published: number, shown: number, { style }: Output): string {
  return `
${style('bold', `${published} published, ${shown} handled, ${published - shown} dropped and said so, 0 lost, although the connection broke in the middle.`)}

Next:
  igwn-alert-rx topics                           what your account may read (credentials: hop auth add)
  igwn-alert-rx listen superevent                live alerts
  examples/ and README.md                        the same in your own program, in ten lines`
}
