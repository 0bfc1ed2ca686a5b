import { AlertError, asFatal } from '../errors.ts'
import { partitionKey, type TopicPartition } from '../place.ts'
import { isFaulty, type Per, type TopicDescription } from '../transports/transport.ts'
import type { ReadingContext } from './context.ts'
import { nearest } from './nearest.ts'
import type { Part } from './Part.ts'
import type { Missed, Placer } from './Placer.ts'

interface Known {
  description: TopicDescription | undefined
  fault: AlertError | undefined
  /** Looks since it was last whole. */
  tries: number
  cancel: (() => void) | undefined
}

/** A topic that was readable a moment ago is looked at again so soon, ms; doubling up to `refresh`. */
const SOON = 100

/** The topics of one subscription: what is known of each, and its faults, which are its own business: said once, looked at again. */
export class Topics {
  readonly #context: ReadingContext
  readonly #placer: Placer
  readonly #onReadable: () => void
  readonly #known = new Map<string, Known>()
  /** One look at a time. */
  #looking: Promise<void> = Promise.resolve()
  #begun = false
  #cancelRefresh: (() => void) | undefined
  #cancelRefusal: (() => void) | undefined

  /** @param onReadable other topics may be readable than before */
  constructor(context: ReadingContext, placer: Placer, onReadable: () => void) {
    this.#context = context
    this.#placer = placer
    this.#onReadable = onReadable
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

  /** Looks at all topics of the selection: new ones, more partitions, re-created ones, those no longer selected. Rejects with what concerns the whole server. */
  look(): Promise<void> {
    return this.#serially(async () => {
      const { topics, transport, missing } = this.#context.options
      const described = await transport.describe(topics.names() ?? 'all', this.#context.signal)
      const selected = new Map([...described].filter(([name]) => topics.includes(name)))
      this.#forgetOthers(selected)
      await this.#adopt(selected)
      if (!this.#begun && missing === 'error' && this.readable.length === 0) throw await this.#nothingReadable()
      this.#begun = true
      this.#scheduleRefresh()
    })
  }

  /** Found out by a look or while reading: unknown, forbidden, badly named. */
  fault(topic: string, error: AlertError): void {
    const known = this.#of(topic)
    const news = known.fault?.code !== error.code
    known.fault = error
    this.#context.starts.missed(topic, error)
    for (const part of this.#partsOf(topic)) part.fault = error
    if (news) {
      this.#context.say({ type: 'refused', error, topic })
      this.#context.options.logger.warn({ topic, code: error.code }, `${error.message}. Other topics go on; this one is looked at again`)
    }
    this.#lookAgain(topic)
    this.#watchRefusal()
  }

  /** Another topic under the same name: what was read says nothing about it. */
  recreated(topic: string): void {
    const parts = this.#partsOf(topic)
    if (!parts.every(part => this.#placer.sayRecreated(part.atHandled))) return
    this.#context.discard(parts)
    this.#of(topic).description = undefined
    this.#context.starts.recreated(topic)
    this.#lookAgain(topic)
  }

  /** A partition of it could not be asked where to start. */
  missed({ topic, error }: Missed): void {
    this.#context.starts.missed(topic, error)
    if (TOPIC_FAULTS.has(error.code)) this.fault(topic, error)
    else this.#lookAgain(topic)
  }

  stop(): void {
    this.#cancelRefresh?.()
    this.#cancelRefusal?.()
    for (const { cancel } of this.#known.values()) cancel?.()
  }

  #of(topic: string): Known {
    const known = this.#known.get(topic) ?? { description: undefined, fault: undefined, tries: 0, cancel: undefined }
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
      if (isFaulty(description)) this.fault(topic, description.fault)
      else this.#welcome(topic, description, wanted, grown)
    }
    if (!options.consumerGroup) {
      const { parts, missed } = await this.#placer.place({ wanted, topicIds: this.topicIds, grown, epoch: 0 })
      this.#context.start(parts)
      for (const miss of missed) this.missed(miss)
    }
    this.#watchRefusal()
    this.#onReadable()
    this.#context.wake()
  }

  #welcome(topic: string, description: TopicDescription, wanted: TopicPartition[], grown: Set<string>): void {
    const known = this.#of(topic)
    const before = known.description
    if (before?.topicId !== undefined && description.topicId !== undefined && before.topicId !== description.topicId) this.recreated(topic)
    known.description = description
    known.tries = 0
    for (let partition = 0; partition < description.partitions; partition++) {
      const key = partitionKey({ topic, partition })
      const part = this.#context.parts.get(key)
      if (!part) wanted.push({ topic, partition })
      if (before && partition >= before.partitions) grown.add(key)
    }
    if (!known.fault) return
    this.#context.options.logger.info({ topic }, `${topic} can be read again`)
    known.fault = undefined
    const parts = this.#partsOf(topic)
    for (const part of parts) part.fault = undefined
    this.#context.start(parts)
  }

  /** Topics that are selected no more: what is at work may end, nothing more is delivered. */
  #forgetOthers(selected: ReadonlyMap<string, unknown>): void {
    for (const [topic, { cancel }] of this.#known) {
      if (selected.has(topic)) continue
      // In a listing of all topics an absent one was deleted, or its right revoked: its parts say so themselves.
      if (this.#context.options.topics.names() === undefined) continue
      cancel?.()
      this.#known.delete(topic)
      this.#context.retire(this.#partsOf(topic))
    }
  }

  /** One topic, after its fault. */
  #lookAgain(topic: string): void {
    const known = this.#of(topic)
    if (this.#context.signal.aborted) return
    known.cancel?.()
    const { clock, times, transport } = this.#context.options
    const delay = known.description ? Math.min(SOON * 2 ** known.tries, times.refresh) : times.refresh
    known.tries++
    known.cancel = clock.after(delay, () => {
      const look = this.#serially(async () => this.#adopt(await transport.describe([topic], this.#context.signal)))
      look.catch(() => this.#lookAgain(topic))
    })
  }

  #scheduleRefresh(): void {
    this.#cancelRefresh?.()
    const { clock, times } = this.#context.options
    this.#cancelRefresh = clock.after(times.refresh, () => {
      this.look().catch(() => this.#scheduleRefresh())
    })
  }

  /** Every topic refused after one was readable: borne for `refusalTimeout`. */
  #watchRefusal(): void {
    const { clock, times } = this.#context.options
    const faults = [...this.#known.values()].map(({ fault }) => fault)
    const refused = this.#begun && faults.length > 0 && faults.every(fault => fault?.code === 'ALERT_TOPIC_FORBIDDEN')
    if (!refused) {
      this.#cancelRefusal?.()
      this.#cancelRefusal = undefined
      return
    }
    this.#cancelRefusal ??= clock.after(times.refusalTimeout, () => this.#context.fail(asFatal(faults[0]!)))
  }

  async #nothingReadable(): Promise<AlertError> {
    const { topics, transport, group } = this.#context.options
    const names = topics.names()
    const faults = [...this.#known.values()].map(({ fault }) => fault).filter(fault => fault !== undefined)
    const all = await transport.describe('all', this.#context.signal).catch(() => new Map<string, unknown>())
    if (names === undefined) {
      return new AlertError('ALERT_TOPIC_UNKNOWN', `${transport.server} shows no topic of group ${group ?? '(none)'}`, {
        mend: `Check the group's name and the rights of this user, or wait for one with missing: 'wait'`,
        fatal: true,
      })
    }
    const near = names.flatMap(name => nearest(name, all.keys()))
    const mend =
      near.length > 0
        ? `Nearest existing topics: ${[...new Set(near)].join(', ')}`
        : `This user sees ${all.size} topics, none with a name near it`
    const text = faults.map(fault => fault.message).join('; ')
    const [first] = faults
    const { code, kafka } = first ?? { code: 'ALERT_TOPIC_UNKNOWN' as const, kafka: undefined }
    return new AlertError(code, text || 'No topic was named', {
      mend: `${mend}. missing: 'wait' waits for it`,
      fatal: true,
      kafka,
      cause: first,
    })
  }
}

export const TOPIC_FAULTS: ReadonlySet<string> = new Set(['ALERT_TOPIC_UNKNOWN', 'ALERT_TOPIC_FORBIDDEN', 'ALERT_TOPIC_INVALID'])
