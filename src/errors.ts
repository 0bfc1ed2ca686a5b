/**
 * What went wrong, by what can be done about it. The supervisor of a source, `retryOnFatal` and the command decide by this code alone.
 *
 * | code | said when |
 * |---|---|
 * | ALERT_CONFIG | an option, a file or a combination of them is wrong |
 * | ALERT_CREDENTIALS | the broker refused the user, the password or the mechanism |
 * | ALERT_TLS_TRUST, ALERT_TLS_HOSTNAME | the broker's certificate is not trusted, or names another host |
 * | ALERT_PROTOCOL | the other side does not speak what we speak (TLS against plain text, a broker too old) |
 * | ALERT_UNREACHABLE | nothing answered within `connectTimeout` |
 * | ALERT_CONNECTION, ALERT_TIMEOUT | a connection was refused or broke, an answer did not come in time |
 * | ALERT_BROKER | the broker could not do it now (an election, a full disk, a coordinator that loads) |
 * | ALERT_LEADER | the partition's leader moved or is away |
 * | ALERT_TOPIC_UNKNOWN, ALERT_TOPIC_FORBIDDEN, ALERT_TOPIC_INVALID | that topic cannot be read or written |
 * | ALERT_TOPIC_RECREATED | another topic stands under the same name: offsets mean something else |
 * | ALERT_OFFSET_RANGE | the log no longer holds, or does not yet hold, that offset |
 * | ALERT_DAMAGED | a record batch cannot be read: damaged, an unknown codec, larger than the limits |
 * | ALERT_GROUP_FORBIDDEN, ALERT_GROUP_INVALID, ALERT_GROUP_FENCED | no right to the consumer group; a name or protocol it does not take; another process with the same `instanceId` |
 * | ALERT_REJOIN | the group moved on: the member has to join again |
 * | ALERT_STALE_EPOCH | a commit of partitions that are no longer ours |
 * | ALERT_GAP | records are missing and `onGap: 'error'` was asked for |
 * | ALERT_SHARED | two live subscriptions would compete for one position |
 * | ALERT_LATE_HOLD | a claim on a record that is already handled |
 * | ALERT_DECODE | the payload is not what the operator reads |
 * | ALERT_EXTERNAL | a payload that was too large for the topic cannot be fetched from where hop put it |
 * | ALERT_HANDLER | your code could not handle a record; what it threw is the `cause` |
 * | ALERT_STALE | a record is older than `dropStale` lets pass |
 * | ALERT_UNWRITABLE | the payload cannot be written in its format |
 * | ALERT_TOO_LARGE | more bytes than the broker, the topic or the limits take |
 * | ALERT_OVERFLOW | a bounded queue is full |
 * | ALERT_EXPIRED | not stored within `deliveryTimeout` |
 * | ALERT_FORBIDDEN | another right is missing |
 * | ALERT_CLOSED | it was closed |
 * | ALERT_REQUEST | the broker took the request for wrong: a fault of this library or an unfit broker |
 */
export type AlertErrorCode =
  | 'ALERT_CONFIG'
  | 'ALERT_CREDENTIALS'
  | 'ALERT_TLS_TRUST'
  | 'ALERT_TLS_HOSTNAME'
  | 'ALERT_PROTOCOL'
  | 'ALERT_UNREACHABLE'
  | 'ALERT_CONNECTION'
  | 'ALERT_TIMEOUT'
  | 'ALERT_BROKER'
  | 'ALERT_LEADER'
  | 'ALERT_TOPIC_UNKNOWN'
  | 'ALERT_TOPIC_FORBIDDEN'
  | 'ALERT_TOPIC_INVALID'
  | 'ALERT_TOPIC_RECREATED'
  | 'ALERT_OFFSET_RANGE'
  | 'ALERT_DAMAGED'
  | 'ALERT_GROUP_FORBIDDEN'
  | 'ALERT_GROUP_INVALID'
  | 'ALERT_GROUP_FENCED'
  | 'ALERT_REJOIN'
  | 'ALERT_STALE_EPOCH'
  | 'ALERT_GAP'
  | 'ALERT_SHARED'
  | 'ALERT_LATE_HOLD'
  | 'ALERT_DECODE'
  | 'ALERT_EXTERNAL'
  | 'ALERT_HANDLER'
  | 'ALERT_STALE'
  | 'ALERT_UNWRITABLE'
  | 'ALERT_TOO_LARGE'
  | 'ALERT_OVERFLOW'
  | 'ALERT_EXPIRED'
  | 'ALERT_FORBIDDEN'
  | 'ALERT_CLOSED'
  | 'ALERT_REQUEST'

