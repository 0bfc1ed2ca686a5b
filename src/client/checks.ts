import { Cursor } from '../cursor.ts'
import { ConfigError } from '../errors.ts'
import { Checkpoint } from '../sources/Checkpoint.ts'
import { nearest } from '../sources/nearest.ts'
import type { ListenOptions } from './listen.ts'
import type { ClientOptions, StreamOptions } from './options.ts'
import { groupTimesOf, withOwn } from './sourceOptions.ts'

/** Undefined: it fits. Else what was expected. */
type Check = (value: unknown) => string | undefined
type Checks<T> = { readonly [K in keyof Required<T>]: Check }

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null

const text: Check = value => (typeof value === 'string' && value !== '' ? undefined : 'a text that is not empty')
const flag: Check = value => (typeof value === 'boolean' ? undefined : 'true or false')
/** What proves who we are, and to whom, is checked where it is understood, in auth/. */
const elsewhere: Check = () => undefined

const isCount = (value: unknown, least: number): boolean =>
  value === Number.POSITIVE_INFINITY || (typeof value === 'number' && Number.isInteger(value) && value >= least)
const count =
  (least: number): Check =>
  value =>
    isCount(value, least) ? undefined : `a whole number of at least ${least}`
const oneOf =
  (...choices: readonly string[]): Check =>
  value =>
    choices.some(choice => choice === value) ? undefined : choices.map(choice => `'${choice}'`).join(' or ')

/** Every duration is in whole ms: a fraction can only be meant in seconds. Infinity: never. */
const duration =
  (least = 0): Check =>
  value => {
    if (typeof value !== 'number' || !(value >= least)) return `milliseconds: a whole number of at least ${least}`
    if (!Number.isFinite(value) || Number.isInteger(value)) return undefined
    return `whole milliseconds; if ${value} s are meant, ${Math.round(value * 1000)}`
  }
/** The longest time that Kafka's protocol can say, ms: 24 days. */
const LONGEST_TOLD = 2 ** 31 - 1
/** A duration that the broker is told; 0 would ask it without a pause. */
const told: Check = value =>
  duration(1)(value) ?? ((value as number) <= LONGEST_TOLD ? undefined : `milliseconds: at most ${LONGEST_TOLD} (24 days)`)

const methods =
  (what: string, ...names: readonly string[]): Check =>
  value =>
    isObject(value) && names.every(name => name in value && typeof value[name as keyof typeof value] === 'function') ? undefined : what

const date = (value: Date): string | undefined => (Number.isNaN(value.getTime()) ? 'a valid Date' : undefined)

const from: Check = value => {
  if (value instanceof Date) return date(value)
  const fits = value === 'latest' || value === 'earliest' || value instanceof Cursor || value instanceof Checkpoint
  return fits ? undefined : `'latest', 'earliest', a Date, a Cursor or a Checkpoint`
}

const until: Check = value => {
  if (value instanceof Date) return date(value)
  return value instanceof Cursor ? undefined : 'a Date or a Cursor'
}

const counts =
  (...names: readonly string[]): Check =>
  value => {
    if (!isObject(value) || Array.isArray(value)) return `an object with ${names.join(', ')}`
    const wrong = Object.entries(value).find(([name, n]) => !names.includes(name) || (n !== undefined && !isCount(n, 1)))
    return wrong && `an object of ${names.join(', ')}, each a whole number of at least 1; ${wrong[0]} is ${shown(wrong[1])}`
  }

/** Kafka takes 249 characters, of which a stream needs some to tell it from others. */
const INSTANCE = /^[A-Za-z0-9._-]{1,200}$/
const instance: Check = value =>
  typeof value === 'string' && INSTANCE.test(value) ? undefined : 'a text of letters, digits, dots, _ and -, at most 200'

const GROUP = /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/
const group: Check = value =>
  value === null || (typeof value === 'string' && GROUP.test(value))
    ? undefined
    : `the prefix of the topics without its last dot, of letters, digits, dots, _ and -, or null for topics without a prefix`

const STREAM_CHECKS: Checks<StreamOptions> = {
  group,
  consumerGroup: text,
  from,
  until,
  untilEnd: flag,
  tests: oneOf('exclude', 'include', 'only'),
  delivery: oneOf('auto', 'manual'),
  ackTimeout: duration(1),
  maxUnhandled: counts('records', 'bytes'),
  missing: oneOf('error', 'wait'),
  onOffsetLost: oneOf('earliest', 'latest', 'error'),
  onGap: oneOf('continue', 'error'),
  retryOnFatal: flag,
  listenRetries: count(0),
  retryWait: value => (typeof value === 'function' ? undefined : duration()(value)),
  onStatus: value => (typeof value === 'function' ? undefined : 'a function'),
  signal: methods('an AbortSignal', 'addEventListener', 'throwIfAborted'),
}

