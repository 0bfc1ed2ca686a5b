import { pause } from '../clock.ts'
import { type AlertError, type AlertErrorCode, toAlertError } from '../errors.ts'
import { partitionKey, type TopicPartition } from '../place.ts'
import type { ReadEvent, Reader } from '../transports/transport.ts'
import { Backoff } from './backoff.ts'
import type { ReadingContext } from './context.ts'
import type { Membership } from './Membership.ts'
import type { Part } from './Part.ts'
import type { PartitionFaults } from './PartitionFaults.ts'
import type { Topics } from './Topics.ts'
import { Verdict } from './Verdict.ts'

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
  #connected = false
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
    if (this.#membership && this.#topics.readable.length > 0) this.#reader?.subscribe(this.#topics.readable)
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
    const { transport, times, maxBytes, limits, checkCrcs } = this.#context.options
    await new Promise<void>((resolve, reject) => {
      const ended = (error: AlertError | undefined): void => {
        this.#reader = undefined
        this.#connected = false
        if (error) reject(error)
        else resolve()
      }
      this.#reader = transport.read(
        {
          group: this.#membership?.request(this.#topics.readable),
          maxBytes,
          maxWait: times.batchTimeout,
          maxBatchBytes: limits.batchBytes,
          checkCrcs,
        },
        event => this.#on(event, ended),
      )
      if (!this.#membership) this.start([...this.#context.parts.values()])
    })
  }

  async #trouble(error: AlertError): Promise<void> {
    const { clock, logger, transport } = this.#context.options
    this.#lastError = error
    const judgement = this.#verdict.judge(error)
    if (judgement.what === 'fatal') {
      this.#context.fail(judgement.error)
      return
    }
    const delay = this.#backoff.next()
    const { attempt } = this.#backoff
    if (judgement.what === 'refused') this.#refused(error, judgement.until)
    else if (attempt === 1)
      logger.warn({ code: error.code }, `lost ${transport.server}: ${error.message}. Tried again until it is back; nothing is lost`)
    this.#context.say({ type: 'reconnecting', attempt, delay, error })
    await pause(clock, delay, this.#context.signal)
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
        if (!part || part.epoch !== event.epoch || part.leaving) return
        part.tries = 0
        part.end = event.end
        this.#hooks.records(part, event)
        return
      }
      case 'fault': {
        const part = this.#part(event.of)
        if (part && !part.leaving) this.#faults.on(part, event.error, event.after)
        return
      }
      case 'lane':
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
    if (wasAway) this.#context.options.logger.info({}, `${this.#context.options.transport.server} is back`)
  }
}
