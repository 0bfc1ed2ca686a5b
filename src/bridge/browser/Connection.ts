import { createParser, type EventSourceMessage } from 'eventsource-parser'
import { type Clock, pause } from '../../clock.ts'
import { AlertError, toAlertError } from '../../errors.ts'
import { type BridgeEvents, type Bye, type Gap, type Hello, PROTOCOL, type WireRecord } from '../protocol/events.ts'
import { troubleOf } from './answers.ts'
import { BridgeRecord } from './BridgeRecord.ts'
import { Position } from './Position.ts'
import { addressOf, headersOf, type StreamRequest } from './request.ts'
import type { BridgeStatus } from './status.ts'
import { type TabMessage, Tabs } from './Tabs.ts'

export interface Listener {
  readonly topics: readonly string[] | undefined
  next(record: BridgeRecord): void
  status(status: BridgeStatus): void
  cursor(cursor: string): void
  error(error: AlertError): void
}

export interface ConnectionOptions {
  /** Of the bridge, up to where it is mounted. */
  readonly url: string
  readonly from: string
  readonly token: string | (() => string | Promise<string>) | undefined
  readonly fetch: typeof fetch
  readonly clock: Clock
  /** Tabs that share one connection do so under this name. */
  readonly tabs?: string | undefined
  /** Nobody listens any more, or it failed. */
  readonly onEnd: () => void
}

/** First wait after a failure, doubled each time, ms; the wait itself is anywhere between 0 and that. */
const FIRST_WAIT = 1_000
const LONGEST_WAIT = 30_000
/** Before the bridge has said how often it gives a sign of life, ms. */
const FIRST_PATIENCE = 30_000
/** The tab that is connected answers one that has come sooner, if it is awake, ms. */
const ANSWER = 5_000
/** So many signs of life may be missed. */
const MISSED = 2.5
/** A token may have expired a moment ago: it is asked for again so many times. */
const TOKEN_TRIES = 3

/** One connection to a bridge, for all who listen to topics of it. It resumes by the last cursor, and by the offsets that came since. */
export class Connection {
  readonly #options: ConnectionOptions
  readonly #listeners = new Set<Listener>()
  readonly #over = new AbortController()
  readonly #tabs: Tabs | undefined
  /** The present request. */
  #request = new AbortController()
  readonly #position = new Position()
  /** Topics that were added to a running connection: they begin now, not where the cursor was taken. */
  #added = new Set<string>()
  #status: BridgeStatus = { type: 'connecting' }
  #isStarted = false
  #hello: Hello | undefined
  /** How long the bridge, or the tab that is connected, may be silent, ms. */
  #patience = ANSWER
  #restart = false

