import { setTimeout as wait } from 'node:timers/promises'
import { seeded } from '../../../src/testing/random.ts'
import { uniqueName } from '../../bed/bedClient.ts'
import { type KafkaBed, startKafka } from '../../bed/kafka.ts'
import { type KafkaProxy, proxyBrokers } from '../../bed/proxy.ts'
import { readBack } from '../../kafka/writing/readBack.ts'
import type { Resources, SoakTask } from '../programs/soak.ts'
import type { Verdict } from './ledger.ts'
import { Pace } from './pace.ts'
import { type Growth, Soaked } from './Soaked.ts'
import { randomFault } from './soakFaults.ts'
import { now } from './time.ts'

export interface SoakOptions {
  readonly minutes: number
  /** The same seed, the same faults; when they come in the traffic is chance. */
  readonly seed: number
  /** Told of each fault. */
  readonly say?: ((line: string) => void) | undefined
}

export interface SoakResult {
  readonly read: Verdict
  readonly grouped: Verdict
  readonly written: Verdict
  /** Errors of the streams and sends. */
  readonly failures: readonly string[]
  /** How often each fault came. */
  readonly faults: ReadonlyMap<string, number>
  readonly growth: Growth
  /** While alerts flowed and nothing was wrong: before the faults and after them. */
  readonly handles: { readonly atStart: Resources; readonly atEnd: Resources }
  /** Of the process before it had a client, and after it had closed it. */
  readonly left: { readonly before: Resources; readonly after: Resources }
  /** The process ended by itself with code 0. */
  readonly endedWell: boolean
}

const PER_SECOND = 20
const PADDING = 1000
const PARTITIONS = 3
const SAMPLE_EVERY = 2000

/** Readers and a writer in a process of their own, under random faults: what became of the alerts, the memory, the handles. */
export async function soak({ minutes, seed, say = () => {} }: SoakOptions): Promise<SoakResult> {
  await using bed = await startKafka({ proxied: ['plaintext'] })
  const [proxy] = await proxyBrokers(bed, 'plaintext')
  await using _proxy = proxy!
  const [topic, out] = [uniqueName('soak'), uniqueName('soaked')]
  for (const name of [topic, out]) await bed.createTopic(name, { partitions: PARTITIONS })
  const client = { server: `kafka://${proxy!.address}/`, noauth: true }
  const task: SoakTask = { client, topic, out, consumerGroup: uniqueName('soak'), perSecond: PER_SECOND, sampleEvery: SAMPLE_EVERY }
  await using soaked = new Soaked(task)
  await soaked.untilConnected()
  const brokers = [bed.brokers[0]!.plaintext]
  const ledgers = [soaked.read, soaked.grouped]
  await using pace = await Pace.start({ brokers, topic, partitions: PARTITIONS, perSecond: PER_SECOND, padding: PADDING, ledgers })
  await soaked.untilFlows()
  const atStart = await soaked.nextHandles()

  const faults = await doFaults({ bed, proxy: proxy!, until: now() + minutes * 60_000, seed, say })
  await soaked.untilFlows()
  const atEnd = await soaked.handlesLike(atStart)
  const growth = soaked.growth()

  await pace.stop()
  await soaked.publishNoMore()
  await soaked.untilAllThere()
  const { before, after, endedWell } = await soaked.end()
  for (const { partition, value, timestamp } of await readBack(bed, out)) {
    const { n } = JSON.parse(Buffer.from(value ?? '', 'base64').toString()) as { readonly n: number }
    soaked.written.got(partition, n, timestamp)
  }
  return {
    read: soaked.read.verdict(),
    grouped: soaked.grouped.verdict(),
    written: soaked.written.verdict(),
    failures: soaked.failures,
    faults,
    growth,
    handles: { atStart, atEnd },
    left: { before, after },
    endedWell,
  }
}

interface FaultRun {
  readonly bed: KafkaBed
  readonly proxy: KafkaProxy
  readonly until: number
  readonly seed: number
  readonly say: (line: string) => void
}

async function doFaults({ bed, proxy, until: end, seed, say }: FaultRun): Promise<Map<string, number>> {
  const random = seeded(seed)
  const between = (from: number, to: number): number => from + Math.floor(random() * (to - from + 1))
  const counts = new Map<string, number>()
  const start = now()
  while (now() < end) {
    await wait(between(200, 3000))
    const at = Math.round((now() - start) / 1000)
    const { name, detail } = await randomFault({ bed, proxy, between })
    counts.set(name, (counts.get(name) ?? 0) + 1)
    say(`${at} s: ${name} ${detail}`.trim())
  }
  return counts
}
