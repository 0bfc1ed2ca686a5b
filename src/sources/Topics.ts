import type { Unsubscribable } from 'rxjs'
import { type AlertError, toAlertError } from '../errors.ts'
import { partitionKey, type TopicPartition } from '../place.ts'
import { isFaulty, type Per, type TopicDescription } from '../transports/transport.ts'
import { Backoff } from './backoff.ts'
import { Checkpoint } from './Checkpoint.ts'
import type { ReadingContext } from './context.ts'
import { endTrial, faultOf, type Known, unknown } from './known.ts'
import { nothingReadable } from './nothingReadable.ts'
import type { Part } from './Part.ts'
import type { Missed, Placer } from './Placer.ts'
import { RefusalWatch } from './RefusalWatch.ts'
import { writeFirst } from './writeFirst.ts'

export interface TopicsHooks {
  /** Other topics may be readable than before; `recreated` are so anew. */
  changed(recreated: readonly string[]): void
  /** Records could flow at some time. */
  hasSucceeded(): boolean
}

/** A topic that was readable a moment ago is looked at again so soon, ms; doubling up to `refresh`. */
const SOON = 100
/** The longest wait for what is only away, such as a leader, ms. */
const AWAY = 2_000
/** What was forbidden, and is not refused again for so long, can be read, ms. */
const TRIAL = 5_000

/** The topics of one subscription: what is known of each, and its faults, which are its own business: said once, looked at again. */
export class Topics {
  readonly #context: ReadingContext
  readonly #placer: Placer
  readonly #hooks: TopicsHooks
  readonly #known = new Map<string, Known>()
  /** One look at a time. */
  #looking: Promise<void> = Promise.resolve()
  #begun = false
  /** When all topics were asked for, the last time that an answer came; ms since 1970. */
  #lookedAt: number | undefined
  #changes: Unsubscribable | undefined
  #cancelLook: (() => void) | undefined
  readonly #refusals: RefusalWatch

  constructor(context: ReadingContext, placer: Placer, hooks: TopicsHooks) {
    this.#context = context
    this.#placer = placer
    this.#hooks = hooks
    this.#refusals = new RefusalWatch(context, this.#known, () => hooks.hasSucceeded())
  }

