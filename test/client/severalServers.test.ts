/** docs/several-servers.md: what it says of several servers as one stream. */
import { catchError, EMPTY, merge, NEVER, type Observable } from 'rxjs'
import { beforeEach, describe, expect, it } from 'vitest'
import { alertKey, type ClientOptions, type Delivery, decode, dedupe, handle, parseJson, toStream, writeAvro } from '../../src/index.ts'
import { type SampleAlert, sampleAlerts, VirtualClock } from '../../src/testing.ts'
import { ALERTS, Server } from './severalServers.rig.ts'

const MINUTE = 60_000
/** Of each client: one that fails does not end the stream of all. */
const patient = { retryOnFatal: true, listenRetries: Number.POSITIVE_INFINITY, retryWait: MINUTE } satisfies ClientOptions

let clock: VirtualClock
let scimma: Server
let gcn: Server

beforeEach(() => {
  clock = new VirtualClock()
  scimma = new Server(clock, 'scimma')
  gcn = new Server(clock, 'gcn')
})

interface Heard {
  readonly got: string[]
  readonly errors: unknown[]
  ended: boolean
}

/** `server value` of each. */
function hear(records: Observable<Delivery>): Heard {
  const heard: Heard = { got: [], errors: [], ended: false }
  records
    .pipe(
      parseJson(),
      handle(async ({ server, payload }) => `${server.split(':')[0]} ${payload}`),
    )
    .subscribe({
      next: text => heard.got.push(text),
      error: error => heard.errors.push(error),
      complete: () => {
        heard.ended = true
      },
    })
  return heard
}

const both = (options: ClientOptions = {}): Observable<Delivery> =>
  merge(scimma.client(options).topic(ALERTS), gcn.client(options).topic(ALERTS))

describe('several groups and servers as one stream', () => {
  it('says of each record where it came from: server, group, topic; in a loop, which holds what it is at', async () => {
    const own = new Server(clock, 'scimma', ['gracedb.superevent', 'gracedb-playground.superevent'])
    for (const group of ['gracedb', 'gracedb-playground']) own.publish(JSON.stringify(`of ${group}`), { topic: `${group}.superevent` })
    gcn.publish('"of GCN"')
    const first = own.client({ from: 'earliest', untilEnd: true, consumerGroup: 'g' })
    const second = gcn.client({ from: 'earliest', untilEnd: true, consumerGroup: 'g' })
    const groups = ['gracedb', 'gracedb-playground'].map(group => first.topic('superevent', { group }))
    const got: unknown[] = []
    const loop = (async () => {
      for await (const { server, group, topic, payload } of toStream(merge(...groups, second.topic(ALERTS))).pipe(parseJson())) {
        got.push([server, group, topic, payload])
      }
    })()
    await clock.advance(20_000)
    await loop
    expect(got.sort()).toEqual([
      ['gcn:9092', null, 'igwn.gwalert', 'of GCN'],
      ['scimma:9092', 'gracedb', 'superevent', 'of gracedb'],
      ['scimma:9092', 'gracedb-playground', 'superevent', 'of gracedb-playground'],
    ])
    expect(own.log.committed('g', 'gracedb.superevent', 0)).toBe(1)
    expect(gcn.log.committed('g', ALERTS, 0)).toBe(1)
  })
})

