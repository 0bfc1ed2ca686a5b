import { pause } from '../clock.ts'
import { AlertError, type AlertErrorCode, toAlertError } from '../errors.ts'
import { partitionKey, type TopicPartition } from '../place.ts'
import type { ReadEvent, Reader } from '../transports/transport.ts'
import { Backoff } from './backoff.ts'
import type { ReadingContext } from './context.ts'
import type { Membership } from './Membership.ts'
import type { Part } from './Part.ts'
import type { PartitionFaults } from './PartitionFaults.ts'
import type { Topics } from './Topics.ts'
import { Verdict } from './Verdict.ts'
import { Watchdog } from './Watchdog.ts'

/** Told of what the reader gives. */
export interface SupervisorHooks {
  records(part: Part, event: Extract<ReadEvent, { type: 'records' }>): void
}

/** Keeps a reader open, for ever: rides out what is transient, suspends refusals, ends the subscription with what is confirmed fatal. */
export class Supervisor {
  readonly #context: ReadingContext
  readonly #topics: Topics
  readonly #faults: PartitionFaults
  readonly #membership: Membership | undefined
  readonly #hooks: SupervisorHooks
  readonly #verdict: Verdict
  readonly #backoff: Backoff
  #reader: Reader | undefined
  /** Readers that were given up and are not closed yet. */
  readonly #abandoned = new Set<Promise<void>>()
  #connected = false
  #wasConnected = false
  #lastError: AlertError | undefined
  /** Once, until it works again. */
  #refusalLogged: AlertErrorCode | undefined
  #topicsChanged: (() => void) | undefined

  constructor(
    context: ReadingContext,
    topics: Topics,
    faults: PartitionFaults,
    membership: Membership | undefined,
    hooks: SupervisorHooks,
  ) {
    const { clock, transport, times } = context.options
    this.#context = context
    this.#topics = topics
    this.#faults = faults
    this.#membership = membership
    this.#hooks = hooks
    this.#backoff = new Backoff(clock)
    this.#verdict = new Verdict(clock, { server: transport.server, ...times })
  }

  /** Records could flow at some time. */
  get hasSucceeded(): boolean {
    return this.#verdict.hasSucceeded
  }

  get reader(): Reader | undefined {
    return this.#reader
  }

