import { expect, it } from 'vitest'
import { startKafka } from '../bed/kafka.ts'
import { RealWriter } from './writing/RealWriter.ts'
import { balance, PERFECT, readBack } from './writing/readBack.ts'

it('three brokers, each killed in turn: none lost, none doubled, order kept, all settle', async () => {
  await using bed = await startKafka({ brokers: 3 })
  await bed.createTopic('t', { partitions: 6, replicas: 3, config: { 'min.insync.replicas': 2 } })
  const brokers = bed.brokers.map(({ plaintext }) => plaintext)
  await using writer = new RealWriter({ server: brokers[0]!, brokers }, { maxBatchBytes: 1000, deliveryTimeout: 120_000 })
  let enough = false
  const writing = writer.writeUntil('t', () => enough, { partitions: 6, window: 3 })
  for (const broker of [0, 1, 2]) {
    const before = writer.settled
    await expect.poll(() => writer.settled, { interval: 20, timeout: 60_000 }).toBeGreaterThan(before + 1000)
    await bed.kill(broker)
    await bed.start(broker)
    await bed.untilInSync('t')
  }
  enough = true
  await writing
  expect(writer.written.filter(({ outcome }) => outcome?.error)).toEqual([])
  expect(writer.retries.size).toBeGreaterThan(0)
  expect(balance(writer.written, await readBack(bed, 't'))).toEqual(PERFECT)
}, 300_000)
