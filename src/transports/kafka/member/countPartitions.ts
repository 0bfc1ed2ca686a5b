import { pause, systemClock } from '../../../clock.ts'
import type { Links } from '../links.ts'

/** A broker that has just started knows no topic yet. */
const TRIES = 5
const ASK_AGAIN = 400

/** Of these topics no waiting makes anything. */
const FINAL: ReadonlySet<string> = new Set(['ALERT_TOPIC_FORBIDDEN', 'ALERT_TOPIC_INVALID'])

/** How many partitions each topic has; those that cannot be known are not in it. Rejects when no broker answers. */
export async function countPartitions(links: Links, topics: readonly string[], signal: AbortSignal): Promise<Map<string, number>> {
  const counts = new Map<string, number>()
  let left = topics
  for (let tries = TRIES; left.length > 0 && tries > 0 && !signal.aborted; tries--) {
    if (tries < TRIES) await pause(systemClock, ASK_AGAIN, signal)
    const known = await links.metadata(left)
    for (const [topic, { error, leaders }] of known) if (!error) counts.set(topic, leaders.length)
    left = left.filter(topic => !counts.has(topic) && !FINAL.has(known.get(topic)?.error?.code ?? ''))
  }
  return counts
}