  /** Ends the reader, if there is one; then nothing is open. */
  async close(deadline: number): Promise<void> {
    if (this.#reader) await this.#closeReader(this.#reader, deadline)
    await Promise.all(this.#abandoned)
  }

  async run(): Promise<void> {
    const { clock, times } = this.#context.options
    const cancel = clock.after(times.connectTimeout, () => {
      if (this.#verdict.isUnreached) this.#context.fail(this.#verdict.unreachable(this.#lastError))
    })
    this.#context.signal.addEventListener('abort', cancel)
    while (!this.#context.signal.aborted) {
      try {
        this.#context.say({ type: 'connecting' })
        await this.#topics.look()
        this.#verdict.reached()
        cancel()
        while (this.#topics.readable.length === 0 && !this.#context.signal.aborted) await this.#untilTopicsChange()
        if (!this.#context.signal.aborted) await this.#read()
      } catch (thrown) {
        if (this.#context.signal.aborted) break
        await this.#trouble(toAlertError(thrown))
      }
    }
  }

  /** What can be read may have changed. @param recreated topics that others of the same name have taken the place of */
  topicsChanged(recreated: readonly string[]): void {
    this.#topicsChanged?.()
    this.#membership?.placeAnew(recreated)
    if (!this.#membership) return
    const { readable } = this.#topics
    // Nothing is wanted: others get the partitions. Nothing can be read: a member that stays is there when it can again.
    const isNoneWanted = this.#context.options.topics.names()?.length === 0
    if (readable.length > 0 || isNoneWanted) this.#reader?.subscribe(readable)
  }

  start(parts: readonly Part[]): void {
    const live = parts.filter(part => !part.fault && !part.leaving)
    if (!this.#reader || live.length === 0) return
    const byEpoch = new Map<number, Part[]>()
    for (const part of live) byEpoch.set(part.epoch, [...(byEpoch.get(part.epoch) ?? []), part])
    for (const [epoch, own] of byEpoch)
      this.#reader.start(
        epoch,
        own.map(part => part.atFetch),
      )
    const paused = live.filter(part => part.paused)
    if (paused.length > 0) this.#reader.pause(paused.map(part => part.atFetch))
  }

  #untilTopicsChange(): Promise<void> {
    const { signal } = this.#context
    return new Promise(resolve => {
      const done = (): void => {
        signal.removeEventListener('abort', done)
        resolve()
      }
      this.#topicsChanged = done
      signal.addEventListener('abort', done)
    })
  }

  /** One reader from its opening to its end. */
  async #read(): Promise<void> {
    const { transport, clock, times, maxBytes, limits, checkCrcs } = this.#context.options
    this.#faults.readerBegins()
    await new Promise<void>((resolve, reject) => {
      let over = false
      const ended = (error: AlertError | undefined): void => {
        over = true
        watchdog.stop()
        this.#reader = undefined
        this.#connected = false
        this.#faults.readerEnded()
        if (error) reject(error)
        else resolve()
      }
      const watchdog = new Watchdog(clock, times.batchTimeout, {
        isDue: () => this.#isAnswerDue,
        silent: ms => {
          this.#abandon(reader)
          ended(new AlertError('ALERT_TIMEOUT', `${transport.server}: no answer and no error for ${ms} ms, the connections are given up`))
        },
      })
      const reader = transport.read(
        {
          group: this.#membership?.request(this.#topics.readable),
          maxBytes,
          maxWait: times.batchTimeout,
          maxBatchBytes: limits.batchBytes,
          checkCrcs,
        },
        event => {
          if (over) return
          watchdog.heard()
          this.#on(event, ended)
        },
      )
      this.#reader = reader
      if (!this.#membership) this.start([...this.#context.parts.values()])
    })
  }

  /** Something is read that is not paused, faulty or without a leader. */
  get #isAnswerDue(): boolean {
    const { signal, parts } = this.#context
    if (signal.aborted || this.#membership?.hasAssignment === false) return false
    return [...parts.values()].some(part => part.isRead)
  }

  /** What it still says is not heard any more; its member of a group stays for the next one. */
  #abandon(reader: Reader): void {
    this.#membership?.abandoned()
    const closing = this.#closeReader(reader, 0).finally(() => this.#abandoned.delete(closing))
    this.#abandoned.add(closing)
  }

  #closeReader(reader: Reader, deadline: number): Promise<void> {
    const { logger } = this.#context.options
    return reader.close(deadline).catch(thrown => logger.warn({}, `closing: ${toAlertError(thrown).message}`))
  }

  async #trouble(error: AlertError): Promise<void> {
    const { clock } = this.#context.options
    this.#lastError = error
    const judgement = this.#verdict.judge(error)
    if (judgement.what === 'fatal') {
      this.#context.fail(judgement.error)
      return
    }
    // The last try of a refusal comes at the time that was said.
    const delay = Math.min(this.#backoff.next(), judgement.what === 'refused' ? judgement.left : Number.POSITIVE_INFINITY)
    const { attempt } = this.#backoff
    if (judgement.what === 'refused') this.#refused(error, judgement.until)
    else if (attempt === 1) this.#logLost(error)
    this.#context.say({ type: 'reconnecting', attempt, delay, error })
    await pause(clock, delay, this.#context.signal)
  }

  #logLost(error: AlertError): void {
    const { logger, transport, times } = this.#context.options
    const until =
      this.#verdict.isUnreached && Number.isFinite(times.connectTimeout) ? ` for connectTimeout, ${times.connectTimeout} ms` : ''
    const text = this.#wasConnected
      ? `lost ${transport.server}: ${error.message}. Tried again until it is back; nothing is lost`
      : `cannot reach ${transport.server} yet: ${error.message}. Tried again${until}`
    logger.warn({ code: error.code }, text)
  }

  #refused(error: AlertError, until: number | undefined): void {
    this.#context.say({ type: 'refused', error, until })
    if (this.#refusalLogged === error.code) return
    this.#refusalLogged = error.code
    const how = until === undefined ? '' : ` until ${new Date(until).toISOString()}`
    this.#context.options.logger.error({ code: error.code }, `${error.message}. Tried again${how}`)
  }

  #on(event: ReadEvent, ended: (error: AlertError | undefined) => void): void {
    switch (event.type) {
      case 'records': {
        const part = this.#part(event.of)
        if (!part || part.epoch !== event.epoch || part.leaving || !part.isOf(event.topicId)) return
        part.tries = 0
        part.end = event.end
        this.#faults.back(part)
        this.#hooks.records(part, event)
        return
      }
      case 'fault': {
        const part = this.#part(event.of)
        if (part && !part.leaving) this.#faults.on(part, event.error, event.after)
        return
      }
      case 'lane':
        this.#lane(event)
        if (event.error) this.#context.say({ type: 'reconnecting', attempt: 1, delay: 0, error: event.error, partitions: event.partitions })
        else this.#alive(true)
        return
      case 'alive':
        this.#alive(false)
        return
      case 'assigned':
        this.#verdict.succeeded()
        this.#membership?.assigned(event)
        return
      case 'revoked':
        this.#membership?.revoked(event)
        return
      case 'ended':
        this.#membership?.ended(event.memberId)
        ended(event.error)
    }
  }

  #lane({ partitions, error }: Extract<ReadEvent, { type: 'lane' }>): void {
    for (const part of partitions.map(at => this.#part(at)).filter(part => part !== undefined)) {
      if (error) this.#faults.away(part, error)
      else this.#faults.back(part)
    }
  }

  #part(at: TopicPartition): Part | undefined {
    return this.#context.parts.get(partitionKey(at))
  }

  #alive(again: boolean): void {
    this.#verdict.succeeded()
    if (this.#connected && !again) return
    const wasAway = this.#backoff.attempt > 0
    this.#connected = true
    this.#refusalLogged = undefined
    this.#backoff.reset()
    this.#context.say({ type: 'connected' })
    if (wasAway)
      this.#context.options.logger.info({}, `${this.#context.options.transport.server} is ${this.#wasConnected ? 'back' : 'reached'}`)
    this.#wasConnected = true
  }
}
