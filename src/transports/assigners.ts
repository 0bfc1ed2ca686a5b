import type { TopicPartition } from '../place.ts'

/** A member as an assigner sees it. */
export interface Subscriber {
  readonly memberId: string
  readonly topics: readonly string[]
}

/** Kafka's name of an assigner, as librdkafka and Java name it. */
export type Assigner = 'range' | 'roundrobin'

/** Shares the partitions out, each topic among those alone who subscribe to it. @param counts partitions of each topic */
type Assign = (members: readonly Subscriber[], counts: ReadonlyMap<string, number>) => Map<string, TopicPartition[]>

const byName = <T>(name: (item: T) => string) => {
  return (a: T, b: T): number => (name(a) < name(b) ? -1 : 1)
}

const inOrder = (members: readonly Subscriber[]): Subscriber[] => [...members].sort(byName(({ memberId }) => memberId))

const nobodyHasAny = (members: readonly Subscriber[]): Map<string, TopicPartition[]> =>
  new Map(members.map(({ memberId }) => [memberId, []]))

/** Topic by topic, to each its run of neighbouring partitions; the first members get one more when it does not divide. */
const range: Assign = (members, counts) => {
  const assigned = nobodyHasAny(members)
  for (const [topic, count] of counts) {
    const subscribers = inOrder(members).filter(({ topics }) => topics.includes(topic))
    let partition = 0
    subscribers.forEach(({ memberId }, index) => {
      const share = Math.floor(count / subscribers.length) + (index < count % subscribers.length ? 1 : 0)
      for (let left = share; left > 0; left--) assigned.get(memberId)!.push({ topic, partition: partition++ })
    })
  }
  return assigned
}

/** Partition by partition around the ring of members, over all topics. */
const roundrobin: Assign = (members, counts) => {
  const assigned = nobodyHasAny(members)
  const ring = inOrder(members)
  let turn = 0
  for (const [topic, count] of [...counts].sort(byName(([topic]) => topic))) {
    if (!ring.some(({ topics }) => topics.includes(topic))) continue
    for (let partition = 0; partition < count; partition++) {
      while (!ring[turn % ring.length]!.topics.includes(topic)) turn++
      assigned.get(ring[turn++ % ring.length]!.memberId)!.push({ topic, partition })
    }
  }
  return assigned
}

export const ASSIGNERS: Readonly<Record<Assigner, Assign>> = { range, roundrobin }

/** The same subscription, in whatever order. */
export const sameTopics = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every(topic => b.includes(topic))
