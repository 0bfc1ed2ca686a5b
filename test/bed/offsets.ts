import { ask } from './ask.ts'
import { ApiKey, WireWriter } from './wire.ts'

// The coordinator is being found, loaded or moved: it will be there in a moment.
const soon = new Set([14, 15, 16])

/** Commits without being a member of the group (OffsetCommit, version 2); false while its coordinator is not ready. */
export async function commitOffsets(address: string, group: string, topic: string, offsets: readonly number[]): Promise<boolean> {
  const coordinator = await findCoordinator(address, group)
  if (coordinator === undefined) return false
  const noGeneration = -1
  const noRetention = -1
  const body = new WireWriter().string(group).int32(noGeneration).string('').int64(noRetention).int32(1).string(topic).int32(offsets.length)
  for (const [partition, offset] of offsets.entries()) body.int32(partition).int64(offset).string(null)
  const answer = await ask(coordinator, { apiKey: ApiKey.OffsetCommit, apiVersion: 2, body: body.build() })
  const errors = answer.array(() => {
    answer.string() // topic
    return answer.array(() => {
      answer.int32() // partition
      return answer.int16()
    })
  })
  return errors.flat().every(error => isDone(error, `commit ${offsets.join(', ')} of ${topic} for the group ${group}`))
}

/**
 * Whether groups can be used: Kafka makes the topic of their offsets when the first is asked for, and until that is done says
 * "not coordinator", at which librdkafka gives up. The four names fall on the bed's four partitions of that topic.
 */
export async function areGroupsReady(address: string): Promise<boolean> {
  const ready = await Promise.all(['a', 'b', 'c', 'd'].map(group => isGroupReady(address, group)))
  return ready.every(Boolean)
}

/** Asks the group's coordinator what it committed (OffsetFetch, version 2). */
async function isGroupReady(address: string, group: string): Promise<boolean> {
  const coordinator = await findCoordinator(address, group)
  if (coordinator === undefined) return false
  const allTopics = -1
  const answer = await ask(coordinator, {
    apiKey: ApiKey.OffsetFetch,
    apiVersion: 2,
    body: new WireWriter().string(group).int32(allTopics).build(),
  })
  answer.array(() => {
    throw new Error(`the group ${group} has commits before anybody used it`)
  })
  return isDone(answer.int16(), `fetch the offsets of the group ${group}`)
}

/** The plain address of the group's coordinator (FindCoordinator, version 1). */
export async function findCoordinator(address: string, group: string): Promise<string | undefined> {
  const ofGroup = 0
  const answer = await ask(address, {
    apiKey: ApiKey.FindCoordinator,
    apiVersion: 1,
    body: new WireWriter().string(group).int8(ofGroup).build(),
  })
  answer.int32() // throttle time
  const error = answer.int16()
  answer.string() // message
  if (!isDone(error, `find the coordinator of the group ${group}`)) return undefined
  answer.int32() // node
  return `${answer.string()}:${answer.int32()}`
}

/** False: ask again. Throws what will not pass. */
function isDone(error: number, what: string): boolean {
  if (error !== 0 && !soon.has(error)) throw new Error(`Kafka refused to ${what}: error ${error}`)
  return error === 0
}
