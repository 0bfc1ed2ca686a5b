import { Kafka, logLevel } from 'kafkajs'
import { until } from '../../bed/run.ts'

/** Deletes a group, all that it committed with it, as soon as the broker knows no member of it any more. */
export async function deleteGroup(address: string, group: string): Promise<void> {
  const admin = new Kafka({ brokers: [address], logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  try {
    await admin.listTopics() // kafkajs looks for coordinators among the brokers it knows: none before the first metadata
    const isEmpty = async (): Promise<boolean> => (await admin.describeGroups([group])).groups[0]?.state === 'Empty'
    await until(isEmpty, `the group ${group} has members`)
    await admin.deleteGroups([group])
  } finally {
    await admin.disconnect()
  }
}
