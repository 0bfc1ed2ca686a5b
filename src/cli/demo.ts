import { setTimeout as sleep } from 'node:timers/promises'
import {
  filter,
  fromEvent,
  ignoreElements,
  lastValueFrom,
  merge,
  type Observable,
  Subject,
  scan,
  take,
  takeUntil,
  takeWhile,
  timer,
} from 'rxjs'
import { type Delivery, filterRecords, handle, IgwnAlertClient, outgoing, parseJson, type Status, silentLogger } from '../index.ts'
import { MemoryTransport, type NightMessage, type SampleAlert, sampleNight } from '../testing.ts'
import { farInWords } from '../words.ts'
import { alertLine, backLine, closing, droppedLine, heading, lostLine, lostOf, subjectOf, type Tally } from './demoLines.ts'
import type { Output } from './output.ts'
import { running } from './running.ts'

const GROUPS = { production: 'gracedb', playground: 'gracedb-playground' } as const
const TOPIC = 'superevent'
/** ms between two messages: a night in ten seconds. */
const PACE = 700
/** ms without a server. */
const OUTAGE = 1_500
/** ms; whatever is not there by then is lost. */
const LONGEST = 14_000
/** False alarms per second, Hz: rarer ones are shown. */
const RARE = 1 / (60 * 86_400)

type Clients = Readonly<Record<NightMessage['stream'], IgwnAlertClient>>
type Outcome = 'shown' | 'dropped'

/**
 * A made-up night on an embedded log, through sinks and one merged stream; in its middle the connection breaks.
 *
 * @throws Error when a message is neither shown nor said to be dropped
 */
export const demo = (): Promise<void> =>
  running(async ({ output, signal }) => {
    const night = sampleNight()
    const transport = new MemoryTransport()
    const clientOf = (group: string): IgwnAlertClient => {
      transport.log.createTopic(`${group}.${TOPIC}`)
      return new IgwnAlertClient({ transport, group, logger: silentLogger })
    }
    const clients: Clients = { production: clientOf(GROUPS.production), playground: clientOf(GROUPS.playground) }
    const close = (): Promise<unknown> => Promise.all(Object.values(clients).map(client => client.close()))
    signal.addEventListener('abort', close)
    try {
      await output.line(output.style('bold', 'A night of made-up alerts, on a log in the memory of this process. No server, no account.'))
      await output.line(output.style('dim', `\n${heading()}`))
      const ready = positioned(clients, 3)
      const over = merge(timer(LONGEST), fromEvent(signal, 'abort'))
      const tally = lastValueFrom(tallied(show(clients, night, output), night.length).pipe(takeUntil(over)), {
        defaultValue: noneOf(night.length),
      })
      await Promise.all([tally, ready.then(() => publish(night, clients, transport, signal))])
      await output.line(closing(await tally, output))
      if (lostOf(await tally) > 0) throw new Error('not every message was shown or said to be dropped')
    } finally {
      await close()
      await transport.close(0)
    }
  })

/** Shows what comes; emits what became of each message. */
function show({ production, playground }: Clients, night: readonly NightMessage[], output: Output): Observable<Outcome> {
  const dropped = new Subject<'dropped'>()
  const drop = (subject: { id: string; type: string }, why: string): void => {
    output.say(droppedLine(subject, why, output))
    dropped.next('dropped')
  }
  const isShown = ({ payload }: Delivery<SampleAlert>): boolean => {
    const { superevent_id: id, alert_type: type, event } = payload
    if (!event || event.far < RARE) return true
    drop({ id, type }, `false alarms ${farInWords(event.far)}: our filter wants them rarer than ${farInWords(RARE)}`)
    return false
  }
  const alerts$ = merge(production.topic(TOPIC), playground.topic(TOPIC)).pipe(
    parseJson<SampleAlert>(),
    filterRecords(isShown),
    handle(async (record): Promise<Outcome> => {
      await output.line(alertLine(record, output))
      return 'shown'
    }),
  )
  // Only to tell what was left out: nobody else sees test messages who does not ask for them.
  const tests$ = production.topic(TOPIC, { tests: 'only' }).pipe(
    parseJson<SampleAlert>(),
    handle(({ payload: { superevent_id: id, alert_type: type } }) => drop({ id, type }, 'a test message: left out unless asked for')),
    ignoreElements(),
  )
  const published = night.filter(({ stream }) => stream === 'production')
  merge(production.status$, playground.status$).subscribe(connectionSayer(output))
  production.status$.subscribe(status => {
    if (status.type !== 'failed') return
    drop(subjectOf(published[status.offset ?? 0]!), `not JSON, half of it is missing: reported as ${placeOf(status)}`)
  })
  return merge(alerts$, tests$, dropped)
}

const placeOf = ({ topic, partition, offset }: Extract<Status, { type: 'failed' }>): string => `${topic}[${partition}]@${offset}`

/** Says once that the connection broke, and once that it is back, whatever the number of streams. */
function connectionSayer(output: Output): (status: Status) => void {
  let brokenAt: number | undefined
  return status => {
    if (status.type === 'reconnecting' && brokenAt === undefined) {
      brokenAt = status.time
      output.say(lostLine(status, output))
    } else if (status.type === 'connected' && brokenAt !== undefined) {
      output.say(backLine((status.time - brokenAt) / 1000, output))
      brokenAt = undefined
    }
  }
}

/** Resolves when so many streams know where they start: what is published from then on is read. */
function positioned({ production, playground }: Clients, streams: number): Promise<unknown> {
  const positions$ = merge(production.status$, playground.status$).pipe(filter(({ type }) => type === 'positioned'))
  return lastValueFrom(positions$.pipe(take(streams)), { defaultValue: undefined })
}

const noneOf = (published: number): Tally => ({ published, shown: 0, dropped: 0 })

function tallied(outcome$: Observable<Outcome>, published: number): Observable<Tally> {
  return outcome$.pipe(
    scan((tally, outcome) => ({ ...tally, [outcome]: tally[outcome] + 1 }), noneOf(published)),
    takeWhile(tally => lostOf(tally) > 0, true),
  )
}

/** Publishes the night through the sinks of both groups; in its middle the server is away for a moment. */
async function publish(night: readonly NightMessage[], clients: Clients, transport: MemoryTransport, signal: AbortSignal): Promise<void> {
  const sinks = { production: clients.production.sink(TOPIC), playground: clients.playground.sink(TOPIC) }
  for (const [i, { stream, what, payload }] of night.entries()) {
    const isOutage = i === Math.floor(night.length / 2)
    if (isOutage) transport.goOffline()
    const stored = sinks[stream].send(outgoing(payload, { test: what === 'test', format: 'json' }))
    const back = isOutage && sleep(OUTAGE, undefined, { signal }).then(() => transport.goOnline())
    await Promise.all([stored, back])
    await sleep(PACE, undefined, { signal })
  }
}
