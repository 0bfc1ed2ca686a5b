import { AlertError } from '../../../errors.ts'
import { backoff } from '../backoff.ts'
import type { Links } from '../links.ts'
import { Lane, type LaneHost, type LaneOptions } from './Lane.ts'
import type { ReadPartition } from './ReadPartition.ts'

export interface LanesHost extends Omit<LaneHost, 'lost'> {
  /** A link died. Its partitions may be placed anew after `delay` ms. */
  lost(leader: string, error: AlertError, partitions: readonly ReadPartition[], delay: number): void
}

/** The lanes of one reader: one for each leader that has partitions of it. */
export class Lanes {
  readonly #links: Links
  readonly #options: LaneOptions
  readonly #host: LaneHost
  readonly #open = new Map<string, Lane>()
  readonly #failures = new Map<string, number>()
  readonly #closing = new Set<Promise<void>>()

  constructor(links: Links, options: LaneOptions, host: LanesHost) {
    this.#links = links
    this.#options = options
    this.#host = {
      ...host,
      alive: (lane, partitions) => {
        this.#failures.delete(lane.leader)
        host.alive(lane, partitions)
      },
      lost: ({ leader, closed }, error, partitions) => {
        this.#gone(leader, closed)
        this.#links.noteFailed(leader)
        const failures = (this.#failures.get(leader) ?? 0) + 1
        this.#failures.set(leader, failures)
        host.lost(leader, error, partitions, backoff(failures))
      },
    }
  }

  /** @throws AlertError ALERT_CLOSED */
  place(partition: ReadPartition, leader: string): void {
    const lane = this.#open.get(leader) ?? new Lane(leader, this.#links.link(leader), this.#options, this.#host)
    this.#open.set(leader, lane)
    lane.add(partition)
  }

  /** Lets all fetch that are not doing so. */
  wake(): void {
    for (const lane of this.#open.values()) lane.wake()
  }

  /** Leaves no socket where nothing is read. */
  closeEmpty(): void {
    for (const lane of this.#open.values())
      if (lane.empty) this.#close(lane, new AlertError('ALERT_CLOSED', `${lane.leader}: no partition is read there`))
  }

  /** Resolves when no socket is left. */
  async close(error: AlertError): Promise<void> {
    for (const lane of this.#open.values()) this.#close(lane, error)
    await Promise.all(this.#closing)
  }

  #close(lane: Lane, error: AlertError): void {
    lane.close(error)
    this.#gone(lane.leader, lane.closed)
  }

  #gone(leader: string, socket: Promise<void>): void {
    this.#open.delete(leader)
    const closed = socket.then(() => {
      this.#closing.delete(closed)
    })
    this.#closing.add(closed)
  }
}
