import type { Token } from '../claims.ts'
import { AlertError } from '../errors.ts'
import { type Position, partitionKey } from '../place.ts'
import type { Logger } from '../status.ts'
import { type ReadingContext, sayGap } from './context.ts'
import type { ConsumerGroupOptions } from './options.ts'

/** A record could not be handled. */
export function sayFailed(context: ReadingContext, { place, raw: { offset } }: Token, error: AlertError): void {
  const { fullTopic, partition } = place
  context.say({ type: 'failed', topic: fullTopic, partition, offset, error })
  const mend =
    error.code === 'ALERT_DECODE' ? "parseJson({ onDecodeError: 'keep' }) hands on what fails" : 'a deadLetter of handle() gets what fails'
  context.options.logger.error(
    { topic: fullTopic, partition, offset, code: error.code, error },
    `${fullTopic}[${partition}]@${offset} failed: ${error.message}. It counts as handled; ${mend}`,
  )
}

/** A record is held for `held` ms. */
export function sayStalled(context: ReadingContext, token: Token, held: number): void {
  const { fullTopic: topic, partition } = token.place
  const { offset } = token.raw
  context.say({ type: 'stalled', topic, partition, offset, held })
  const mend = token.bornHeld
    ? "with delivery: 'manual' each record needs its ack(), also one that a filter drops"
    : 'give handle() a timeout or more concurrency, or a longer ackTimeout where the work takes so long'
  context.options.logger.warn(
    { topic, partition, offset, held },
    `${topic}[${partition}]@${offset} is held for ${held} ms: its handler still runs or waits for its turn, or it was never acked: ${mend}. The position waits for it`,
  )
}

/** Warns of the first record that is acked too late; the others would say no more. */
export function lateAckWarning(logger: Logger): (token: Token) => void {
  let warned = false
  return ({ place: { fullTopic, partition }, raw: { offset } }) => {
    if (warned) return
    warned = true
    logger.warn(
      { topic: fullTopic, partition, offset },
      `ack() of ${fullTopic}[${partition}]@${offset} came after it was handled by default. Put handle() before asynchronous operators, or set delivery: 'manual'`,
    )
  }
}

/** A plain `retry()` starts at `from` again: what lies between is not read. @param from one beyond what was handled before */
export function sayResubscribed(context: ReadingContext, start: Position, from: number): void {
  const error = new AlertError('ALERT_GAP', `a retry() started at 'from' again`, {
    mend: 'Use retryOnFatal(), which resumes, or a Checkpoint',
  })
  sayGap(context, { ...start, from, to: start.offset, reason: 'resubscribed' }, error)
}

/** `t[0]@7, ...` */
const namesOf = (at: readonly Position[]): string => at.map(position => `${partitionKey(position)}@${position.offset}`).join(', ')

/** A group has no committed offset of these: a new group looks the same as one that lost it. */
export function sayUncommitted(context: ReadingContext, group: string, at: readonly Position[]): void {
  if (at.length === 0) return
  const { from, logger } = context.options
  const partitions = at.map(({ topic, partition, offset }) => ({ topic, partition, offset }))
  const why = 'A new group has none, nor has a new partition; else it has expired, or the topic was created again'
  logger.warn(
    { group, ...partitions[0], partitions },
    `the group ${group} has no committed offset of ${at.map(partitionKey).join(', ')}: they start where from: '${from}' says, at ${namesOf(at)}. ${why}`,
  )
}

/** What the broker has lost, or let expire, is known here. */
export function sayRecalled(context: ReadingContext, group: string, { topic, partition, offset }: Position): void {
  context.options.logger.warn(
    { group, topic, partition, offset },
    `${topic}[${partition}]: what the group had committed is gone. It goes on at offset ${offset}, the last commit known here`,
  )
}

/** @param stale the group has moved on */
export function sayNotCommitted(context: ReadingContext, group: string, at: readonly Position[], error: AlertError, stale: boolean): void {
  const next = stale ? 'Whoever has the partitions now reads them from the last commit' : 'It is tried again'
  const whatNext = error.code === 'ALERT_GROUP_FENCED' ? 'Whoever took its place reads them from the last commit' : next
  context.options.logger[stale ? 'info' : 'warn'](
    { group, ...at[0], partitions: at, code: error.code },
    `not committed: ${namesOf(at)}: ${error.message}. ${whatNext}`,
  )
}

/** A revocation waits no longer for the work on these. */
export function sayCutShort(context: ReadingContext, { id, revokeTimeout }: ConsumerGroupOptions, at: readonly Position[]): void {
  if (at.length === 0) return
  const partitions = at.map(({ topic, partition, offset }) => ({ topic, partition, offset }))
  context.options.logger.warn(
    { group: id, ...partitions[0], partitions },
    `the group takes ${at.map(partitionKey).join(', ')} away while work is under way: what was delivered from ${namesOf(at)} on comes again, ` +
      `here or at another member. A longer revokeTimeout (it is ${revokeTimeout} ms) waits for such work`,
  )
}
