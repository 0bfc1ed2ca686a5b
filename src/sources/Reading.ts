import type { Subscriber } from 'rxjs'
import { currentLoop } from '../claims.ts'
import { pause } from '../clock.ts'
import type { Cursor } from '../cursor.ts'
import { type AlertError, toAlertError } from '../errors.ts'
import { type Position, partitionKey, type TopicPartition } from '../place.ts'
import type { Delivery } from '../record.ts'
import type { Slot } from '../scope.ts'
import type { StatusEvent } from '../status.ts'
import { whileFailing } from './breaking.ts'
import { Checkpoint } from './Checkpoint.ts'
import { Committer } from './Committer.ts'
import { lateAckWarning, sayFailed, sayResubscribed } from './complaints.ts'
import type { ReadingContext } from './context.ts'
import { exclusivesOf } from './exclusives.ts'
import { finish } from './finish.ts'
import type { LiveReading } from './LiveReadings.ts'
import { Membership } from './Membership.ts'
import { placeIn, type SourceOptions } from './options.ts'
import { type Load, Part, type PartHooks } from './Part.ts'
import { PartitionFaults } from './PartitionFaults.ts'
import { Placer } from './Placer.ts'
import { Pump } from './Pump.ts'
import { Standing } from './Standing.ts'
import { checkServer, Starts } from './Starts.ts'
import { Supervisor } from './Supervisor.ts'
import { Topics } from './Topics.ts'
import { Watches } from './Watches.ts'

/** The last commit gets so long at an end, and the reader to leave its group and to close its sockets, ms. */
const CLOSE_DEADLINE = 2_000

export interface Formers {
  /** The subscription that this one resumes, in a resume scope. */
  readonly slot: Slot<Reading> | undefined
  /** Where one of the same stream stood that broke and is not resumed: what lies between is a gap. */
  readonly broken: Standing | undefined
}

/** One subscription of a source, from subscribe to the last commit after its drain. */
export class Reading implements LiveReading, ReadingContext {
  readonly options: SourceOptions
  readonly moment: number
  /** Settles when started work is done, what was handled is written down and nothing is open. */
  readonly drained: Promise<void>
  readonly standing: Standing
  readonly #out: Subscriber<Delivery>
  /** A later subscription may resume this one. */
  readonly #resumable: boolean
  /** Until it is inherited: else each subscription would keep all before it. */
  #former: Reading | undefined
  readonly #over = new AbortController()
  /** Ends the wait for started work. */
  readonly #abort = new AbortController()
  readonly #pump: Pump
  readonly #partHooks: PartHooks
  readonly #placer: Placer
  readonly #topics: Topics
  readonly #membership: Membership | undefined
  readonly #supervisor: Supervisor
  readonly #committer: Committer | undefined
  readonly #load: Load = { records: 0, bytes: 0 }
  readonly #watches: Watches
  #starts: Starts
  #checkpoint: Checkpoint | undefined
  #running: Promise<void> = Promise.resolve()
  #settleDrained: () => void = () => {}

