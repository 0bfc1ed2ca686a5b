import { setTimeout as wait } from 'node:timers/promises'
import { type Consumer, type ConsumerConfig, type EachMessagePayload, Kafka, logLevel, Partitioners } from 'kafkajs'
import { uniqueName } from '../../test/bed/bedClient.ts'
import { type KafkaBed, startKafka } from '../../test/bed/kafka.ts'
import { prepare } from '../../test/bed/prepare.ts'
import { proxyBrokers } from '../../test/bed/proxy.ts'
import { until } from '../../test/bed/run.ts'
import { ApiKey } from '../../test/bed/wire.ts'
import type { RowName } from '../../test/faults/rows.ts'
import { firstMetadata } from '../../test/faults/support/probe.ts'
import { now, seconds } from '../../test/faults/support/time.ts'

interface KafkajsControl {
  readonly row: RowName
  readonly what: string
  run(): Promise<Outcome>
}

interface Outcome {
  readonly measured: string
  /** As the row demands it. */
  readonly passes: boolean
}

const ALERTS = 20
/** What has not come after so long does not come, ms: a re-join that waits for a dead member takes up to 30 s. */
const PATIENCE = 60_000

const clientOf = (brokers: readonly string[]): Kafka => new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING })

interface Listening extends AsyncDisposable {
  readonly got: string[]
  readonly consumer: Consumer
}

/** Reads from the end on, as its documentation shows it. */
async function listen(
  address: string,
  topic: string,
  { groupId = uniqueName('control'), ...config }: Partial<ConsumerConfig> = {},
  work: (payload: EachMessagePayload) => Promise<void> = async () => {},
): Promise<Listening> {
  const consumer = clientOf([address]).consumer({ groupId, ...config })
  const got: string[] = []
  let fetching = false
  consumer.on(consumer.events.FETCH, () => {
    fetching = true
  })
  await consumer.connect()
  await consumer.subscribe({ topics: [topic], fromBeginning: false })
  await consumer.run({
    eachMessage: async payload => {
      got.push(String(payload.message.value))
      await work(payload)
    },
  })
  await until(() => fetching, 'kafkajs does not fetch')
  return { got, consumer, [Symbol.asyncDispose]: () => consumer.disconnect() }
}

const values = (count: number, prefix = 'alert'): string[] => Array.from({ length: count }, (_, n) => `${prefix} ${n}`)

/** How many of them have come, each counted once. */
const arrived = (got: readonly string[], wanted: readonly string[]): number => wanted.filter(value => got.includes(value)).length

async function restarted(): Promise<Outcome> {
  await using bed = await startKafka()
  const topic = uniqueName('control')
  await bed.createTopic(topic)
  const address = bed.brokers[0]!.plaintext
  await using listening = await listen(address, topic) // at the end; a quiet night so far: it has committed nothing
  await bed.kill(0)
  await wait(60_000) // how long the broker is away is what is tested
  const metadata = firstMetadata(address)
  await bed.start(0)
  const sent = values(ALERTS)
  await bed.produce(topic, sent)
  const back = await metadata
  const isThere = (): boolean => arrived(listening.got, sent) === ALERTS
  await until(isThere, 'lost', PATIENCE).catch(() => {})
  const took = now() - back
  const came = arrived(listening.got, sent)
  return { measured: `${ALERTS - came} of ${ALERTS} not there after ${seconds(took)}`, passes: came === ALERTS && took < 50_000 }
}

async function killedBeforeFirst(): Promise<Outcome> {
  await using bed = await startKafka()
  const topic = uniqueName('control')
  await bed.createTopic(topic)
  const address = bed.brokers[0]!.plaintext
  const groupId = uniqueName('control')
  const sent = values(ALERTS)
  {
    await using _first = await listen(address, topic, { groupId })
  }
  await bed.produce(topic, sent)
  await using second = await listen(address, topic, { groupId })
  await until(async () => {
    await bed.produce(topic, ['later'])
    return second.got.includes('later')
  }, 'kafkajs does not read')
  const came = arrived(second.got, sent)
  return { measured: `${ALERTS - came} of ${ALERTS} lost`, passes: came === ALERTS }
}

