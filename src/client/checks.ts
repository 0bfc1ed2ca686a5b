import { Cursor } from '../cursor.ts'
import { ConfigError } from '../errors.ts'
import { Checkpoint } from '../sources/Checkpoint.ts'
import { nearest } from '../sources/nearest.ts'
import type { ClientOptions, StreamOptions } from './options.ts'

/** Undefined: it fits. Else what was expected. */
type Check = (value: unknown) => string | undefined

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null

const text: Check = value => (typeof value === 'string' && value !== '' ? undefined : 'a text that is not empty')
const flag: Check = value => (typeof value === 'boolean' ? undefined : 'true or false')
const anything: Check = () => undefined
const count =
  (least: number): Check =>
  value =>
    value === Number.POSITIVE_INFINITY || (Number.isInteger(value) && (value as number) >= least)
      ? undefined
      : `a whole number of at least ${least}`
const oneOf =
  (...choices: readonly string[]): Check =>
  value =>
    choices.includes(value as string) ? undefined : choices.map(choice => `'${choice}'`).join(' or ')

const isDuration = (value: unknown): value is number => typeof value === 'number' && value >= 0

/** Every duration is in ms: a fraction can only be meant in seconds. */
const duration: Check = value => {
  if (!isDuration(value)) return 'milliseconds: a number of at least 0'
  if (!Number.isFinite(value) || Number.isInteger(value)) return undefined
  return `milliseconds; if ${value} seconds are meant, write ${Math.round(value * 1000)}`
}

const methods =
  (what: string, ...names: readonly string[]): Check =>
  value =>
    isObject(value) && names.every(name => typeof (value as Record<string, unknown>)[name] === 'function') ? undefined : what

const from: Check = value => {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'a valid Date' : undefined
  const fits = value === 'latest' || value === 'earliest' || value instanceof Cursor || value instanceof Checkpoint
  return fits ? undefined : `'latest', 'earliest', a Date, a Cursor or a Checkpoint`
}

const until: Check = value => {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'a valid Date' : undefined
  return value instanceof Cursor ? undefined : 'a Date or a Cursor'
}

const counts =
  (...names: readonly string[]): Check =>
  value => {
    if (!isObject(value)) return `an object with ${names.join(', ')}`
    const wrong = Object.entries(value).find(([name, n]) => !names.includes(name) || (n !== undefined && count(1)(n)))
    return wrong && `an object of ${names.join(', ')}, each a whole number of at least 1 (${wrong[0]} is ${String(wrong[1])})`
  }

const STREAM_CHECKS: { readonly [K in keyof Required<StreamOptions>]: Check } = {
  group: value => (value === null ? undefined : text(value) && 'a text that is not empty, or null for topics without a prefix'),
  consumerGroup: text,
  from,
  until,
  untilEnd: flag,
  tests: oneOf('exclude', 'include', 'only'),
  delivery: oneOf('auto', 'manual'),
  maxUnhandled: counts('records', 'bytes'),
  missing: oneOf('error', 'wait'),
  onOffsetLost: oneOf('earliest', 'latest', 'error'),
  onGap: oneOf('continue', 'error'),
  retryOnFatal: flag,
  listenRetries: count(0),
  retryWait: value => (typeof value === 'function' ? undefined : duration(value)),
  signal: methods('an AbortSignal', 'addEventListener'),
}

const CLIENT_CHECKS: { readonly [K in keyof Required<ClientOptions>]: Check } = {
  ...STREAM_CHECKS,
  connectTimeout: duration,
  refusalTimeout: duration,
  drainTimeout: duration,
  revokeTimeout: duration,
  autoCommitInterval: duration,
  refresh: duration,
  sessionTimeout: duration,
  heartbeatInterval: duration,
  deliveryTimeout: duration,
  // What proves who we are is checked where it is understood, in auth/.
  username: anything,
  password: anything,
  auth: anything,
  authfile: anything,
  noauth: anything,
  tls: anything,
  server: anything,
  port: anything,
  batchSize: count(1),
  batchTimeout: duration,
  transport: methods('a Transport, e.g. a MemoryTransport', 'describe', 'locate', 'read', 'write'),
  instanceId: text,
  checkCrcs: flag,
  limits: counts('batchBytes', 'jsonBytes', 'jsonDepth'),
  logger: methods('a logger with debug, info, warn and error', 'debug', 'info', 'warn', 'error'),
  clientId: text,
  clock: methods('a Clock', 'now', 'tick', 'after'),
}

/** What was given, short, and never the value of a secret: those have checks of their own. */
function shown(value: unknown): string {
  if (typeof value === 'string') return `'${value.slice(0, 40)}'`
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return String(value)
  return Array.isArray(value) ? 'an array' : `a ${typeof value}`
}

function check(options: object, checks: Readonly<Record<string, Check>>, whose: string): void {
  for (const [name, value] of Object.entries(options)) {
    const own = Object.hasOwn(checks, name) ? checks[name] : undefined
    if (!own) {
      const near = nearest(name, Object.keys(checks), 1)
      throw new ConfigError(`${whose} has no option '${name}'`, { mend: near.length > 0 ? `Did you mean '${near[0]}'?` : undefined })
    }
    const expected = value === undefined ? undefined : own(value)
    if (expected !== undefined) throw new ConfigError(`${name} is ${shown(value)}`, { mend: `Give ${expected}` })
  }
}

/** @throws ConfigError for an unknown option, a value of the wrong kind, or options that contradict each other */
export function checkClientOptions(options: ClientOptions): void {
  if (!isObject(options)) throw new ConfigError(`The client's options are ${shown(options)}`, { mend: 'Give an object, or nothing' })
  check(options, CLIENT_CHECKS, 'IgwnAlertClient')
  checkTogether(options)
  const { sessionTimeout, heartbeatInterval } = options
  if (sessionTimeout !== undefined && heartbeatInterval !== undefined && heartbeatInterval >= sessionTimeout) {
    throw new ConfigError(`heartbeatInterval is ${heartbeatInterval}, sessionTimeout is ${sessionTimeout}`, {
      mend: 'Several heartbeats have to fit into a session: give a third of it at most',
    })
  }
}

/** @throws ConfigError */
export function checkStreamOptions(own: StreamOptions, together: StreamOptions): void {
  check(own, STREAM_CHECKS, 'A stream')
  checkTogether(together)
}

function checkTogether({ consumerGroup, from: start, until: end, untilEnd, retryOnFatal, listenRetries }: StreamOptions): void {
  if (consumerGroup !== undefined && typeof start === 'object') {
    throw new ConfigError(
      `consumerGroup and from: a ${start.constructor.name} contradict each other: a group starts where it has committed`,
      {
        mend: `Leave one out, or give from: 'latest' or 'earliest'`,
      },
    )
  }
  if (untilEnd && end !== undefined) throw new ConfigError('until and untilEnd contradict each other', { mend: 'Leave one out' })
  if (retryOnFatal && listenRetries === 0) {
    throw new ConfigError('retryOnFatal with listenRetries: 0 would never retry', { mend: 'Leave retryOnFatal out, or allow a retry' })
  }
}

const TOPIC = /^[A-Za-z0-9._-]{1,249}$/

/** @throws ConfigError when Kafka would not take the name */
export function checkTopic(name: unknown, fullTopic: string): void {
  if (typeof name === 'string' && name !== '' && TOPIC.test(fullTopic)) return
  throw new ConfigError(`Not a topic's name: ${shown(name)}`, {
    mend: 'Kafka takes letters, digits, dots, _ and -, at most 249 with the prefix',
  })
}
