import { AlertError } from '../errors.ts'
import { type Position, partitionKey, type TopicPartition } from '../place.ts'
import { type Assigned, isFaulty, type Where } from '../transports/transport.ts'
import { type ReadingContext, sayGap } from './context.ts'
import type { Part } from './Part.ts'

export interface Missed extends TopicPartition {
  readonly error: AlertError
}

export interface Placed {
  readonly parts: readonly Part[]
  /** Could not be asked now; nothing is made of them. */
  readonly missed: readonly Missed[]
}

export interface PlaceRequest {
  readonly wanted: readonly Assigned[]
  readonly topicIds: ReadonlyMap<string, string | undefined>
  /** Keys of partitions that came to a topic that is already read: they start at their beginning. */
  readonly grown: ReadonlySet<string>
  readonly epoch: number
  /** The partitions are still to be placed when the answers are here. */
  readonly isWanted?: (() => boolean) | undefined
  /** What comes before the partitions are said to be positioned. */
  readonly settle?: ((parts: readonly Part[]) => Promise<void>) | undefined
}

/** How often it is looked whether the date of `until` has come, ms. */
const LOOK_AT_CLOCK = 60_000

/** Makes parts of partitions: where each starts (committed, resumed, or as `from` says) and where it ends (`until`). */
export class Placer {
  readonly #context: ReadingContext
  #cancelUntil: (() => void) | undefined

  constructor(context: ReadingContext) {
    this.#context = context
    const { until, clock } = context.options
    if (until instanceof Date && until.getTime() > clock.now()) this.#awaitUntil(until)
  }

  async place(request: PlaceRequest): Promise<Placed> {
    const missed: Missed[] = []
    const starts = await this.#starts(request, missed)
    const limits = await this.#limits(starts, missed)
    if (this.#context.signal.aborted || request.isWanted?.() === false) return { parts: [], missed: [] }
    const parts = starts
      .filter(at => limits.has(partitionKey(at)))
      .map(at => this.#context.createPart(at, request.epoch, limits.get(partitionKey(at))))
    await request.settle?.(parts)
    if (parts.length > 0) this.#context.say({ type: 'positioned', positions: parts.map(part => part.atFetch) })
    return { parts, missed }
  }

  stop(): void {
    this.#cancelUntil?.()
  }

  async #starts({ wanted, topicIds, grown }: PlaceRequest, missed: Missed[]): Promise<Position[]> {
    const { starts, options, signal } = this.#context
    const known: Position[] = []
    const asked: TopicPartition[] = []
    for (const at of wanted) {
      const { topic, partition } = at
      const topicId = topicIds.get(topic)
      const resumed = this.#context.resumedAt(at)
      const recreated = resumed?.topicId !== undefined && topicId !== undefined && resumed.topicId !== topicId
      if (recreated) this.sayRecreated(resumed)
      const offsets = [at.committed, recreated ? 0 : resumed?.offset].filter(offset => offset !== undefined)
      if (offsets.length === 0) asked.push({ topic, partition })
      else known.push({ topic, partition, topicId, offset: Math.max(...offsets) })
    }
    const found = asked.length === 0 ? [] : await starts.locate(options.transport, asked, topicIds, grown, signal)
    found.forEach((answer, i) => {
      if (isFaulty(answer)) {
        missed.push({ ...asked[i]!, error: answer.fault })
        return
      }
      if (answer.recreatedFrom !== undefined) this.sayRecreated({ ...answer, offset: answer.recreatedFrom })
      known.push(answer)
    })
    return known
  }

  /** By key; a partition whose limit could not be asked is missed. */
  async #limits(starts: readonly Position[], missed: Missed[]): Promise<Map<string, number | undefined>> {
    const { until, clock } = this.#context.options
    if (until === 'end') return this.#locate('latest', starts, missed)
    if (until instanceof Date && until.getTime() <= clock.now()) return this.#locate({ time: until.getTime() }, starts, missed)
    const cursor = until instanceof Date ? undefined : until
    return new Map(
      starts.map(({ topic, partition }) => [partitionKey({ topic, partition }), cursor && (cursor.offset(topic, partition) ?? 0)]),
    )
  }

  async #locate(where: Where, starts: readonly TopicPartition[], missed: Missed[]): Promise<Map<string, number>> {
    const { transport } = this.#context.options
    const partitions = starts.map(({ topic, partition }) => ({ topic, partition }))
    const ends = partitions.length === 0 ? [] : await transport.locate(where, partitions, this.#context.signal)
    const limits = new Map<string, number>()
    ends.forEach((end, i) => {
      if (isFaulty(end)) missed.push({ ...partitions[i]!, error: end.fault })
      else limits.set(partitionKey(end), end.offset)
    })
    return limits
  }

  /** A date is the wall clock's, which may be set meanwhile. */
  #awaitUntil(until: Date): void {
    const { clock } = this.#context.options
    const left = until.getTime() - clock.now()
    if (left <= 0) void this.#endNow(until)
    else this.#cancelUntil = clock.after(Math.min(left, LOOK_AT_CLOCK), () => this.#awaitUntil(until))
  }

  /** The date of `until` has come: what the log holds up to it is still delivered. */
  async #endNow(until: Date): Promise<void> {
    const parts = [...this.#context.parts.values()]
    const missed: Missed[] = []
    try {
      const limits = await this.#locate(
        { time: until.getTime() },
        parts.map(part => part.atFetch),
        missed,
      )
      for (const part of parts) part.limit ??= limits.get(partitionKey(part.atFetch))
    } catch {
      // The whole server is away: below, it is asked again.
    }
    this.#context.wake()
    const again = parts.some(part => part.limit === undefined && this.#context.parts.get(partitionKey(part.atFetch)) === part)
    if (again && !this.#context.signal.aborted) this.#cancelUntil = this.#context.options.clock.after(1_000, () => void this.#endNow(until))
  }

  /** Another topic under the same name; whether the subscription goes on. */
  sayRecreated({ topic, partition, offset }: Position): boolean {
    return sayGap(this.#context, { topic, partition, from: offset, to: offset, reason: 'recreated' }, recreatedError(topic))
  }
}

export const recreatedError = (topic: string): AlertError =>
  new AlertError('ALERT_TOPIC_RECREATED', `${topic} was deleted and created again: its offsets start anew`, {
    mend: 'It is read from its beginning',
  })
