import type { TopicPartition } from '../../place.ts'

export interface OfTopic<T> {
  readonly topic: string
  readonly partitions: readonly T[]
}

/** Partitions as Kafka's requests name them. */
export function byTopic<P extends TopicPartition, T>(all: readonly P[], item: (partition: P) => T): OfTopic<T>[] {
  const topics = new Map<string, T[]>()
  for (const each of all) {
    const own = topics.get(each.topic)
    if (own) own.push(item(each))
    else topics.set(each.topic, [item(each)])
  }
  return [...topics].map(([topic, partitions]) => ({ topic, partitions }))
}
