import type { Clock } from '../clock.ts'
import { AlertError, type AlertErrorCode, toAlertError } from '../errors.ts'
import { readJson } from '../formats/json.ts'
import type { Limits } from '../limits.ts'
import type { Logger } from '../status.ts'
import type { Transport } from '../transports/transport.ts'
import { Deadline } from './Deadline.ts'
import { lastMessage } from './lastMessage.ts'
import { Transient } from './Transient.ts'

/** Where a broker tells what belongs to it; the name has no group's prefix. */
const TOPIC = 'sys.metadata'
const FIELD = 'LargeMessageUploadEndpoint'
/** Whoever sends URLs of other servers does not make us ask the broker each time, ms. */
const LOOK_AGAIN = 10_000
/** ms for one look-up at most. */
const LOOK_UP = 30_000

const ABSENT: readonly AlertErrorCode[] = ['ALERT_TOPIC_UNKNOWN', 'ALERT_TOPIC_FORBIDDEN', 'ALERT_TOPIC_INVALID']
const PASSING: readonly AlertErrorCode[] = ['ALERT_CONNECTION', 'ALERT_UNREACHABLE', 'ALERT_TIMEOUT', 'ALERT_BROKER', 'ALERT_LEADER']

export interface EndpointOptions {
  readonly transport: Transport
  readonly limits: Limits
  readonly clock: Clock
  readonly logger: Logger
  /** ms for one message, and so for a look-up. */
  readonly timeout: number
}

/** The one server that the broker trusts with large messages: looked up when first needed, known from then on. */
export class Endpoint {
  readonly #options: EndpointOptions
  #known: { readonly origin: string; readonly since: number } | undefined
  #looking: Promise<string> | undefined
  #warned = false

  constructor(options: EndpointOptions) {
    this.#options = options
  }

  /**
   * Resolves if the URL is of that server: same scheme, host and port. It may have moved since it was looked up: asked again then.
   *
   * @throws AlertError ALERT_EXTERNAL for another server, or if the broker names none; Transient when the broker cannot be asked now
   */
  async check({ origin }: URL): Promise<void> {
    const { clock, transport } = this.#options
    const isStale = this.#known !== undefined && clock.tick() - this.#known.since >= LOOK_AGAIN
    let trusted = this.#known?.origin ?? (await this.#look())
    if (origin !== trusted && isStale) trusted = await this.#look()
    if (origin === trusted) return
    throw new AlertError('ALERT_EXTERNAL', `the payload is said to be at ${origin}, but ${transport.server} trusts ${trusted} alone`, {
      mend: 'Nothing is fetched from elsewhere: ask the publisher where it comes from',
    })
  }

  /** One look-up at a time, for all who wait; what failed is tried again by the next who asks. */
  #look(): Promise<string> {
    this.#looking ??= this.#lookUp().finally(() => {
      this.#looking = undefined
    })
    return this.#looking
  }

  async #lookUp(): Promise<string> {
    const { clock, logger } = this.#options
    const endpoint = readEndpoint(await this.#metadata())
    const { origin, protocol } = endpoint
    this.#known = { origin, since: clock.tick() }
    logger.debug({ origin }, `large messages are at ${origin}`)
    if (protocol === 'http:' && !this.#warned) {
      this.#warned = true
      logger.warn({ origin }, `large messages are at ${origin}, without TLS: whoever is on the way can read and change them`)
    }
    return origin
  }

  async #metadata(): Promise<Uint8Array | null | undefined> {
    const { transport, clock, limits } = this.#options
    const timeout = Math.min(this.#options.timeout, LOOK_UP)
    const deadline = new Deadline(clock, timeout)
    try {
      return await lastMessage(transport, TOPIC, limits.batchBytes, deadline.signal)
    } catch (thrown) {
      const error = deadline.expired ? late(timeout) : toAlertError(thrown)
      if (ABSENT.includes(error.code)) throw untrusted(`${TOPIC} cannot be read: ${error.message}`, error)
      throw PASSING.includes(error.code) ? new Transient(error) : error
    } finally {
      deadline.clear()
    }
  }
}

const late = (timeout: number): AlertError => new AlertError('ALERT_TIMEOUT', `${TOPIC} was not read within ${timeout} ms`)

/** @throws AlertError ALERT_EXTERNAL */
function readEndpoint(bytes: Uint8Array | null | undefined): URL {
  if (!bytes) throw untrusted(`${TOPIC} ${bytes === null ? 'ends with a tombstone' : 'is empty'}`)
  const value = fieldIn(bytes)
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined
  if (url === undefined) throw untrusted(`the last message of ${TOPIC} has no URL at ${FIELD}`)
  if (!/^https?:$/.test(url.protocol)) throw untrusted(`${FIELD} of ${TOPIC} is neither http nor https`)
  return url
}

function fieldIn(bytes: Uint8Array): unknown {
  try {
    const metadata = readJson(bytes, { unwrap: 0 })
    return typeof metadata === 'object' && metadata !== null && FIELD in metadata ? metadata[FIELD] : undefined
  } catch (error) {
    throw untrusted(`the last message of ${TOPIC} is not JSON`, error)
  }
}

const untrusted = (why: string, cause?: unknown): AlertError =>
  new AlertError('ALERT_EXTERNAL', `the broker names no server for large messages: ${why}`, {
    mend: `Ask who runs the broker for the right to read ${TOPIC}`,
    cause,
  })
