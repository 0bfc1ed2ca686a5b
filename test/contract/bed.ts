import type { Transport } from '../../src/transports/transport.ts'

/** What a contract case does to a log from outside, and asks it. Every name is new, so that cases do not meet. */
export interface ContractBed {
  /** A client that may do everything with the topics of this bed; closed by `tidy()`. */
  connect(): Transport
  /** Ends all clients, and undoes what the case did to brokers and rights. */
  tidy(): Promise<void>

  createTopic(options?: { readonly partitions?: number; readonly maxMessageBytes?: number }): Promise<string>
  /** A name that no topic has. */
  absentTopic(): string
  /** `total` in all. */
  addPartitions(topic: string, total: number): Promise<void>
  recreateTopic(topic: string): Promise<void>
  /** In one batch; gives the first offset. */
  append(topic: string, partition: number, values: readonly string[], timestamp?: number): Promise<number>
  /** At least one offset without a record, at the end. */
  skip(topic: string, partition: number): Promise<void>
  truncate(topic: string, partition: number, before: number): Promise<void>
  end(topic: string, partition: number): Promise<number>
  /** The batch that holds that offset. */
  damage(topic: string, partition: number, offset: number): Promise<void>
  /** Takes all rights on the topic from the clients. */
  forbid(topic: string): Promise<void>
  /** Gives them back. */
  allow(topic: string): Promise<void>
  /** The answers to the next writes get lost, after the log took them. */
  swallowAnswers(count: number): void

  /** What a client promised, time passing meanwhile. */
  answer<T>(promise: Promise<T>): Promise<T>
  /** Lets time pass. */
  pass(ms: number): Promise<void>
  /** Resolves once `condition` holds; throws, saying `what`, when it does not for long. */
  until(condition: () => boolean | Promise<boolean>, what: string): Promise<void>
  /** Connections and timers that clients have open. */
  leftovers(): number
}

/** For cases with consumer groups. */
export interface GroupBed extends ContractBed {
  /** The shortest that the log takes, ms. */
  readonly sessionTimeout: number
  newGroup(): string
  members(group: string): Promise<readonly string[]>
  committed(group: string, topic: string, partition: number): Promise<number | undefined>
  commit(group: string, topic: string, partition: number, offset: number): Promise<void>
  /** Ends the member's session, as if it had run out. */
  expire(group: string, memberId: string): Promise<void>
  /** Nobody answers the clients any more, until `reconnect()`. */
  isolate(): Promise<void>
  reconnect(): Promise<void>
}

/** For cases with several brokers, each topic's partitions led in turn. */
export interface ClusterBed extends ContractBed {
  readonly brokers: number
  leaderOf(topic: string, partition: number): Promise<number>
  stopBroker(broker: number): Promise<void>
  startBroker(broker: number): Promise<void>
}
