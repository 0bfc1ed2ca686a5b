import type { Faults } from './faults.ts'
import type { Link } from './Link.ts'
import type { MemoryLog } from './MemoryLog.ts'
import type { Rights } from './rights.ts'
import type { TimerScope } from './TimerScope.ts'

/** What the readers and writers of one transport share. */
export interface Client {
  readonly server: string
  readonly log: MemoryLog
  readonly link: Link
  readonly faults: Faults
  readonly rights: Rights
  readonly timers: TimerScope
  /** Records of one fetch at most. */
  readonly batchRecords: number
  /** Whether the answer to this write gets lost. */
  readonly swallowsAnswer: () => boolean
}

/** How long to wait before a request that failed for now is made again, ms. */
export const RETRY_PAUSE = 100
