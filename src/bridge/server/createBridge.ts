import { type Clock, systemClock } from '../../clock.ts'
import { AlertError, type AlertErrorCode, toAlertError } from '../../errors.ts'
import { consoleLogger, type Logger } from '../../status.ts'
import { NotReady } from './Beginnings.ts'
import { blobAnswer } from './blobs.ts'
import { checkOptions } from './checkOptions.ts'
import { Doors } from './Doors.ts'
import { type FetchInfo, fromFetch, toResponse } from './fetchStyle.ts'
import { Hub } from './Hub.ts'
import { healthOf } from './health.ts'
import { type NodeRequest, type NodeResponse, requestOf, respond } from './nodeStyle.ts'
import type { BridgeOptions } from './options.ts'
import { isStreamed, type Outcome } from './outcome.ts'
import { prometheusText } from './prometheus.ts'
import { type Caller, Rights } from './Rights.ts'
import { type BridgeRequest, json, Refusal } from './request.ts'
import { BadCursor } from './resume.ts'
import type { Session } from './Session.ts'
import { checkHost } from './security/hosts.ts'
import { checkOrigin, PREFLIGHT } from './security/origins.ts'
import { tokenOf } from './security/token.ts'
import { openPage, type Page } from './ui.ts'

/** A bridge from alert streams to whoever speaks HTTP. */
export interface Bridge {
  /** For hosts with fetch-style handlers: `bridge.fetch(request)`. */
  fetch(request: Request, info?: FetchInfo): Promise<Response>
  /** For node:http and Express: `app.use('/alerts', bridge.node)`. */
  node(req: NodeRequest, res: NodeResponse): Promise<void>
  /** Counts in /metrics what a host refused before it became a request: too long headers, say. `serveBridge` does. */
  countRefusal(code: string): void
  /** Resolves when every stream is read. */
  readonly ready: Promise<void>
  /** Clients are told to come again elsewhere, streams end, nothing is left. The clients of the streams stay open. */
  close(): Promise<void>
}

const STREAM_HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store, no-transform',
  // nginx would collect the events.
  'x-accel-buffering': 'no',
  'x-content-type-options': 'nosniff',
}

/**
 * Serves topics over HTTP, so that a page subscribes to the same records. Paths below where it is mounted: `/stream` (server-sent events),
 * `/topics`, `/blob/...`, `/health`, `/metrics`. docs/bridge.md has the protocol.
 *
 * A browser never slows Kafka or another client: all of them read one ring; who is too slow is told to come again, and resumes.
 *
 * @throws ConfigError for options that are wrong
 * @example
 * import { createServer } from 'node:http'
 * import { IgwnAlertClient } from 'igwn-alert-rx'
 * import { createBridge } from 'igwn-alert-rx/bridge'
 *
 * const client = new IgwnAlertClient()
 * const bridge = createBridge({ streams: { client, topics: ['superevent'] } })
 * createServer(bridge.node).listen(8080, '127.0.0.1')
 */
export function createBridge(options: BridgeOptions): Bridge {
  return new BridgeServer(options)
}

class BridgeServer implements Bridge {
  readonly #options: BridgeOptions
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #hub: Hub
  readonly #doors: Doors
  readonly #rights: Rights
  readonly #page: Page | undefined
  readonly #refusals = new Map<string, number>()
  #closing: Promise<void> | undefined
  readonly ready: Promise<void>
  #isReady: () => void = () => {}

