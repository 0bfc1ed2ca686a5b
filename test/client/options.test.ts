import { describe, expect, it, test } from 'vitest'
import { Checkpoint, type ClientOptions, Cursor, IgwnAlertClient, type StreamOptions } from '../../src/index.ts'
import { MemoryTransport } from '../../src/testing.ts'
import { configError } from './rig.ts'

const transport = new MemoryTransport()
const create = (options: unknown): IgwnAlertClient => new IgwnAlertClient(options as ClientOptions)
const refused = (options: object): string => configError(() => create({ transport, ...options })).message

const cursor = new Cursor('memory:9092', 0, new Map())
const signal = new AbortController().signal
const logger = { debug() {}, info() {}, warn() {}, error() {} }
const clock = { now: () => 0, tick: () => 0, after: () => () => {} }

/** Of each option: values that fit, and values that do not with what is said. */
const STREAM: {
  readonly [K in keyof Required<StreamOptions>]: readonly [good: readonly unknown[], bad: readonly (readonly [unknown, string])[]]
} = {
  group: [
    ['gracedb', 'gracedb-playground', 'a.b', null],
    [
      ['', "group is ''. Give the prefix of the topics without its last dot"],
      ['gracedb.', "group is 'gracedb.'. Give the prefix of the topics without its last dot"],
      ['a b', "group is 'a b'. Give the prefix"],
      [7, 'group is 7. Give the prefix'],
    ],
  ],
  consumerGroup: [
    ['alice-pager'],
    [
      ['', "consumerGroup is ''. Give a text that is not empty"],
      [null, 'consumerGroup is null. Give a text'],
    ],
  ],
  from: [
    ['latest', 'earliest', new Date(0), cursor, new Checkpoint()],
    [
      ['now', "from is 'now'. Give 'latest', 'earliest', a Date, a Cursor or a Checkpoint"],
      [new Date('x'), 'from is a Date. Give a valid Date'],
      [1_700_000_000_000, 'from is 1700000000000. Give '],
    ],
  ],
  until: [
    [new Date(0), cursor],
    [
      ['end', "until is 'end'. Give a Date or a Cursor"],
      [new Date(Number.NaN), 'until is a Date. Give a valid Date'],
    ],
  ],
  untilEnd: [[true, false], [['yes', "untilEnd is 'yes'. Give true or false"]]],
  tests: [['exclude', 'include', 'only'], [[true, "tests is true. Give 'exclude' or 'include' or 'only'"]]],
  delivery: [['auto', 'manual'], [['ack', "delivery is 'ack'. Give 'auto' or 'manual'"]]],
  ackTimeout: [
    [1, 60_000, Number.POSITIVE_INFINITY],
    [
      [0, 'ackTimeout is 0. Give milliseconds: a whole number of at least 1'],
      [0.5, 'ackTimeout is 0.5. Give '],
      ['60', "ackTimeout is '60'. Give milliseconds"],
    ],
  ],
  maxUnhandled: [
    [{}, { records: 1 }, { bytes: Number.POSITIVE_INFINITY }, { records: undefined }],
    [
      [10, 'maxUnhandled is 10. Give an object with records, bytes'],
      [{ records: 0 }, 'maxUnhandled is an object. Give an object of records, bytes, each a whole number of at least 1; records is 0'],
      [{ record: 5 }, 'record is 5'],
      [[5], 'maxUnhandled is an array'],
    ],
  ],
  missing: [['error', 'wait'], [['skip', "missing is 'skip'. Give 'error' or 'wait'"]]],
  onOffsetLost: [['earliest', 'latest', 'error'], [['stop', "onOffsetLost is 'stop'"]]],
  onGap: [['continue', 'error'], [[1, "onGap is 1. Give 'continue' or 'error'"]]],
  retryOnFatal: [[true, false], [[3, 'retryOnFatal is 3. Give true or false']]],
  listenRetries: [
    [0, 3, Number.POSITIVE_INFINITY],
    [
      [-1, 'listenRetries is -1. Give a whole number of at least 0'],
      [1.5, 'listenRetries is 1.5'],
      ['3', "listenRetries is '3'"],
    ],
  ],
  retryWait: [
    [0, 100, Number.POSITIVE_INFINITY, (attempt: number) => attempt * 100],
    [
      [0.1, 'retryWait is 0.1. Give whole milliseconds; if 0.1 s are meant, 100'],
      [-5, 'retryWait is -5. Give milliseconds: a whole number of at least 0'],
      [Number.NaN, 'retryWait is NaN. Give milliseconds'],
      ['100', "retryWait is '100'. Give milliseconds"],
    ],
  ],
  onStatus: [[() => {}], [[true, 'onStatus is true. Give a function']]],
  signal: [
    [signal],
    [
      [new EventTarget(), 'signal is an object. Give an AbortSignal'],
      [true, 'signal is true'],
    ],
  ],
}

