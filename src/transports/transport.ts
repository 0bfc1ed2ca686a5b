import type { AlertError } from '../errors.ts'
import type { Position, TopicPartition } from '../place.ts'
import type { RawRecord, RecordHeader } from '../record.ts'

/*
 * The seam to a log: a Kafka cluster, or one in memory. Bytes and offsets only; no decoding, no cursor, no policy.
 * A Reader retries nothing beyond finding its partitions' leaders again, decides nothing, and is thrown away when it ends.
 * One contract suite (test/contract) runs on every transport.
 */

/** A user and a password. */
export interface PasswordCredential {
  readonly mechanism: 'SCRAM-SHA-512' | 'SCRAM-SHA-256' | 'PLAIN'
  readonly username: string
  readonly password: string
}

/** A bearer token (RFC 6750, RFC 7628). */
export interface TokenCredential {
  readonly mechanism: 'OAUTHBEARER'
  readonly username: string
  readonly token: string
  /** The server does not take this token: whoever gave it may have to get another one. */
  readonly refused?: (() => void) | undefined
}

/** What proves to a server who we are. Only a transport looks inside. */
export type Credential = PasswordCredential | TokenCredential

/** Called at each connection, so that a rotated secret is read anew. `undefined`: connect without authentication. */
export type Credentials = () => Credential | undefined | Promise<Credential | undefined>

export type Where = 'earliest' | 'latest' | { readonly time: number }

/** How long the close of a transport waits for what is under way where nobody says it, ms. */
export const CLOSE_DEADLINE = 2_000

export interface Faulty {
  readonly fault: AlertError
}

/** One bad topic or partition never fails the others. */
export type Per<T> = T | Faulty

export const isFaulty = <T extends object>(value: Per<T>): value is Faulty => 'fault' in value

export interface TopicDescription {
  /** Partitions are numbered 0 .. partitions - 1. */
  readonly partitions: number
  readonly topicId?: string | undefined
}

export interface ReadOptions {
  /** Absent: no group is joined, `start()` says what is read. */
  readonly group?:
    | {
        readonly id: string
        /** Full topics that the member subscribes to. */
        readonly topics: readonly string[]
        /** The member id of a reader that ended without leaving; taken over, so that nobody has to wait for its session to end. */
        readonly memberId?: string | undefined
        /** Static membership: a process that starts again takes its old place at once. */
        readonly instanceId?: string | undefined
        readonly sessionTimeout: number
        readonly heartbeatInterval: number
        /** Longest wait for `release()` after a revocation, ms. */
        readonly revokeTimeout: number
      }
    | undefined
  /** Bytes of one fetch, over all partitions of a leader. */
  readonly maxBytes: number
  /** Longest wait of one fetch for new records, ms. */
  readonly maxWait: number
  /** Bytes of one batch after decompression; a larger one is a fault of its partition. */
  readonly maxBatchBytes: number
  /** Check each batch's CRC32C. @default false, as librdkafka */
  readonly checkCrcs?: boolean | undefined
}

/** In the order in which they happen, synchronously, never awaited. */
export type ReadEvent =
  /** The whole set of partitions that this member reads from now on. */
  | { readonly type: 'assigned'; readonly epoch: number; readonly memberId: string; readonly partitions: readonly Assigned[] }
  /** The member has to join again. Nothing of this epoch is delivered any more; commits stay valid until `release(epoch)` or `revokeTimeout`. `lost`: it is too late for a commit. */
  | { readonly type: 'revoked'; readonly epoch: number; readonly lost: boolean }
  /** Contiguous from the offset that was sought; `records` may be empty and `next` still move. `end`: the end of the log as the broker last said. */
  | {
      readonly type: 'records'
      readonly epoch: number
      readonly of: TopicPartition
      readonly records: readonly RawRecord[]
      readonly next: number
      readonly end: number
      readonly topicId?: string | undefined
    }
  /** That partition stands still until `start()`. `after`: where to go on beyond an unreadable batch. */
  | { readonly type: 'fault'; readonly of: TopicPartition; readonly error: AlertError; readonly after?: number | undefined }
  /**
   * A leader's connection broke or it sends a partition away again and again (`error`), or it answers again (none): its partitions' business,
   * the reader goes on. No partitions: it is the group's coordinator. For a partition that has had no leader for some time `leader` is the server.
   */
  | {
      readonly type: 'lane'
      readonly leader: string
      readonly error?: AlertError | undefined
      readonly partitions: readonly TopicPartition[]
    }
  /** A fetch or a heartbeat came back. */
  | { readonly type: 'alive' }
  /** The last event, exactly once. `memberId`: hand it to the successor. No `error`: it was closed. */
  | { readonly type: 'ended'; readonly error?: AlertError | undefined; readonly memberId?: string | undefined }

