import { type Finding, type Found, finding } from '../finding.ts'
import { maxMessageBytes } from '../requests/maxMessageBytes.ts'
import { some } from '../words.ts'
import type { Cluster } from './brokers.ts'
import type { SeenTopic } from './topics.ts'

interface Needs {
  readonly brokers: Cluster
  readonly topics: readonly SeenTopic[]
}

/** How large a message may be, where the broker tells it: few users have the right to know. */
export async function lookAtLimits({ brokers, topics }: Needs): Promise<Found<true>> {
  if (topics.length === 0) return { findings: [finding('limits', 'skipped', 'there is no topic to ask about')], value: true }
  const names = topics.map(({ topic }) => topic)
  const limits = await brokers.link.raw(maxMessageBytes(names))
  const sizeOf = (topic: string): number | undefined => limits.get(topic)?.maxMessageBytes
  const sizes = [...new Set(names.map(sizeOf))].sort((a = 0, b = 0) => b - a)
  return {
    findings: sizes.map(size =>
      limit(
        size,
        names.filter(topic => sizeOf(topic) === size),
      ),
    ),
    value: true,
  }
}

function limit(size: number | undefined, topics: readonly string[]): Finding {
  if (size !== undefined) return finding('limits', 'ok', `a message may have up to ${size} bytes, compressed, in ${some(topics)}`)
  const what = `how large a message may be in ${some(topics)} is not told to this user`
  return finding('limits', 'unknown', what, {
    mend: 'The right DESCRIBE_CONFIGS on the topic shows it; as Kafka comes it is 1048588 bytes',
  })
}
