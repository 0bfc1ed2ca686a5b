import { ConfigError } from '../errors.ts'
import { checkTopic, shown } from './checks.ts'

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

/** One or several topics, as methods take them, each once. @throws ConfigError for anything else, and for none */
export function listOf(topics: string | readonly string[], where: string): readonly string[] {
  const list: unknown = typeof topics === 'string' ? [topics] : topics
  if (!Array.isArray(list)) throw new ConfigError(`${where} got ${shown(list)}`, { mend: 'Give the name of a topic, or a list of names' })
  if (list.length === 0) throw new ConfigError(`${where} got an empty list of topics`, { mend: 'Name some, or leave the list out for all' })
  return [...new Set<string>(list)]
}
