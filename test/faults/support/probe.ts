import { setTimeout as wait } from 'node:timers/promises'
import { Kafka, logLevel } from 'kafkajs'
import { now } from './time.ts'

/** When (`now()`) another client first gets metadata from a broker, polling: the moment from which a reader has no excuse. */
export async function firstMetadata(address: string): Promise<number> {
  const kafka = new Kafka({ brokers: [address], logLevel: logLevel.NOTHING, connectionTimeout: 500, retry: { retries: 0 } })
  for (;;) {
    const admin = kafka.admin()
    try {
      await admin.connect()
      await admin.fetchTopicMetadata()
      return now()
    } catch {
      await wait(50)
    } finally {
      await admin.disconnect()
    }
  }
}
