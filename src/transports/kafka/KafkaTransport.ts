import { ConfigError } from '../../errors.ts'
import type { Position, TopicPartition } from '../../place.ts'
import {
  CLOSE_DEADLINE,
  type Per,
  type ReadEvent,
  type Reader,
  type ReadOptions,
  type TopicDescription,
  type Transport,
  type Where,
  type WriteOptions,
  type Writer,
} from '../transport.ts'
import { abortable } from './abortable.ts'
import { parseAddress } from './address.ts'
import { type EngineOptions, engineConfig } from './config.ts'
import { deleteTopic } from './deleteTopic.ts'
import { Links } from './links.ts'
import { locate } from './locate.ts'
import { KafkaReader } from './reader/KafkaReader.ts'
import { KafkaWriter } from './writer.ts'

export type KafkaTransportOptions = EngineOptions

/** A Kafka cluster (2.3 or later) as a transport: plain text or TLS, with or without SASL. Nothing is opened before something is asked. */
export class KafkaTransport implements Transport {
  readonly server: string
  readonly #links: Links
  readonly #readers = new Set<Reader>()
  readonly #writers = new Set<Writer>()

  /** @throws ConfigError when an address is not host:port */
  constructor(options: KafkaTransportOptions) {
    const config = engineConfig(options)
    if (config.brokers.length === 0) throw new ConfigError('No broker is named')
    for (const address of config.brokers) parseAddress(address)
    this.server = config.server
    this.#links = new Links(config)
  }

  async describe(topics: readonly string[] | 'all', signal?: AbortSignal): Promise<ReadonlyMap<string, Per<TopicDescription>>> {
    const known = await abortable(this.#links.metadata(topics), 'describe', signal)
    return new Map(
      [...known].map(([topic, { error, topicId, leaders }]) => [topic, error ? { fault: error } : { partitions: leaders.length, topicId }]),
    )
  }

  locate(at: Where, partitions: readonly TopicPartition[], signal?: AbortSignal): Promise<readonly Per<Position>[]> {
    return abortable(locate(this.#links, at, partitions, signal), 'locate', signal)
  }

  read(options: ReadOptions, on: (event: ReadEvent) => void): Reader {
    const reader: Reader = new KafkaReader(this.#links, options, event => {
      if (event.type === 'ended') this.#readers.delete(reader)
      on(event)
    })
    this.#readers.add(reader)
    return reader
  }

  write(options: WriteOptions): Writer {
    const writer = new KafkaWriter(this.#links, options)
    const open: Writer = {
      write: (record, done) => writer.write(record, done),
      close: async deadline => {
        await writer.close(deadline)
        this.#writers.delete(open)
      },
    }
    this.#writers.add(open)
    return open
  }

  deleteTopic(topic: string): Promise<void> {
    return deleteTopic(this.#links, topic)
  }

  async close(deadline: number = CLOSE_DEADLINE): Promise<void> {
    await Promise.all([...this.#readers, ...this.#writers].map(each => each.close(deadline)))
    await this.#links.close()
  }
}
