import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { uniqueName } from '../bed/bedClient.ts'
import { type KafkaBed, startKafka } from '../bed/kafka.ts'
import { startProxy, type Verdict } from '../bed/proxy.ts'
import { rewriteAddresses } from '../bed/rewrite.ts'
import { ApiKey } from '../bed/wire.ts'
import { RealWriter } from './writing/RealWriter.ts'
import { balance, PERFECT, readBack } from './writing/readBack.ts'

let bed: KafkaBed
beforeAll(async () => {
  bed = await startKafka()
})
afterAll(() => bed.close())

async function newTopic(partitions = 1): Promise<string> {
  const topic = uniqueName('writer')
  await bed.createTopic(topic, { partitions })
  return topic
}

/** Numbers from 0 to 1, the same in each run. */
function pseudoRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

const stored = (writer: RealWriter) => writer.written.filter(({ outcome }) => outcome && !outcome.error)

describe('on a line that breaks', () => {
  it('20 000 records with 200 lost requests and answers: none lost, none doubled, each where it was said', async () => {
    const topic = await newTopic(3)
    const random = pseudoRandom(7)
    let left = 200
    const verdict = (): Verdict => {
      if (left === 0 || random() > 0.35) return 'pass'
      left--
      if (left % 100 === 50) return 'swallow-answer' // twice only: it takes its time to be noticed
      const cuts: readonly Verdict[] = ['cut-when-answered', 'cut-when-answered', 'cut-when-sent', 'cut']
      return cuts[Math.floor(random() * cuts.length)]!
    }
    const target = bed.brokers[0]!.plaintext
    await using proxy = await startProxy(target, { onRequest: ({ apiKey }) => (apiKey === ApiKey.Produce ? verdict() : 'pass') })
    proxy.onResponse = rewriteAddresses({ [target]: proxy.address })
    await using writer = new RealWriter({ server: proxy.address }, { maxBatchBytes: 1000 }) // some 25 records
    await writer.writeNumbers(topic, 20_000, { partitions: 3, window: 50 })
    expect(left).toBe(0)
    expect(stored(writer)).toHaveLength(20_000)
    expect(balance(writer.written, await readBack(bed, topic))).toEqual(PERFECT)
  }, 180_000)

  it('where nothing passes, records settle in time, as what they are, and the next are written', async () => {
    const topic = await newTopic()
    const target = bed.brokers[0]!.plaintext
    await using proxy = await startProxy(target)
    proxy.onResponse = rewriteAddresses({ [target]: proxy.address })
    await using writer = new RealWriter({ server: proxy.address }, { deliveryTimeout: 2000 })
    await writer.write(topic, '0')
    proxy.blackhole(true)
    const start = performance.now()
    const first = writer.write(topic, '1')
    await expect.poll(() => proxy.stats.connections).toBeGreaterThan(1)
    const second = writer.write(topic, '2')
    expect([await first, await second]).toMatchObject([{ stored: 'unknown' }, { stored: false }])
    expect(performance.now() - start).toBeLessThan(6000) // the link is given up after 7 s
    proxy.strand()
    proxy.blackhole(false)
    let next = 3
    await expect.poll(async () => (await writer.write(topic, String(next++))).error, { timeout: 30_000 }).toBeUndefined()
    expect(balance(writer.written, await readBack(bed, topic))).toEqual(PERFECT)
  })
})

describe('while its broker', () => {
  it('is killed and started again, twice: none lost, none doubled, all settle', async () => {
    const topic = await newTopic(3)
    await using writer = new RealWriter({ server: bed.brokers[0]!.plaintext }, { maxBatchBytes: 1000 })
    const writing = writer.writeNumbers(topic, 30_000, { partitions: 3, window: 50 })
    for (const part of [10_000, 20_000]) {
      await expect.poll(() => writer.settled, { interval: 5, timeout: 30_000 }).toBeGreaterThan(part)
      await bed.kill(0)
      await bed.start(0)
    }
    await writing
    expect(stored(writer)).toHaveLength(30_000)
    expect(writer.retries.size).toBeGreaterThan(0)
    expect(balance(writer.written, await readBack(bed, topic))).toEqual(PERFECT)
  }, 180_000)

  it('is stopped in order and started again: the same', async () => {
    const topic = await newTopic(3)
    await using writer = new RealWriter({ server: bed.brokers[0]!.plaintext }, { maxBatchBytes: 1000 })
    const writing = writer.writeNumbers(topic, 20_000, { partitions: 3, window: 50 })
    await expect.poll(() => writer.settled, { interval: 5, timeout: 30_000 }).toBeGreaterThan(5000)
    await bed.stop(0)
    await bed.start(0)
    await writing
    expect(stored(writer)).toHaveLength(20_000)
    expect(balance(writer.written, await readBack(bed, topic))).toEqual(PERFECT)
  }, 180_000)

  it('stands still, records settle at their deadline; when it goes on, order and count are right', async () => {
    const topic = await newTopic()
    await using writer = new RealWriter({ server: bed.brokers[0]!.plaintext }, { deliveryTimeout: 1500 })
    await writer.write(topic, '0')
    bed.pause(0)
    const start = performance.now()
    const outcomes = await Promise.all(['1', '2', '3'].map(value => writer.write(topic, value)))
    const waited = performance.now() - start
    bed.resume(0)
    expect(outcomes).toMatchObject(outcomes.map(() => ({ stored: 'unknown', error: { code: 'ALERT_EXPIRED' } })))
    expect(waited).toBeGreaterThan(1400)
    expect(waited).toBeLessThan(5000) // and not at the end of the request, after 6.5 s
    let next = 4
    await expect.poll(async () => (await writer.write(topic, String(next++))).error, { timeout: 30_000 }).toBeUndefined()
    expect(balance(writer.written, await readBack(bed, topic))).toEqual(PERFECT)
  })

  it('closes, what is under way is said to be unknown, and no socket is left', async () => {
    const topic = await newTopic()
    const sockets = () => process.getActiveResourcesInfo().filter(kind => kind === 'TCPSocketWrap').length
    const before = sockets()
    const writer = new RealWriter({ server: bed.brokers[0]!.plaintext })
    await writer.write(topic, '0')
    bed.pause(0)
    const outcome = writer.write(topic, '1')
    await new Promise(resolve => setImmediate(() => setImmediate(() => setImmediate(resolve)))) // under way
    const start = performance.now()
    await writer[Symbol.asyncDispose]()
    bed.resume(0)
    expect(await outcome).toMatchObject({ stored: 'unknown', error: { code: 'ALERT_CLOSED' } })
    expect(sockets()).toBeLessThanOrEqual(before)
    expect(performance.now() - start).toBeLessThan(5000)
  })
})