export interface Assigned extends TopicPartition {
  /** The group's committed offset, if there is one. */
  readonly committed?: number | undefined
  /** What is committed could not be read: not to be placed from anywhere else. It is assigned anew, with a new epoch, once it can be read. */
  readonly fault?: AlertError | undefined
}

export interface Reader {
  /** Adds or moves partitions; nothing is read before it. Without a group the epoch is 0. Of another epoch than the current one: ignored. */
  start(epoch: number, at: readonly Position[]): void
  /** Takes partitions out of the reading. */
  stop(partitions: readonly TopicPartition[]): void
  /** After it returned no records of these are delivered; the membership lives on, however long. */
  pause(partitions: readonly TopicPartition[]): void
  resume(partitions: readonly TopicPartition[]): void
  /** One after the other, in the order of the calls. Another epoch than the current one rejects with ALERT_STALE_EPOCH before it reaches the broker. */
  commit(epoch: number, at: readonly Position[]): Promise<void>
  /** All is committed that will be: join again now. */
  release(epoch: number): void
  /** The member's subscription, changed while joined. */
  subscribe(topics: readonly string[]): void
  /** Idempotent, safe at any moment; leaves the group, unless there is no time for it (`deadline` 0). No event after it resolved, no socket, no timer. */
  close(deadline: number): Promise<void>
}

/** How a batch is compressed. */
export type Compression = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd'

export interface OutRecord {
  readonly topic: string
  /** Chosen by the writer if absent: CRC32 of the key as librdkafka does, one partition for a while without a key. */
  readonly partition?: number | undefined
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers: readonly RecordHeader[]
  /** ms since 1970. */
  readonly timestamp: number
  readonly compression?: Compression | undefined
}

/** `offset` is undefined where the broker only said that it has the record already. */
export interface Stored {
  readonly partition: number
  readonly offset: number | undefined
  readonly error?: undefined
}

/** `stored: 'unknown'`: it may be in the log. */
export interface NotStored {
  readonly error: AlertError
  readonly stored: false | 'unknown'
}

export type WriteOutcome = Stored | NotStored

export interface WriteOptions {
  /** ms from `write()` to the last moment at which `done` is called. */
  readonly deliveryTimeout: number
  /** Bytes of one batch before compression. @default 900_000 */
  readonly maxBatchBytes?: number | undefined
  /** Told once, when the broker does not grant idempotence and records are written plainly. */
  readonly onPlain?: ((error: AlertError) => void) | undefined
  /** Told of each try that has to be repeated. */
  readonly onRetry?: ((error: AlertError, topic: string) => void) | undefined
}

export interface Writer {
  /** Keeps the order per partition; calls `done` exactly once, within `deliveryTimeout`, never synchronously. */
  write(record: OutRecord, done: (outcome: WriteOutcome) => void): void
  /** Sends what is queued, bounded by `deadline` ms; what could not be sent settles as not stored. */
  close(deadline: number): Promise<void>
}

/** A way to a log. Made by `MemoryTransport`; of use as the option `transport` only: what it does is between it and the client, and may change. */
export interface Transport {
  /** host:port of the server, as it is named in records, statuses and cursors. */
  readonly server: string
  /** `'all'`: every topic that this user may see, without Kafka's internal ones. A named topic that is absent, forbidden or badly named is a fault of its own. @internal */
  describe(topics: readonly string[] | 'all', signal?: AbortSignal): Promise<ReadonlyMap<string, Per<TopicDescription>>>
  /** One answer for each partition, in the order asked. No record at or after a time: the end. @internal */
  locate(at: Where, partitions: readonly TopicPartition[], signal?: AbortSignal): Promise<readonly Per<Position>[]>
  /** @internal */
  read(options: ReadOptions, on: (event: ReadEvent) => void): Reader
  /** @internal */
  write(options: WriteOptions): Writer
  /** Deletes the topic and its records at the broker. @internal */
  deleteTopic(topic: string): Promise<void>
  /** Ends every reader and writer; resolves when no socket is left. @param deadline ms for what is under way, default `CLOSE_DEADLINE` */
  close(deadline?: number): Promise<void>
}
