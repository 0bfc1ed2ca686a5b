import { ask } from '../bed/ask.ts'
import { findCoordinator } from '../bed/offsets.ts'
import { until } from '../bed/run.ts'
import { ApiKey, type WireReader, WireWriter } from '../bed/wire.ts'

// What is done to a group from outside, over a plain port with all rights.

/** The plain port of its coordinator, once there is one. */
export async function coordinatorOf(address: string, group: string): Promise<string> {
  let found: string | undefined
  const isFound = async () => {
    found = await findCoordinator(address, group)
    return found !== undefined
  }
  await until(isFound, `nobody coordinates ${group}`)
  return found!
}

/** A member leaves, whether it wants to or not (LeaveGroup, version 1). */
export async function evict(address: string, group: string, memberId: string): Promise<void> {
  const body = new WireWriter().string(group).string(memberId).build()
  const answer = await ask(await coordinatorOf(address, group), { apiKey: ApiKey.LeaveGroup, apiVersion: 1, body })
  answer.int32() // throttle time
  const code = answer.int16()
  if (code !== 0) throw new Error(`${memberId} could not be evicted from ${group}: code ${code}`)
}

export interface CommitAs {
  readonly group: string
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** @default none: a tool outside the group, which must be empty */
  readonly memberId?: string | undefined
  readonly generation?: number | undefined
}

/** Commits one offset (OffsetCommit, version 2); gives the code of the answer. */
export async function commitAs(
  address: string,
  { group, topic, partition, offset, memberId = '', generation = -1 }: CommitAs,
): Promise<number> {
  const noRetention = -1
  const body = new WireWriter().string(group).int32(generation).string(memberId).int64(noRetention)
  body.int32(1).string(topic).int32(1).int32(partition).int64(offset).string(null)
  const question = { apiKey: ApiKey.OffsetCommit, apiVersion: 2, body: body.build() }
  return firstCode(await ask(await coordinatorOf(address, group), question))
}

function firstCode(answer: WireReader): number {
  const codes = answer.array(() => {
    answer.string() // topic
    return answer.array(() => {
      answer.int32() // partition
      return answer.int16()
    })
  })
  return codes.flat()[0]!
}
