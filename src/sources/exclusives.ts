import { Checkpoint } from './Checkpoint.ts'
import type { Exclusive } from './LiveReadings.ts'
import type { SourceOptions, TopicSelection } from './options.ts'

/** What a subscription with these options shares with no other live one. */
export function exclusivesOf({ consumerGroup, from, group, topics }: SourceOptions): Exclusive[] {
  const grouped = consumerGroup ? inGroup(consumerGroup.id, group, topics) : []
  return from instanceof Checkpoint ? [...grouped, { key: from, name: 'This Checkpoint' }] : grouped
}

function inGroup(id: string, group: string | null, topics: TopicSelection): Exclusive[] {
  const keyOf = (topic: string): string => `${id} ${topic}`
  const names = topics.names()
  if (names) return names.map(topic => ({ key: keyOf(topic), name: `${topic} of the consumer group ${id}` }))
  const all = group === null ? 'every topic' : `every topic of ${group}`
  const covers = (key: string): boolean => key.startsWith(keyOf('')) && topics.includes(key.slice(keyOf('').length))
  return [{ key: keyOf(`${group ?? ''}.*`), name: `${all} of the consumer group ${id}`, covers }]
}
