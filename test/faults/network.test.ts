import { setTimeout as wait } from 'node:timers/promises'
import type { ClientOptions } from 'igwn-alert-rx'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { uniqueName } from '../bed/bedClient.ts'
import { type KafkaBed, startKafka } from '../bed/kafka.ts'
import { type KafkaProxy, proxyBrokers, startProxy, type Verdict } from '../bed/proxy.ts'
import { rewriteAddresses } from '../bed/rewrite.ts'
import { until } from '../bed/run.ts'
import { ApiKey } from '../bed/wire.ts'
import { figure } from './support/figures.ts'
import { FAULTLESS } from './support/ledger.ts'
import { length } from './support/length.ts'
import { Reading } from './support/reading.ts'
import { now } from './support/time.ts'
import { Traffic } from './support/traffic.ts'

const RECOVERY = 15_000
const SESSION_TIMEOUT = 45_000 // the default

let bed: KafkaBed
beforeAll(async () => {
  // A group of one member has nobody to wait for.
  bed = await startKafka({ proxied: ['saslSsl'], properties: { 'group.initial.rebalance.delay.ms': 0 } })
})
afterAll(() => bed.close())

interface Network {
  readonly proxy: KafkaProxy
  readonly traffic: Traffic
  /** How the traffic's clients reach the bed. */
  readonly client: ClientOptions
}

interface Case {
  readonly what: string
  /** @default plaintext */
  readonly protocol?: 'plaintext' | 'saslPlaintext' | 'saslSsl'
  /** Alerts a second each way. @default 50 */
  readonly perSecond?: number
  /** It lasts longer than the session of a group's member, whose last records may then come twice. @default false */
  readonly endsSession?: boolean
  /** From its beginning on; gives the moment (`now()`) at which the network was back. */
  readonly fault: (network: Network) => Promise<number>
}

const CUTS = length({ short: 20, full: 200 })
/** How long faults last is what is tested. */
const HOLE = length({ short: 12_000, full: 60_000 })
const WHILE = length({ short: 4000, full: 30_000 })
const SWALLOWED = length({ short: 10, full: 60 })

/** The traffic's connections are cut, and neither they nor a reader that starts now get through, until `work` is over. */
async function disturbHandshakes({ proxy, traffic, client }: Network, work: () => Promise<void>): Promise<number> {
  await using starting = new Reading(traffic.topic, { ...client, connectTimeout: Number.POSITIVE_INFINITY })
  proxy.cut()
  await work()
  const returned = now()
  expect(starting.count('reconnecting')).toBeGreaterThan(2)
  await starting.untilConnected()
  expect(now() - returned).toBeLessThan(RECOVERY)
  return returned
}

