import { checkTopic } from './checks.ts'

/** Kafka's name of a topic of a group. @throws ConfigError when Kafka would not take it */
export function fullTopicOf(group: string | null, topic: string): string {
  const full = group === null ? topic : `${group}.${topic}`
  checkTopic(topic, full)
  return full
}

/** The topic's name in its group; undefined if it is of another one. Exactly the prefix counts, not a substring. */
export function topicIn(group: string | null, fullTopic: string): string | undefined {
  if (group === null) return fullTopic
  const prefix = `${group}.`
  return fullTopic.startsWith(prefix) && fullTopic.length > prefix.length ? fullTopic.slice(prefix.length) : undefined
}

/** One or several topics, as options take them. */
export const listOf = (topics: string | readonly string[]): readonly string[] => (typeof topics === 'string' ? [topics] : topics)
