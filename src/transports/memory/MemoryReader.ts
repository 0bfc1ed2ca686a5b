import { type AlertError, ConfigError, toAlertError } from '../../errors.ts'
import type { Position, TopicPartition } from '../../place.ts'
import type { ReadEvent, Reader, ReadOptions } from '../transport.ts'
import type { Client } from './Client.ts'
import { Fetcher } from './Fetcher.ts'
import { type GroupOptions, Membership } from './Membership.ts'
import { turn } from './turn.ts'

export class MemoryReader implements Reader {
  readonly #client: Client
  readonly #on: (event: ReadEvent) => void
  readonly #fetcher: Fetcher
  readonly #membership: Membership | undefined
  readonly #detach: readonly (() => void)[]
  /** That of the current assignment; undefined while there is none. */
  #epoch: number | undefined
  #ending: Promise<void> | undefined

  constructor(client: Client, options: ReadOptions, on: (event: ReadEvent) => void) {
    this.#client = client
    this.#on = on
    this.#fetcher = new Fetcher(client, options, { emit: on, failed: error => this.#fail(error) })
    this.#membership = options.group && this.#member(options.group)
    if (!options.group) this.#epoch = 0
    this.#detach = [client.log.watch(() => this.#fetcher.wake()), client.link.onBreak(error => this.#broke(error))]
    this.#connect(() => {
      void this.#membership?.run()
    })
  }

  start(epoch: number, at: readonly Position[]): void {
    if (epoch === this.#epoch && !this.#ending) this.#fetcher.start(epoch, at)
  }

  stop(partitions: readonly TopicPartition[]): void {
    this.#fetcher.stop(partitions)
  }

  pause(partitions: readonly TopicPartition[]): void {
    this.#fetcher.pause(partitions, true)
  }

  resume(partitions: readonly TopicPartition[]): void {
    this.#fetcher.pause(partitions, false)
  }

  commit(epoch: number, at: readonly Position[]): Promise<void> {
    const commit = this.#membership?.commit(epoch, at)
    return commit ?? Promise.reject(new ConfigError('This reader has no consumer group to commit to'))
  }

  release(epoch: number): void {
    this.#membership?.release(epoch)
  }

  subscribe(topics: readonly string[]): void {
    this.#membership?.subscribe(topics)
  }

  /** Its connections are dead and nobody tells: nothing is heard, nothing gets through. */
  goSilent(): void {
    for (const detach of this.#detach) detach()
    this.#fetcher.close()
    this.#membership?.goSilent()
  }

  close(deadline: number): Promise<void> {
    this.#ending ??= this.#end(undefined, deadline)
    return this.#ending
  }

  #member(group: GroupOptions): Membership {
    return new Membership(this.#client, group, {
      assigned: (epoch, memberId, partitions) => {
        this.#epoch = epoch
        this.#on({ type: 'assigned', epoch, memberId, partitions })
      },
      revoked: (epoch, lost) => {
        this.#epoch = undefined
        this.#fetcher.stopAll()
        this.#on({ type: 'revoked', epoch, lost })
      },
      alive: () => this.#on({ type: 'alive' }),
      failed: error => this.#fail(error),
    })
  }

  #connect(connected: () => void): void {
    this.#client.link.ready().then(
      () => {
        if (this.#ending) return
        connected()
        this.#fetcher.wake()
      },
      (error: unknown) => this.#fail(toAlertError(error)),
    )
  }

  #broke(error: AlertError): void {
    if (this.#ending) return
    this.#fetcher.broke(error)
    this.#connect(() => {})
  }

  #fail(error: AlertError): void {
    this.#ending ??= this.#end(error, 0)
  }

  async #end(error: AlertError | undefined, deadline: number): Promise<void> {
    for (const detach of this.#detach) detach()
    this.#fetcher.close()
    // One that failed, or is given no time, does not leave: its successor takes the member's place, and nobody else has to join again.
    await this.#membership?.close(error === undefined && deadline > 0, deadline)
    await new Promise<void>(turn)
    this.#on({ type: 'ended', error, memberId: error && (this.#membership?.memberId || undefined) })
  }
}
