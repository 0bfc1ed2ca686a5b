import type { Subscriber } from 'rxjs'
import { currentLoop } from '../claims.ts'
import { pause } from '../clock.ts'
import { Cursor } from '../cursor.ts'
import { AlertError, ConfigError, toAlertError } from '../errors.ts'
import { type Position, partitionKey, type TopicPartition } from '../place.ts'
import type { Delivery } from '../record.ts'
import type { Slot } from '../scope.ts'
import type { StatusEvent } from '../status.ts'
import { Checkpoint } from './Checkpoint.ts'
import { Committer } from './Committer.ts'
import { type ReadingContext, sayGap } from './context.ts'
import type { Exclusive, LiveReading } from './LiveReadings.ts'
import { Membership } from './Membership.ts'
import { placeIn, type SourceOptions } from './options.ts'
import { type Load, Part, type PartHooks, type Resumed } from './Part.ts'
import { PartitionFaults } from './PartitionFaults.ts'
import { Placer } from './Placer.ts'
import { Pump } from './Pump.ts'
import { type Start, Starts } from './Starts.ts'
import { Supervisor } from './Supervisor.ts'
import { Topics } from './Topics.ts'

/** The reader gets so long to leave its group and to close its sockets, ms. */
const CLOSE_DEADLINE = 2_000

export interface Formers {
  /** The subscription that this one resumes, in a resume scope. */
  readonly slot: Slot<Reading> | undefined
  /** One of the same stream that broke and is not resumed: what lies between is a gap. */
  readonly broken: Reading | undefined
}

/** One subscription of a source, from subscribe to the last commit after its drain. */
export class Reading implements LiveReading, ReadingContext {
  readonly options: SourceOptions
  readonly moment: number
  readonly parts: Map<string, Part> = new Map()
  /** Settles when started work is done, what was handled is written down and nothing is open. */
  readonly drained: Promise<void>
  readonly #out: Subscriber<Delivery>
  readonly #formers: Formers
  readonly #over = new AbortController()
  readonly #pump: Pump
  readonly #partHooks: PartHooks
  readonly #placer: Placer
  readonly #topics: Topics
  readonly #membership: Membership | undefined
  readonly #supervisor: Supervisor
  readonly #committer: Committer | undefined
  readonly #load: Load = { records: 0, bytes: 0 }
  #starts: Starts
  #resumed = new Map<string, Resumed>()
  #base: Cursor | undefined
  #ended = false
  #failed = false
  #aborted = false
  #lateSaid = false
  #running: Promise<void> = Promise.resolve()
  #settleDrained: () => void = () => {}

