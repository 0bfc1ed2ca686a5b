import type { ReadOptions, Transport } from '../../src/transports/transport.ts'
import type { GroupBed } from './bed.ts'
import { at, type EventOf, Observer, range } from './observer.ts'

type GroupOptions = NonNullable<ReadOptions['group']>

const REVOKE_TIMEOUT = 1500

/** A member that starts what it is assigned at what is committed, or at 0, and gives back at once. */
export class Member extends Observer {
  releases = true

  constructor(
    bed: Pick<GroupBed, 'sessionTimeout'>,
    transport: Transport,
    options: Pick<GroupOptions, 'id' | 'topics' | 'memberId' | 'instanceId'>,
  ) {
    const times = { sessionTimeout: bed.sessionTimeout, heartbeatInterval: 100, revokeTimeout: REVOKE_TIMEOUT }
    super(transport, { group: { ...times, ...options } })
    this.onEvent = event => {
      if (event.type === 'assigned') this.startAll(event)
      if (event.type === 'revoked' && this.releases) this.reader.release(event.epoch)
    }
  }

  startAll({ epoch, partitions }: EventOf<'assigned'>): void {
    this.reader.start(
      epoch,
      partitions.filter(({ fault }) => !fault).map(({ topic, partition, committed = 0 }) => at(topic, partition, committed)),
    )
  }

  /** What it holds now. */
  get holds(): string[] {
    const assigned = this.last('assigned')
    const isOver = this.all('revoked').some(({ epoch }) => epoch === assigned?.epoch)
    return isOver ? [] : (assigned?.partitions ?? []).map(({ topic, partition }) => `${topic}[${partition}]`).sort()
  }

  get epoch(): number {
    return this.last('assigned')?.epoch ?? -1
  }
}

export const share = (...members: readonly Member[]): string[] => members.flatMap(({ holds }) => holds).sort()

export const all = (topic: string, count: number): string[] => range(0, count).map(partition => `${topic}[${partition}]`)

/** Whether it comes long before the session of a ghost would end. */
export async function comesSoon(bed: GroupBed, condition: () => boolean): Promise<boolean> {
  for (let waited = 0; waited < bed.sessionTimeout / 2; waited += 50) {
    if (condition()) return true
    await bed.pass(50)
  }
  return condition()
}