const CLIENT_CHECKS: Checks<ClientOptions> = {
  ...STREAM_CHECKS,
  connectTimeout: duration(),
  refusalTimeout: duration(),
  drainTimeout: duration(),
  revokeTimeout: duration(),
  autoCommitInterval: duration(),
  refresh: duration(1),
  sessionTimeout: told,
  heartbeatInterval: told,
  deliveryTimeout: duration(1),
  externalTimeout: duration(1),
  username: elsewhere,
  password: elsewhere,
  auth: elsewhere,
  authfile: elsewhere,
  netrc: elsewhere,
  noauth: elsewhere,
  tls: elsewhere,
  server: elsewhere,
  port: elsewhere,
  batchSize: count(1),
  batchTimeout: told,
  transport: methods('a Transport, e.g. a MemoryTransport', 'describe', 'locate', 'read', 'write', 'deleteTopic', 'close'),
  instanceId: instance,
  fetchExternal: flag,
  checkCrcs: flag,
  limits: counts('batchBytes', 'jsonBytes', 'jsonDepth', 'avroBytes', 'avroItems', 'avroDepth', 'xmlBytes', 'xmlDepth', 'externalBytes'),
  logger: methods('a logger with debug, info, warn and error', 'debug', 'info', 'warn', 'error'),
  clientId: text,
  clock: methods('a Clock', 'now', 'tick', 'after'),
}

const LISTEN_CHECKS: Checks<ListenOptions> = { onError: oneOf('continue', 'stop') }

/** What was given, short. Secrets have checks of their own, which do not repeat them. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return `'${value.length > 40 ? `${value.slice(0, 40)}...` : value}'`
  if (value instanceof Date) return 'a Date'
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object'
  return typeof value === 'function' ? 'a function' : String(value)
}

function check(options: object, checks: Readonly<Record<string, Check>>, whose: string): void {
  if (!isObject(options)) throw new ConfigError(`The options of ${whose} are ${shown(options)}`, { mend: 'Give an object, or nothing' })
  for (const [name, value] of Object.entries(options)) {
    const own = Object.hasOwn(checks, name) ? checks[name] : undefined
    if (!own) throw new ConfigError(`${whose} has no option '${name}'`, { mend: instead(name, checks) })
    const expected = value === undefined ? undefined : own(value)
    if (expected !== undefined) throw new ConfigError(`${name} is ${shown(value)}`, { mend: `Give ${expected}` })
  }
}

function instead(name: string, checks: Readonly<Record<string, Check>>): string | undefined {
  if (checks === STREAM_CHECKS && Object.hasOwn(CLIENT_CHECKS, name)) return 'It is an option of the client'
  const [near] = nearest(name, Object.keys(checks), 1)
  return near && `Did you mean '${near}'?`
}

/** @throws ConfigError for an unknown option, a value of the wrong kind, or options that contradict each other */
export function checkClientOptions(options: ClientOptions): void {
  check(options, CLIENT_CHECKS, 'IgwnAlertClient')
  checkTogether(options)
  const { sessionTimeout, heartbeatInterval } = groupTimesOf(options)
  if (heartbeatInterval < sessionTimeout) return
  throw new ConfigError(`heartbeatInterval is ${heartbeatInterval} ms, sessionTimeout ${sessionTimeout} ms`, {
    mend: 'Several heartbeats have to fit into a session: make it a third of sessionTimeout at most',
  })
}

/** @throws ConfigError */
export function checkStreamOptions(own: StreamOptions, client: ClientOptions): void {
  check(own, STREAM_CHECKS, 'A stream')
  // A kind of end that was given twice in one place is no override.
  checkEnds(own)
  checkTogether(withOwn(client, own))
}

/** @throws ConfigError */
export const checkListenOptions = (options: ListenOptions): void => check(options, LISTEN_CHECKS, 'listen()')

function checkTogether(options: StreamOptions): void {
  checkEnds(options)
  const { consumerGroup, from: start, retryOnFatal, listenRetries } = options
  if (consumerGroup !== undefined && typeof start === 'object') {
    const what = `consumerGroup and from: a ${start.constructor.name} contradict each other: a group starts where it has committed`
    throw new ConfigError(what, { mend: `Leave one out, or give from: 'latest' or 'earliest'` })
  }
  if (retryOnFatal && listenRetries === 0) {
    throw new ConfigError('retryOnFatal with listenRetries: 0 would never retry', { mend: 'Leave retryOnFatal out, or allow a retry' })
  }
}

function checkEnds({ until: end, untilEnd }: StreamOptions): void {
  if (untilEnd && end !== undefined) throw new ConfigError('until and untilEnd contradict each other', { mend: 'Leave one out' })
}

const TOPIC = /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,249}$/

/** @throws ConfigError when Kafka would not take the name */
export function checkTopic(name: unknown, fullTopic: string): void {
  if (typeof name === 'string' && name !== '' && TOPIC.test(fullTopic)) return
  throw new ConfigError(`Not a topic's name: ${shown(name)}`, {
    mend: 'Kafka takes letters, digits, dots, _ and -, at most 249 with the prefix',
  })
}
