import { AlertError } from '../errors.ts'
import type { Position, TopicPartition } from '../place.ts'
import type { GapReason, StatusEvent } from '../status.ts'
import type { SourceOptions } from './options.ts'
import type { Part } from './Part.ts'
import type { Starts } from './Starts.ts'

/** What the pieces of one subscription share. */
export interface ReadingContext {
  readonly options: SourceOptions
  /** By `partitionKey`. */
  readonly parts: ReadonlyMap<string, Part>
  readonly starts: Starts
  /** When it was subscribed, ms since 1970. */
  readonly moment: number
  /** Aborted when the subscription has ended. */
  readonly signal: AbortSignal
  say(event: StatusEvent): void
  /** Ends the subscription with a confirmed error. */
  fail(error: AlertError): void
  /** Where the subscription that this one resumes stood. */
  resumedAt(at: TopicPartition): Position | undefined
  /** Makes the part; a former one of that partition is discarded. */
  createPart(start: Position, epoch: number, limit: number | undefined): Part
  /** The reader, if there is one, reads them from where they are. */
  start(parts: readonly Part[]): void
  /** The reader, if there is one, leaves them alone; acks no longer count. */
  discard(parts: readonly Part[]): void
  /** As `discard`, once the work that has started on them is done. */
  retire(parts: readonly Part[]): void
  /** What was handled is committed, or saved, now; what could not be is tried again later. */
  writeDown(): Promise<void>
  /** Something may be deliverable, or done. */
  wake(): void
}

export interface Gap extends TopicPartition {
  readonly from: number
  readonly to: number
  readonly reason: GapReason
}

/** Where the error does not say how to mend it. */
const MENDS: Partial<Record<GapReason, string>> = {
  'offset-lost': "Read more often than the topic's retention deletes; onOffsetLost says where it goes on",
  damaged: 'It is read on behind them; whoever runs the broker may have a copy that is whole',
}

/** Says a gap, loudly; whether the subscription goes on. */
export function sayGap(context: ReadingContext, gap: Gap, error: AlertError): boolean {
  const { logger, onGap } = context.options
  const { topic, partition, from, to, reason } = gap
  const mend = error.mend === undefined ? MENDS[reason] : undefined
  context.say({ type: 'gap', topic, partition, from, to, reason })
  logger.warn(
    { topic, partition, offset: from, from, to, reason },
    `gap in ${topic}[${partition}], from offset ${from} to ${to} (${reason}): ${[error.message, mend].filter(Boolean).join('. ')}`,
  )
  if (onGap === 'continue') return true
  const text = `records are missing in ${topic}[${partition}], from offset ${from} to ${to}: ${error.message}`
  context.fail(new AlertError('ALERT_GAP', text, { cause: error, fatal: true, mend: `onGap: 'continue' goes on behind it` }))
  return false
}
