import { randomBytes } from 'node:crypto'
import { Kafka, logLevel, Partitioners } from 'kafkajs'

/** The most that librdkafka puts into a batch: so a topic looks whose producer is busy. */
const BATCH_BYTES = 1_000_000
/** What the headers and Kafka add to a value. */
const RECORD_OVERHEAD = 80

/** Writes `count` records, the values over and over, into the one partition of a topic, with the headers of hop. */
export async function fill(server: string, topic: string, values: readonly string[], count: number): Promise<void> {
  const producer = new Kafka({ brokers: [server], logLevel: logLevel.NOTHING }).producer({
    createPartitioner: Partitioners.DefaultPartitioner,
    allowAutoTopicCreation: false,
  })
  const records = Math.max(1, Math.floor(BATCH_BYTES / (values[0]!.length + RECORD_OVERHEAD)))
  await producer.connect()
  try {
    for (let sent = 0; sent < count; sent += records) {
      const messages = Array.from({ length: Math.min(records, count - sent) }, (_, i) => ({
        value: values[(sent + i) % values.length]!,
        partition: 0,
        headers: { _id: randomBytes(16), _sender: 'gracedb-bench', _format: 'json' },
      }))
      await producer.send({ topic, acks: -1, messages })
    }
  } finally {
    await producer.disconnect()
  }
}
