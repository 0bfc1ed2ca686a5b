import { AssignerProtocol, Kafka, logLevel } from 'kafkajs'
import { ask } from '../../bed/ask.ts'
import { ApiKey, WireWriter } from '../../bed/wire.ts'
import { coordinatorOf } from '../../kafka/groupRequests.ts'

/** One member of a group, as its coordinator knows it. */
export interface MemberState {
  readonly memberId: string
  /** Full topics, sorted. */
  readonly subscribes: readonly string[]
  /** `topic[partition]`, sorted. */
  readonly holds: readonly string[]
}

export const partitionsOf = (topic: string, count: number): string[] =>
  Array.from({ length: count }, (_, partition) => `${topic}[${partition}]`)

/** The members by the broker's word; while it assigns anew, they hold nothing. */
export async function membersOf(address: string, group: string): Promise<MemberState[]> {
  const admin = new Kafka({ brokers: [address], logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  try {
    await admin.listTopics() // kafkajs looks for coordinators among the brokers it knows: none before the first metadata
    const { groups } = await admin.describeGroups([group])
    return groups[0]!.members.map(({ memberId, memberMetadata, memberAssignment }) => ({
      memberId,
      subscribes: subscriptionIn(memberMetadata),
      holds: assignmentIn(memberAssignment),
    }))
  } finally {
    await admin.disconnect()
  }
}

/** Whether the broker takes the member for one of that generation; as a heartbeat of it, so it prolongs its session. */
export async function isInGeneration(address: string, group: string, memberId: string, generation: number): Promise<boolean> {
  const body = new WireWriter().string(group).int32(generation).string(memberId).build()
  const answer = await ask(await coordinatorOf(address, group), { apiKey: ApiKey.Heartbeat, apiVersion: 1, body })
  answer.int32() // throttle time
  return answer.int16() === 0
}

const subscriptionIn = (bytes: Buffer): string[] =>
  bytes.length === 0 ? [] : [...(AssignerProtocol.MemberMetadata.decode(bytes)?.topics ?? [])].sort()

function assignmentIn(bytes: Buffer): string[] {
  const assignment = bytes.length === 0 ? {} : (AssignerProtocol.MemberAssignment.decode(bytes)?.assignment ?? {})
  return Object.entries(assignment)
    .flatMap(([topic, partitions]) => partitions.map(partition => `${topic}[${partition}]`))
    .sort()
}
