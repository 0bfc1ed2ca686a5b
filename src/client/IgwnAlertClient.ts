import { EMPTY, type Observable } from 'rxjs'
import { checkAuthOptions } from '../auth/options.ts'
import { DEFAULT_SERVER, parseServerUrl } from '../auth/serverUrl.ts'
import { type Clock, systemClock } from '../clock.ts'
import type { Cursor } from '../cursor.ts'
import { AlertError, ConfigError } from '../errors.ts'
import { DEFAULT_LIMITS, type Limits } from '../limits.ts'
import { retryOnFatal } from '../operators/retryOnFatal.ts'
import type { Delivery } from '../record.ts'
import type { TopicSinkOptions } from '../sinks/compose.ts'
import type { Outgoing } from '../sinks/outgoing.ts'
import type { Stored } from '../sinks/results.ts'
import type { TopicSink } from '../sinks/TopicSink.ts'
import type { AlertStream } from '../sources/AlertStream.ts'
import { LiveReadings } from '../sources/LiveReadings.ts'
import type { SourceOptions, TopicSelection } from '../sources/options.ts'
import { source } from '../sources/source.ts'
import { consoleLogger, type Logger, type Status } from '../status.ts'
import { isFaulty, type Transport } from '../transports/transport.ts'
import { checkClientOptions, checkStreamOptions } from './checks.ts'
import { type Connection, connectionOf } from './connection.ts'
import { cursorAt } from './cursorAt.ts'
import { type ListenCallback, type ListenHandle, type ListenOptions, printAlert, startListening } from './listen.ts'
import { fullTopicOf, listOf, topicIn } from './naming.ts'
import type { ClientOptions, StreamOptions } from './options.ts'
import { Publishing } from './Publishing.ts'
import { StatusFeed } from './StatusFeed.ts'
import { Subscriptions } from './Subscriptions.ts'

const DEFAULT_GROUP = 'gracedb'
const MAX_FETCH_BYTES = 50_000_000
const DEFAULT_UNHANDLED = { records: 1000, bytes: 64_000_000 }
/** Waited for brokers to say good-bye, ms. */
const CLOSE_DEADLINE = 2_000

/**
 * The alert streams of one server, as Python's igwn_alert names things and RxJS does them: topics are streams, publishing is a sink for each
 * topic. Nothing connects before the first subscribe or send. See `ClientOptions` for all options and defaults.
 *
 * @throws ConfigError for options of the wrong kind, or that contradict each other
 * @example
 * const client = new IgwnAlertClient({ group: 'gracedb-playground' }) // credentials: auth.toml
 * client.topic('superevent').pipe(parseJson<Alert>(), handle(({ payload }) => page(payload))).subscribe({ error: console.error })
 */
export class IgwnAlertClient implements AsyncDisposable {
  readonly #options: ClientOptions
  readonly #group: string | null
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #connection: Connection
  readonly #live = new LiveReadings()
  readonly #feed = new StatusFeed()
  readonly #subscriptions = new Subscriptions()
  readonly #publishing: Publishing
  #closing: Promise<void> | undefined

