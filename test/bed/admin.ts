import { type AclEntry, type Admin, CompressionTypes, Kafka, type KafkaConfig, logLevel, Partitioners } from 'kafkajs'
import { type GrantOptions, hasRule, type Operation, type Resource, rules } from './acls.ts'
import { ask } from './ask.ts'
import { type ClusterState, metadataQuestion, readMetadata, type TopicState } from './metadata.ts'
import { commitOffsets } from './offsets.ts'
import { until } from './run.ts'

export interface TopicOptions {
  /** @default 1 */
  readonly partitions?: number | undefined
  /** @default the broker's: 1 of one broker, 3 of three */
  readonly replicas?: number | undefined
  /** The topic's settings, e.g. `{ 'cleanup.policy': 'compact' }`. */
  readonly config?: Readonly<Record<string, string | number>> | undefined
}

export interface ProduceOptions {
  /** @default by the key, else round */
  readonly partition?: number | undefined
  readonly key?: string | Buffer | undefined
  readonly headers?: Readonly<Record<string, string | Buffer | readonly (string | Buffer)[]>> | undefined
  /** Others are written by Python: `confluentWrite`. @default 'none' */
  readonly compression?: 'none' | 'gzip' | undefined
}

export interface GroupState {
  /** 'Empty', 'Stable', 'PreparingRebalance', 'CompletingRebalance', 'Dead' (there is no such group). */
  readonly state: string
  readonly protocol: string
  readonly members: readonly { readonly memberId: string; readonly clientId: string; readonly clientHost: string }[]
}

/** What tests do to a Kafka over a plain port with all rights. Each call has a connection of its own. */
export class KafkaAdmin {
  readonly #addresses: readonly string[]

  constructor(addresses: readonly string[]) {
    this.#addresses = addresses
  }

  /** Creates a topic; resolves when every broker knows it with a leader for each partition. */
  async createTopic(name: string, options: TopicOptions = {}): Promise<void> {
    const configEntries = Object.entries(options.config ?? {}).map(([key, value]) => ({ name: key, value: String(value) }))
    const topic = { topic: name, numPartitions: options.partitions ?? 1, replicationFactor: options.replicas ?? -1, configEntries }
    await this.#administer(admin => admin.createTopics({ topics: [topic], waitForLeaders: false }))
    await this.#untilTopic(name, `topic ${name} was created, but has no leaders yet`, state => hasLeaders(state, topic.numPartitions))
  }

  /** Deletes a topic; resolves when no broker knows it any more. */
  async deleteTopic(name: string): Promise<void> {
    await this.#administer(admin => admin.deleteTopics({ topics: [name] }))
    await this.#untilTopic(name, `topic ${name} was deleted, but is still known`, state => state.error === unknownTopic)
  }

  /** Gives a topic more partitions: `total` in all. */
  async addPartitions(name: string, total: number): Promise<void> {
    await this.#administer(admin => admin.createPartitions({ topicPartitions: [{ topic: name, count: total }] }))
    await this.#untilTopic(name, `topic ${name} has not ${total} partitions yet`, state => hasLeaders(state, total))
  }

