import type { Observable } from 'rxjs'
import { checkAuthOptions } from '../auth/options.ts'
import { DEFAULT_SERVER, parseServerUrl } from '../auth/serverUrl.ts'
import { type Clock, systemClock } from '../clock.ts'
import type { Cursor } from '../cursor.ts'
import { ConfigError, toAlertError } from '../errors.ts'
import type { ExternalResolver } from '../operators/external.ts'
import type { Delivery } from '../record.ts'
import type { TopicSinkOptions } from '../sinks/compose.ts'
import type { Outgoing } from '../sinks/outgoing.ts'
import type { Stored } from '../sinks/results.ts'
import type { TopicSink } from '../sinks/TopicSink.ts'
import type { AlertStream } from '../sources/AlertStream.ts'
import { consoleLogger, type Logger, type Status } from '../status.ts'
import { CLOSE_DEADLINE, isFaulty, type Transport } from '../transports/transport.ts'
import { Counters } from './Counters.ts'
import { checkClientOptions, checkListenOptions, shown } from './checks.ts'
import { closedError } from './closed.ts'
import { type Connection, connectionOf } from './connection.ts'
import { cursorAt } from './cursorAt.ts'
import { tellStatus } from './diagnostics.ts'
import { externalOf } from './external.ts'
import { type ListenCallback, type ListenHandle, type ListenOptions, printAlert, startListening } from './listen.ts'
import { type ClientMetrics, takeMetrics } from './metrics.ts'
import { fullTopicOf, listOf, topicIn } from './naming.ts'
import type { ClientOptions, StreamOptions } from './options.ts'
import { Publishing } from './Publishing.ts'
import { StatusFeed } from './StatusFeed.ts'
import { type StreamHooks, Streams } from './Streams.ts'
import { Subscriptions } from './Subscriptions.ts'
import { followedTopics, namedTopics, wholeGroup } from './selections.ts'
import { DEFAULT_DELIVERY_TIMEOUT, groupOf } from './sourceOptions.ts'
import { logStatus } from './statusLog.ts'

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
  readonly #counters = new Counters()
  readonly #feed = new StatusFeed(status => this.#observe(status))
  readonly #subscriptions = new Subscriptions()
  readonly #streams: Streams
  readonly #publishing: Publishing
  readonly #external: ExternalResolver
  readonly #forgetSignal: () => void
  #closing: Promise<void> | undefined

  constructor(options: ClientOptions = {}) {
    checkClientOptions(options)
    const { clock = systemClock, logger = consoleLogger, signal, deliveryTimeout = DEFAULT_DELIVERY_TIMEOUT } = options
    // Of undefined alone: null is an error of the caller's, and no wish for SCiMMA's server.
    const { server: url = DEFAULT_SERVER, port } = options
    const server = parseServerUrl(url, port)
    checkAuthOptions(options, server)
    this.#options = { ...options }
    this.#group = groupOf(options)
    this.#clock = clock
    this.#logger = logger
    this.#connection = connectionOf(this.#options, server, logger, clock)
    const transport = this.#transport
    this.#streams = new Streams({ options: this.#options, transport, clock, logger, feed: this.#feed, counters: this.#counters })
    this.#publishing = new Publishing({
      transport,
      group: this.#group,
      clock,
      logger,
      report: this.#feed.reporter(),
      counters: this.#counters,
      sender: () => this.#connection.username,
      unwritable: compression => this.#connection.unwritable(compression),
      deliveryTimeout,
    })
    this.#external = externalOf({ options: this.#options, connection: this.#connection, clock, logger, counters: this.#counters })
    // Each stream hears of it too, and ends without waiting for its work.
    const abort = (): void => void this.close()
    if (signal?.aborted) abort()
    signal?.addEventListener('abort', abort)
    this.#forgetSignal = () => signal?.removeEventListener('abort', abort)
  }

  /** host:port of the broker that was named; records say it too. */
  get server(): string {
    return this.#transport.server
  }

  /** What prefixes the topics of this client; null: nothing does. */
  get group(): string | null {
    return this.#group
  }

  /** What happens to the streams and sinks: hot; a new subscriber first hears the present state of each stream; completes at `close()`. */
  get status$(): Observable<Status> {
    return this.#feed.status$
  }

  /** What was counted so far, and where the streams stand; also after `close()`. */
  metrics(): ClientMetrics {
    const { server } = this.#transport
    const readings = [...this.#streams.live]
    return takeMetrics({ clock: this.#clock, server, counters: this.#counters, readings, connected: this.#feed.connected })
  }

  /** One topic as a cold stream: each subscription, each loop, reads for itself. */
  topic(name: string, options: StreamOptions = {}): AlertStream<Delivery> {
    return this.topics([name], options)
  }

  /** Several topics as one cold stream over shared connections. No names: every topic of the group, new ones as they appear. */
  topics(names?: readonly string[], options: StreamOptions = {}): AlertStream<Delivery> {
    const select = names === undefined ? wholeGroup : namedTopics(listOf(names, 'topics()'))
    return this.#streams.stream(select, options)
  }

  /**
   * The seed's listener: calls back for each alert, one after the other; an alert counts as handled when the callback has returned or its
   * Promise resolved. No callback: prints. No topics: the subscriptions, followed live; before there is one, every topic of the group.
   */
  listen(
    callback: ListenCallback = printAlert,
    topics?: string | readonly string[],
    options: StreamOptions & ListenOptions = {},
  ): ListenHandle {
    if (typeof callback !== 'function') {
      throw new ConfigError(`listen() got ${shown(callback)} for its callback`, { mend: 'listen((topic, payload) => ..., topics)' })
    }
    const { onError, ...own } = options
    checkListenOptions({ onError })
    const select = topics === undefined ? followedTopics(this.#subscriptions) : namedTopics(listOf(topics, 'listen()'))
    const open = (hooks: StreamHooks): AlertStream<Delivery> => this.#streams.stream(select, own, hooks)
    const { limits, fetchExternal = true } = this.#options
    return startListening(callback, { onError }, { open, limits, external: fetchExternal ? this.#external : undefined })
  }

  /**
   * Fetches what hop put elsewhere because it was too large for its topic, for `decode`; `listen()` does so by itself. Only the server that the
   * broker names in its topic `sys.metadata` is asked, which this user has to have the right to read, with the user's credentials: by SCRAM, or
   * with the bearer token. The client's streams and its `listen()` share 4 fetches at a time.
   *
   * @example
   * client.topic('superevent').pipe(decode({ external: client.external() }), handle(({ payload }) => page(payload))).subscribe()
   */
  external(): ExternalResolver {
    return this.#external
  }

  /** Adds topics to the live set that a `listen()` without topics follows. */
  subscribe(topics: string | readonly string[]): void {
    const added = listOf(topics, 'subscribe()')
    for (const topic of added) fullTopicOf(this.#group, topic)
    this.#subscriptions.add(added)
  }

  /** Takes topics out of the live set; those that are not in it are no error. */
  unsubscribe(topics: string | readonly string[]): void {
    this.#subscriptions.remove(listOf(topics, 'unsubscribe()'))
  }

  /** The live set of topics, sorted. */
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
  async cursor(names?: readonly string[], at: 'latest' | 'earliest' | Date = 'latest'): Promise<Cursor> {
    this.#checkOpen()
    const group = this.#group
    const full = names && listOf(names, 'cursor()').map(name => fullTopicOf(group, name))
    return cursorAt(this.#transport, { group, names: full, at, clock: this.#clock })
  }

  /** Checks that topics can be written before the first alert. @throws AlertError when one is unknown or cannot be described */
  async connect(topics: string | readonly string[]): Promise<void> {
    this.#checkOpen()
    await this.#publishing.connect(listOf(topics, 'connect()'))
  }

  /**
   * Where alerts of a topic are published: a Subject. Several sinks of a topic share its one writer; each ends by itself.
   *
   * @throws ConfigError for options that are wrong, also for `compression: 'zstd'` before Node 22.15
   */
  sink<T = unknown>(topic: string, options?: TopicSinkOptions<T>): TopicSink<T> {
    return this.#publishing.sink<T>(topic, options)
  }

  /**
   * Publishes and waits for the broker's word.
   *
   * @throws PublishError whose `stored` says whether it may be in the log; of several topics an AggregateError, once all are settled
   */
  publish<T>(topic: string, message: T | Outgoing<T>): Promise<Stored>
  publish<T>(topics: readonly string[], message: T | Outgoing<T>): Promise<Stored[]>
  async publish<T>(topics: string | readonly string[], message: T | Outgoing<T>): Promise<Stored | Stored[]> {
    if (typeof topics === 'string') return this.#publishing.publish(topics, message)
    return this.#publishing.publishToAll(listOf(topics, 'publish()'), message)
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
  async disconnect(topics?: string | readonly string[]): Promise<void> {
    await this.#publishing.disconnect(topics === undefined ? undefined : listOf(topics, 'disconnect()'))
  }

  /** Deletes a topic and all its alerts at the broker. @param options `confirm`: the topic's full name, e.g. `gracedb.superevent` */
  async delete(topic: string, options: { readonly confirm: string }): Promise<void> {
    this.#checkOpen()
    const full = fullTopicOf(this.#group, topic)
    const confirm: unknown = options?.confirm
    if (confirm !== full) {
      throw new ConfigError(`delete('${topic}') was confirmed with ${shown(confirm)}`, {
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

  /** As `close()`: `await using client = new IgwnAlertClient()`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #observe(status: Status): void {
    this.#counters.note(status)
    logStatus(status, this.#logger)
    tellStatus(status)
  }

  get #transport(): Transport {
    return this.#connection.transport
  }

  async #close(): Promise<void> {
    const { deliveryTimeout = DEFAULT_DELIVERY_TIMEOUT, signal } = this.#options
    await this.#ended(this.#streams.close())
    await this.#ended(this.#publishing.close(signal?.aborted ? CLOSE_DEADLINE : deliveryTimeout))
    await this.#ended(this.#connection.close(CLOSE_DEADLINE))
    this.#feed.close()
    this.#forgetSignal()
  }

  /** What does not end well does not keep the rest from ending. */
  async #ended(ending: Promise<void>): Promise<void> {
    try {
      await ending
    } catch (thrown) {
      this.#logger.warn({}, `closing: ${toAlertError(thrown).message}`)
    }
  }

  #checkOpen(): void {
    if (this.#closing) throw closedError()
  }
}