async function twoTopics(): Promise<Outcome> {
  await using bed = await startKafka()
  const [one, two] = [uniqueName('one'), uniqueName('two')]
  for (const topic of [one, two]) await bed.createTopic(topic, { partitions: 4 })
  const address = bed.brokers[0]!.plaintext
  const groupId = uniqueName('control')
  await using first = await listen(address, one, { groupId })
  await using second = await listen(address, two, { groupId })
  await until(async () => {
    const { state, members } = await bed.describeGroup(groupId)
    return state === 'Stable' && members.length === 2
  }, 'kafkajs does not settle')
  for (const topic of [one, two]) {
    for (let partition = 0; partition < 4; partition++) await bed.produce(topic, values(5, `${topic}/${partition}`), { partition })
  }
  const came = (): number => new Set([...first.got, ...second.got].filter(value => !value.startsWith('alert'))).size
  await until(() => came() === 40, 'lost', PATIENCE / 2).catch(() => {})
  return { measured: `${40 - came()} of 40 not read by anybody`, passes: came() === 40 }
}

async function typeError(): Promise<Outcome> {
  await using bed = await startKafka()
  const topic = uniqueName('control')
  await bed.createTopic(topic)
  const address = bed.brokers[0]!.plaintext
  await using listening = await listen(address, topic, { retry: { retries: 3, initialRetryTime: 100 } }, async ({ message }) => {
    if (String(message.value) === 'poison') throw new TypeError('no such property')
  })
  const sent = values(ALERTS)
  await bed.produce(topic, ['poison', ...sent])
  await until(() => arrived(listening.got, sent) === ALERTS, 'lost', PATIENCE / 2).catch(() => {})
  const came = arrived(listening.got, sent)
  const tries = listening.got.filter(value => value === 'poison').length
  return { measured: `poison delivered ${tries} times, ${ALERTS - came} of ${ALERTS} behind it not read`, passes: came === ALERTS }
}

async function swallowed(): Promise<Outcome> {
  await using bed: KafkaBed = await startKafka({ proxied: ['plaintext'] })
  const topic = uniqueName('control')
  await bed.createTopic(topic)
  let swallow = 20
  const proxies = await proxyBrokers(bed, 'plaintext', {
    onRequest: ({ apiKey }) => (apiKey === ApiKey.Produce && swallow > 0 && swallow-- > 0 ? 'cut-when-answered' : 'pass'),
  })
  const producer = clientOf(bed.brokers.map(({ proxied }) => proxied.plaintext!.advertised)).producer({
    createPartitioner: Partitioners.DefaultPartitioner,
    retry: { retries: 50, initialRetryTime: 20, maxRetryTime: 200 },
  })
  try {
    await producer.connect()
    for (const value of values(200)) await producer.send({ topic, acks: -1, messages: [{ value }] })
    const [stored = 0] = await bed.endOffsets(topic)
    return { measured: `200 sent, ${stored} stored`, passes: stored === 200 }
  } finally {
    await producer.disconnect()
    await Promise.all(proxies.map(proxy => proxy.close()))
  }
}

const KAFKAJS_CONTROLS: readonly KafkajsControl[] = [
  { row: 'brokerKilled', what: 'killed, back after 60 s, 20 alerts at once', run: restarted },
  { row: 'killedBeforeFirst', what: 'ended before its first record, 20 sent, started again', run: killedBeforeFirst },
  { row: 'twoStreams', what: 'two consumers of one group, a topic each', run: twoTopics },
  { row: 'handlers', what: 'a handler that throws a TypeError', run: typeError },
  { row: 'network', what: 'answers of Produce swallowed', run: swallowed },
]

/**
 * Cases of the fault suite with kafkajs's own consumer or producer in place of ours, on a real Kafka: each has to fail, or it shows nothing.
 * Prints a table.
 *
 * @param isAsked by the row's name
 * @returns whether all failed
 */
export async function putKafkajsInPlace(isAsked: (row: string) => boolean): Promise<boolean> {
  const asked = KAFKAJS_CONTROLS.filter(({ row }) => isAsked(row))
  if (asked.length === 0) return true
  await prepare(line => console.error(line))
  let passed = 0
  console.log("\n| row | case | with kafkajs's own consumer, or producer |\n|---|---|---|")
  for (const { row, what, run } of asked) {
    const { measured, passes } = await run()
    if (passes) passed++
    console.log(`| ${row} | ${what} | ${passes ? '**passes**: ' : ''}${measured} |`)
  }
  return passed === 0
}
