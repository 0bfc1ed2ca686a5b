import { EMPTY } from 'rxjs'
import type { TopicSelection } from '../sources/options.ts'
import { fullTopicOf, topicIn } from './naming.ts'
import type { Subscriptions } from './Subscriptions.ts'

/** Topics, and how they were selected. */
export interface Selected extends TopicSelection {
  /** The same whenever the same is selected, also by another process and while the topics change. */
  readonly key: string
}

/** What is read, once the group is known. */
export type Select = (group: string | null) => Selected

/** Named topics, which do not change. */
export const namedTopics =
  (topics: readonly string[]): Select =>
  group => {
    const full = topics.map(topic => fullTopicOf(group, topic))
    const key = `topics ${[...new Set(full)].sort().join(' ')}`
    return { key, names: () => full, includes: name => full.includes(name), changed$: EMPTY }
  }

/** Every topic of the group, as they come. */
export const wholeGroup: Select = group => ({
  key: `every topic of ${group}`,
  names: () => undefined,
  includes: name => topicIn(group, name) !== undefined,
  changed$: EMPTY,
})

/**
 * The subscriptions, as they change; before there is one, every topic of the group. Once it has followed subscriptions, none means none: to
 * unsubscribe from the last topic is not to ask for all of them.
 */
export const followedTopics =
  (subscriptions: Subscriptions): Select =>
  group => {
    let followed = false
    const names = (): readonly string[] | undefined => {
      const { topics } = subscriptions
      followed ||= topics.length > 0
      return followed ? topics.map(topic => fullTopicOf(group, topic)) : undefined
    }
    return {
      key: `subscriptions in ${group}`,
      names,
      includes: name => names()?.includes(name) ?? topicIn(group, name) !== undefined,
      changed$: subscriptions.changed$,
    }
  }