  constructor(options: ConnectionOptions) {
    const { tabs, clock } = options
    this.#options = options
    this.#tabs =
      tabs === undefined ? undefined : Tabs.open({ name: tabs, clock, hear: told => this.#hearTab(told), patience: () => this.#patience })
  }

  /** What it connects for: undefined: every topic. */
  get topics(): readonly string[] | undefined {
    const lists = [...this.#listeners].map(({ topics }) => topics)
    return lists.includes(undefined) ? undefined : [...new Set(lists.flatMap(topics => topics ?? []))].sort()
  }

  get cursor(): string | undefined {
    return this.#position.cursor
  }

  add(listener: Listener): void {
    const before = this.topics
    this.#listeners.add(listener)
    listener.status(this.#status)
    if (!this.#isStarted) {
      this.#isStarted = true
      // All who subscribe in this turn share the first request.
      queueMicrotask(() => void this.#start())
      return
    }
    const added = this.topics?.filter(topic => !before?.includes(topic)) ?? (before === undefined ? [] : ['*'])
    if (before === undefined || added.length === 0) return
    for (const topic of added) this.#added.add(topic)
    this.#restart = true
    this.#request.abort()
  }

  remove(listener: Listener): void {
    this.#listeners.delete(listener)
    if (this.#listeners.size === 0) this.#end()
  }

  async #start(): Promise<void> {
    const over = this.#over.signal
    if (this.#tabs) await this.#tabs.run(over, turn => this.#run(turn))
    else await this.#run(over)
  }

  /** Is connected until `over`. */
  async #run(over: AbortSignal): Promise<void> {
    let failures = 0
    let refusals = 0
    over.addEventListener('abort', () => this.#request.abort())
    while (!over.aborted) {
      this.#request = new AbortController()
      const { trouble, connected } = await this.#connect()
      if (over.aborted) return
      if (this.#restart) {
        this.#restart = false
        continue
      }
      if (connected) failures = refusals = 0
      const { token } = this.#options
      const mayRenew = typeof token === 'function' && trouble.error.code === 'ALERT_CREDENTIALS' && ++refusals < TOKEN_TRIES
      if (trouble.fatal && !mayRenew) {
        this.#fail(trouble.error)
        return
      }
      const delay = Math.round((trouble.wait ?? 0) + Math.random() * Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** failures++))
      this.#say({ type: 'reconnecting', attempt: failures, delay, error: trouble.error })
      const { code, message } = trouble.error
      this.#tabs?.tell({ type: 'trouble', attempt: failures, delay, code, message })
      await pause(this.#options.clock, delay, over)
    }
  }

  /** One connection, from its request to its end. */
  async #connect() {
    let connected = false
    try {
      const wish = this.#wish()
      const response = await this.#options.fetch(addressOf(wish), { headers: await headersOf(wish), signal: this.#request.signal })
      if (!response.ok || !response.body) return { trouble: await troubleOf(response), connected }
      if (!response.headers.get('content-type')?.startsWith('text/event-stream')) {
        const error = new AlertError('ALERT_CONFIG', `${this.#options.url} is no bridge: it answered with something else than events`)
        return { trouble: { error, fatal: true, wait: undefined }, connected }
      }
      connected = true
      return { trouble: await this.#read(response.body), connected }
    } catch (thrown) {
      const error =
        thrown instanceof AlertError
          ? thrown
          : new AlertError('ALERT_CONNECTION', `the bridge is not reached: ${toAlertError(thrown).message}`)
      return { trouble: { error, fatal: error.fatal, wait: undefined }, connected }
    }
  }

  /** Reads events until the connection ends; why it did. */
  async #read(body: ReadableStream<Uint8Array>) {
    let bye: Bye | undefined
    this.#patience = FIRST_PATIENCE
    const parser = createParser({
      onEvent: message => {
        bye = this.#hear(message) ?? bye
        const { event = '', data, id } = message
        if (!bye) this.#tabs?.tell({ type: 'event', event, data, id })
      },
      onComment: () => this.#tabs?.tell({ type: 'alive' }),
    })
    const reader = body.getReader()
    const decoder = new TextDecoder()
    try {
      for (;;) {
        const forget = this.#options.clock.after(this.#patience, () => this.#request.abort())
        const { done, value } = await reader.read().finally(forget)
        if (done) break
        parser.feed(decoder.decode(value, { stream: true }))
        if (bye) break
      }
    } finally {
      this.#request.abort()
    }
    const why = bye ? `the bridge ended it (${bye.reason})` : 'the connection ended'
    return { error: new AlertError('ALERT_CONNECTION', why), fatal: false, wait: bye?.retryMs }
  }

  #hear({ event, data, id }: Omit<EventSourceMessage, 'id'> & { id?: string | undefined }): Bye | undefined {
    switch (event as keyof BridgeEvents) {
      case 'hello':
        this.#greet(JSON.parse(data) as Hello)
        return undefined
      case 'record':
        this.#deliver(JSON.parse(data) as WireRecord)
        return undefined
      case 'cursor':
        this.#moveTo(id)
        return undefined
      case 'gap':
        this.#miss(JSON.parse(data) as Gap)
        return undefined
      case 'bye':
        return JSON.parse(data) as Bye
      default:
        // Of a later version.
        return undefined
    }
  }

  /** What another tab says. Before it has said where it stands, or has begun anew, its records are not for this one. */
  #hearTab(told: TabMessage): void {
    switch (told.type) {
      case 'event':
        if (this.#hello || told.event === 'hello') this.#hear(told)
        return
      case 'trouble':
        this.#patience = FIRST_PATIENCE + told.delay
        this.#say({ ...told, type: 'reconnecting', error: new AlertError(told.code, told.message) })
        return
      case 'ask':
        if (this.#tabs?.isLeading) this.#tabs.tell(this.#standing())
        return
      case 'state':
        if (this.#hello) return
        this.#position.takeOver(told.cursor, told.offsets)
        this.#greet(told.hello)
        this.#moveTo(told.cursor)
        return
      case 'alive':
        if (!this.#hello) this.#patience = FIRST_PATIENCE
    }
  }

  /** What a tab that has come is told. */
  #standing(): TabMessage {
    if (!this.#hello) return { type: 'alive' }
    const { cursor, offsets } = this.#position
    return { type: 'state', hello: this.#hello, cursor, offsets }
  }

  #greet(hello: Hello): void {
    if (hello.protocol !== PROTOCOL) {
      throw new AlertError('ALERT_PROTOCOL', `the bridge speaks version ${String(hello.protocol)}, this page version ${PROTOCOL}`, {
        mend: 'Load the page again',
      })
    }
    this.#hello = hello
    this.#patience = hello.heartbeat * MISSED
    this.#say({ type: 'connected', hello })
  }

  /** What is known already is dropped. */
  #deliver(wire: WireRecord): void {
    if (!this.#position.take(wire)) return
    const record = new BridgeRecord(wire)
    for (const listener of [...this.#listeners]) if (isWanted(listener, wire)) listener.next(record)
  }

  #miss(gap: Gap): void {
    const missed = this.#position.miss(gap)
    if (missed) this.#say({ type: 'gap', ...missed })
  }

  #moveTo(cursor: string | undefined): void {
    if (cursor === undefined) return
    this.#position.cursor = cursor
    this.#added.clear()
    for (const listener of this.#listeners) listener.cursor(cursor)
  }

  #wish(): StreamRequest {
    const { url, from, token } = this.#options
    return { url, topics: this.topics, from, cursor: this.cursor, added: [...this.#added], token }
  }

  #say(status: BridgeStatus): void {
    if (status.type !== 'gap') this.#status = status
    for (const listener of [...this.#listeners]) listener.status(status)
  }

  #fail(error: AlertError): void {
    const listeners = [...this.#listeners]
    this.#say({ type: 'closed', error })
    this.#listeners.clear()
    this.#end()
    for (const listener of listeners) listener.error(error)
  }

  #end(): void {
    this.#over.abort()
    this.#request.abort()
    this.#options.onEnd()
  }
}

const isWanted = ({ topics }: Listener, { topicId, fullTopic, topic }: WireRecord): boolean =>
  !topics || topics.some(name => name === topicId || name === fullTopic || name === topic)
