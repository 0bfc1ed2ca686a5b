import { setMaxListeners } from 'node:events'
import { Observable } from 'rxjs'
import type { Clock } from '../clock.ts'
import { toAlertError } from '../errors.ts'
import { checkDuration } from '../operators/checks.ts'
import { retryOnFatal } from '../operators/retryOnFatal.ts'
import type { Delivery } from '../record.ts'
import type { AlertStream } from '../sources/AlertStream.ts'
import { type LiveReading, LiveReadings } from '../sources/LiveReadings.ts'
import { source } from '../sources/source.ts'
import type { Logger, Status } from '../status.ts'
import type { Transport } from '../transports/transport.ts'
import type { Counters } from './Counters.ts'
import { checkStreamOptions } from './checks.ts'
import { closedError } from './closed.ts'
import { instanceOf } from './instances.ts'
import type { ClientOptions, StreamOptions } from './options.ts'
import type { StatusFeed } from './StatusFeed.ts'
import type { Select } from './selections.ts'
import { settingsOf, withOwn } from './sourceOptions.ts'

export interface StreamsContext {
  /** Of the client: the defaults of each stream. */
  readonly options: ClientOptions
  readonly transport: Transport
  readonly clock: Clock
  readonly logger: Logger
  readonly feed: StatusFeed
  readonly counters: Counters
}

/** Told of the readings of one stream. */
export interface StreamHooks {
  onOpen(reading: LiveReading): void
  onStatus(status: Status): void
}

/** The reading half of a client: cold streams, and what of them is live. */
export class Streams {
  readonly #context: StreamsContext
  readonly #live = new LiveReadings()
  readonly #closing = new AbortController()

  constructor(context: StreamsContext) {
    this.#context = context
  }

  /**
   * @param select what is read, given the group of the topics
   * @throws ConfigError for options of the wrong kind, or that contradict each other or the client's
   */
  stream(select: Select, own: StreamOptions, hooks?: StreamHooks): AlertStream<Delivery> {
    const { options, transport, clock, logger, feed, counters } = this.#context
    checkStreamOptions(own, options)
    const together = withOwn(options, own)
    const settings = settingsOf(together)
    const topics = select(settings.group)
    const consumerGroup = settings.consumerGroup && {
      ...settings.consumerGroup,
      instanceId: instanceOf(options.instanceId, topics.key),
    }
    const tell = (status: Status): void => {
      try {
        together.onStatus?.(status)
      } catch (thrown) {
        logger.error({ status: status.type }, `onStatus threw: ${toAlertError(thrown).message}`)
      }
    }
    const closing = this.#closing.signal
    const abort = anyOf([options.signal, own.signal])
    const stream = source(resumes => {
      // A retry that comes after close() has nothing to complain about.
      if (closing.aborted && resumes) return undefined
      if (closing.aborted) throw closedError()
      const report = feed.reporter()
      const heard = (status: Status): void => {
        hooks?.onStatus(status)
        report(status)
        tell(status)
      }
      const onOpen = (reading: LiveReading): void => hooks?.onOpen(reading)
      return { ...settings, consumerGroup, transport, topics, clock, logger, counters, live: this.#live, report: heard, onOpen }
    }, abort)
    if (!together.retryOnFatal) return stream
    const { listenRetries = 3, retryWait = 100 } = together
    const waitFor = typeof retryWait === 'function' ? retryWait : () => retryWait
    const over = anyOf([closing, abort])
    const delay = (_error: unknown, attempt: number): Observable<void> => wait(clock, checkDuration('retryWait', waitFor(attempt)), over)
    return stream.pipe(retryOnFatal({ count: listenRetries, delay }))
  }

  /** Those whose work has not ended. */
  get live(): Iterable<LiveReading> {
    return this.#live.all
  }

  /** All of them complete once started work has ended; new ones are refused. */
  close(): Promise<void> {
    this.#closing.abort()
    return this.#live.close()
  }
}

/** One of its own, so that any number of subscriptions may listen to it. */
function anyOf(signals: readonly (AbortSignal | undefined)[]): AbortSignal {
  const any = AbortSignal.any(signals.filter(signal => signal !== undefined))
  setMaxListeners(0, any)
  return any
}

/** Emits after `ms`, or when there is nothing left to wait for. */
function wait(clock: Clock, ms: number, over: AbortSignal): Observable<void> {
  return new Observable(out => {
    const end = (): void => {
      out.next()
      out.complete()
    }
    if (over.aborted) return end()
    over.addEventListener('abort', end)
    const cancel = clock.after(ms, end)
    return () => {
      cancel()
      over.removeEventListener('abort', end)
    }
  })
}
