import { IgwnAlertClient, parseJson, type Status, silentLogger } from 'igwn-alert-rx'
import { lastValueFrom, map, toArray } from 'rxjs'
import { expect, it } from 'vitest'
import { engineConfig } from '../../src/transports/kafka/config.ts'
import { BATCH_HEADER, PLAIN, stampBatch } from '../../src/transports/kafka/encode.ts'
import { Links } from '../../src/transports/kafka/links.ts'
import { produce } from '../../src/transports/kafka/produce.ts'
import { uniqueName } from '../bed/bedClient.ts'
import { sharedBed } from '../bed/shared.ts'

const ZEROS = 1_000_000_000
const LARGEST_BLOCK = 128 * 1024
const [RAW, RLE] = [0, 1]
const ZSTD = 4

function varint(value: number): number[] {
  let rest = value * 2 // zigzag of a positive number
  const bytes: number[] = []
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128)
  return [...bytes, rest]
}

function block(type: number, size: number, last: boolean, content: readonly number[]): Buffer {
  const header = Buffer.alloc(3)
  header.writeUIntLE((last ? 1 : 0) + (type << 1) + size * 8, 0, 3)
  return Buffer.concat([header, Buffer.from(content)])
}

/** A record batch of one record whose value is so many zeros, in 30 KB of zstd. */
function bomb(zeros: number): Buffer {
  const inner = [0, 0, 0, 1, ...varint(zeros)] // attributes, time, place, no key, the value's length
  const start = [...varint(inner.length + zeros + 1), ...inner]
  const blocks = [block(RAW, start.length, false, start)]
  // One zero more: the number of headers.
  for (let left = zeros + 1; left > 0; left -= LARGEST_BLOCK)
    blocks.push(block(RLE, Math.min(left, LARGEST_BLOCK), left <= LARGEST_BLOCK, [0]))
  const frame = Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 13 << 3]), ...blocks])
  const batch = Buffer.concat([Buffer.alloc(BATCH_HEADER), frame])
  batch.writeInt32BE(batch.length - 12, 8)
  batch[16] = 2 // the format's version
  batch.writeInt16BE(ZSTD, 21)
  batch.writeBigInt64BE(BigInt(Date.now()), 27)
  batch.writeBigInt64BE(BigInt(Date.now()), 35)
  batch.writeInt32BE(1, 57)
  stampBatch(batch, PLAIN, 0)
  return batch
}

it('a batch that is 1 GB of zeros in zstd: refused within the limits, told as a gap, the others come', async () => {
  const bed = sharedBed()
  const topic = uniqueName('bomb')
  const server = bed.brokers[0]!.plaintext
  await bed.createTopic(topic)
  await bed.produce(topic, ['{"n":1}'])
  const links = new Links(engineConfig({ server }))
  const [answer] = await links.link(server).raw(produce([{ topic, partition: 0, bytes: bomb(ZEROS) }], 30_000), 60_000)
  await links.close()
  expect(answer).toMatchObject({ error: 0, offset: 1 })
  await bed.produce(topic, ['{"n":3}'])

  const client = new IgwnAlertClient({
    server: `kafka://${server}/`,
    noauth: true,
    group: null,
    from: 'earliest',
    untilEnd: true,
    logger: silentLogger,
  })
  const gaps: Status[] = []
  const reasons: string[] = []
  client.status$.subscribe(status => {
    if (status.type === 'gap') gaps.push(status)
    if (status.type === 'reconnecting') reasons.push(status.error.message)
  })
  const before = process.memoryUsage().rss
  const got = await lastValueFrom(
    client.topic(topic).pipe(
      parseJson(),
      map(({ payload }) => payload),
      toArray(),
    ),
  )
  await client.close()
  expect(got).toEqual([{ n: 1 }, { n: 3 }])
  expect(gaps).toMatchObject([{ topic, from: 1, to: 2, reason: 'damaged' }])
  expect(reasons.join()).toContain('limits.batchBytes')
  expect(process.memoryUsage().rss - before).toBeLessThan(ZEROS / 2)
})
