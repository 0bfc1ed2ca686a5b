import { randomUUID } from 'node:crypto'
import { kafka, topic } from './kafkajs.mjs'
import { Meter, payloads, task } from './meter.mjs'

const { count, batch } = task
const alerts = payloads()
const encode = task.encoded ? bytes => bytes : JSON.stringify
const meter = new Meter()
const producer = kafka.producer({ allowAutoTopicCreation: false })
const messageOf = i => ({
  value: encode(alerts[i % alerts.length]),
  partition: 0,
  headers: { _id: Buffer.from(randomUUID().replaceAll('-', ''), 'hex'), _format: 'json' },
})

await producer.connect()
await producer.send({ topic, messages: [messageOf(0)] })
meter.start()
for (let sent = 0; sent < count; sent += batch) {
  await producer.send({ topic, messages: Array.from({ length: batch }, (_, i) => messageOf(sent + i)) })
}
meter.stop(count)
await meter.report()
await producer.disconnect()
