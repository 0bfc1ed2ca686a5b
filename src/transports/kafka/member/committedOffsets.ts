import { pause, systemClock } from '../../../clock.ts'
import { partitionKey, type TopicPartition } from '../../../place.ts'
import { kafkaError } from '../../codes.ts'
import type { Assigned } from '../../transport.ts'
import { backoff } from '../backoff.ts'
import { byTopic } from '../byTopic.ts'
import type { Coordinator } from './Coordinator.ts'

/** Faults, which a moment does not mend; any other is asked again. Of neither is "nothing is committed" true: it would lose records. */
const FINAL: ReadonlySet<string> = new Set(['ALERT_TOPIC_UNKNOWN', 'ALERT_TOPIC_FORBIDDEN', 'ALERT_TOPIC_INVALID'])

/** A fault is asked for again so soon, ms; doubling. */
const SOON = 1_000

/** Of which group, whom to ask, and until when. */
export interface OffsetQuestion {
  readonly coordinator: Coordinator
  readonly groupId: string
  readonly signal: AbortSignal
}

/** These partitions with what the group has committed, asked for until it is known. Rejects with what the group is refused for, or when `signal` is aborted. */
export async function committedOffsets(question: OffsetQuestion, partitions: readonly TopicPartition[]): Promise<Assigned[]> {
  const { signal } = question
  const found = new Map<string, Assigned>()
  const isMissing = (each: TopicPartition): boolean => !found.has(partitionKey(each))
  for (let failures = 0; partitions.some(isMissing); failures++) {
    if (failures > 0) await pause(systemClock, backoff(failures), signal)
    signal.throwIfAborted()
    for (const each of await ask(question, partitions.filter(isMissing))) found.set(partitionKey(each), each)
  }
  return partitions.map(each => found.get(partitionKey(each))!)
}

/** Resolves when what is committed can be read of any of these, or `signal` is aborted; asks less and less often, in the end every `longest` ms. */
export async function anyReadable(question: OffsetQuestion, faulty: readonly TopicPartition[], longest: number): Promise<void> {
  for (let delay = SOON; ; delay *= 2) {
    await pause(systemClock, Math.min(delay, longest), question.signal)
    if (question.signal.aborted) return
    const answers = await ask(question, faulty).catch(() => []) // what does not pass, a heartbeat meets too
    if (answers.some(({ fault }) => !fault)) return
  }
}

/** One answer: what is not known now is not in it. */
async function ask({ coordinator, groupId, signal }: OffsetQuestion, partitions: readonly TopicPartition[]): Promise<Assigned[]> {
  const topics = byTopic(partitions, ({ partition }) => ({ partition }))
  const { errorCode, responses } = await coordinator.ask('OffsetFetch', { groupId, topics }, { signal })
  if (errorCode !== 0) throw kafkaError(errorCode, `committed offsets of group ${groupId}`)
  const known: Assigned[] = []
  for (const { topic, partitions: own } of responses) {
    for (const { partition, errorCode, offset } of own) {
      if (errorCode === 0) known.push({ topic, partition, committed: Number(offset) >= 0 ? Number(offset) : undefined })
      else {
        const fault = kafkaError(errorCode, `committed offset of group ${groupId} in ${partitionKey({ topic, partition })}`)
        if (FINAL.has(fault.code)) known.push({ topic, partition, fault })
      }
    }
  }
  return known
}
