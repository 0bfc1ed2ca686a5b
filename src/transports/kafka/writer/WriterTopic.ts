import { pause } from '../../../clock.ts'
import type { AlertError } from '../../../errors.ts'
import { partitionOfKey, StickyPartition } from '../partitioner.ts'
import { Lane, type LaneContext } from './Lane.ts'
import type { Holder, Pending } from './Pending.ts'
import type { Places } from './Places.ts'
import { faultOf, Tries } from './Tries.ts'

/** The way to one topic: chooses each record's partition, once and for all, before its first try. */
export class WriterTopic implements Holder {
  readonly uncertain = false
  fault: AlertError | undefined
  readonly #context: LaneContext
  readonly #places: Places
  readonly #lanes = new Map<number, Lane>()
  readonly #sticky = new StickyPartition()
  /** Records that wait until the number of partitions is known. */
  #parked: Pending[] = []
  #looking = false

  constructor(context: LaneContext, places: Places) {
    this.#context = context
    this.#places = places
  }

  write(pending: Pending): void {
    if (this.#looking || this.#places.count === 0) {
      this.#park(pending)
    } else {
      this.#places.refresh()
      this.#place(pending)
    }
  }

  #park(pending: Pending): void {
    pending.holder = this
    this.#parked.push(pending)
    if (this.#looking) return
    this.#looking = true
    void this.#look()
  }

  async #look(): Promise<void> {
    this.#context.producers.get().catch(() => {}) // needed next, so asked for meanwhile; a lane meets its error
    const tries = new Tries()
    while (this.#places.count === 0 && this.#parked.some(pending => !pending.settled)) {
      try {
        await this.#places.ask()
      } catch (thrown) {
        const error = faultOf(thrown)
        if (!tries.allow(error)) {
          this.#unpark(pending => pending.fail(error))
          return
        }
        this.fault = error
        this.#context.onRetry(error, this.#places.topic)
        await pause(this.#context.clock, tries.wait(), this.#context.ended)
      }
    }
    this.#unpark(pending => this.#place(pending))
  }

  #unpark(each: (pending: Pending) => void): void {
    const parked = this.#parked
    this.#parked = []
    this.#looking = false
    this.fault = undefined
    for (const pending of parked) if (!pending.settled) each(pending)
  }

  #place(pending: Pending): void {
    const { partition, key } = pending.record
    this.#lane(partition ?? this.#choose(key)).add(pending)
  }

  #choose(key: Uint8Array | null): number {
    if (key !== null && key.length > 0) return partitionOfKey(key, this.#places.count)
    return this.#sticky.choose(() => this.#candidates())
  }

  /** Where a record without a key is written soonest: partitions in trouble are passed over if there are others. */
  #candidates(): readonly number[] {
    const all = Array.from({ length: this.#places.count }, (_, partition) => partition)
    const sound = all.filter(partition => this.#places.isLed(partition) && !this.#lanes.get(partition)?.failing)
    return sound.length > 0 ? sound : all
  }

  #lane(partition: number): Lane {
    const known = this.#lanes.get(partition)
    if (known) return known
    const lane = new Lane(this.#context, this.#places, partition, () => this.#sticky.leave(partition))
    this.#lanes.set(partition, lane)
    return lane
  }
}