const cases: readonly Case[] = [
  {
    what: `cut ${CUTS} times under load`,
    perSecond: 100,
    fault: async ({ proxy, traffic }) => {
      for (let i = 0; i < CUTS; i++) {
        await traffic.flows(1)
        proxy.cut()
      }
      return now()
    },
  },
  {
    what: `black hole for ${HOLE / 1000} s, connections left open`,
    endsSession: HOLE > SESSION_TIMEOUT,
    fault: async ({ proxy }) => {
      proxy.blackhole(true)
      await wait(HOLE)
      proxy.blackhole(false)
      return now()
    },
  },
  {
    what: `black hole for ${HOLE / 1000} s, after which the old connections stay dead`,
    endsSession: HOLE > SESSION_TIMEOUT,
    fault: async ({ proxy }) => {
      proxy.blackhole(true)
      await wait(HOLE)
      proxy.strand()
      proxy.blackhole(false)
      return now()
    },
  },
  {
    what: `1 byte at a time for ${WHILE / 1000} s`,
    perSecond: 10,
    fault: async ({ proxy }) => {
      proxy.chunk(1)
      proxy.cut() // connecting, too
      await wait(WHILE)
      proxy.chunk(0)
      return now()
    },
  },
  {
    what: `500 ms delay each way for ${WHILE / 1000} s`,
    fault: async ({ proxy }) => {
      proxy.delay(500)
      proxy.cut()
      await wait(WHILE)
      proxy.delay(0)
      return now()
    },
  },
  {
    what: `reset in mid-handshake of TLS for ${WHILE / 1000} s`,
    protocol: 'saslSsl',
    fault: network =>
      disturbHandshakes(network, async () => {
        network.proxy.resetInHandshake(true)
        await wait(WHILE)
        network.proxy.resetInHandshake(false)
      }),
  },
  {
    what: `cut in the midst of SASL for ${WHILE / 1000} s`,
    protocol: 'saslPlaintext',
    fault: network =>
      disturbHandshakes(network, async () => {
        let asked = 0
        const verdict = (): Verdict => (++asked % 2 > 0 ? 'cut-when-sent' : 'cut-when-answered')
        network.proxy.onRequest = ({ apiKey }) => (apiKey === ApiKey.SaslAuthenticate ? verdict() : 'pass')
        await wait(WHILE)
        network.proxy.onRequest = () => 'pass'
      }),
  },
  {
    what: `${SWALLOWED} answers of Produce lost, the last without a word`,
    fault: async ({ proxy }) => {
      let [asked, left] = [0, SWALLOWED]
      proxy.onRequest = ({ apiKey }) => {
        if (apiKey !== ApiKey.Produce || left === 0 || ++asked % 3 > 0) return 'pass'
        return left-- === 1 ? 'swallow-answer' : 'cut-when-answered' // the last: a cut would reveal it
      }
      await until(() => left === 0, 'answers are left', 120_000)
      proxy.onRequest = () => 'pass'
      return now()
    },
  },
]

/** A proxy of its own in front of the bed. Of TLS only bytes pass, so there is one address for it, which the broker tells its clients. */
async function startNetwork(protocol: NonNullable<Case['protocol']>): Promise<{ proxy: KafkaProxy; client: ClientOptions }> {
  const auth = { username: 'admin', password: bed.users['admin'] ?? '' }
  if (protocol === 'saslSsl') {
    const proxy = (await proxyBrokers(bed, protocol))[0]!
    return { proxy, client: { server: `kafka://${proxy.address}/`, auth: { ...auth, caFile: bed.caFile } } }
  }
  const target = bed.brokers[0]![protocol]
  const proxy = await startProxy(target)
  proxy.onResponse = rewriteAddresses({ [target]: proxy.address })
  const server = `kafka://${proxy.address}/`
  return { proxy, client: protocol === 'plaintext' ? { server, noauth: true } : { server, auth: { ...auth, protocol: 'SASL_PLAINTEXT' } } }
}

it.concurrent.each(cases)('$what: nothing is lost or doubled, and all goes on within 15 s of its return', async each => {
  const { what, protocol = 'plaintext', perSecond = 50, endsSession = false, fault } = each
  const { proxy, client } = await startNetwork(protocol)
  await using _proxy = proxy
  await using traffic = await Traffic.start({ bed, client, perSecond, consumerGroup: uniqueName('network') })
  const returned = await fault({ proxy, traffic, client })
  await traffic.flows()
  await traffic.settle()
  for (const [how, value] of traffic.figures(returned)) figure('network', `${what}: ${how}`, value)

  const { reading, grouped, writing } = traffic
  expect(reading.ledger.verdict()).toMatchObject(FAULTLESS)
  expect(grouped!.ledger.verdict()).toMatchObject(endsSession ? { lost: [] } : FAULTLESS)
  for (const reader of traffic.readings) {
    expect(reader.errors).toEqual([])
    expect(reader.count('gap')).toBe(0)
    expect(reader.ledger.recovery(returned)).toBeLessThan(RECOVERY)
  }
  expect(writing.failures).toEqual([])
  expect(writing.ledger.verdict()).toMatchObject(FAULTLESS)
  expect(writing.recovery(returned)).toBeLessThan(RECOVERY)
})
