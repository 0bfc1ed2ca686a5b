import { AlertError, toAlertError } from '../../errors.ts'
import { kafkaError } from '../codes.ts'
import type { Credentials } from '../transport.ts'
import type { FaultPoint, Faults } from './faults.ts'
import type { MemoryLog } from './MemoryLog.ts'
import type { TimerScope } from './TimerScope.ts'
import { turn } from './turn.ts'

export interface LinkOptions {
  readonly server: string
  readonly log: MemoryLog
  readonly faults: Faults
  readonly timers: TimerScope
  readonly credentials: Credentials
  /** ms from a request to its answer. */
  readonly latency: number
}

export interface RequestOptions {
  /** Of who asks: cleared, nobody waits for the answer. */
  readonly timers?: TimerScope | undefined
  readonly signal?: AbortSignal | undefined
}

/** All connections of one client, as one: together they open, and together they break. */
export class Link {
  readonly #options: LinkOptions
  readonly #onBreak = new Set<(error: AlertError) => void>()
  #opening: Promise<void> | undefined
  #isOpen = false
  #isOffline = false
  #refuses = false
  #isClosed = false

  constructor(options: LinkOptions) {
    this.#options = options
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  set refuses(refuses: boolean) {
    this.#refuses = refuses
  }

  /** Opens the connection if there is none; rejects with what stands against it. */
  ready(): Promise<void> {
    if (this.#isOpen) return Promise.resolve()
    this.#opening ??= this.#open().finally(() => {
      this.#opening = undefined
    })
    return this.#opening
  }

  /** One question and its answer; `answer` is called when the question has come to the broker. */
  request<T>(at: FaultPoint, answer: () => T | Promise<T>, { timers, signal }: RequestOptions = {}): Promise<T> {
    const answered = this.#ask(at, answer, timers)
    return signal ? abortable(answered, at, signal) : answered
  }

  /** Calls `run` when an answer could be here. */
  delay(run: () => void, timers: TimerScope): void {
    const { latency } = this.#options
    if (latency > 0) timers.after(latency, run)
    else turn(run)
  }

  /** Calls `broken` when the connection breaks; gives what ends it. */
  onBreak(broken: (error: AlertError) => void): () => void {
    this.#onBreak.add(broken)
    return () => this.#onBreak.delete(broken)
  }

  break(why: string): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    const error = this.#connectionError(why)
    for (const broken of [...this.#onBreak]) turn(() => broken(error))
  }

  goOffline(): void {
    this.#isOffline = true
    this.break('the network is gone')
  }

  goOnline(): void {
    this.#isOffline = false
  }

  close(): void {
    this.#isClosed = true
    this.#isOpen = false
    this.#options.timers.clear()
  }

  async #ask<T>(at: FaultPoint, answer: () => T | Promise<T>, timers?: TimerScope): Promise<T> {
    await this.ready()
    await this.#travel(timers)
    this.#check()
    const fault = this.#options.faults.take(at)
    if (fault) throw fault
    return answer()
  }

  async #open(): Promise<void> {
    await this.#travel()
    this.#check()
    const { server, faults, credentials } = this.#options
    const fault = faults.take('connect')
    if (fault) throw fault
    try {
      await credentials()
    } catch (error) {
      throw toAlertError(error, 'ALERT_CREDENTIALS')
    }
    this.#check()
    if (this.#refuses) throw kafkaError('SASL_AUTHENTICATION_FAILED', `connect to ${server}`)
    this.#isOpen = true
  }

  #travel(timers: TimerScope = this.#options.timers): Promise<void> {
    const { latency } = this.#options
    return latency > 0 ? timers.sleep(latency) : new Promise(turn)
  }

  #check(): void {
    if (this.#isClosed) throw new AlertError('ALERT_CLOSED', `The transport to ${this.#options.server} is closed`)
    if (this.#isOffline || !this.#options.log.isReachable) throw this.#connectionError('nobody answers')
  }

  #connectionError(why: string): AlertError {
    return new AlertError('ALERT_CONNECTION', `${this.#options.server}: ${why}`)
  }
}

function abortable<T>(answered: Promise<T>, what: string, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(new AlertError('ALERT_CLOSED', `${what} was aborted`, { cause: signal.reason }))
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
    answered.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
