import { pause, systemClock } from '../../clock.ts'
import { toAlertError } from '../../errors.ts'
import { partitionKey } from '../../place.ts'
import { kafkaError } from '../../transports/codes.ts'
import { formatAddress } from '../../transports/kafka/address.ts'
import { byTopic } from '../../transports/kafka/byTopic.ts'
import type { Link } from '../../transports/kafka/link.ts'
import { type Finding, type Found, failure, finding, plural } from '../finding.ts'
import type { PartitionLook } from '../partitions.ts'
import { describeGroup, type GroupDescription } from '../requests/describeGroup.ts'
import { grants } from '../rights.ts'
import { some } from '../words.ts'
import type { Cluster } from './brokers.ts'
import type { SeenTopic } from './topics.ts'

export interface GroupQuestion {
  readonly id: string
  readonly timeout: number
  readonly brokers: Cluster
  readonly topics: readonly SeenTopic[]
}

const ASK_AGAIN = 200

/** How our members can share partitions with others. */
const OUR_ASSIGNERS: readonly string[] = ['range', 'roundrobin']

/** The right to a consumer group, what it has committed and how far it is behind; without joining it, which would move its partitions. */
export async function lookAtGroup(question: GroupQuestion): Promise<Found<true>> {
  try {
    return { findings: [await patiently(question.timeout, () => groupFinding(question))], value: true }
  } catch (error) {
    return { findings: [failure('group', error, { subject: question.id })] }
  }
}

async function groupFinding({ id, brokers, topics }: GroupQuestion): Promise<Finding> {
  const about = { subject: id }
  const address = await coordinatorOf(id, brokers.link)
  const link = brokers.brokers.get(address)
  if (!link) return finding('group', 'unknown', `${id}: coordinated by ${address}, which is not reached, see brokers`, about)
  const group = await link.raw(describeGroup(id))
  if (group?.errorCode !== 0) throw kafkaError(group?.errorCode ?? UNKNOWN, `group ${id}`)
  if (grants(group.rights, 'READ') === false) {
    const { mend } = kafkaError('GROUP_AUTHORIZATION_FAILED', id)
    return finding('group', 'failed', `${id}: this user may look at the group, but not join it`, { ...about, mend })
  }
  const partitions = topics.flatMap(topic => topic.partitions)
  const committed = await committedOffsets(link, id, partitions)
  const lost = partitions.filter(each => (committed.get(partitionKey(each)) ?? Number.POSITIVE_INFINITY) < (each.start ?? 0))
  const what = `${id}: ${stateOf(group)}, coordinated by ${address}; ${progressOf(partitions, committed)}`
  if (lost.length > 0) {
    const mend = 'Alerts were missed: it goes on where onOffsetLost says'
    return finding('group', 'warning', `${what}; what it has committed is no longer in ${some(lost.map(partitionKey))}`, { ...about, mend })
  }
  // During a rebalance there is none.
  if (group.assigner === '' || OUR_ASSIGNERS.includes(group.assigner)) return finding('group', 'ok', what, about)
  const mend = `Unless they can also assign by ${OUR_ASSIGNERS.join(' or ')}, name another group`
  return finding('group', 'warning', `${what}; its members assign by ${group.assigner}`, { ...about, mend })
}

const UNKNOWN = -1

async function coordinatorOf(groupId: string, link: Link): Promise<string> {
  const { errorCode, coordinator } = await link.call('GroupCoordinator', { groupId, coordinatorType: 0 })
  if (errorCode !== 0) throw kafkaError(errorCode, `the coordinator of group ${groupId}`)
  return formatAddress(coordinator)
}

/** By partition. */
type Committed = ReadonlyMap<string, number>

async function committedOffsets(link: Link, groupId: string, partitions: readonly PartitionLook[]): Promise<Committed> {
  if (partitions.length === 0) return new Map() // an empty list would ask for all
  const topics = byTopic(partitions, ({ partition }) => ({ partition }))
  const { errorCode, responses } = await link.call('OffsetFetch', { groupId, topics })
  if (errorCode !== 0) throw kafkaError(errorCode, `committed offsets of group ${groupId}`)
  const all = responses.flatMap(({ topic, partitions: own }) =>
    own.map(({ partition, offset }): [string, number] => [partitionKey({ topic, partition }), Number(offset)]),
  )
  return new Map(all.filter(([, offset]) => offset >= 0))
}

function stateOf({ state, members }: GroupDescription): string {
  if (state === 'Dead') return 'may be joined, is new'
  return `may be joined, ${members === 0 ? 'has no member now' : `has ${plural(members, 'member')}`}`
}

function progressOf(partitions: readonly PartitionLook[], committed: Committed): string {
  const known = partitions.filter(each => committed.has(partitionKey(each)))
  if (partitions.length === 0) return 'no topic was seen that it could have read'
  if (known.length === 0) return 'nothing is committed'
  const behind = known.reduce((sum, each) => sum + Math.max(0, (each.end ?? 0) - (committed.get(partitionKey(each)) ?? 0)), 0)
  return `${plural(behind, 'record')} behind in ${plural(known.length, 'partition')}`
}

/** A coordinator that moves, or loads what is committed, is asked again. */
async function patiently<T>(timeout: number, ask: () => Promise<T>): Promise<T> {
  const until = performance.now() + timeout
  for (;;) {
    try {
      return await ask()
    } catch (error) {
      if (toAlertError(error).code !== 'ALERT_BROKER' || performance.now() > until) throw error
      await pause(systemClock, ASK_AGAIN)
    }
  }
}
