import { type Clock, pause } from '../clock.ts'
import { AlertError } from '../errors.ts'
import type { Limits } from '../limits.ts'
import type { ExternalMessage, ExternalRequest, ExternalResolver } from '../operators/external.ts'
import { backoff } from '../operators/timing.ts'
import { type AlertRecord, placeOf } from '../record.ts'
import type { Logger } from '../status.ts'
import type { Credentials, Transport } from '../transports/transport.ts'
import { Deadline } from './Deadline.ts'
import { download } from './download.ts'
import { Endpoint } from './Endpoint.ts'
import { readMessage } from './message.ts'
import { orAborted } from './orAborted.ts'
import { Places } from './Places.ts'
import { Transient } from './Transient.ts'
import { type Target, targetOf } from './target.ts'

export interface ResolverOptions {
  /** Tells which server is to be trusted. */
  readonly transport: Transport
  /** Asked at each try, after the broker has been. */
  readonly credentials: Credentials
  readonly limits: Limits
  readonly clock: Clock
  readonly logger: Logger
  /** ms for one message, all its tries; Infinity: until it is there. */
  readonly timeout: number
  /** Told what became of each fetch that nobody called off. */
  readonly onSettled?: ((record: AlertRecord<unknown>, error: AlertError | undefined) => void) | undefined
}

/** Fetches at once, whoever asks: everybody shares the server. */
const FETCHES = 4

/**
 * Fetches large messages from the server that the broker names in `sys.metadata`, and from nowhere else. What may be over in a moment is
 * tried again until `timeout`; everything else fails at once.
 */
export function externalResolver(options: ResolverOptions): ExternalResolver {
  const { onSettled } = options
  const fetcher = new Fetcher(options)
  const places = new Places(FETCHES)
  return async request => {
    const { record, signal } = request
    try {
      const message = await places.run(() => fetcher.fetch(request), signal)
      onSettled?.(record, undefined)
      return message
    } catch (thrown) {
      if (signal.aborted) throw new AlertError('ALERT_CLOSED', 'the fetch of its payload was called off')
      if (thrown instanceof AlertError) onSettled?.(record, thrown)
      throw thrown
    }
  }
}

class Fetcher {
  readonly #options: ResolverOptions
  readonly #endpoint: Endpoint

  constructor(options: ResolverOptions) {
    this.#options = options
    this.#endpoint = new Endpoint(options)
  }

  /** Tries until it is there, fails for good, or its time is up. */
  async fetch({ url, record, signal }: ExternalRequest): Promise<ExternalMessage> {
    const { clock, timeout, logger } = this.#options
    const target = targetOf(url)
    const deadline = new Deadline(clock, timeout, signal)
    let last: AlertError | undefined
    try {
      for (let tries = 1; !deadline.signal.aborted; tries++) {
        try {
          return await this.#try(target, deadline.signal)
        } catch (thrown) {
          if (deadline.signal.aborted) break
          if (!(thrown instanceof Transient)) throw thrown
          last = thrown.error
          logger.info({ place: placeOf(record), code: last.code, tries }, `${placeOf(record)}: ${last.message}. Tried again`)
          await pause(clock, Math.max(thrown.wait, backoff(tries)), deadline.signal)
        }
      }
    } finally {
      deadline.clear()
    }
    throw late(target, timeout, last)
  }

  async #try(target: Target, signal: AbortSignal): Promise<ExternalMessage> {
    const { credentials, limits } = this.#options
    await orAborted(this.#endpoint.check(target.url), signal)
    const credential = await orAborted(Promise.resolve(credentials()), signal)
    return readMessage(await download(target, { credential, limit: limits.externalBytes, signal }))
  }
}

function late({ shown }: Target, timeout: number, last: AlertError | undefined): AlertError {
  const why = last ? `, last ${last.message}` : ''
  return new AlertError('ALERT_TIMEOUT', `${shown} did not give the payload within ${timeout} ms${why}`, {
    mend: 'Raise externalTimeout if the server needs longer',
    cause: last,
  })
}