  constructor(options: SourceOptions, out: Subscriber<Delivery>, { slot, broken }: Formers) {
    const { clock, consumerGroup, counters, from, logger } = options
    this.options = options
    this.moment = clock.now()
    this.#out = out
    this.standing = new Standing(broken)
    this.#resumable = slot !== undefined
    this.#former = slot?.previous
    this.#starts = this.#former?.starts ?? new Starts(clock, from instanceof Checkpoint ? from.start : from)
    this.drained = new Promise(resolve => {
      this.#settleDrained = resolve
    })
    this.#pump = new Pump(
      this.parts,
      this.#load,
      out,
      { ...options, fresh: slot?.fresh },
      {
        pause: part => this.#supervisor.reader?.pause([part.atFetch]),
        resume: part => this.#supervisor.reader?.resume([part.atFetch]),
        turned: () => this.#watches.turned(),
        done: () => this.#done(),
      },
    )
    this.#watches = new Watches(this, this.#load)
    this.#partHooks = {
      load: this.#load,
      countsOf: topic => counters.of(topic),
      ended: () => this.ended,
      settled: () => this.#pump.settled(),
      progressed: (part, acked) => {
        this.#watches.moved(part)
        this.#committer?.progressed(acked)
      },
      failed: (token, error) => sayFailed(this, token, error),
      late: lateAckWarning(logger),
    }
    this.#placer = new Placer(this)
    this.#topics = new Topics(this, this.#placer, {
      changed: recreated => this.#supervisor.topicsChanged(recreated),
      hasSucceeded: () => this.#supervisor.hasSucceeded,
    })
    this.#membership = consumerGroup && new Membership(this, consumerGroup, this.#placer, this.#topics, () => this.#supervisor.reader)
    this.#supervisor = new Supervisor(this, this.#topics, new PartitionFaults(this, this.#topics), this.#membership, {
      records: (part, { records, next }) => this.#pump.push(part, records, next),
    })
    if (consumerGroup || from instanceof Checkpoint)
      this.#committer = new Committer(clock, options.times.autoCommitInterval, () => this.#write())
    const loop = currentLoop()
    if (loop) loop.warn = text => logger.warn({}, text)
    slot?.keep(this)
    options.onOpen?.(this)
    this.#running = this.#run()
  }

  get starts(): Starts {
    return this.#starts
  }

  get signal(): AbortSignal {
    return this.#over.signal
  }

  get ended(): boolean {
    return this.#over.signal.aborted
  }

  get parts(): ReadonlyMap<string, Part> {
    return this.standing.parts
  }

  /** The handled prefix of every partition; undefined while nothing is known. */
  get cursor(): Cursor | undefined {
    return this.standing.cursor(this.options.transport.server, this.#topics.positionedAt ?? this.#starts.since)
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

  /** As `close`, without waiting for started work; also when it is waited for already. */
  abort(): void {
    this.#abort.abort()
    this.#end('closed')
  }

  resumedAt(at: TopicPartition): Position | undefined {
    return this.standing.resumedAt(at)
  }

  createPart(start: Position, epoch: number, limit: number | undefined): Part {
    const key = partitionKey(start)
    const former = this.parts.get(key)
    if (former) this.discard([former])
    const resumed = this.standing.take(key)
    const part = new Part(placeIn(this.options, start.topic, start.partition), start, epoch, this.#partHooks, resumed)
    part.limit = part.resumes?.limit ?? limit
    this.standing.parts.set(key, part)
    const before = resumed || this.#committer ? undefined : this.standing.prefixBefore(key)
    if (before !== undefined && before < start.offset) sayResubscribed(this, start, before)
    return part
  }

  start(parts: readonly Part[]): void {
    this.#supervisor.start(parts)
  }

  discard(parts: readonly Part[]): void {
    // What is revoked its reader has let go of.
    const read = parts.filter(part => this.standing.remove(part) && (!this.#membership || !part.leaving))
    for (const part of parts) part.discard()
    if (read.length > 0) this.#supervisor.reader?.stop(read.map(part => part.atHandled))
  }

  retire(parts: readonly Part[]): void {
    if (parts.length === 0) return
    this.#supervisor.reader?.pause(parts.map(part => part.atFetch))
    void finish(this, parts).then(mayGo => {
      if (!mayGo) return
      if (this.options.from instanceof Checkpoint) for (const part of parts) this.standing.leave(part)
      this.discard(parts)
    })
  }

  async writeDown(): Promise<void> {
    await this.#committer?.flush()
  }

  wake(): void {
    this.#pump.wake()
  }

  /** All is read below the limits of `until`. */
  #done(): void {
    const isDone = this.#membership?.isDone ?? this.parts.size > 0
    if (isDone && this.#topics.complete) this.#end('complete')
  }

  async #run(): Promise<void> {
    try {
      for (const at of [this.options.from, this.options.until]) checkServer(at, this.options)
      await this.#untilItsTurn()
      if (this.#former) this.standing.inherit(this.#former.standing.handOver())
      this.#former = undefined
      if (this.ended) return
      this.#membership?.takeOver()
      await this.#loadCheckpoint()
      if (this.ended) return
      this.#topics.follow()
      await this.#supervisor.run()
    } catch (thrown) {
      this.fail(toAlertError(thrown, 'ALERT_CONFIG'))
    }
  }

  /** Those that drain and hold what this one needs have ended. */
  async #untilItsTurn(): Promise<void> {
    const draining: LiveReading[] = this.options.live.enter(this, exclusivesOf(this.options))
    if (this.#former) draining.push(this.#former)
    await Promise.all(draining.map(({ drained }) => drained))
  }

  async #loadCheckpoint(): Promise<void> {
    const { from, clock } = this.options
    if (!(from instanceof Checkpoint)) return
    this.#checkpoint = from
    const base = await from.load(this)
    checkServer(base, this.options)
    this.standing.base = base
    from.follow(() => this.cursor)
    if (base && !this.standing.isResumed) this.#starts = new Starts(clock, base)
  }

  #end(kind: 'error' | 'unsubscribed' | 'complete' | 'closed', error?: AlertError): void {
    if (this.ended) return
    this.#over.abort()
    this.standing.end()
    this.#pump.stop()
    this.#topics.stop()
    this.#placer.stop()
    this.#watches.stop()
    const parts = [...this.parts.values()]
    this.#supervisor.reader?.pause(parts.map(part => part.atFetch))
    // What waits below a natural end is still to be done; any other end gives it back.
    if (kind !== 'complete') for (const part of parts) part.leave()
    // A Checkpoint may keep this one for long.
    for (const part of parts) part.queue.length = 0
    void this.#drain(parts, error)
    if (error) whileFailing(() => this.#out.error(error))
    else if (kind !== 'unsubscribed') this.#out.complete()
  }

  async #drain(parts: readonly Part[], error: AlertError | undefined): Promise<void> {
    const { clock, times, live, logger } = this.options
    const timeout = pause(clock, times.drainTimeout, this.#abort.signal)
    await Promise.all(parts.map(part => part.whenIdle(timeout)))
    this.#abort.abort()
    await this.#committer?.close(CLOSE_DEADLINE, () => this.#checkpoint?.release(this, logger))
    if (!this.#resumable) for (const part of this.parts.values()) part.fence()
    await this.#supervisor.close(CLOSE_DEADLINE)
    await this.#running
    live.leave(this)
    this.#checkpoint?.leave(this)
    this.#membership?.leaveBehind()
    this.say({ type: 'closed', error })
    this.#settleDrained()
  }

  /** Commits, or saves the checkpoint; whether all is written. */
  #write(): Promise<boolean> {
    const { from, logger, counters } = this.options
    if (this.#membership) return this.#membership.commit()
    return from instanceof Checkpoint ? from.saved(logger, counters) : Promise.resolve(true)
  }
}
