import { AlertError } from '../errors.ts'
import type { Part } from './Part.ts'

/** A subscription as others see it. */
export interface LiveReading {
  readonly ended: boolean
  /** Started work is done, what was handled is written down, nothing is open. */
  readonly drained: Promise<void>
  /** What it reads now. */
  readonly parts: ReadonlyMap<string, Part>
  close(): Promise<void>
}

/** What only one live subscription may have: a topic under a consumer group, or a Checkpoint. */
export interface Exclusive {
  readonly key: object | string
  /** As errors call it. */
  readonly name: string
  /** It stands for others too: every topic of a group. */
  readonly covers?: ((key: string) => boolean) | undefined
}

interface Holder {
  readonly exclusive: Exclusive
  readonly reading: LiveReading
}

/** The subscriptions of a client. */
export class LiveReadings {
  readonly #all = new Set<LiveReading>()
  readonly #holders = new Set<Holder>()
  /** Members of consumer groups that were left behind by a broken reader: whoever reads the same next goes on with them. */
  readonly #members = new Map<object | string, string>()

  /** Enters a subscription; gives those that drain and have to be waited for. @throws AlertError ALERT_SHARED */
  enter(reading: LiveReading, exclusives: readonly Exclusive[]): LiveReading[] {
    const holders = [...this.#holders].filter(holder => exclusives.some(exclusive => overlap(exclusive, holder.exclusive)))
    const taken = holders.find(holder => !holder.reading.ended)
    if (taken) {
      throw new AlertError('ALERT_SHARED', `${taken.exclusive.name} has a live subscription already`, {
        mend: 'share() that one, or give the second its own consumerGroup or Checkpoint',
        fatal: true,
      })
    }
    this.#all.add(reading)
    for (const exclusive of exclusives) this.#holders.add({ exclusive, reading })
    return [...new Set(holders.map(holder => holder.reading))]
  }

  leave(reading: LiveReading): void {
    this.#all.delete(reading)
    for (const holder of this.#holders) if (holder.reading === reading) this.#holders.delete(holder)
  }

  /** The reader broke and did not leave its group. */
  leaveBehind(exclusives: readonly Exclusive[], memberId: string): void {
    for (const { key } of exclusives) this.#members.set(key, memberId)
  }

  /** The member that was left behind, once. */
  takeMember(exclusives: readonly Exclusive[]): string | undefined {
    const left = exclusives.map(({ key }) => this.#members.get(key)).find(memberId => memberId !== undefined)
    for (const [key, memberId] of this.#members) if (memberId === left) this.#members.delete(key)
    return left
  }

  /** Ends all of them, as `close()` says. */
  async close(): Promise<void> {
    await Promise.all([...this.#all].map(reading => reading.close()))
  }

  get all(): Iterable<LiveReading> {
    return this.#all
  }

  get size(): number {
    return this.#all.size
  }
}

const overlap = (a: Exclusive, b: Exclusive): boolean => a.key === b.key || covers(a, b) || covers(b, a)

const covers = (whole: Exclusive, { key }: Exclusive): boolean => typeof key === 'string' && whole.covers?.(key) === true
