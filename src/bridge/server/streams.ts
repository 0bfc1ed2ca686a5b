import type { StreamOptions } from '../../client/options.ts'
import type { Cursor } from '../../cursor.ts'
import type { Delivery } from '../../record.ts'
import type { AlertStream } from '../../sources/AlertStream.ts'

/** What a bridge uses of a client: an `IgwnAlertClient` has it. */
export interface BridgeClient {
  /** host:port */
  readonly server: string
  readonly group: string | null
  /** As the client's. */
  topics(names?: readonly string[], options?: StreamOptions): AlertStream<Delivery>
  /** As the client's. */
  getTopics(): Promise<string[]>
  /** As the client's. */
  cursor(names: readonly string[] | undefined, at: 'latest' | 'earliest' | Date): Promise<Cursor>
}

/** Topics of one client that a bridge serves. */
export interface BridgeStream {
  /** Its consumer group, if any, is not used: each bridge reads everything. It stays yours to close, after the bridge. */
  readonly client: BridgeClient
  /** Without the group's prefix. @default every topic of the client's group, new ones as they appear */
  readonly topics?: readonly string[] | undefined
  /** Goes before the ids of its topics, `NAME/fullTopic`: needed where two servers have the same topics. @default none */
  readonly name?: string | undefined
}
