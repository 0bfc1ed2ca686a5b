import { type AlertError, PublishError } from '../errors.ts'
import type { NotStored, Stored as Position, WriteOutcome } from '../transports/transport.ts'
import type { Message } from './compose.ts'
import { OUTGOING, type Outgoing } from './outgoing.ts'

/** What is told of every message. It is an `Outgoing`, its id included: `sink.next(result)` sends the same message once more. */
interface Told<T> extends Outgoing<T> {
  /** The message's UUID: made once, the header `_id`. */
  readonly id: string
  /** Without the group's prefix. */
  readonly topic: string
  /** Kafka's name. */
  readonly fullTopic: string
}

/** A message that the broker has stored. */
export interface Stored<T = unknown> extends Told<T> {
  readonly ok: true
  readonly stored: true
  readonly partition: number
  /** A safe integer; undefined where the broker only said that it has the message already. */
  readonly offset: number | undefined
}

/** A message that was not, or perhaps not, stored. */
export interface PublishFailure<T = unknown> extends Told<T> {
  readonly ok: false
  /** `false`: it is not in the log. `'unknown'`: it may be. */
  readonly stored: false | 'unknown'
  readonly error: PublishError
}

/** What became of a message, by `ok`. */
export type PublishResult<T = unknown> = Stored<T> | PublishFailure<T>

export interface TopicName {
  readonly topic: string
  readonly fullTopic: string
}

/** What is told of a message. */
export function resultOf<T>(message: Message<T>, outcome: WriteOutcome, topic: TopicName): PublishResult<T> {
  return outcome.error === undefined ? storedOf(message, outcome, topic) : failureOf(message, outcome, topic)
}

/** Without a spread: that costs more than all the rest of a message. */
function storedOf<T>(message: Message<T>, { partition, offset }: Position, { topic, fullTopic }: TopicName): Stored<T> {
  const { payload, key, headers, format, test, id } = message
  return { [OUTGOING]: true, payload, key, headers, format, test, id, topic, fullTopic, ok: true, stored: true, partition, offset }
}

function failureOf<T>(message: Message<T>, outcome: NotStored, { topic, fullTopic }: TopicName): PublishFailure<T> {
  const { stored } = outcome
  return { ...message, topic, fullTopic, ok: false, stored, error: publishError(outcome, message.id, fullTopic) }
}

const SEND_AGAIN = 'To send it once more, give it the same id, so that readers can tell: outgoing(payload, { id })'

function publishError({ error, stored }: NotStored, id: string, fullTopic: string): PublishError {
  const { code, fatal, kafka, hint } = error
  const fate = stored === false ? 'is not stored' : 'may or may not be stored'
  const mend = stored === false ? error.mend : SEND_AGAIN
  return new PublishError(code, `${fullTopic}: message ${id} ${fate}: ${textOf(error)}`, stored, { mend, fatal, kafka, hint, cause: error })
}

/** An error's message without the mend, which is its last sentence. */
const textOf = ({ message, mend }: AlertError): string =>
  mend !== undefined && message.endsWith(`. ${mend}`) ? message.slice(0, -mend.length - 2) : message