/** What an AlertError says beside its code and its text. */
export interface AlertErrorOptions {
  /** How to mend it, as a sentence; it is part of the message. */
  readonly mend?: string | undefined
  /** True once waiting cannot cure it: `retryOnFatal` acts on these. @default false */
  readonly fatal?: boolean | undefined
  readonly cause?: unknown
  /** Kafka's own name of the broker's answer, e.g. `TOPIC_AUTHORIZATION_FAILED`. */
  readonly kafka?: string | undefined
  /** What may have caused it; a guess, never part of a decision. */
  readonly hint?: string | undefined
}

/** Every error of this library. The message says what was got, what was expected and how to mend it; never a secret. */
export class AlertError extends Error {
  readonly code: AlertErrorCode
  readonly fatal: boolean
  readonly mend: string | undefined
  readonly kafka: string | undefined
  readonly hint: string | undefined

  constructor(code: AlertErrorCode, text: string, options: AlertErrorOptions = {}) {
    const { mend, fatal = false, cause, kafka, hint } = options
    super([text, mend].filter(Boolean).join('. '), cause === undefined ? undefined : { cause })
    this.name = 'AlertError'
    this.code = code
    this.fatal = fatal
    this.mend = mend
    this.kafka = kafka
    this.hint = hint
  }

  /** What may leave the process: no cause, no stack. */
  toJSON(): { name: string; code: AlertErrorCode; message: string; fatal: boolean; kafka?: string } {
    const { name, code, message, fatal, kafka } = this
    return { name, code, message, fatal, ...(kafka !== undefined && { kafka }) }
  }
}

/** An option, a file or a combination of them is wrong: thrown where it is given, before anything is opened. */
export class ConfigError extends AlertError {
  constructor(text: string, options: Omit<AlertErrorOptions, 'fatal'> = {}) {
    super('ALERT_CONFIG', text, { ...options, fatal: true })
    this.name = 'ConfigError'
  }
}

/** A payload that an operator could not read; `place` names its record. */
export class DecodeError extends AlertError {
  readonly place: string

  constructor(text: string, place: string, options: AlertErrorOptions = {}) {
    super('ALERT_DECODE', `${place}: ${text}`, options)
    this.name = 'DecodeError'
    this.place = place
  }
}

/** A message that was not, or perhaps not, stored. */
export class PublishError extends AlertError {
  /** `false`: it is not in the log. `'unknown'`: it may be. */
  readonly stored: false | 'unknown'

  constructor(code: AlertErrorCode, text: string, stored: false | 'unknown', options: AlertErrorOptions = {}) {
    super(code, text, options)
    this.name = 'PublishError'
    this.stored = stored
  }
}

/** The same error, marked as confirmed fatal. */
export function asFatal(error: AlertError): AlertError {
  return error.fatal ? error : remade(error, true)
}

/** An error object of its own that says the same: for several receivers of one error, whatever each does to it. */
export const copyOf = (error: AlertError): AlertError => remade(error, error.fatal)

function remade({ code, mend, kafka, hint, cause, message }: AlertError, fatal: boolean): AlertError {
  const text = mend !== undefined && message.endsWith(mend) ? message.slice(0, -mend.length).replace(/\. $/, '') : message
  return new AlertError(code, text, { mend, kafka, hint, cause, fatal })
}

/** Whatever was thrown, as an AlertError. */
export function toAlertError(thrown: unknown, code: AlertErrorCode = 'ALERT_BROKER'): AlertError {
  if (thrown instanceof AlertError) return thrown
  return new AlertError(code, messageOf(thrown), { cause: thrown })
}

/** In words, for any value: `String()` throws for some objects, and says nothing of the others. */
function messageOf(thrown: unknown): string {
  if (typeof thrown === 'string' && thrown !== '') return thrown
  if (typeof thrown === 'function') return 'a function was thrown'
  if (typeof thrown !== 'object' || thrown === null) return `${thrown === '' ? 'an empty string' : String(thrown)} was thrown`
  if ('message' in thrown && typeof thrown.message === 'string' && thrown.message !== '') return thrown.message
  if (thrown instanceof Error) return `${thrown.name} without a message`
  return `an object was thrown that is no Error, with ${Object.keys(thrown).slice(0, 5).join(', ') || 'nothing in it'}`
}
