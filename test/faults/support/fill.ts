import { Kafka, logLevel } from 'kafkajs'
import { alerts } from './watched.ts'

/** Bytes of a batch. */
const BATCH = 1_000_000

/** Writes the alerts 0 .. count - 1 of `size` bytes, a megabyte a batch, batch by batch round over the partitions. */
export async function fill(address: string, topic: string, count: number, size: number, partitions = 1): Promise<void> {
  const kafka = new Kafka({ brokers: [address], logLevel: logLevel.NOTHING })
  const producer = kafka.producer({ allowAutoTopicCreation: false })
  await producer.connect()
  try {
    const batch = Math.max(1, Math.floor(BATCH / size))
    for (let from = 0, n = 0; from < count; from += batch, n++) {
      const messages = alerts(from, Math.min(from + batch, count), size).map(value => ({ value, partition: n % partitions }))
      await producer.send({ topic, acks: -1, messages })
    }
  } finally {
    await producer.disconnect()
  }
}
