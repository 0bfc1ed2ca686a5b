/** `topic` is Kafka's full name here. */
export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

export interface Position extends TopicPartition {
  /** The next offset to read or to commit; never a sentinel. */
  readonly offset: number
  /** The topic's id, where the log has ids: tells a re-created topic from the one that was read. */
  readonly topicId?: string | undefined
}

/** A partition as a key of maps, and as people write it. */
export const partitionKey = ({ topic, partition }: TopicPartition): string => `${topic}[${partition}]`