describe('one of two servers that fails', () => {
  it('ends all where nothing is done about it, as merge does', async () => {
    scimma.transport.refuseCredentials()
    const heard = hear(both())
    await clock.advance(MINUTE)
    gcn.publish('1')
    await clock.advance(MINUTE)
    expect(heard).toMatchObject({ got: [], errors: [{ code: 'ALERT_CREDENTIALS', fatal: true }] })
  })

  it('at the start: the other is read meanwhile; it is tried again, and read from the moment of subscribing', async () => {
    scimma.transport.refuseCredentials()
    const heard = hear(both(patient))
    await clock.advance(10_000)
    for (const server of [scimma, gcn]) server.publish('1')
    await clock.advance(10 * MINUTE)
    expect(heard).toEqual({ got: ['gcn 1'], errors: [], ended: false })
    const endings = scimma.errors.filter(message => /^the stream of igwn\.gwalert ended: .*SASL_AUTHENTICATION_FAILED/.test(message))
    expect(endings.length).toBeGreaterThan(5)
    scimma.transport.acceptCredentials()
    await clock.advance(2 * MINUTE)
    gcn.publish('2')
    await clock.advance(1_000)
    expect(heard).toEqual({ got: ['gcn 1', 'scimma 1', 'gcn 2'], errors: [], ended: false })
  })

  it('where nobody answers at the start: as well', async () => {
    scimma.transport.goOffline()
    const heard = hear(both(patient))
    await clock.advance(MINUTE)
    for (const server of [scimma, gcn]) server.publish('1')
    await clock.advance(MINUTE)
    expect(heard.got).toEqual(['gcn 1'])
    scimma.transport.goOnline()
    await clock.advance(2 * MINUTE)
    expect(heard).toEqual({ got: ['gcn 1', 'scimma 1'], errors: [], ended: false })
  })

  it('later, for hours: no trouble of the other; what it published comes when it is back, once', async () => {
    const heard = hear(both())
    await clock.advance(1_000)
    for (const server of [scimma, gcn]) server.publish('1')
    await clock.advance(1_000)
    scimma.transport.goOffline()
    await clock.advance(60 * MINUTE)
    for (const server of [scimma, gcn]) server.publish('2')
    await clock.advance(60 * MINUTE)
    expect(heard.got).toEqual(['scimma 1', 'gcn 1', 'gcn 2'])
    expect([gcn.count('reconnecting'), scimma.count('reconnecting') > 0]).toEqual([0, true])
    scimma.transport.goOnline()
    await clock.advance(MINUTE)
    expect(heard).toEqual({ got: ['scimma 1', 'gcn 1', 'gcn 2', 'scimma 2'], errors: [], ended: false })
  })

  it('later, by its word, for longer than refusalTimeout: goes on where it was, the other had no trouble', async () => {
    const heard = hear(both(patient))
    await clock.advance(1_000)
    for (const server of [scimma, gcn]) server.publish('1')
    await clock.advance(1_000)
    scimma.transport.refuseCredentials()
    scimma.transport.disconnect()
    await clock.advance(15 * MINUTE)
    expect(scimma.count('closed')).toBeGreaterThan(0)
    for (const server of [scimma, gcn]) server.publish('2')
    await clock.advance(1_000)
    expect(heard.got).toEqual(['scimma 1', 'gcn 1', 'gcn 2'])
    scimma.transport.acceptCredentials()
    await clock.advance(15 * MINUTE)
    expect(heard).toEqual({ got: ['scimma 1', 'gcn 1', 'gcn 2', 'scimma 2'], errors: [], ended: false })
    expect([gcn.count('closed'), gcn.errors]).toEqual([0, []])
  })

  it('is left out for good by catchError on its own stream', async () => {
    scimma.transport.refuseCredentials()
    const given: unknown[] = []
    const orNothing = (source: Observable<Delivery>): Observable<Delivery> =>
      source.pipe(
        catchError(error => {
          given.push(error)
          return EMPTY
        }),
      )
    const heard = hear(merge(...[scimma, gcn].map(server => orNothing(server.client().topic(ALERTS)))))
    await clock.advance(MINUTE)
    gcn.publish('1')
    await clock.advance(MINUTE)
    expect(heard).toEqual({ got: ['gcn 1'], errors: [], ended: false })
    expect(given).toMatchObject([{ code: 'ALERT_CREDENTIALS' }])
  })
})

describe('one alert over two servers', () => {
  const [preliminary, initial] = sampleAlerts(['PRELIMINARY', 'INITIAL'])
  /** As each server has it: Avro, an array of one, the sky map as bytes; and JSON. */
  const publish = {
    scimma: (alert: SampleAlert | undefined) => {
      const event = alert?.event && { ...alert.event, skymap: Uint8Array.of(1, 2) }
      scimma.publish(writeAvro([{ ...alert, event }]), { format: 'avro' })
    },
    gcn: (alert: SampleAlert | undefined) => gcn.publish(JSON.stringify(alert), { format: 'json' }),
  }

  /** The servers whose alert was handled, in a consumer group at each. */
  function handled(): string[] {
    const got: string[] = []
    both({ ...patient, consumerGroup: 'g', from: 'earliest' })
      .pipe(
        decode(),
        dedupe({ key: alertKey, clock }),
        handle(async ({ server }) => void got.push(server)),
      )
      .subscribe()
    return got
  }
  const committed = (): unknown => [scimma, gcn].map(({ log }) => log.committed('g', ALERTS, 0))

  it('is handled once, whichever comes first; both servers know that it is done', async () => {
    const got = handled()
    await clock.advance(1_000)
    publish.scimma(preliminary)
    await clock.advance(1_000)
    publish.gcn(preliminary)
    publish.gcn(initial)
    await clock.advance(1_000)
    publish.scimma(initial)
    await clock.advance(10_000)
    expect([got, committed()]).toEqual([
      ['scimma:9092', 'gcn:9092'],
      [2, 2],
    ])
  })

  it('comes by the other one where the first is away', async () => {
    const got = handled()
    await clock.advance(1_000)
    scimma.transport.goOffline()
    publish.scimma(preliminary)
    publish.gcn(preliminary)
    await clock.advance(5 * MINUTE)
    expect(got).toEqual(['gcn:9092'])
    scimma.transport.goOnline()
    await clock.advance(5 * MINUTE)
    expect([got, committed()]).toEqual([['gcn:9092'], [1, 1]])
  })

  it('comes by the other one when the first is lost for good with the alert under way', async () => {
    const started: string[] = []
    const consumerGroup = 'g'
    const failing = scimma
      .client({ consumerGroup, from: 'earliest', drainTimeout: 1_000 })
      .topic(ALERTS)
      .pipe(catchError(() => EMPTY))
    merge(failing, gcn.client({ consumerGroup, from: 'earliest' }).topic(ALERTS))
      .pipe(
        decode(),
        dedupe({ key: alertKey, clock }),
        handle(({ server }) => {
          started.push(server)
          return server === gcn.transport.server ? EMPTY : NEVER
        }),
      )
      .subscribe()
    await clock.advance(1_000)
    publish.scimma(preliminary)
    await clock.advance(1_000)
    publish.gcn(preliminary)
    await clock.advance(10_000)
    expect([started, committed()]).toEqual([['scimma:9092'], [0, 0]])
    scimma.transport.fail('INVALID_GROUP_ID', { at: 'fetch' })
    await clock.advance(10_000)
    expect([started, committed()]).toEqual([
      ['scimma:9092', 'gcn:9092'],
      [0, 1],
    ])
  })
})
