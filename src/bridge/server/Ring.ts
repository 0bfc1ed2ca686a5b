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
  /** The topic was made anew: offsets begin anew after this. */
  readonly isAnew?: boolean | undefined
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
  /** By topic and partition: the index at which it began anew. */
  readonly #anew = new Map<string, number>()

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
    if (!isMark(slot) && slot.isAnew) {
      this.#anew.set(placeKey(slot.topicId, slot.partition), this.head)
      // Whatever is in it comes.
      this.begin(slot.topicId, slot.partition, 0)
    }
    this.#slots.push(slot)
    this.#bytes += sizeOf(slot)
    while (this.#isOverfull()) this.#drop()
    this.#compact()
  }

  /** What the slots from an index on keep in memory. */
  bytesFrom(index: number): number {
    let bytes = 0
    for (let at = Math.max(index, this.#tail); at < this.head; at++) bytes += sizeOf(this.#slots[at - this.#origin]!)
    return bytes
  }

  /** Where a partition's records in the ring begin; undefined: nobody has said it. */
  startOf(topicId: string, partition: number): number | undefined {
    return this.#starts.get(topicId)?.get(partition)
  }

  /** By partition. */
  startsOf(topicId: string): ReadonlyMap<number, number> {
    return this.#starts.get(topicId) ?? new Map()
  }

  /** The index at which a partition began anew: offsets before it are of another topic. Undefined: it did not. */
  anewAt(topicId: string, partition: number): number | undefined {
    return this.#anew.size === 0 ? undefined : this.#anew.get(placeKey(topicId, partition))
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

  /** The newest one stays, however large it is: else nobody would ever get it. */
  #isOverfull(): boolean {
    const count = this.head - this.#tail
    return count > 1 && (count > this.#limits.records || this.#bytes > this.#limits.bytes)
  }

  #drop(): void {
    const slot = this.#slots[this.#tail - this.#origin]
    this.#slots[this.#tail - this.#origin] = undefined
    this.#tail++
    if (slot === undefined) return
    this.#bytes -= sizeOf(slot)
    if (!isMark(slot)) this.#beginAfter(slot)
  }

  #beginAfter({ topicId, partition, offset, isAnew }: Entry): void {
    const anew = this.anewAt(topicId, partition)
    // Of the topic that was: it says nothing of where the present one begins.
    if (anew !== undefined && this.#tail - 1 < anew) return
    if (isAnew) this.#anew.delete(placeKey(topicId, partition))
    else this.begin(topicId, partition, offset + 1)
  }

  /** Dropped slots are cut off now and then: at each drop it would move all the others. */
  #compact(): void {
    const dropped = this.#tail - this.#origin
    if (dropped < 1024 || dropped * 2 < this.#slots.length) return
    this.#slots = this.#slots.slice(dropped)
    this.#origin = this.#tail
  }
}

/** A partition in maps. */
export const placeKey = (topicId: string, partition: number): string => `${topicId}[${partition}]`

function sizeOf(slot: Slot): number {
  if (isMark(slot)) return OVERHEAD
  let size = slot.bytes.length + OVERHEAD
  for (const blob of slot.blobs?.values() ?? []) size += typeof blob === 'string' ? blob.length : blob.length
  return size
}
