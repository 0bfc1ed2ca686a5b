import { kafka, topic } from './kafkajs.mjs'
import { Meter } from './meter.mjs'

// Tuned: large fetches, whole batches, no commits.
const consumer = kafka.consumer({ groupId: 'kafkajs', maxBytesPerPartition: 16e6, maxBytes: 50e6, maxWaitTimeInMs: 500, minBytes: 1 })
const meter = new Meter()
await consumer.connect()
await consumer.subscribe({ topic, fromBeginning: true })
const done = new Promise(resolve => {
  consumer.run({
    autoCommit: false,
    eachBatchAutoResolve: false,
    eachBatch: async ({ batch, resolveOffset }) => {
      for (const { value } of batch.messages) {
        if (meter.add(JSON.parse(value.toString()).event.far)) resolve()
      }
      resolveOffset(batch.lastOffset())
    },
  })
})
await done
await meter.report()
await consumer.disconnect()
