import { type EngineOptions, engineConfig } from '../../../src/transports/kafka/config.ts'
import { Links } from '../../../src/transports/kafka/links.ts'
import { KafkaWriter } from '../../../src/transports/kafka/writer.ts'
import type { OutRecord, WriteOptions, WriteOutcome } from '../../../src/transports/transport.ts'

export interface Spread {
  readonly partitions: number
  readonly window: number
}

export interface Written {
  readonly value: string
  readonly partition: number | undefined
  outcome?: WriteOutcome
}

/** A writer with links of its own, which keeps what was written and what came of it. */
export class RealWriter {
  readonly links: Links
  readonly written: Written[] = []
  readonly retries = new Map<string, number>()
  readonly plain: string[] = []
  readonly #writer: KafkaWriter

  constructor(engine: EngineOptions, options: Partial<WriteOptions> = {}) {
    this.links = new Links(engineConfig(engine))
    this.#writer = new KafkaWriter(this.links, {
      deliveryTimeout: 60_000,
      onPlain: error => this.plain.push(error.message),
      onRetry: error => {
        const what = error.kafka ?? error.code
        this.retries.set(what, (this.retries.get(what) ?? 0) + 1)
      },
      ...options,
    })
  }

  /** Resolves with what came of it; never rejects. */
  write(topic: string, value: string, over: Partial<OutRecord> = {}): Promise<WriteOutcome> {
    const written: Written = { value, partition: over.partition }
    this.written.push(written)
    return new Promise(resolve => {
      this.#writer.write({ topic, key: null, value: Buffer.from(value), headers: [], timestamp: Date.now(), ...over }, outcome => {
        if (written.outcome) throw new Error(`${value} settled twice`)
        written.outcome = outcome
        resolve(outcome)
      })
    })
  }

  /** Writes the numbers from 0 to `count` - 1, in each partition at most `window` of them unanswered. */
  async writeNumbers(topic: string, count: number, { partitions, window }: Spread): Promise<void> {
    let next = 0
    await this.#toEach(partitions, async partition => {
      const open = new Set<Promise<unknown>>()
      while (next < count) {
        const answer: Promise<unknown> = this.write(topic, String(next++), { partition }).then(() => open.delete(answer))
        open.add(answer)
        if (open.size >= window) await Promise.race(open)
      }
      await Promise.all(open)
    })
  }

  /** Writes numbers from 0 on, at its leisure, until it is enough; `window` of them at a time in each partition. */
  async writeUntil(topic: string, isEnough: () => boolean, { partitions, window }: Spread): Promise<void> {
    let next = 0
    await this.#toEach(partitions, async partition => {
      while (!isEnough()) {
        await Promise.all(Array.from({ length: window }, () => this.write(topic, String(next++), { partition })))
        await new Promise(resolve => setTimeout(resolve, 10))
      }
    })
  }

  async #toEach(partitions: number, write: (partition: number) => Promise<void>): Promise<void> {
    await Promise.all(Array.from({ length: partitions }, (_, partition) => write(partition)))
  }

  get settled(): number {
    return this.written.filter(({ outcome }) => outcome).length
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writer.close(1000)
    await this.links.close()
  }
}
