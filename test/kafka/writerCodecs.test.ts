import { handle, IgwnAlertClient, parseJson, silentLogger } from 'igwn-alert-rx'
import { sampleAlerts } from 'igwn-alert-rx/testing'
import { lastValueFrom, toArray } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { WRITABLE_COMPRESSIONS } from '../../src/transports/kafka/compress.ts'
import { fetchMessage } from '../../src/transports/kafka/decode/fetch.ts'
import type { Compression } from '../../src/transports/transport.ts'
import { batchesIn } from '../bed/batches.ts'
import { uniqueName } from '../bed/bedClient.ts'
import { javaRead } from '../bed/javaRead.ts'
import { sharedBed } from '../bed/shared.ts'
import { RealWriter } from './writing/RealWriter.ts'
import { readBack } from './writing/readBack.ts'

const bed = sharedBed()
const broker = bed.brokers[0]!
const NUMBERS: Readonly<Record<Compression, number>> = { none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 }

/** Alerts, one after the other; none of them is another. */
const alerts = Array.from({ length: 100 }, (_, seed) => sampleAlerts(['PRELIMINARY', 'INITIAL', 'UPDATE'], { seed })).flat()
/** One larger than a batch, with numbers as a sky map has them. */
const skymap = Buffer.from(Float64Array.from({ length: 90_000 }, (_, i) => Math.sin(i % 300) * 1e-4).buffer).toString('base64')
const large = { uid: 'S250818large', skymap }
const values = [...alerts, large, { uid: 'S250818zeros', zeros: '0'.repeat(1 << 20) }].map(alert => JSON.stringify(alert))

/** The batches as they lie in the log: the broker serves them as it has them. */
async function storedBatches(writer: RealWriter, topic: string): Promise<{ codec: number; length: number }[]> {
  const link = writer.links.link(broker.plaintext)
  const found: { codec: number; length: number }[] = []
  const [end] = await bed.endOffsets(topic)
  for (let offset = 0; offset < end!; ) {
    const partitions = [{ topic, partition: 0, offset, leaderEpoch: -1, maxBytes: 8 << 20 }]
    const answer = await link.raw(fetchMessage({ maxWait: 100, maxBytes: 8 << 20, partitions }))
    const log = Buffer.from(answer.partitions[0]!.records)
    for (const { position, length, lastOffset } of batchesIn(log)) {
      found.push({ codec: log.readInt16BE(position + 21) & 7, length })
      offset = lastOffset + 1
    }
  }
  return found
}

describe.each(WRITABLE_COMPRESSIONS.filter(name => name !== 'none'))('what is written with %s', compression => {
  it('is stored so, and read by librdkafka, by Java and by us', async () => {
    await using writer = new RealWriter({ server: broker.plaintext })
    const group = uniqueName('codecs')
    const topic = `${group}.a`
    await bed.createTopic(topic, { config: { 'compression.type': 'producer', 'max.message.bytes': 4_000_000 } })
    for (const outcome of await Promise.all(values.map(value => writer.write(topic, value, { compression })))) {
      expect(outcome.error).toBeUndefined()
    }

    const batches = await storedBatches(writer, topic)
    expect(batches.length).toBeGreaterThan(1)
    expect(batches.filter(({ codec }) => codec !== NUMBERS[compression])).toEqual([])
    const bytes = values.reduce((sum, value) => sum + value.length, 0)
    expect(batches.reduce((sum, { length }) => sum + length, 0)).toBeLessThan(bytes * 0.8)

    expect((await readBack(bed, topic)).map(({ value }) => Buffer.from(value!, 'base64').toString())).toEqual(values)
    expect(await javaRead(broker.plaintext, topic, values.length)).toEqual(values)
    await using client = new IgwnAlertClient({
      server: `kafka://${broker.plaintext}/`,
      noauth: true,
      group,
      from: 'earliest',
      untilEnd: true,
      checkCrcs: true,
      logger: silentLogger,
    })
    const read$ = client.topic('a').pipe(
      parseJson(),
      handle(async ({ payload }) => payload),
      toArray(),
    )
    expect(await lastValueFrom(read$)).toEqual(values.map(value => JSON.parse(value)))
  })
})

it('one topic takes batches of each compression, in the order of the writing', async () => {
  await using writer = new RealWriter({ server: broker.plaintext })
  const topic = uniqueName('codecs')
  await bed.createTopic(topic)
  const numbers = Array.from({ length: 200 }, (_, i) => ({
    value: `${i} ${'gravitational waves '.repeat(50)}`,
    compression: compressionOf(i),
  }))
  const outcomes = await Promise.all(numbers.map(({ value, compression }) => writer.write(topic, value, { compression })))
  expect(outcomes).toEqual(numbers.map((_, offset) => ({ partition: 0, offset })))
  const codecs = (await storedBatches(writer, topic)).map(({ codec }) => codec)
  expect(new Set(codecs)).toEqual(new Set(WRITABLE_COMPRESSIONS.map(name => NUMBERS[name])))
  expect((await readBack(bed, topic)).map(({ value }) => Buffer.from(value!, 'base64').toString())).toEqual(
    numbers.map(({ value }) => value),
  )
})

/** A few of each in turn: a batch ends where the compression changes. */
const compressionOf = (i: number): Compression => WRITABLE_COMPRESSIONS[Math.floor(i / 7) % WRITABLE_COMPRESSIONS.length]!