  constructor(options: ClientOptions = {}) {
    checkClientOptions(options)
    const { group, clock = systemClock, logger = consoleLogger, deliveryTimeout = 120_000 } = options
    const server = parseServerUrl(options.server ?? DEFAULT_SERVER, options.port)
    if (!options.transport) checkAuthOptions(options, server)
    this.#options = { ...options }
    this.#group = group === undefined ? DEFAULT_GROUP : group
    this.#clock = clock
    this.#logger = logger
    this.#connection = connectionOf(this.#options, server, logger)
    this.#publishing = new Publishing({
      transport: this.#transport,
      group: this.#group,
      clock,
      logger,
      report: this.#feed.reporter(),
      sender: () => this.#connection.username,
      deliveryTimeout,
    })
    options.signal?.addEventListener('abort', () => void this.close(), { once: true })
  }

  /** What happens to the streams and sinks: hot; a new subscriber first hears the present state of each stream; completes at `close()`. */
  get status$(): Observable<Status> {
    return this.#feed.status$
  }

  /** One topic as a cold stream: each subscription, each loop, reads for itself. */
  topic(name: string, options: StreamOptions = {}): AlertStream<Delivery> {
    return this.topics([name], options)
  }

  /** Several topics as one cold stream over shared connections. No names: every topic of the group, new ones as they appear. */
  topics(names?: readonly string[], options: StreamOptions = {}): AlertStream<Delivery> {
    const { group = this.#group } = options
    const full = names?.map(name => fullTopicOf(group, name))
    if (full?.length === 0)
      throw new ConfigError('topics([]) names no topic', { mend: 'Name some, or leave the list out for all of the group' })
    const selection: TopicSelection = {
      names: () => full,
      includes: name => (full ? full.includes(name) : topicIn(group, name) !== undefined),
      changed$: EMPTY,
    }
    return this.#stream(selection, options)
  }

  /**
   * The seed's listener: calls back for each alert, one after the other; an alert counts as handled when the callback has returned or its
   * Promise resolved. No callback: prints. No topics: the subscriptions, followed live, or else every topic of the group.
   */
  listen(
    callback: ListenCallback = printAlert,
    topics?: string | readonly string[],
    options: StreamOptions & ListenOptions = {},
  ): ListenHandle {
    const { onError, ...streamOptions } = options
    const group = options.group === undefined ? this.#group : options.group
    const named = topics === undefined ? undefined : listOf(topics).map(topic => fullTopicOf(group, topic))
    const names = (): readonly string[] | undefined => {
      const { topics: subscribed } = this.#subscriptions
      return named ?? (subscribed.length > 0 ? subscribed.map(topic => fullTopicOf(group, topic)) : undefined)
    }
    const selection: TopicSelection = {
      names,
      includes: name => names()?.includes(name) ?? topicIn(group, name) !== undefined,
      changed$: named ? EMPTY : this.#subscriptions.changed$,
    }
    let opened: NonNullable<SourceOptions['onOpen']> = () => {}
    let positioned = (): void => {}
    const hooks: Pick<SourceOptions, 'onOpen'> & { onStatus: (status: Status) => void } = {
      onOpen: reading => opened(reading),
      onStatus: ({ type }) => type === 'positioned' && positioned(),
    }
    const stream = this.#stream(selection, streamOptions, hooks)
    return startListening(
      callback,
      { onError },
      {
        stream,
        logger: this.#logger,
        onOpen: hear => {
          opened = hear
        },
        onPositioned: hear => {
          positioned = hear
        },
      },
    )
  }

  /** Adds topics to the live set that a `listen()` without topics follows. */
  subscribe(topics: string | readonly string[]): void {
    for (const topic of listOf(topics)) fullTopicOf(this.#group, topic)
    this.#subscriptions.add(listOf(topics))
  }

  unsubscribe(topics: string | readonly string[]): void {
    this.#subscriptions.remove(listOf(topics))
  }

  getSubscriptions(): string[] {
    return this.#subscriptions.topics
  }

  /** Exactly the topics of the group that this user may see, without its prefix, sorted. */
  async getTopics(group: string | null = this.#group): Promise<string[]> {
    this.#checkOpen()
    const all = await this.#transport.describe('all')
    return [...all]
      .filter(([, description]) => !isFaulty(description))
      .map(([name]) => topicIn(group, name))
      .filter(name => name !== undefined)
      .sort()
  }

  /**
   * The offsets of topics at a moment, e.g. for `until`. No names: every topic of the group.
   *
   * @throws AlertError when one of the topics cannot be read
   */
  cursor(names?: readonly string[], at: 'latest' | 'earliest' | Date = 'latest'): Promise<Cursor> {
    this.#checkOpen()
    return cursorAt(this.#transport, {
      group: this.#group,
      names: names?.map(name => fullTopicOf(this.#group, name)),
      at,
      clock: this.#clock,
    })
  }

  /** Checks that topics can be written before the first alert. @throws AlertError when one is unknown or cannot be described */
  async connect(topics: string | readonly string[]): Promise<void> {
    this.#checkOpen()
    await this.#publishing.connect(listOf(topics))
  }

  /** Where alerts of a topic are published: a Subject. Several sinks of a topic share its one writer; each ends by itself. */
  sink<T = unknown>(topic: string, options?: TopicSinkOptions<T>): TopicSink<T> {
    return this.#publishing.sink<T>(topic, options)
  }

  /** Publishes and waits for the broker's word. @throws PublishError whose `stored` says whether it may be in the log */
  publish<T>(topic: string, message: T | Outgoing<T>): Promise<Stored>
  publish<T>(topics: readonly string[], message: T | Outgoing<T>): Promise<Stored[]>
  publish<T>(topics: string | readonly string[], message: T | Outgoing<T>): Promise<Stored | Stored[]> {
    if (typeof topics === 'string') return this.#publishing.publish(topics, message)
    return Promise.all(topics.map(topic => this.#publishing.publish(topic, message)))
  }

  /** To a connected topic, without waiting: `flushByTopic` waits, and says what failed. @throws ConfigError when it is not connected */
  publishToTopic<T>(topic: string, message: T | Outgoing<T>): void {
    this.#publishing.publishToTopic(topic, message)
  }

  /** Waits for all that `publishToTopic` was given for the topic. @throws AggregateError of what was not stored and nobody was told of */
  flushByTopic(topic: string): Promise<void> {
    return this.#publishing.flushByTopic(topic)
  }

  /** Ends the writers of topics, all of them by default, once everything is sent. */
  disconnect(topics?: string | readonly string[]): Promise<void> {
    return this.#publishing.disconnect(topics === undefined ? undefined : listOf(topics))
  }

  /** Deletes a topic and all its alerts at the broker. @param confirm the topic's full name, e.g. `gracedb.superevent` */
  async delete(topic: string, { confirm }: { readonly confirm: string }): Promise<void> {
    this.#checkOpen()
    const full = fullTopicOf(this.#group, topic)
    if (confirm !== full) {
      throw new ConfigError(`delete('${topic}') was confirmed with '${String(confirm)}'`, {
        mend: `It deletes every alert of the topic for everybody. If that is meant: { confirm: '${full}' }`,
      })
    }
    await this.#transport.deleteTopic(full)
  }

  /** Streams stop delivering and complete, started work ends, sinks send what they have, positions are committed, connections close. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  get #transport(): Transport {
    return this.#connection.transport
  }

  async #close(): Promise<void> {
    await this.#live.close()
    await this.#publishing.close(this.#options.deliveryTimeout ?? 120_000)
    await this.#connection.close(CLOSE_DEADLINE)
    this.#feed.close()
  }

  #checkOpen(): void {
    if (this.#closing) throw new AlertError('ALERT_CLOSED', 'the client is closed', { mend: 'Make a new one', fatal: true })
  }

  #stream(
    topics: TopicSelection,
    own: StreamOptions,
    hooks: Pick<SourceOptions, 'onOpen'> & { readonly onStatus?: ((status: Status) => void) | undefined } = { onOpen: undefined },
  ): AlertStream<Delivery> {
    const together: StreamOptions & ClientOptions = { ...this.#options, ...withoutUndefined(own) }
    checkStreamOptions(own, together)
    const stream = source(resumes => {
      // A retry that comes after close() has nothing to complain about.
      if (this.#closing && resumes) return undefined
      this.#checkOpen()
      const report = this.#feed.reporter()
      const heard = (status: Status): void => {
        hooks.onStatus?.(status)
        report(status)
      }
      return { ...this.#sourceOptions(topics, together), report: heard, onOpen: hooks.onOpen }
    }, own.signal)
    if (!together.retryOnFatal) return stream
    const { listenRetries = 3, retryWait = 100 } = together
    const delay = typeof retryWait === 'function' ? (_error: unknown, attempt: number) => retryWait(attempt) : retryWait
    return stream.pipe(retryOnFatal({ count: listenRetries, delay }))
  }

  #sourceOptions(topics: TopicSelection, o: StreamOptions & ClientOptions): Omit<SourceOptions, 'report' | 'onOpen'> {
    const limits: Limits = { ...DEFAULT_LIMITS, ...withoutUndefined(o.limits ?? {}) }
    return {
      transport: this.#transport,
      topics,
      group: o.group === undefined ? DEFAULT_GROUP : o.group,
      from: o.from ?? 'latest',
      until: o.untilEnd ? 'end' : o.until,
      tests: o.tests ?? 'exclude',
      delivery: o.delivery ?? 'auto',
      missing: o.missing ?? 'error',
      onOffsetLost: o.onOffsetLost ?? 'earliest',
      onGap: o.onGap ?? 'continue',
      maxUnhandled: { ...DEFAULT_UNHANDLED, ...withoutUndefined(o.maxUnhandled ?? {}) },
      batchSize: o.batchSize ?? 500,
      consumerGroup:
        o.consumerGroup === undefined
          ? undefined
          : {
              id: o.consumerGroup,
              instanceId: o.instanceId,
              sessionTimeout: o.sessionTimeout ?? 45_000,
              heartbeatInterval: o.heartbeatInterval ?? 3_000,
              revokeTimeout: o.revokeTimeout ?? 3_000,
            },
      times: {
        connectTimeout: o.connectTimeout ?? 30_000,
        refusalTimeout: o.refusalTimeout ?? 600_000,
        drainTimeout: o.drainTimeout ?? 10_000,
        autoCommitInterval: o.autoCommitInterval ?? 5_000,
        refresh: o.refresh ?? 60_000,
        batchTimeout: o.batchTimeout ?? 200,
      },
      maxBytes: MAX_FETCH_BYTES,
      checkCrcs: o.checkCrcs ?? false,
      limits,
      clock: this.#clock,
      logger: this.#logger,
      live: this.#live,
    }
  }
}

/** Options that are given as undefined do not override. */
function withoutUndefined<T extends object>(options: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
  }
}