const seconds = (name: string): readonly [unknown, string] => [0.5, `${name} is 0.5. Give `]
const CLIENT: { readonly [K in Exclude<keyof Required<ClientOptions>, keyof StreamOptions>]: (typeof STREAM)['group'] } = {
  connectTimeout: [[0, 5_000, Number.POSITIVE_INFINITY], [seconds('connectTimeout')]],
  refusalTimeout: [[0, Number.POSITIVE_INFINITY], [seconds('refusalTimeout')]],
  drainTimeout: [[0, 1], [seconds('drainTimeout')]],
  revokeTimeout: [[0, 1], [seconds('revokeTimeout')]],
  autoCommitInterval: [[0, 1], [seconds('autoCommitInterval')]],
  refresh: [
    [1, Number.POSITIVE_INFINITY],
    [
      [0, 'refresh is 0. Give milliseconds: a whole number of at least 1'],
      [1.5, 'refresh is 1.5. Give whole milliseconds; if 1.5 s are meant, 1500'],
    ],
  ],
  sessionTimeout: [[6_000], [[Number.POSITIVE_INFINITY, 'sessionTimeout is Infinity. Give milliseconds: at most 2147483647']]],
  heartbeatInterval: [[1_000], [[0, 'heartbeatInterval is 0']]],
  deliveryTimeout: [[1, Number.POSITIVE_INFINITY], [[0, 'deliveryTimeout is 0']]],
  username: [[], [['alice', 'You must provide both a username and a password for basic authentication. password is missing']]],
  password: [[], [['x', 'You must provide both a username and a password for basic authentication. username is missing']]],
  auth: [[{ username: 'a', password: 'b' }, [], () => []], []],
  netrc: [['/nowhere/netrc'], [['', 'netrc must be text that is not empty, got an empty one']]],
  fetchExternal: [[true, false], [[1, 'fetchExternal is 1. Give true or false']]],
  externalTimeout: [[1, Number.POSITIVE_INFINITY], [[0, 'externalTimeout is 0']]],
  authfile: [['/nowhere/auth.toml'], [['', 'authfile must be text that is not empty, got an empty one']]],
  noauth: [[true, false], [['yes', 'noauth must be true or false, got string']]],
  tls: [[true, false, {}], [[{ rejectUnauthorized: false }, 'tls.rejectUnauthorized: the check of certificates cannot be turned off']]],
  server: [
    ['kafka://h.invalid/', 'kafka://alice@h.invalid:9093/'],
    [
      ['h.invalid', "invalid kafka URL: must start with 'kafka://', got 'h.invalid'. Write 'kafka://h.invalid/'"],
      [7, 'server must be a text'],
    ],
  ],
  port: [
    [9092],
    [
      [0, 'port must be a whole number from 1 to 65535, got 0'],
      ['9092', 'port must be a whole number from 1 to 65535, got "9092"'],
    ],
  ],
  batchSize: [[1, 500], [[0, 'batchSize is 0. Give a whole number of at least 1']]],
  batchTimeout: [
    [1, 200],
    [
      [0.2, 'batchTimeout is 0.2. Give '],
      [0, 'batchTimeout is 0. Give milliseconds: a whole number of at least 1'],
    ],
  ],
  transport: [[transport], [[{ read() {} }, 'transport is an object. Give a Transport, e.g. a MemoryTransport']]],
  instanceId: [['pager-1'], [['', "instanceId is ''"]]],
  checkCrcs: [[true, false], [[1, 'checkCrcs is 1. Give true or false']]],
  limits: [[{}, { batchBytes: 1e6, jsonBytes: 1e6, jsonDepth: 10 }], [[{ fitsDepth: 1 }, 'fitsDepth is 1']]],
  logger: [[logger, console], [[{ log() {} }, 'logger is an object. Give a logger with debug, info, warn and error']]],
  clientId: [['pager'], [['', "clientId is ''"]]],
  clock: [[clock], [[Date, 'clock is a function. Give a Clock']]],
}

describe('each option', () => {
  for (const [name, [good, bad]] of Object.entries({ ...STREAM, ...CLIENT })) {
    it(`${name}: takes what fits, and undefined as not given`, () => {
      for (const value of [...good, undefined]) create({ transport, [name]: value })
    })
    it(`${name}: refuses the rest`, () => {
      for (const [value, text] of bad) expect(refused({ [name]: value })).toContain(text)
    })
  }

  for (const [name, [good, bad]] of Object.entries(STREAM)) {
    it(`${name}: of one stream, checked when it is made`, () => {
      const client = create({ transport })
      for (const value of [...good, undefined]) client.topic('t', { [name]: value })
      for (const [value, text] of bad) {
        expect(configError(() => client.topic('t', { [name]: value })).message).toContain(text)
        expect(configError(() => client.topics(undefined, { [name]: value })).message).toContain(text)
        expect(configError(() => client.listen(() => {}, 't', { [name]: value })).message).toContain(text)
      }
    })
  }
})

