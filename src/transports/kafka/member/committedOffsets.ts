import { pause, systemClock } from '../../../clock.ts'
import { partitionKey, type TopicPartition } from '../../../place.ts'
import { kafkaError } from '../../codes.ts'
import type { Assigned } from '../../transport.ts'
import { backoff } from '../backoff.ts'
import { byTopic } from '../byTopic.ts'
import type { Coordinator } from './Coordinator.ts'

/** Nothing is known of these and no waiting helps: the reading says so itself. Of any other, "nothing is committed" would be a guess that loses records. */
const FINAL: ReadonlySet<string> = new Set(['ALERT_TOPIC_UNKNOWN', 'ALERT_TOPIC_FORBIDDEN', 'ALERT_TOPIC_INVALID'])

/** These partitions with what the group has committed, asked for until it is known. Rejects with what the group is refused for, or when `signal` is aborted. */
export async function committedOffsets(
  coordinator: Coordinator,
  groupId: string,
  partitions: readonly TopicPartition[],
  signal: AbortSignal,
): Promise<Assigned[]> {
  const found = new Map<string, Assigned>()
  const isMissing = (each: TopicPartition): boolean => !found.has(partitionKey(each))
  for (let failures = 0; partitions.some(isMissing); failures++) {
    if (failures > 0) await pause(systemClock, backoff(failures), signal)
    signal.throwIfAborted()
    const topics = byTopic(partitions.filter(isMissing), ({ partition }) => ({ partition }))
    const { errorCode, responses } = await coordinator.ask('OffsetFetch', { groupId, topics }, { signal })
    if (errorCode !== 0) throw kafkaError(errorCode, `committed offsets of group ${groupId}`)
    for (const { topic, partitions: own } of responses) {
      for (const { partition, errorCode, offset } of own) {
        const key = partitionKey({ topic, partition })
        const committed = errorCode === 0 && Number(offset) >= 0 ? Number(offset) : undefined
        if (errorCode === 0 || FINAL.has(kafkaError(errorCode, key).code)) found.set(key, { topic, partition, committed })
      }
    }
  }
  return partitions.map(each => found.get(partitionKey(each))!)
}
