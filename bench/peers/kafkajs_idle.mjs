import { kafka, topic } from './kafkajs.mjs'
import { countTimers } from './timers.mjs'

const consumer = kafka.consumer({ groupId: 'kafkajs-idle' })
const joined = new Promise(resolve => consumer.on(consumer.events.GROUP_JOIN, resolve))
await consumer.connect()
await consumer.subscribe({ topic })
await consumer.run({ eachBatch: async () => {} })
await joined
await countTimers()
await consumer.disconnect()
