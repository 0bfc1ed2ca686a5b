import { type Clock, systemClock } from '../../clock.ts'
import { ConfigError } from '../../errors.ts'
import { type Position, partitionKey, type TopicPartition } from '../../place.ts'
import type { Assigner } from '../assigners.ts'
import { type GroupMember, MemoryGroup } from './MemoryGroup.ts'
import { MemoryPartition } from './MemoryPartition.ts'
import type { NewRecord } from './MemoryRecord.ts'
import { TimerScope } from './TimerScope.ts'

/** A cluster's options. */
export interface MemoryLogOptions {
  /** @default systemClock */
  readonly clock?: Clock | undefined
  /** How many brokers lead the partitions, in turn. @default 1 */
  readonly brokers?: number | undefined
  /** How groups share partitions out. @default 'range' */
  readonly assigner?: Assigner | undefined
}

/** A topic's options. */
export interface TopicOptions {
  /** @default 1 */
  readonly partitions?: number | undefined
  /** Bytes of one record at most. @default 1_048_588, as Kafka */
  readonly maxMessageBytes?: number | undefined
}

/** A topic as it is. */
export interface MemoryTopic {
  readonly name: string
  /** Another one after each creation. */
  readonly id: string
  readonly partitions: readonly MemoryPartition[]
  readonly maxMessageBytes: number
}

const DEFAULT_MAX_MESSAGE_BYTES = 1_048_588
const TOPIC_NAME = /^(?!\.{1,2}$)[\w.-]{1,249}$/
const INTERNAL = new Set(['__consumer_offsets', '__transaction_state', '__share_group_state'])

/** Whether Kafka would take it as a topic's name. */
export const isTopicName = (name: string): boolean => TOPIC_NAME.test(name)

/** What Kafka keeps for itself, and `describe('all')` leaves out. */
export const isInternal = (topic: string): boolean => INTERNAL.has(topic)

/**
 * A Kafka cluster in memory: topics with partitions and ids, consumer groups, brokers that can be stopped. Any number of `MemoryTransport`s
 * may look at one log. Methods throw a ConfigError where a test names what does not exist.
 */
export class MemoryLog {
  readonly clock: Clock
  /** Number of brokers, stopped ones too. */
  readonly brokers: number
  readonly #assigner: Assigner
  readonly #timers: TimerScope
  readonly #topics = new Map<string, MemoryTopic & { readonly partitions: MemoryPartition[] }>()
  readonly #groups = new Map<string, MemoryGroup>()
  readonly #stopped = new Set<number>()
  readonly #watchers = new Set<() => void>()

  constructor({ clock = systemClock, brokers = 1, assigner = 'range' }: MemoryLogOptions = {}) {
    this.clock = clock
    this.brokers = brokers
    this.#assigner = assigner
    this.#timers = new TimerScope(clock)
  }