  /** Removes all records before `offset` (-1: all there are): the log then starts there. */
  async deleteRecords(topic: string, partition: number, offset: number): Promise<void> {
    await this.#administer(async admin => {
      await admin.fetchTopicOffsets(topic) // kafkajs deletes only of a topic whose leaders it has looked up
      await admin.deleteTopicRecords({ topic, partitions: [{ partition, offset: String(offset) }] })
    })
  }

  /** What the first askable broker says of a topic: its id, leaders, replicas in sync. */
  async describeTopic(name: string): Promise<TopicState> {
    const { topics } = await this.#cluster(this.anyAddress(), [name])
    return topics[0]!
  }

  /** Resolves when every replica of every partition is in sync again, e.g. after a broker came back. */
  async untilInSync(name: string): Promise<void> {
    const isInSync = async () =>
      (await this.describeTopic(name)).partitions.every(({ replicas, inSync }) => inSync.length === replicas.length)
    await until(isInSync, `not all replicas of ${name} are in sync`)
  }

  async listTopics(): Promise<string[]> {
    const { topics } = await this.#cluster(this.anyAddress(), null)
    return topics.map(({ name }) => name).sort()
  }

  /** Allows (or forbids) operations; resolves when every askable broker goes by it. */
  async grant(user: string, resource: Resource, name: string, operations: readonly Operation[], options: GrantOptions = {}): Promise<void> {
    const acl = rules(user, resource, name, operations, options)
    await this.#administer(admin => admin.createAcls({ acl }))
    await this.#untilRules(acl, true)
  }

  /** Removes what `grant` with the same arguments made; resolves when every askable broker goes by it. */
  async revoke(
    user: string,
    resource: Resource,
    name: string,
    operations: readonly Operation[],
    options: GrantOptions = {},
  ): Promise<void> {
    const acl = rules(user, resource, name, operations, options)
    await this.#administer(admin => admin.deleteAcls({ filters: acl }))
    await this.#untilRules(acl, false)
  }

  /** Writes values (null: a tombstone) in one batch a partition, acknowledged by all replicas in sync; returns the first offset by partition. */
  async produce(
    topic: string,
    values: readonly (string | Buffer | null)[],
    options: ProduceOptions = {},
  ): Promise<ReadonlyMap<number, number>> {
    const producer = this.kafka().producer({ createPartitioner: Partitioners.DefaultPartitioner, allowAutoTopicCreation: false })
    const { partition, key, headers } = options
    const common = {
      ...(partition !== undefined && { partition }),
      ...(key !== undefined && { key }),
      ...(headers !== undefined && { headers: mutableHeaders(headers) }),
    }
    await producer.connect()
    try {
      const compression = options.compression === 'gzip' ? CompressionTypes.GZIP : CompressionTypes.None
      const stored = await producer.send({ topic, acks: -1, compression, messages: values.map(value => ({ ...common, value })) })
      return new Map(stored.map(each => [each.partition, Number(each.baseOffset)]))
    } finally {
      await producer.disconnect()
    }
  }

  /** Where each partition's log ends: the offset of the next record. */
  async endOffsets(topic: string): Promise<number[]> {
    return (await this.#offsets(topic)).map(({ high }) => Number(high))
  }

  /** Where each partition's log starts: 0 until records were removed. */
  async startOffsets(topic: string): Promise<number[]> {
    return (await this.#offsets(topic)).map(({ low }) => Number(low))
  }

  /** What a group committed, by partition; -1: nothing. */
  async committed(group: string, topic: string): Promise<number[]> {
    const found = await this.#administer(admin => admin.fetchOffsets({ groupId: group, topics: [topic] }))
    const partitions = [...(found[0]?.partitions ?? [])].sort((a, b) => a.partition - b.partition)
    return partitions.map(({ offset }) => Number(offset))
  }

  /** Commits for a group that has no members now: the next offset to read, by partition. */
  async commit(group: string, topic: string, offsets: readonly number[]): Promise<void> {
    await until(() => commitOffsets(this.anyAddress(), group, topic, offsets), `no coordinator takes a commit of ${group}`)
  }

  async describeGroup(group: string): Promise<GroupState> {
    const { groups } = await this.#administer(admin => admin.describeGroups([group]))
    const found = groups[0]!
    return {
      state: found.state,
      protocol: found.protocol,
      members: found.members.map(({ memberId, clientId, clientHost }) => ({ memberId, clientId, clientHost })),
    }
  }

  /** Plain ports of the brokers that can be asked now. */
  protected plainAddresses(): readonly string[] {
    return this.#addresses
  }

  /** One of them. Throws if there is none. */
  protected anyAddress(): string {
    const [address] = this.plainAddresses()
    if (address === undefined) throw new Error('no broker is running that could be asked')
    return address
  }

  /** A kafkajs client of the plain ports (or of `config`), without its log. */
  protected kafka(config: Partial<KafkaConfig> = {}): Kafka {
    return new Kafka({ brokers: [...this.plainAddresses()], clientId: 'test-bed', logLevel: logLevel.NOTHING, ...config })
  }

  async #offsets(topic: string) {
    const offsets = await this.#administer(admin => admin.fetchTopicOffsets(topic))
    return [...offsets].sort((a, b) => a.partition - b.partition)
  }

  async #cluster(address: string, topics: readonly string[] | null): Promise<ClusterState> {
    return readMetadata(await ask(address, metadataQuestion(topics)))
  }

  async #administer<T>(work: (admin: Admin) => Promise<T>): Promise<T> {
    const admin = this.kafka().admin()
    await admin.connect()
    try {
      await admin.listTopics() // kafkajs looks for coordinators among the brokers it knows: none before the first metadata
      return await work(admin)
    } finally {
      await admin.disconnect()
    }
  }

  async #untilTopic(name: string, otherwise: string, holds: (state: TopicState) => boolean): Promise<void> {
    for (const address of this.plainAddresses()) {
      await until(async () => (await this.#cluster(address, [name])).topics.every(holds), `${otherwise} at ${address}`)
    }
  }

  async #untilRules(acl: readonly AclEntry[], present: boolean): Promise<void> {
    for (const address of this.plainAddresses()) {
      for (const rule of acl) {
        await until(async () => (await hasRule(address, rule)) === present, `${address} does not go by the new rights of ${rule.principal}`)
      }
    }
  }
}

const unknownTopic = 3

function hasLeaders({ error, partitions }: TopicState, count: number): boolean {
  return error === 0 && partitions.length === count && partitions.every(({ leader }) => leader >= 0)
}

function mutableHeaders(headers: NonNullable<ProduceOptions['headers']>): Record<string, string | Buffer | (string | Buffer)[]> {
  const copy = (value: string | Buffer | readonly (string | Buffer)[]) =>
    typeof value === 'string' || Buffer.isBuffer(value) ? value : [...value]
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, copy(value)]))
}
