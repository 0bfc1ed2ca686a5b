import { setTimeout as wait } from 'node:timers/promises'
import { handle, IgwnAlertClient, parseJson, silentLogger } from 'igwn-alert-rx'
import { Kafka, logLevel } from 'kafkajs'
import { expect, it } from 'vitest'
import { uniqueName } from '../bed/bedClient.ts'
import { startKafka } from '../bed/kafka.ts'

interface Alert {
  readonly n: number
}

/** When another client first gets metadata, polling. */
async function firstMetadata(address: string): Promise<number> {
  const kafka = new Kafka({ brokers: [address], logLevel: logLevel.NOTHING, connectionTimeout: 500, retry: { retries: 0 } })
  for (;;) {
    const admin = kafka.admin()
    try {
      await admin.connect()
      await admin.fetchTopicMetadata()
      return performance.now()
    } catch {
      await wait(50)
    } finally {
      await admin.disconnect()
    }
  }
}

it('a broker that is killed and back after 5 s: none of 20 alerts is lost or doubled, the first comes within 5 s', async () => {
  await using bed = await startKafka()
  const topic = uniqueName('killed')
  await bed.createTopic(topic)
  const address = bed.brokers[0]!.plaintext
  await using client = new IgwnAlertClient({ server: `kafka://${address}/`, noauth: true, group: null, logger: silentLogger })
  const states: string[] = []
  client.status$.subscribe(({ type }) => states.push(type))
  const got: { readonly n: number; readonly at: number }[] = []
  const errors: unknown[] = []
  const alerts = client.topic(topic, { from: 'latest' }).pipe(
    parseJson<Alert>(),
    handle(async ({ payload }) => got.push({ n: payload.n, at: performance.now() })),
  )
  alerts.subscribe({ error: error => errors.push(error) })
  await expect.poll(() => states, { timeout: 10_000 }).toContain('connected')
  await bed.produce(topic, ['{"n": 0}'])
  await expect.poll(() => got.length).toBe(1)

  await bed.kill(0)
  await wait(5000) // how long the broker is away is what is tested
  const metadata = firstMetadata(address)
  await bed.start(0)
  const numbers = Array.from({ length: 20 }, (_, i) => i + 1)
  await bed.produce(
    topic,
    numbers.map(n => JSON.stringify({ n })),
  )
  const back = await metadata
  await expect.poll(() => got.length, { timeout: 20_000 }).toBeGreaterThan(20)
  await bed.produce(topic, ['{"n": 21}']) // what comes twice comes before it
  await expect.poll(() => got.at(-1)?.n, { timeout: 10_000 }).toBe(21)

  expect(got.map(({ n }) => n)).toEqual([0, ...numbers, 21])
  expect(got[1]!.at - back).toBeLessThan(5000)
  expect(states).toContain('reconnecting')
  expect(states).not.toContain('gap')
  expect(errors).toEqual([])
}, 120_000)