describe('all options', () => {
  test('none are needed, or nothing but undefined', () => {
    expect(create(undefined)).toBeInstanceOf(IgwnAlertClient)
    expect(create({ group: undefined, server: undefined, auth: undefined })).toBeInstanceOf(IgwnAlertClient)
  })

  test.each([
    [null, 'null'],
    ['gracedb', "'gracedb'"],
    [[], 'an array'],
    [3, '3'],
  ])('%j are no options', (options, shown) => {
    if (Array.isArray(options)) expect(create(options)).toBeInstanceOf(IgwnAlertClient)
    else expect(configError(() => create(options)).message).toBe(`The options of IgwnAlertClient are ${shown}. Give an object, or nothing`)
  })

  test('an unknown one, with the nearest', () => {
    expect(refused({ consumer_group: 'x' })).toBe("IgwnAlertClient has no option 'consumer_group'. Did you mean 'consumerGroup'?")
    expect(refused({ retry_on_fatal: true })).toContain("Did you mean 'retryOnFatal'?")
    expect(refused({ topic: undefined })).toContain("has no option 'topic'")
    expect(refused({ quiteSomethingElse: 1 })).toBe("IgwnAlertClient has no option 'quiteSomethingElse'")
    expect(refused({ toString: 1 })).toContain("has no option 'toString'")
  })

  test('an unknown one of a stream, with where it belongs', () => {
    const client = create({ transport })
    expect(configError(() => client.topic('t', { form: 'latest' } as StreamOptions)).message).toBe(
      "A stream has no option 'form'. Did you mean 'from'?",
    )
    expect(configError(() => client.topic('t', { batchSize: 1 } as StreamOptions)).message).toBe(
      "A stream has no option 'batchSize'. It is an option of the client",
    )
    expect(configError(() => client.topic('t', null as unknown as StreamOptions)).message).toContain('The options of A stream are null')
  })
})

describe('options that contradict each other fail at construction', () => {
  test.each<[object, string]>([
    [{ server: 'kafka://h.invalid:9093/', port: 9092 }, 'server names port 9093, the option port is 9092'],
    [{ consumerGroup: 'g', from: new Date(0) }, 'consumerGroup and from: a Date contradict each other'],
    [{ consumerGroup: 'g', from: cursor }, 'consumerGroup and from: a Cursor contradict each other'],
    [{ consumerGroup: 'g', from: new Checkpoint() }, 'consumerGroup and from: a Checkpoint contradict each other'],
    [{ until: new Date(0), untilEnd: true }, 'until and untilEnd contradict each other'],
    [{ noauth: true, username: 'a', password: 'b' }, 'noauth and username and password contradict each other'],
    [{ noauth: true, auth: { username: 'a', password: 'b' } }, 'noauth and auth contradict each other'],
    [{ noauth: true, authfile: 'x' }, 'noauth and authfile contradict each other'],
    [{ noauth: true, server: 'kafka://alice@h.invalid/' }, "noauth and the user 'alice' in server contradict each other"],
    [{ retryOnFatal: true, listenRetries: 0 }, 'retryOnFatal with listenRetries: 0 would never retry'],
    [{ sessionTimeout: 3_000 }, 'heartbeatInterval is 3000 ms, sessionTimeout 3000 ms'],
    [{ heartbeatInterval: 50_000 }, 'heartbeatInterval is 50000 ms, sessionTimeout 45000 ms'],
  ])('%o', (options, text) => {
    expect(refused(options)).toContain(text)
    expect(configError(() => create(options)).message).toContain(text)
  })

  test.each<object>([
    { server: 'kafka://h.invalid:9093/', port: 9093 },
    { consumerGroup: 'g', from: 'earliest' },
    { until: new Date(0), untilEnd: false },
    { noauth: false, username: 'a', password: 'b' },
    { retryOnFatal: false, listenRetries: 0 },
    { sessionTimeout: 6_000, heartbeatInterval: 2_000 },
  ])('%o do not', options => {
    expect(create({ transport, ...options })).toBeInstanceOf(IgwnAlertClient)
  })

  test("with the client's, when a stream is made", () => {
    const client = create({ transport, from: new Date(0), retryOnFatal: true })
    expect(configError(() => client.topic('t', { consumerGroup: 'g' })).message).toContain('contradict each other')
    expect(configError(() => client.topic('t', { listenRetries: 0 })).message).toContain('would never retry')
    expect(configError(() => client.topic('t', { until: new Date(0), untilEnd: true })).message).toContain('until and untilEnd')
  })

  test("but a stream's own end displaces the client's", () => {
    create({ transport, untilEnd: true }).topic('t', { until: new Date(0) })
    create({ transport, until: new Date(0) }).topic('t', { untilEnd: true })
  })
})