  constructor(options: BridgeOptions) {
    const streams = checkOptions(options)
    const { clock = systemClock, logger = consoleLogger, ring = {}, authorize } = options
    this.#options = options
    this.#page = options.ui ? openPage() : undefined
    this.#clock = clock
    this.#logger = logger
    this.#hub = new Hub({
      streams,
      ring: { bytes: ring.bytes ?? 64_000_000, records: ring.records ?? 100_000, history: ring.history ?? 3_600_000 },
      heartbeat: options.heartbeat ?? 15_000,
      retry: options.retry ?? 2_000,
      maxReplays: options.maxReplays ?? 4,
      refresh: options.refresh ?? 60_000,
      tests: options.tests,
      limits: options.limits,
      clock,
      logger,
    })
    this.#doors = new Doors({ maxClients: options.maxClients ?? 10_000, maxClientsPerAddress: options.maxClientsPerAddress ?? 1_000 })
    this.#rights = new Rights(authorize, this.#hub.catalog, logger, clock)
    this.ready = new Promise(resolve => {
      this.#isReady = resolve
    })
    this.#hub.start()
    void this.#becomeReady()
  }

  async fetch(request: Request, info: FetchInfo = {}): Promise<Response> {
    return toResponse(await this.#answer(() => fromFetch(request, info)))
  }

  node = async (req: NodeRequest, res: NodeResponse): Promise<void> => {
    const outcome = await this.#answer(() => requestOf(req))
    // It waits behind another answer of its connection, and nobody would hear when the client goes.
    const isQueued = isStreamed(outcome) && !res.socket && !res.destroyed
    if (isQueued) outcome.onClose()
    respond(isQueued ? this.#refusalOf(pipelined()).answer : outcome, req, res)
  }

  countRefusal(code: string): void {
    this.#refusals.set(code, (this.#refusals.get(code) ?? 0) + 1)
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.#hub.stop('closing')
    this.#isReady()
    // Those that take their goodbye do so in this turn; the others' connections are dropped.
    await new Promise(resolve => setImmediate(resolve))
    for (const session of this.#hub.sessions) session.abandon()
  }

  async #answer(requestOf: () => BridgeRequest): Promise<Outcome> {
    // A page that may read is to read refusals too.
    let headers: Record<string, string> = {}
    try {
      const request = requestOf()
      const page = this.#page?.(request)
      if (page) {
        // From wherever it is linked: there are no alerts in it.
        checkHost(request.header('host'), this.#options.hosts)
        return page
      }
      headers = this.#admit(request)
      return await this.#route(request, headers)
    } catch (thrown) {
      const { answer } = this.#refusalOf(thrown)
      return { ...answer, headers: { ...answer.headers, ...headers } }
    }
  }

  /** Whether such a request is looked at: of its host, of its page. @returns headers of the answer @throws Refusal */
  #admit({ header, isSecure }: BridgeRequest): Record<string, string> {
    const host = header('host')
    checkHost(host, this.#options.hosts)
    const origin = header('origin')
    const site = header('sec-fetch-site')
    const hasToken = header('authorization') !== undefined
    return checkOrigin({ origin, host, isSecure, site, hasToken }, this.#options.origins ?? [])
  }

  #refusalOf(thrown: unknown): Refusal {
    const refusal = refusalOf(thrown)
    if (refusal) {
      this.countRefusal(refusal.code)
      return refusal
    }
    this.#logger.error({}, `the bridge could not answer: ${toAlertError(thrown).message}`)
    return new Refusal(500, 'internal', 'the bridge failed; its log says why')
  }

  async #route(request: BridgeRequest, headers: Record<string, string>): Promise<Outcome> {
    const { method, path, address, header } = request
    if (Number(header('content-length') ?? 0) > 0 || header('transfer-encoding') !== undefined) {
      throw new Refusal(413, 'body', 'a request has no body here')
    }
    if (method === 'OPTIONS') return { status: 204, headers: { ...headers, ...PREFLIGHT }, body: '' }
    if (method !== 'GET' && method !== 'HEAD') {
      throw new Refusal(405, 'method', `${method} is not served; only GET is`, { headers: { allow: 'GET, HEAD, OPTIONS' } })
    }
    if (this.#closing) throw new Refusal(503, 'closing', 'this server stops', { headers: { 'retry-after': '5' } })
    const caller: Caller = { token: tokenOf(header, this.#options.cookie ?? 'igwn-alert-rx'), address }
    const [, room, ...rest] = path.split('/')
    switch (room) {
      case 'stream':
        return this.#stream(request, caller, headers)
      case 'topics':
        return json(200, { topics: (await this.#rights.grant(undefined, caller)).granted }, headers)
      case 'blob':
        return blobAnswer({ hub: this.#hub, rights: this.#rights, caller, rest, query: request.query, headers })
      case 'health':
        return healthOf(this.#hub, headers)
      case 'metrics':
        return prometheusText({ hub: this.#hub, doors: this.#doors, refusals: this.#refusals })
      default:
        throw new Refusal(404, 'not_found', 'there is nothing here', { mend: 'There is /stream, /topics, /blob, /health and /metrics' })
    }
  }

  async #stream({ method, query, header, address }: BridgeRequest, caller: Caller, headers: Record<string, string>): Promise<Outcome> {
    const names = query.get('topics')?.split(',').filter(Boolean)
    if (names?.length === 0) throw new Refusal(400, 'request', 'topics names none', { mend: 'Leave it out for all' })
    if (this.#hub.catalog.all.length === 0) throw new NotReady('no topic is known yet')
    const from = header('last-event-id') || query.get('lastEventId') || query.get('from') || 'latest'
    const leave = this.#doors.enter(address)
    try {
      const { granted, refused } = await this.#rights.grant(names, caller)
      if (granted.length === 0) throw nothingGranted(refused, caller)
      if (method === 'HEAD') {
        leave()
        return { status: 200, headers: { ...STREAM_HEADERS, ...headers }, body: '' }
      }
      const added =
        query
          .get('new')
          ?.split(',')
          .flatMap(name => this.#hub.catalog.named(name)) ?? []
      const session = await this.#hub.open({ granted, refused, from, added })
      const forget = this.#reauthorize(session, caller)
      const onClose = (): void => {
        forget()
        leave()
        this.#hub.close(session)
      }
      return { session, headers: { ...STREAM_HEADERS, ...headers }, onClose }
    } catch (thrown) {
      leave()
      throw thrown
    }
  }

  /** A right that is taken away ends the stream. */
  #reauthorize(session: Session, caller: Caller): () => void {
    if (!this.#options.authorize) return () => {}
    let forget = (): void => {}
    const later = (): void => {
      forget = this.#clock.after(this.#options.reauthorize ?? 60_000, () => void ask())
    }
    const ask = async (): Promise<void> => {
      const answers = await Promise.all(session.granted.topics.map(topic => this.#rights.mayRead(topic, caller)))
      if (session.isOver) return
      if (answers.every(Boolean)) later()
      else session.end('expired')
    }
    later()
    return () => forget()
  }

  async #becomeReady(): Promise<void> {
    await this.#hub.lookForTopics()
    const look = (): void => {
      if (this.#hub.isReady) this.#isReady()
      else if (!this.#closing) this.#clock.after(50, look)
    }
    look()
  }
}

/** Of the log: it may be back in a moment. */
const AWAY: ReadonlySet<AlertErrorCode> = new Set([
  'ALERT_UNREACHABLE',
  'ALERT_CONNECTION',
  'ALERT_TIMEOUT',
  'ALERT_LEADER',
  'ALERT_BROKER',
])

function refusalOf(thrown: unknown): Refusal | undefined {
  if (thrown instanceof Refusal) return thrown
  if (thrown instanceof BadCursor) return new Refusal(400, 'cursor', thrown.message)
  if (thrown instanceof NotReady) return new Refusal(503, 'not_ready', thrown.message, { headers: { 'retry-after': '5' } })
  if (thrown instanceof AlertError && AWAY.has(thrown.code))
    return new Refusal(503, 'log_away', 'the log does not answer now', { headers: { 'retry-after': '5' } })
  return undefined
}

const pipelined = (): Refusal =>
  new Refusal(503, 'pipelined', 'a stream needs a connection of its own', { headers: { 'retry-after': '1', connection: 'close' } })

function nothingGranted(refused: readonly { readonly reason: string }[], { token }: Caller): Refusal {
  if (refused.length > 0 && refused.every(({ reason }) => reason === 'unknown')) {
    return new Refusal(404, 'unknown_topic', 'none of these topics is served', { mend: '/topics lists those that you may read' })
  }
  if (token === undefined) {
    return new Refusal(401, 'token', 'these topics need a token', {
      mend: 'Send it as Authorization: Bearer TOKEN',
      headers: { 'www-authenticate': 'Bearer' },
    })
  }
  return new Refusal(403, 'forbidden', 'this token may read none of these topics')
}