  constructor(options: SourceOptions, out: Subscriber<Delivery>, formers: Formers) {
    const { clock, consumerGroup, from, logger } = options
    this.options = options
    this.moment = clock.now()
    this.#out = out
    this.#formers = formers
    this.#starts = formers.slot?.previous?.starts ?? new Starts(clock, from instanceof Checkpoint ? from.start : from)
    this.drained = new Promise(resolve => {
      this.#settleDrained = resolve
    })
    const { fresh } = formers.slot ?? {}
    this.#pump = new Pump(
      this.parts,
      this.#load,
      out,
      { ...options, fresh },
      {
        pause: part => this.#supervisor.reader?.pause([part.atFetch]),
        resume: part => this.#supervisor.reader?.resume([part.atFetch]),
        done: () => {
          if (this.#topics.complete) this.#end('complete')
        },
      },
    )
    this.#partHooks = this.#makePartHooks()
    this.#placer = new Placer(this)
    this.#topics = new Topics(this, this.#placer, () => this.#supervisor.topicsChanged())
    this.#membership = consumerGroup && new Membership(this, consumerGroup, this.#placer, this.#topics, () => this.#supervisor.reader)
    this.#supervisor = new Supervisor(this, this.#topics, new PartitionFaults(this, this.#topics), this.#membership, {
      records: (part, { records, next }) => this.#pump.push(part, records, next),
    })
    if (consumerGroup || from instanceof Checkpoint)
      this.#committer = new Committer(clock, options.times.autoCommitInterval, () => this.#writeDown())
    const loop = currentLoop()
    if (loop) loop.warn = text => logger.warn({}, text)
    formers.slot?.keep(this)
    options.onOpen?.(this)
    this.#watchSelection()
    this.#running = this.#run()
  }

  get starts(): Starts {
    return this.#starts
  }

  get signal(): AbortSignal {
    return this.#over.signal
  }

  get ended(): boolean {
    return this.#ended
  }

  get failed(): boolean {
    return this.#failed
  }

  /** The chain below closed while a record was on its way: a throw in an operator, or `take`. */
  get cutShort(): boolean {
    return this.#pump.cutShort
  }

  /** The handled prefix of every partition; undefined while nothing is known. */
  get cursor(): Cursor | undefined {
    if (this.parts.size === 0 && this.#resumed.size === 0) return this.#base
    const { transport, clock } = this.options
    const time = this.#topics.complete ? clock.now() : this.moment
    const resumed = [...this.#resumed].map(([key, { offset, topicId }]) => ({ ...fromKey(key), offset, topicId }))
    const positions = [...(this.#base?.positions ?? []), ...resumed, ...[...this.parts.values()].map(part => part.atHandled)]
    return Cursor.of(transport.server, time, positions)
  }

  say(event: StatusEvent): void {
    const { transport, group, topics, clock, report } = this.options
    report({ ...event, server: transport.server, group, topics: topics.names() ?? this.#topics.readable, time: clock.now() })
  }

  fail(error: AlertError): void {
    this.#end('error', error)
  }

  /** rxjs's teardown. */
  unsubscribed(): void {
    this.#end('unsubscribed')
  }

  /** Delivery stops at once, what has not started is given back, started work may end; then the stream completes. */
  close(): Promise<void> {
    this.#end('closed')
    return this.drained
  }

  /** As `close`, without waiting for started work. */
  abort(): void {
    this.#aborted = true
    this.#end('closed')
  }

  resumedAt(at: TopicPartition): Position | undefined {
    const resumed = this.#resumed.get(partitionKey(at))
    return resumed && { ...at, offset: resumed.offset, topicId: resumed.topicId }
  }

  createPart(start: Position, epoch: number, limit: number | undefined): Part {
    const key = partitionKey(start)
    const former = this.parts.get(key)
    if (former) this.discard([former])
    const resumed = this.#resumed.get(key)
    this.#resumed.delete(key)
    const part = new Part(
      placeIn(this.options, start.topic, start.partition),
      start,
      epoch,
      this.#partHooks,
      resumed?.offset === start.offset ? resumed : undefined,
    )
    part.limit = limit
    this.parts.set(key, part)
    if (!resumed) this.#sayWhatRetrySkipped(key, start)
    return part
  }

  start(parts: readonly Part[]): void {
    this.#supervisor.start(parts)
  }

  discard(parts: readonly Part[]): void {
    for (const part of parts) {
      const key = partitionKey(part.atHandled)
      if (this.parts.get(key) === part) this.parts.delete(key)
      part.discard()
    }
    if (parts.length > 0 && !this.#membership) this.#supervisor.reader?.stop(parts.map(part => part.atHandled))
  }

  retire(parts: readonly Part[]): void {
    if (parts.length === 0) return
    this.#supervisor.reader?.pause(parts.map(part => part.atFetch))
    for (const part of parts) part.leaving = true
    for (const part of parts) part.leave()
    const { clock, times } = this.options
    void Promise.all(parts.map(part => part.whenIdle(pause(clock, times.drainTimeout, this.signal)))).then(() => this.discard(parts))
  }

  wake(): void {
    this.#pump.wake()
  }

  /** For the subscription that takes over: where this one stands. Its acks no longer count. */
  handOver(): Map<string, Resumed> {
    const at = new Map(this.#resumed)
    for (const [key, part] of this.parts) at.set(key, part.resumed)
    for (const part of this.parts.values()) part.fence()
    return at
  }

  /** One beyond what was handled of a partition; undefined if it was never placed. */
  prefixOf(key: string): number | undefined {
    return this.parts.get(key)?.prefix
  }

  /** The topics of the selection changed: looked at again at once. */
  #watchSelection(): void {
    const changes = this.options.topics.changed$.subscribe(() => {
      this.#topics.look().catch(thrown => this.options.logger.info({}, `topics could not be looked at: ${toAlertError(thrown).message}`))
    })
    this.signal.addEventListener('abort', () => changes.unsubscribe())
  }

  async #run(): Promise<void> {
    try {
      const exclusives = this.#exclusives
      const { live } = this.options
      const draining = live.enter(this, exclusives)
      const previous = this.#formers.slot?.previous
      await Promise.all([...draining, ...(previous ? [previous] : [])].map(({ drained }) => drained))
      if (this.#ended) return this.#inherit(previous)
      this.#inherit(previous)
      this.#membership?.takeOver(live.takeMember(exclusives))
      await this.#loadCheckpoint()
      if (!this.#ended) await this.#supervisor.run()
    } catch (thrown) {
      this.fail(toAlertError(thrown, 'ALERT_CONFIG'))
    }
  }

  #inherit(previous: Reading | undefined): void {
    if (previous) this.#resumed = previous.handOver()
  }

  async #loadCheckpoint(): Promise<void> {
    const { from, clock, transport } = this.options
    let start: Start | undefined = from instanceof Cursor ? from : undefined
    if (from instanceof Checkpoint) {
      this.#base = await from.load()
      from.follow(() => this.cursor)
      start = this.#base
      if (this.#base && this.#resumed.size === 0) this.#starts = new Starts(clock, this.#base)
    }
    if (start instanceof Cursor && start.server !== transport.server) {
      throw new ConfigError(`The cursor is of ${start.server}, not of ${transport.server}: its offsets mean nothing here`, {
        mend: 'Start from latest, earliest or a Date, or read from the server that it is of',
      })
    }
  }

  get #exclusives(): Exclusive[] {
    const { consumerGroup, from, topics } = this.options
    const grouped = consumerGroup
      ? (topics.names() ?? ['*']).map(topic => ({
          key: `${consumerGroup.id} ${topic}`,
          name: `${topic} of the consumer group ${consumerGroup.id}`,
        }))
      : []
    return from instanceof Checkpoint ? [...grouped, { key: from, name: 'This Checkpoint' }] : grouped
  }

  #end(kind: 'error' | 'unsubscribed' | 'complete' | 'closed', error?: AlertError): void {
    if (this.#ended) return
    this.#ended = true
    this.#failed = kind === 'error'
    this.#pump.stop()
    this.#over.abort()
    this.#topics.stop()
    this.#placer.stop()
    const parts = [...this.parts.values()]
    this.#supervisor.reader?.pause(parts.map(part => part.atFetch))
    // What waits below a natural end is still to be done; any other end gives it back.
    if (kind !== 'complete') for (const part of parts) part.leave()
    void this.#drain(parts, error)
    if (error) this.#out.error(error)
    else if (kind !== 'unsubscribed') this.#out.complete()
  }

  async #drain(parts: readonly Part[], error: AlertError | undefined): Promise<void> {
    const { clock, times, live, logger } = this.options
    const idle = new AbortController()
    const timeout = pause(clock, this.#aborted ? 0 : times.drainTimeout, idle.signal)
    await Promise.all(parts.map(part => part.whenIdle(timeout)))
    idle.abort()
    this.#committer?.stop()
    await this.#committer?.flush()
    if (!this.#formers.slot) for (const part of this.parts.values()) part.fence()
    await this.#supervisor.reader?.close(CLOSE_DEADLINE).catch(thrown => logger.warn({}, `closing: ${toAlertError(thrown).message}`))
    await this.#running
    live.leave(this)
    const memberId = this.#membership?.leftBehind
    if (memberId !== undefined) live.leaveBehind(this.#exclusives, memberId)
    this.say({ type: 'closed', error })
    this.#settleDrained()
  }

  /** Commits, or saves the checkpoint; whether all is written. */
  async #writeDown(): Promise<boolean> {
    const { from, logger } = this.options
    if (this.#membership) return this.#membership.commit()
    if (!(from instanceof Checkpoint)) return true
    try {
      await from.save()
      return true
    } catch (thrown) {
      logger.error({}, `the checkpoint was not saved: ${toAlertError(thrown).message}. It is tried again`)
      return false
    }
  }

  #makePartHooks(): PartHooks {
    const { logger } = this.options
    return {
      load: this.#load,
      ended: () => this.#ended,
      settled: () => this.#pump.settled(),
      progressed: acked => this.#committer?.progressed(acked),
      failed: ({ place, raw: { offset } }, error) => {
        const { fullTopic, partition } = place
        this.say({ type: 'failed', topic: fullTopic, partition, offset, error })
        logger.error(
          { topic: fullTopic, partition, offset, code: error.code },
          `${fullTopic}[${partition}]@${offset} failed: ${error.message}`,
        )
      },
      late: ({ place, raw: { offset } }) => {
        if (this.#lateSaid) return
        this.#lateSaid = true
        const text = `ack() of ${place.fullTopic}[${place.partition}]@${offset} came after it was handled by default. Put handle() before asynchronous operators, or set delivery: 'manual'`
        logger.warn({}, text)
      },
    }
  }

  #sayWhatRetrySkipped(key: string, start: Position): void {
    const { broken } = this.#formers
    const from = broken?.prefixOf(key)
    if (from === undefined || from >= start.offset || this.#membership || this.options.from instanceof Checkpoint) return
    const error = new AlertError('ALERT_GAP', `a retry() started at 'from' again`, {
      mend: 'Use retryOnFatal(), which resumes, or a Checkpoint',
    })
    sayGap(this, { ...start, from, to: start.offset, reason: 'resubscribed' }, error)
  }
}

const fromKey = (key: string): TopicPartition => {
  const at = key.lastIndexOf('[')
  return { topic: key.slice(0, at), partition: Number(key.slice(at + 1, -1)) }
}
