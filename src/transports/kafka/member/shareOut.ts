import { AlertError } from '../../../errors.ts'
import type { Logger } from '../../../status.ts'
import { ASSIGNERS, type Assigner, type Subscriber } from '../../assigners.ts'
import type { AnswerOf, ArgsOf } from '../apis.ts'
import { decodeSubscription, encodeAssignment } from './consumerProtocol.ts'

type Member = AnswerOf<'JoinGroup'>['members'][number]

/** In the order of preference; librdkafka and Java name them so. */
export const OFFERED: readonly Assigner[] = ['range', 'roundrobin']

/** What each member subscribes to, in its own words. Of one whose words cannot be read: nothing. */
export function subscribersOf(members: readonly Member[], logger: Logger | undefined): Subscriber[] {
  return members.map(({ memberId, memberMetadata }) => {
    try {
      return { memberId, topics: decodeSubscription(memberMetadata ?? Buffer.alloc(0)) }
    } catch (error) {
      logger?.warn({ memberId }, `the subscription of a member of the group cannot be read (${error}): it is given nothing`)
      return { memberId, topics: [] }
    }
  })
}

/** As the leader: what each member gets. @throws AlertError when the group agreed on an assigner that we did not offer */
export function shareOut(
  assigner: string | null,
  subscribers: readonly Subscriber[],
  counts: ReadonlyMap<string, number>,
): ArgsOf<'SyncGroup'>['groupAssignment'] {
  const known = OFFERED.find(name => name === assigner)
  if (!known) throw new AlertError('ALERT_PROTOCOL', `the group assigns by ${assigner}, which was not offered: ${OFFERED.join(', ')} were`)
  const shares = ASSIGNERS[known](subscribers, counts)
  return [...shares].map(([memberId, partitions]) => ({ memberId, memberAssignment: encodeAssignment(partitions) }))
}
