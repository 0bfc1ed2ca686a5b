import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { accepts, ask } from './ask.ts'
import { BedClient, type BedData } from './bedClient.ts'
import type { BrokerProcess } from './broker.ts'
import { type KafkaOptions, layOut } from './layout.ts'
import { listenerNames } from './listeners.ts'
import { metadataQuestion, readMetadata } from './metadata.ts'
import { areGroupsReady } from './offsets.ts'
import { until } from './run.ts'
import { damageSegmentFile, segmentFile } from './segment.ts'

export type { KafkaOptions } from './layout.ts'

/** Kafka lets a group that was empty wait for 3 s until it shares out its partitions. In tests that only pass through that, it adds up to minutes. */
export const SHARED_OUT_AT_ONCE = { 'group.initial.rebalance.delay.ms': 200 }

/**
 * Starts a real Kafka of its own, on loopback ports chosen now and kept over restarts. Resolves when it is ready.
 *
 * Rights: `admin` may do everything; so may whoever does not authenticate (the plain port is for administration; the port of TLS
 * without SASL cannot be told apart from it). `alice` and `bob` may read groups whose name begins with `alice-` or `bob-`, and nothing
 * else until granted.
 */
export async function startKafka(options: KafkaOptions = {}): Promise<KafkaBed> {
  const { directory, data, processes } = await layOut(options)
  const bed = new KafkaBed(directory, data, processes)
  try {
    await bed.startAll()
    await until(() => areGroupsReady(data.brokers[0]!.plaintext), 'the group coordinators are not ready')
    for (const user of ['alice', 'bob']) await bed.grant(user, 'group', `${user}-`, ['read'], { prefixed: true })
    return bed
  } catch (error) {
    await bed.close()
    throw error
  }
}

/** A running Kafka, with what a test does to it: the helpers of `BedClient`, and stopping, killing, pausing its brokers. */
export class KafkaBed extends BedClient {
  readonly directory: string
  readonly #processes: readonly BrokerProcess[]

  constructor(directory: string, data: BedData, processes: readonly BrokerProcess[]) {
    super(data)
    this.directory = directory
    this.#processes = processes
  }

  /** Starts broker `n` (if it is not running) and waits until it serves clients. */
  async start(n: number): Promise<void> {
    this.#process(n).start()
    await this.waitUntilReady([n])
  }

  async startAll(): Promise<void> {
    for (const broker of this.#processes) broker.start()
    await this.waitUntilReady()
  }

  /** SIGTERM, and waits for the end. Throws if that takes more than 30 s. */
  stop(n: number): Promise<void> {
    return this.#process(n).stop()
  }

  /** SIGKILL, and waits for the end. What it had acknowledged is in its files. */
  kill(n: number): Promise<void> {
    return this.#process(n).kill()
  }

  /** SIGSTOP: connections stay open, nothing answers. */
  pause(n: number): void {
    this.#process(n).pause()
  }

  /** SIGCONT. */
  resume(n: number): void {
    this.#process(n).resume()
  }

  isRunning(n: number): boolean {
    return this.#process(n).running
  }

  /** The last lines of a broker's log. */
  log(n: number, lines = 25): string {
    return this.#process(n).tail(lines)
  }

  /** Waits until the brokers (default: those running) accept on every port and are part of the cluster. */
  async waitUntilReady(which: readonly number[] = this.#running()): Promise<void> {
    for (const n of which) {
      const broker = this.#process(n)
      const isReadyOrEnded = async () => broker.end !== undefined || (await this.#serves(n))
      await until(isReadyOrEnded, `broker ${n} is not ready`, 90_000).catch(error => {
        throw new Error(`${error.message}. The last lines of its log:\n${broker.tail()}`, { cause: error })
      })
      if (broker.end !== undefined) throw new Error(`broker ${n} ended (${broker.end}). The last lines of its log:\n${broker.tail()}`)
    }
  }

  /** Damages the stored batch that holds `offset`, at every broker that has it; brokers serve it as it is. */
  async damageSegment(topic: string, partition: number, offset: number, damage: 'byte' | 'record' = 'record'): Promise<void> {
    let found = false
    for (const n of this.#processes.keys()) {
      const file = segmentFile(join(this.directory, String(n), 'data'), topic, partition)
      if (file !== undefined) found = (await damageSegmentFile(file, offset, damage)) || found
    }
    if (!found) throw new Error(`no segment file of ${topic}[${partition}] has a batch with offset ${offset}`)
  }

  /** Kills the brokers and removes their files. */
  async close(): Promise<void> {
    await Promise.all(this.#processes.map(broker => broker.kill()))
    await rm(this.directory, { recursive: true, force: true, maxRetries: 3 })
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** Administration goes to brokers that can answer. */
  protected override administrable(): readonly number[] {
    return this.#running().filter(n => !this.#process(n).paused)
  }

  async #serves(n: number): Promise<boolean> {
    const addresses = this.brokers[n]!
    const cluster = readMetadata(await ask(addresses.plaintext, metadataQuestion([])))
    const all = [...listenerNames.map(name => addresses[name]), addresses.bearer].filter(address => address !== undefined)
    const open = await Promise.all(all.map(accepts))
    return open.every(Boolean) && cluster.brokers.some(({ node }) => node === n)
  }

  #running(): number[] {
    return [...this.#processes.keys()].filter(n => this.#process(n).running)
  }

  #process(n: number): BrokerProcess {
    const broker = this.#processes[n]
    if (!broker) throw new Error(`there is no broker ${n}: the bed has ${this.#processes.length}, from 0`)
    return broker
  }
}
