import { pause, systemClock } from '../../clock.ts'
import { AlertError, toAlertError } from '../../errors.ts'
import { kafkaError } from '../codes.ts'
import type { Credential } from '../transport.ts'
import { parseAddress } from './address.ts'
import { type AnswerOf, API, type ApiName, type ArgsOf, type Message } from './apis.ts'
import { authenticate } from './authentication.ts'
import { Channel } from './channel.ts'
import type { EngineConfig } from './config.ts'
import { deadline } from './deadline.ts'
import { message, type OfferedVersions } from './kafkajs.ts'

/** The session is renewed in its last quarter, but not more than this before its end. */
const EARLIEST_RENEWAL = 60_000
const LONGEST_THROTTLE = 60_000
/** A longer timer fires at once, says Node. */
const LONGEST_TIMER = 2 ** 31 - 1

/** One authenticated connection to a broker. It opens at once; nothing is tried twice; once dead it stays dead. No timer outlives it. */
export class Link {
  /** host:port */
  readonly address: string
  /** Connected and authenticated; rejects with `dead`. */
  readonly ready: Promise<void>
  readonly #config: EngineConfig
  readonly #channel: Channel
  readonly #over = new AbortController()
  #offered: OfferedVersions = {}
  #user: Credential | undefined
  /** What the opening waits for, once the channel stands. */
  #step: string | undefined
  /** Requests wait here while the session is renewed, or the broker asked us to be quiet. */
  #gate: Promise<void> | undefined
  #renewal: NodeJS.Timeout | undefined

