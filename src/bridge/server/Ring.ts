import type { Mark } from './Mark.ts'

/** An event of one topic's partition, encoded once for all sessions. */
export interface Entry {
  /** The `ServedTopic`'s id. */
  readonly topicId: string
  readonly partition: number
  /** Of the record; of a gap: where reading goes on. */
  readonly offset: number
  /** When it was published, ms since 1970. */
  readonly timestamp: number
  /** The whole server-sent event. */
  readonly bytes: Uint8Array
  /** What was lifted out of it, by JSON pointer. */
  readonly blobs?: ReadonlyMap<string, Uint8Array | string> | undefined
}

export type Slot = Entry | Mark

export const isMark = (slot: Slot): slot is Mark => 'cursors' in slot

export interface RingLimits {
  readonly bytes: number
  readonly records: number
}

/** What an entry keeps in memory beside its bytes. */
const OVERHEAD = 200

/**
 * The newest events, in the order in which they came; each has an index, which only grows. Sessions are indexes into it: nothing is queued
 * for a client. What is older than the limits allow falls off the tail.
 */
export class Ring {
  readonly #limits: RingLimits
  #slots: (Slot | undefined)[] = []
  /** Index of `#slots[0]`. */
  #origin = 0
  #tail = 0
  #bytes = 0
  /** By topic and partition: everything from here on is in the ring, or did not come yet. */
  readonly #starts = new Map<string, Map<number, number>>()

  constructor(limits: RingLimits) {
    this.#limits = limits
  }

  /** Index of the oldest slot. */
  get tail(): number {
    return this.#tail
  }

  /** Index of the next slot to come. */
  get head(): number {
    return this.#origin + this.#slots.length
  }

  get bytes(): number {
    return this.#bytes
  }

  /** @returns undefined where it has fallen off, or did not come yet */
  at(index: number): Slot | undefined {
    return index < this.#tail ? undefined : this.#slots[index - this.#origin]
  }

  push(slot: Slot): void {
    this.#slots.push(slot)
    this.#bytes += sizeOf(slot)
    while (this.#bytes > this.#limits.bytes || this.head - this.#tail > this.#limits.records) this.#drop()
    this.#compact()
  }

  /** Where a partition's records in the ring begin; undefined: nobody has said it. */
  startOf(topicId: string, partition: number): number | undefined {
    return this.#starts.get(topicId)?.get(partition)
  }

  /** By partition. */
  startsOf(topicId: string): ReadonlyMap<number, number> {
    return this.#starts.get(topicId) ?? new Map()
  }

  /** Records from this offset on will be pushed. */
  begin(topicId: string, partition: number, offset: number): void {
    const partitions = this.#starts.get(topicId) ?? new Map<number, number>()
    this.#starts.set(topicId, partitions.set(partition, offset))
  }

  find(topicId: string, partition: number, offset: number): Entry | undefined {
    for (let index = this.head - 1; index >= this.#tail; index--) {
      const slot = this.at(index)
      if (slot && !isMark(slot) && slot.offset === offset && slot.partition === partition && slot.topicId === topicId) return slot
    }
    return undefined
  }

  /** When the oldest record in it was published, ms since 1970. */
  get oldest(): number | undefined {
    for (let index = this.#tail; index < this.head; index++) {
      const slot = this.at(index)
      if (slot && !isMark(slot)) return slot.timestamp
    }
    return undefined
  }

  #drop(): void {
    const slot = this.#slots[this.#tail - this.#origin]
    this.#slots[this.#tail - this.#origin] = undefined
    this.#tail++
    if (slot === undefined) return
    this.#bytes -= sizeOf(slot)
    if (!isMark(slot)) this.begin(slot.topicId, slot.partition, slot.offset + 1)
  }

  /** Dropped slots are cut off now and then: at each drop it would move all the others. */
  #compact(): void {
    const dropped = this.#tail - this.#origin
    if (dropped < 1024 || dropped * 2 < this.#slots.length) return
    this.#slots = this.#slots.slice(dropped)
    this.#origin = this.#tail
  }
}

function sizeOf(slot: Slot): number {
  if (isMark(slot)) return OVERHEAD
  let size = slot.bytes.length + OVERHEAD
  for (const blob of slot.blobs?.values() ?? []) size += typeof blob === 'string' ? blob.length : blob.length
  return size
}
