import { pause, systemClock } from '../../../clock.ts'
import type { Links, TopicMetadata } from '../links.ts'

/** A broker that has just started knows no topic yet. */
const TRIES = 5
const ASK_AGAIN = 400

const FINAL: ReadonlySet<string> = new Set(['ALERT_TOPIC_FORBIDDEN', 'ALERT_TOPIC_INVALID'])

/** Of that topic no waiting makes anything. */
export const isUncountable = ({ error }: TopicMetadata): boolean => error !== undefined && FINAL.has(error.code)

/** How many partitions each topic has; those that cannot be known are not in it. Rejects when no broker answers. */
export async function countPartitions(links: Links, topics: readonly string[], signal: AbortSignal): Promise<Map<string, number>> {
  const counts = new Map<string, number>()
  let left = topics
  for (let tries = TRIES; left.length > 0 && tries > 0 && !signal.aborted; tries--) {
    if (tries < TRIES) await pause(systemClock, ASK_AGAIN, signal)
    const known = await links.metadata(left)
    for (const [topic, { error, leaders }] of known) if (!error) counts.set(topic, leaders.length)
    left = [...known].filter(([topic, metadata]) => !counts.has(topic) && !isUncountable(metadata)).map(([topic]) => topic)
  }
  return counts
}