  /** Names, in the order of their creation. */
  get topics(): readonly string[] {
    return [...this.#topics.keys()]
  }

  /** Undefined: there is none of that name. */
  topic(name: string): MemoryTopic | undefined {
    return this.#topics.get(name)
  }

  /** An empty one. */
  createTopic(name: string, { partitions = 1, maxMessageBytes = DEFAULT_MAX_MESSAGE_BYTES }: TopicOptions = {}): void {
    if (!isTopicName(name)) throw new ConfigError(`'${name}' is not a topic's name`)
    if (this.#topics.has(name)) throw new ConfigError(`The topic ${name} exists`)
    this.#topics.set(name, { name, id: newTopicId(), partitions: newPartitions(partitions), maxMessageBytes })
    this.#changed()
  }

  /** With its records and the offsets that groups committed in it. */
  deleteTopic(name: string): void {
    this.#find(name)
    this.#topics.delete(name)
    for (const group of this.#groups.values()) group.forgetCommitted(name)
    this.#changed()
  }

  /** An empty topic of the same name, and another one: its id differs. */
  recreateTopic(name: string, options: TopicOptions = {}): void {
    const { partitions, maxMessageBytes } = this.#find(name)
    this.deleteTopic(name)
    this.createTopic(name, {
      partitions: options.partitions ?? partitions.length,
      maxMessageBytes: options.maxMessageBytes ?? maxMessageBytes,
    })
  }

  /** As an administrator does; a topic never gets fewer. */
  addPartitions(name: string, count: number): void {
    this.#find(name).partitions.push(...newPartitions(count))
    this.#changed()
  }

  /** @returns the record's offset */
  append(topic: string, record: NewRecord & { readonly partition?: number | undefined }): number {
    const offset = this.partition({ topic, partition: record.partition ?? 0 }).append(record, this.clock.now())
    this.wake()
    return offset
  }

  /** Offsets without a record, as compaction and control records leave them. */
  skip(topic: string, partition: number, count: number): void {
    this.partition({ topic, partition }).skip(count)
    this.wake()
  }

  /** Retention: what stands before that offset is gone. */
  truncate(topic: string, partition: number, before: number): void {
    this.partition({ topic, partition }).truncate(before)
    this.wake()
  }

  /** From `offset` on, `count` records are a batch that cannot be read. */
  damage(topic: string, partition: number, offset: number, count = 1): void {
    this.partition({ topic, partition }).damage(offset, count)
  }

  /** A partition, to look at. */
  partition({ topic, partition }: TopicPartition): MemoryPartition {
    const found = this.#find(topic).partitions[partition]
    if (!found) throw new ConfigError(`There is no partition ${partitionKey({ topic, partition })}`)
    return found
  }

  /** The broker that leads a partition: 0 .. brokers - 1. */
  leaderOf({ partition }: TopicPartition): number {
    return partition % this.brokers
  }

  /** Whether it answers. */
  isUp(broker: number): boolean {
    return !this.#stopped.has(broker)
  }

  /** Whether any broker answers. */
  get isReachable(): boolean {
    return this.#stopped.size < this.brokers
  }

  /** Its partitions stand still, for every client; nobody else leads them meanwhile. */
  stopBroker(broker: number): void {
    this.#checkBroker(broker)
    this.#stopped.add(broker)
    this.wake()
  }

  /** It answers again. */
  startBroker(broker: number): void {
    this.#checkBroker(broker)
    this.#stopped.delete(broker)
    this.wake()
  }

  /** A group comes into being when it is asked for. @internal */
  group(id: string): MemoryGroup {
    let group = this.#groups.get(id)
    if (!group) {
      group = new MemoryGroup(id, this.#assigner, this.#timers, topic => this.#topics.get(topic)?.partitions.length ?? 0)
      this.#groups.set(id, group)
    }
    return group
  }

  /** The members of a group, or of all groups. */
  members(group?: string): readonly GroupMember[] {
    return group === undefined ? [...this.#groups.values()].flatMap(({ members }) => members) : this.group(group).members
  }

  /** What the group has committed of a partition. */
  committed(group: string, topic: string, partition: number): number | undefined {
    return this.group(group).committedOf({ topic, partition })
  }

  /** As a tool outside the group does. */
  commit(group: string, positions: readonly Position[]): void {
    this.group(group).setCommitted(positions)
  }

  /** As if the member's session had run out. */
  expire(memberId: string): void {
    for (const group of this.#groups.values()) group.remove(memberId)
  }

  /** Calls `look` when something changed; gives what ends it. */
  watch(look: () => void): () => void {
    this.#watchers.add(look)
    return () => this.#watchers.delete(look)
  }

  /** Tells those who watch. */
  wake(): void {
    for (const look of this.#watchers) look()
  }

  #changed(): void {
    for (const group of this.#groups.values()) group.topicsChanged()
    this.wake()
  }

  #find(name: string): MemoryTopic & { readonly partitions: MemoryPartition[] } {
    const topic = this.#topics.get(name)
    if (!topic) throw new ConfigError(`There is no topic ${name}`, { mend: 'Create it with createTopic()' })
    return topic
  }

  #checkBroker(broker: number): void {
    if (!Number.isInteger(broker) || broker < 0 || broker >= this.brokers) {
      throw new ConfigError(`There is no broker ${broker}: they are numbered 0 to ${this.brokers - 1}`)
    }
  }
}

const newPartitions = (count: number): MemoryPartition[] => Array.from({ length: count }, () => new MemoryPartition())

function newTopicId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('')
}