  /** Full topics that can be read now. */
  get readable(): string[] {
    return [...this.#known].filter(([, { description, fault }]) => description && !fault).map(([name]) => name)
  }

  get topicIds(): Map<string, string | undefined> {
    return new Map([...this.#known].map(([name, { description }]) => [name, description?.topicId]))
  }

  /** Every topic was looked at, and all partitions of those that can be read were found. */
  get complete(): boolean {
    return this.#begun && [...this.#known.values()].every(({ fault, tries }) => fault !== undefined || tries === 0)
  }

  /** A topic that has no position now did not exist at this moment, ms since 1970; undefined: some that exist have none yet. */
  get positionedAt(): number | undefined {
    const open = [...this.#known.values()].some(({ fault, tries }) => (fault ? fault.code !== 'ALERT_TOPIC_UNKNOWN' : tries > 0))
    return this.#begun && !open ? this.#lookedAt : undefined
  }

  /** Looks at all topics of the selection: new ones, more partitions, re-created ones, those no longer selected. Rejects with what concerns the whole server. */
  look(): Promise<void> {
    const { options, starts, signal } = this.#context
    const { topics, transport, missing, clock } = options
    const now = clock.now()
    // Not when the answer comes: a topic that is added later starts at the moment of being added.
    for (const topic of topics.names() ?? []) starts.ask(topic, this.#begun ? now : undefined)
    return this.#serially(async () => {
      const described = await transport.describe(topics.names() ?? 'all', signal).catch(thrown => {
        starts.unanswered()
        throw thrown
      })
      const selected = new Map([...described].filter(([name]) => topics.includes(name)))
      this.#forgetOthers(selected)
      await this.#adopt(selected)
      if (!this.#begun && missing === 'error' && [...this.#known.values()].every(({ fault }) => fault)) throw await this.#nothingReadable()
      this.#begun = true
      this.#lookedAt = now
      this.#scheduleRefresh()
    })
  }

  /** Found out by a look or while reading: unknown, forbidden, badly named. */
  fault(topic: string, error: AlertError): void {
    const known = this.#of(topic)
    const news = faultOf(known)?.code !== error.code
    known.fault = error
    endTrial(known)
    this.#context.starts.missed(topic, error)
    for (const part of this.#partsOf(topic)) part.fault = error
    if (news) {
      this.#context.say({ type: 'refused', error, topic })
      this.#context.options.logger.warn({ topic, code: error.code }, `${error.message}. Other topics go on; this one is looked at again`)
    }
    this.#lookAgain(topic)
    this.#watchRefusals()
  }

  /** Another topic under the same name: what was read says nothing about it. */
  recreated(topic: string): void {
    const parts = this.#partsOf(topic)
    if (!parts.every(part => this.#placer.sayRecreated(part.atHandled))) return
    this.#context.discard(parts)
    endTrial(this.#of(topic))
    Object.assign(this.#of(topic), { description: undefined, recreated: true })
    this.#context.starts.recreated(topic)
    this.#lookAgain(topic)
  }

  /** It could not be asked for, or a partition of it where to start. */
  missed({ topic, error }: Pick<Missed, 'topic' | 'error'>): void {
    this.#context.starts.missed(topic, error)
    if (TOPIC_FAULTS.has(error.code)) this.fault(topic, error)
    else this.#lookAgain(topic)
  }

  /** Looks again as soon as the selection changes. */
  follow(): void {
    const { topics, clock } = this.#context.options
    this.#changes = topics.changed$.subscribe(() => this.#lookUntilDone(new Backoff(clock)))
  }

  stop(): void {
    this.#changes?.unsubscribe()
    this.#cancelLook?.()
    this.#refusals.stop()
    for (const known of this.#known.values()) {
      known.cancel?.()
      endTrial(known)
    }
  }

  #nothingReadable(): Promise<AlertError> {
    const faults = [...this.#known.values()].map(({ fault }) => fault).filter(fault => fault !== undefined)
    return nothingReadable(this.#context, faults)
  }

  #of(topic: string): Known {
    const known = this.#known.get(topic) ?? unknown()
    this.#known.set(topic, known)
    return known
  }

  #partsOf(topic: string): Part[] {
    return [...this.#context.parts.values()].filter(part => part.place.fullTopic === topic)
  }

  #serially(look: () => Promise<void>): Promise<void> {
    const next = this.#looking.then(() => (this.#context.signal.aborted ? undefined : look()))
    this.#looking = next.catch(() => {})
    return next
  }

  async #adopt(described: ReadonlyMap<string, Per<TopicDescription>>): Promise<void> {
    const { starts, moment, options } = this.#context
    const wanted: TopicPartition[] = []
    const grown = new Set<string>()
    for (const [topic, description] of described) {
      if (this.#begun && options.topics.names() === undefined) starts.appeared(topic, moment)
      else starts.ask(topic)
      if (isFaulty(description)) this.missed({ topic, error: description.fault })
      else this.#welcome(topic, description, wanted, grown)
    }
    const missed = options.consumerGroup ? [] : await this.#place(wanted, grown)
    for (const [topic, description] of described) {
      const known = this.#of(topic)
      if (!isFaulty(description) && !known.trial && !missed.some(miss => miss.topic === topic)) known.tries = 0
    }
    for (const miss of missed) this.missed(miss)
    this.#watchRefusals()
    this.#hooks.changed(this.#takeRecreated())
    this.#context.wake()
  }

  async #place(wanted: readonly TopicPartition[], grown: ReadonlySet<string>): Promise<readonly Missed[]> {
    const settle = this.#context.options.from instanceof Checkpoint ? () => writeFirst(this.#context) : undefined
    const { parts, missed } = await this.#placer.place({ wanted, topicIds: this.topicIds, grown, epoch: 0, settle })
    this.#context.start(parts)
    return missed
  }

  #takeRecreated(): string[] {
    const recreated = [...this.#known].filter(([, known]) => known.recreated && known.description)
    for (const [, known] of recreated) known.recreated = false
    return recreated.map(([topic]) => topic)
  }

  #welcome(topic: string, description: TopicDescription, wanted: TopicPartition[], grown: Set<string>): void {
    const known = this.#of(topic)
    const before = known.description
    if (before?.topicId !== undefined && description.topicId !== undefined && before.topicId !== description.topicId) this.recreated(topic)
    known.description = description
    for (let partition = 0; partition < description.partitions; partition++) {
      const key = partitionKey({ topic, partition })
      const part = this.#context.parts.get(key)
      if (!part) wanted.push({ topic, partition })
      if (before && partition >= before.partitions) grown.add(key)
    }
    if (!known.fault) return
    if (known.fault.code === 'ALERT_TOPIC_FORBIDDEN') this.#try(topic, known, known.fault)
    else this.#trust(topic, known)
    known.fault = undefined
    const parts = this.#partsOf(topic)
    for (const part of parts) part.fault = undefined
    this.#context.start(parts)
  }

  #try(topic: string, known: Known, error: AlertError): void {
    const cancel = this.#context.options.clock.after(TRIAL, () => {
      this.#trust(topic, known)
      this.#watchRefusals()
      this.#context.wake()
    })
    known.trial = { error, cancel }
  }

  #trust(topic: string, known: Known): void {
    known.trial = undefined
    known.tries = 0
    this.#context.options.logger.info({ topic }, `${topic} can be read again`)
  }

  /** Topics that are selected no more: what is at work may end, nothing more is delivered. */
  #forgetOthers(selected: ReadonlyMap<string, unknown>): void {
    for (const [topic, known] of this.#known) {
      if (selected.has(topic)) continue
      // In a listing of all topics an absent one was deleted, or its right revoked: its parts say so themselves.
      if (this.#context.options.topics.names() === undefined) continue
      known.cancel?.()
      endTrial(known)
      this.#known.delete(topic)
      this.#context.starts.forget(topic)
      this.#context.retire(this.#partsOf(topic))
    }
  }

  /** One topic, after its fault. */
  #lookAgain(topic: string): void {
    const known = this.#of(topic)
    if (this.#context.signal.aborted) return
    known.cancel?.()
    const { clock, times, transport } = this.#context.options
    const soon = SOON * 2 ** known.tries
    const refused = known.description ? Math.min(soon, times.refresh) : times.refresh
    const delay = known.fault ? refused : Math.min(soon, AWAY)
    known.tries++
    known.cancel = clock.after(delay, () => {
      const look = this.#serially(async () => {
        const described = await transport.describe([topic], this.#context.signal)
        // It may have been taken out meanwhile.
        if (this.#known.has(topic)) await this.#adopt(described)
      })
      look.catch(() => this.#lookAgain(topic))
    })
  }

  /** What was just selected is not read before. */
  #lookUntilDone(backoff: Backoff): void {
    this.look().catch(thrown => {
      if (backoff.attempt === 0) this.#context.options.logger.info({}, `topics could not be looked at: ${toAlertError(thrown).message}`)
      this.#lookIn(backoff.next(), () => this.#lookUntilDone(backoff))
    })
  }

  #scheduleRefresh(): void {
    this.#lookIn(this.#context.options.times.refresh, () => {
      this.look().catch(() => this.#scheduleRefresh())
    })
  }

  /** The next look at all of them. */
  #lookIn(ms: number, look: () => void): void {
    if (this.#context.signal.aborted) return
    this.#cancelLook?.()
    this.#cancelLook = this.#context.options.clock.after(ms, look)
  }

  #watchRefusals(): void {
    if (this.#begun) this.#refusals.look()
  }
}

export const TOPIC_FAULTS: ReadonlySet<string> = new Set(['ALERT_TOPIC_UNKNOWN', 'ALERT_TOPIC_FORBIDDEN', 'ALERT_TOPIC_INVALID'])