  /**
   * @param onDead called once, synchronously, when it dies
   * @throws ConfigError when the address is none
   */
  constructor(config: EngineConfig, address: string, onDead: (error: AlertError) => void = () => {}) {
    this.#config = config
    this.address = address
    const died = (error: AlertError): void => {
      clearTimeout(this.#renewal)
      this.#over.abort()
      onDead(error)
    }
    this.#channel = new Channel({ address, tls: config.tls, clientId: config.clientId, onDead: died })
    this.ready = this.#open()
    this.ready.catch(() => {})
  }

  /** Why it is dead. */
  get dead(): AlertError | undefined {
    return this.#channel.dead
  }

  /** The socket is gone. */
  get closed(): Promise<void> {
    return this.#channel.closed
  }

  /** The default of `timeoutMs`. */
  get requestTimeout(): number {
    return this.#config.requestTimeout
  }

  /** What the broker speaks; known once ready. */
  get offered(): OfferedVersions {
    return this.#offered
  }

  /** Whether the broker speaks that version; known once ready. */
  speaks(apiKey: number, version: number): boolean {
    const offered = this.#offered[apiKey]
    return offered !== undefined && offered.minVersion <= version && version <= offered.maxVersion
  }

  /** The answer as decoded: error codes inside it are for the caller to read. Waits for `ready`. Rejects with an AlertError. */
  call<A extends ApiName>(api: A, args: ArgsOf<A>, timeoutMs?: number): Promise<AnswerOf<A>> {
    return this.raw(message(api, args), timeoutMs)
  }

  /** A request that is encoded and decoded elsewhere. `timeoutMs`: longest silence of the link, default `requestTimeout`. */
  async raw<Decoded, Parsed>(question: Message<Decoded, Parsed>, timeoutMs: number = this.#config.requestTimeout): Promise<Parsed> {
    await this.ready
    const { apiName, apiKey, apiVersion } = question.request
    this.#require(apiName, apiKey, apiVersion)
    const body = await encoded(question)
    while (this.#gate) await this.#gate
    const answer = await this.#exchange(question, body, timeoutMs)
    const throttle = throttleOf(answer)
    if (throttle > 0) this.#shut(pause(systemClock, Math.min(throttle, LONGEST_THROTTLE), this.#over.signal))
    return question.response.parse(answer)
  }

  /** Immediate and final: what is under way rejects with `error`, the socket is destroyed. */
  kill(error: AlertError): void {
    this.#channel.kill(error)
  }

  async #open(): Promise<void> {
    const callOff = deadline(this.#config.connectTimeout, () => this.#tooLong())
    try {
      await this.#channel.connected
      this.#offered = await this.#versions()
      for (const api of ['Fetch', 'ListOffsets', 'Metadata'] as const) this.#require(api, API[api].key, API[api].version)
      this.#user = await this.#credential()
      if (this.#user) await this.#authenticate(this.#user)
      this.#channel.opened = true
    } catch (error) {
      throw this.#fail(error)
    } finally {
      callOff()
    }
  }

  async #versions(): Promise<OfferedVersions> {
    this.#step = 'the first answer'
    const question = message('ApiVersions', {})
    const { apiVersions } = await this.#exchange(question, await encoded(question), this.#config.connectTimeout)
    return Object.fromEntries(apiVersions.map(({ apiKey, minVersion, maxVersion }) => [apiKey, { minVersion, maxVersion }]))
  }

  async #credential(): Promise<Credential | undefined> {
    this.#step = 'the credentials'
    try {
      return await Promise.race([this.#config.credentials?.(), this.#channel.died])
    } catch (error) {
      if (error instanceof AlertError) throw error
      throw new AlertError('ALERT_CONNECTION', `${this.address}: the credentials could not be had: ${toAlertError(error).message}`, {
        cause: error,
      })
    }
  }

  async #authenticate(user: Credential): Promise<void> {
    this.#step = `${user.mechanism} authentication`
    const exchange = async (question: Message<unknown>): Promise<unknown> =>
      this.#exchange(question, await encoded(question), this.#config.connectTimeout)
    const lifetime = await authenticate({ ...parseAddress(this.address), address: this.address, offered: this.#offered, exchange }, user)
    this.#channel.authenticated = true
    if (lifetime > 0) this.#renewIn(lifetime)
  }

  #renewIn(lifetime: number): void {
    const margin = Math.min(lifetime / 4, EARLIEST_RENEWAL) * (1 + Math.random() * 0.2)
    if (!this.dead) this.#renewal = setTimeout(() => this.#shut(this.#renew()), Math.min(lifetime - margin, LONGEST_TIMER))
  }

  /** The broker takes no other request in between, and no other user. */
  async #renew(): Promise<void> {
    await this.#channel.quiet()
    const callOff = deadline(this.#config.connectTimeout, () => this.#tooLong())
    try {
      const user = await this.#credential()
      if (user?.username !== this.#user?.username || user?.mechanism !== this.#user?.mechanism) {
        throw new AlertError('ALERT_CONNECTION', `${this.address}: other credentials are given now: connecting anew`)
      }
      if (user) await this.#authenticate(user)
    } catch (error) {
      this.#fail(error)
    } finally {
      callOff()
    }
  }

  #shut(until: Promise<void>): void {
    const gate = Promise.all([this.#gate, until]).then(() => {
      if (this.#gate === gate) this.#gate = undefined
    })
    this.#gate = gate
  }

  async #exchange<Decoded>({ request, response }: Message<Decoded, unknown>, body: Uint8Array, silence: number): Promise<Decoded> {
    const payload = await this.#channel.request(request, body, silence)
    try {
      return await response.decode(payload)
    } catch (cause) {
      throw this.#fail(unreadable(`${this.address}: the answer to ${request.apiName}`, cause))
    }
  }

  #require(name: string, key: number, version: number): void {
    if (this.speaks(key, version)) return
    const offered = this.#offered[key]
    const range = offered ? `versions ${offered.minVersion} to ${offered.maxVersion}` : 'no version'
    const error = `${this.address}: the broker speaks ${range} of ${name}, ${version} is needed`
    throw new AlertError('ALERT_PROTOCOL', error, { mend: 'Kafka 2.3 and later are spoken' })
  }

  #tooLong(): void {
    const text = `${this.address}: waited ${this.#config.connectTimeout} ms for ${this.#step ?? this.#channel.step}`
    this.kill(new AlertError('ALERT_TIMEOUT', text))
  }

  /** Dead by now, by this error or an earlier one. */
  #fail(error: unknown): AlertError {
    const own = toAlertError(error, 'ALERT_CONNECTION')
    this.kill(own)
    return this.dead ?? own
  }
}

async function encoded({ request }: Message<unknown, unknown>): Promise<Uint8Array> {
  try {
    return (await request.encode()).buffer
  } catch (cause) {
    throw new AlertError('ALERT_REQUEST', `${request.apiName} cannot be written: ${toAlertError(cause).message}`, { cause })
  }
}

function unreadable(what: string, cause: unknown): AlertError {
  if (cause instanceof AlertError) return cause
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  if (typeof code === 'number') return kafkaError(code, what)
  return new AlertError('ALERT_PROTOCOL', `${what} cannot be read`, { cause })
}

function throttleOf(answer: unknown): number {
  if (typeof answer !== 'object' || answer === null || !('clientSideThrottleTime' in answer)) return 0
  return typeof answer.clientSideThrottleTime === 'number' ? answer.clientSideThrottleTime : 0
}
