import type { ConsumerGroupOptions } from '../../src/sources/options.ts'
import type { ReadEvent, Reader } from '../../src/transports/transport.ts'
import type { Rig } from './rig.ts'

/** Another member of the group, by a bare reader: it takes its share, handles some records of it at once, and commits them. */
export class Rival {
  /** `topic@offset` of what it handled and committed. */
  readonly handled = new Set<string>()
  readonly #rig: Rig
  readonly #group: ConsumerGroupOptions
  readonly #topics: readonly string[]
  readonly #offsetsOf: (topic: string) => readonly number[]
  #reader: Reader | undefined

  constructor(rig: Rig, group: ConsumerGroupOptions, topics: readonly string[], offsetsOf: (topic: string) => readonly number[]) {
    this.#rig = rig
    this.#group = group
    this.#topics = topics
    this.#offsetsOf = offsetsOf
  }

  /** @param handles records of each partition. Whether it was not there before */
  joins(handles: number): boolean {
    if (this.#reader) return false
    const group = { ...this.#group, topics: this.#topics }
    this.#reader = this.#rig.transport.read({ group, maxBytes: 1e6, maxWait: 100, maxBatchBytes: 1e6 }, event => this.#on(event, handles))
    return true
  }

  async leaves(): Promise<void> {
    const reader = this.#reader
    this.#reader = undefined
    await reader?.close(1_000)
    if (reader) await this.#rig.clock.advance(4_000)
  }

  #on(event: ReadEvent, handles: number): void {
    if (event.type === 'revoked') this.#reader?.release(event.epoch)
    if (event.type !== 'assigned') return
    for (const { topic, partition, committed = 0 } of event.partitions) {
      const mine = this.#offsetsOf(topic)
        .filter(offset => offset >= committed)
        .slice(0, handles)
      if (mine.length === 0) continue
      const commit = this.#reader?.commit(event.epoch, [{ topic, partition, offset: mine.at(-1)! + 1 }])
      commit?.then(
        () => {
          for (const offset of mine) this.handled.add(`${topic}@${offset}`)
        },
        () => {},
      )
    }
  }
}
