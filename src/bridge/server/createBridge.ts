import { type Clock, systemClock } from '../../clock.ts'
import { toAlertError } from '../../errors.ts'
import { consoleLogger, type Logger } from '../../status.ts'
import { blobAnswer } from './blobs.ts'
import { checkOptions } from './checkOptions.ts'
import { Doors } from './Doors.ts'
import { toResponse } from './fetchStyle.ts'
import { Hub, NotReady } from './Hub.ts'
import { healthOf } from './health.ts'
import { type NodeRequest, type NodeResponse, requestOf, respond } from './nodeStyle.ts'
import type { BridgeOptions } from './options.ts'
import type { Outcome, Streamed } from './outcome.ts'
import { prometheusText } from './prometheus.ts'
import { type Caller, Rights } from './Rights.ts'
import { type BridgeRequest, json, Refusal } from './request.ts'
import { BadCursor } from './resume.ts'
import type { Session } from './Session.ts'
import { checkHost } from './security/hosts.ts'
import { checkOrigin, PREFLIGHT } from './security/origins.ts'
import { tokenOf } from './security/token.ts'

/** A bridge from alert streams to whoever speaks HTTP. */
export interface Bridge {
  /** For hosts with fetch-style handlers: `bridge.fetch(request)`. @param info where the request comes from, if the host knows */
  fetch(request: Request, info?: { readonly address?: string | undefined; readonly mount?: string | undefined }): Promise<Response>
  /** For node:http and Express: `app.use('/alerts', bridge.node)`. */
  node(req: NodeRequest, res: NodeResponse): Promise<void>
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
  readonly #refusals = new Map<string, number>()
  #closing: Promise<void> | undefined
  readonly ready: Promise<void>
  #isReady: () => void = () => {}

  constructor(options: BridgeOptions) {
    const streams = checkOptions(options)
    const { clock = systemClock, logger = consoleLogger, ring = {}, authorize } = options
    this.#options = options
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
    this.#rights = new Rights(authorize, this.#hub.catalog, logger)
    this.ready = new Promise(resolve => {
      this.#isReady = resolve
    })
    this.#hub.start()
    void this.#becomeReady()
  }

  async fetch(
    request: Request,
    info: { readonly address?: string | undefined; readonly mount?: string | undefined } = {},
  ): Promise<Response> {
    const { pathname, searchParams, protocol } = new URL(request.url)
    const { mount = '' } = info
    const outcome = await this.#answer({
      method: request.method,
      path: pathname.startsWith(mount) ? pathname.slice(mount.length) || '/' : pathname,
      query: searchParams,
      header: name => request.headers.get(name) ?? undefined,
      address: info.address,
      isSecure: protocol === 'https:',
    })
    return toResponse(outcome)
  }

  node = async (req: NodeRequest, res: NodeResponse): Promise<void> => {
    const outcome = await this.#answer(requestOf(req))
    respond(outcome, req, res)
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

  async #answer(request: BridgeRequest): Promise<Outcome> {
    try {
      return await this.#route(request)
    } catch (thrown) {
      const refusal = refusalOf(thrown)
      if (!refusal) {
        this.#logger.error({}, `the bridge could not answer ${request.path}: ${toAlertError(thrown).message}`)
        return new Refusal(500, 'internal', 'the bridge failed; its log says why').answer
      }
      this.#refusals.set(refusal.code, (this.#refusals.get(refusal.code) ?? 0) + 1)
      return refusal.answer
    }
  }

  async #route(request: BridgeRequest): Promise<Outcome> {
    const { method, path, address, header } = request
    checkHost(header('host'), this.#options.hosts)
    const token = tokenOf(header, this.#options.cookie ?? 'igwn-alert-rx')
    const headers = checkOrigin(
      {
        origin: header('origin'),
        host: header('host'),
        isSecure: request.isSecure,
        site: header('sec-fetch-site'),
        hasToken: header('authorization') !== undefined,
      },
      this.#options.origins ?? [],
    )
    if (method === 'OPTIONS') return { status: 204, headers: { ...headers, ...PREFLIGHT }, body: '' }
    if (method !== 'GET' && method !== 'HEAD') {
      throw new Refusal(405, 'method', `${method} is not served; only GET is`, { headers: { allow: 'GET, HEAD, OPTIONS' } })
    }
    if (Number(header('content-length') ?? 0) > 0 || header('transfer-encoding') !== undefined) {
      throw new Refusal(413, 'body', 'a request has no body here', { headers: { connection: 'close' } })
    }
    if (this.#closing) throw new Refusal(503, 'closing', 'this server stops', { headers: { 'retry-after': '5' } })
    const caller: Caller = { token, address }
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

  async #stream({ query, header, address }: BridgeRequest, caller: Caller, headers: Record<string, string>): Promise<Streamed> {
    const names = query.get('topics')?.split(',').filter(Boolean)
    const from = header('last-event-id') || query.get('lastEventId') || query.get('from') || 'latest'
    const leave = this.#doors.enter(address)
    try {
      const { granted, refused } = await this.#rights.grant(names, caller)
      if (granted.length === 0) throw nothingGranted(refused, caller)
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

function refusalOf(thrown: unknown): Refusal | undefined {
  if (thrown instanceof Refusal) return thrown
  if (thrown instanceof BadCursor) return new Refusal(400, 'cursor', thrown.message)
  if (thrown instanceof NotReady) return new Refusal(503, 'not_ready', thrown.message, { headers: { 'retry-after': '5' } })
  return undefined
}

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
