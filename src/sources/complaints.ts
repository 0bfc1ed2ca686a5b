import type { Token } from '../claims.ts'
import { AlertError } from '../errors.ts'
import type { Position } from '../place.ts'
import type { Logger } from '../status.ts'
import { type ReadingContext, sayGap } from './context.ts'

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
    : 'give handle() a timeout, or a longer ackTimeout where the work takes so long'
  context.options.logger.warn(
    { topic, partition, offset, held },
    `${topic}[${partition}]@${offset} is held for ${held} ms: its handler still runs or it was never acked: ${mend}. The position waits for it`,
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
