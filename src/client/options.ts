import type { AuthOptions } from '../auth/options.ts'
import type { Clock } from '../clock.ts'
import type { Cursor } from '../cursor.ts'
import type { Limits } from '../limits.ts'
import type { Checkpoint } from '../sources/Checkpoint.ts'
import type { Logger, Status } from '../status.ts'
import type { Transport } from '../transports/transport.ts'

/** How one stream reads; the client's options are its defaults. All durations are milliseconds. */
export interface StreamOptions {
  /** The prefix of the topics, `null`: none. Not a consumer group. @default 'gracedb' */
  readonly group?: string | null | undefined
  /**
   * Kafka's group id: the position is kept at the broker, and several processes share the topics. At SCiMMA it begins with the user name.
   * @default none: every stream reads for itself
   */
  readonly consumerGroup?: string | undefined
  /**
   * Where to start. `latest` is the moment of subscribing. With a consumerGroup 'latest' and 'earliest' are fall-backs: what the group has
   * committed wins; a Date, a Cursor and a Checkpoint cannot be used with one.
   * @default 'latest'
   */
  readonly from?: 'latest' | 'earliest' | Date | Cursor | Checkpoint | undefined
  /**
   * Complete where the log stood at a moment, or at a Cursor. In a consumer group as `untilEnd`; before a date to come a member that is given
   * nothing waits, for partitions of others may come to it. @default never
   */
  readonly until?: Date | Cursor | undefined
  /**
   * Complete at the end of the log as it is at the start. Of a consumer group each member ends with what it was given itself; one that is given
   * nothing ends at once. What others leave unread, because they die, is read at the group's next start. @default false
   */
  readonly untilEnd?: boolean | undefined
  /** Test messages (header `_test`), as hop does. @default 'exclude' */
  readonly tests?: 'exclude' | 'include' | 'only' | undefined
  /** 'manual': a record is handled when you call `record.ack()`. @default 'auto' */
  readonly delivery?: 'auto' | 'manual' | undefined
  /**
   * A record that is not handled for so long after it was delivered is said to be stalled (`status$`, logger.warn); nothing else happens to it.
   * Infinity: never. @default 60_000 ms
   */
  readonly ackTimeout?: number | undefined
  /** What may be delivered and not handled before fetching waits. @default { records: 1000, bytes: 64_000_000 } */
  readonly maxUnhandled?: { readonly records?: number | undefined; readonly bytes?: number | undefined } | undefined
  /** Unknown topics: an error if none can be read at the start, or waited for. @default 'error' */
  readonly missing?: 'error' | 'wait' | undefined
  /** Where to go on when the log no longer holds the position. @default 'earliest' */
  readonly onOffsetLost?: 'earliest' | 'latest' | 'error' | undefined
  /** A gap is always logged and said on `status$`; 'error' ends the stream too. @default 'continue' */
  readonly onGap?: 'continue' | 'error' | undefined
  /** Apply `retryOnFatal({ count: listenRetries, delay: retryWait })`. @default false */
  readonly retryOnFatal?: boolean | undefined
  /** Resubscriptions after a fatal error. @default 3 */
  readonly listenRetries?: number | undefined
  /** Wait before each, ms, or a function of the attempt (1, 2, ...). @default 100 */
  readonly retryWait?: number | ((attempt: number) => number) | undefined
  /** Told what happens to this stream alone; `client.status$` tells of all. What it throws is logged. @default none */
  readonly onStatus?: ((status: Status) => void) | undefined
  /** Ends the stream when aborted, without waiting for started work. The client's closes the client. */
  readonly signal?: AbortSignal | undefined
}

/** Times that rarely need a change, ms. */
export interface TimeOptions {
  /** Nothing reachable for so long at the start is an error; Infinity waits for ever. @default 30_000 */
  readonly connectTimeout?: number | undefined
  /** Refused (password changed, right revoked) for so long after it had worked is an error. @default 600_000 */
  readonly refusalTimeout?: number | undefined
  /** How long an ending waits for started work. @default 10_000 */
  readonly drainTimeout?: number | undefined
  /** How long a revoked partition waits for started work. @default 3_000 */
  readonly revokeTimeout?: number | undefined
  /** Commits of records that are handled by default. @default 5_000 */
  readonly autoCommitInterval?: number | undefined
  /** How often topics are looked at: new ones, more partitions, faulty ones. @default 60_000 */
  readonly refresh?: number | undefined
  /** A member that is not heard of for so long loses its partitions. @default 45_000 */
  readonly sessionTimeout?: number | undefined
  /** @default 3_000 */
  readonly heartbeatInterval?: number | undefined
  /** From `send` to the last moment at which it settles. @default 120_000 */
  readonly deliveryTimeout?: number | undefined
  /** For one message that hop put elsewhere, all tries to fetch it; Infinity: until it is there. @default 30_000 */
  readonly externalTimeout?: number | undefined
}

/** All durations are milliseconds. */
export interface ClientOptions extends StreamOptions, TimeOptions, AuthOptions {
  /** One server: `kafka://[user@]host[:port]/`; the user selects the credential. @default 'kafka://kafka.scimma.org/' */
  readonly server?: string | undefined
  /** @default 9092, or the port in `server` */
  readonly port?: number | undefined
  /** Records handed on before the event loop gets its turn, which it gets after 5 ms in any case. The seed's 1 would only make it slow. @default 500 */
  readonly batchSize?: number | undefined
  /** The longest wait of one fetch for new records. @default 200 */
  readonly batchTimeout?: number | undefined
  /** Another way to a log, e.g. `MemoryTransport`; it stays yours to close. Of the credentials only `username` is of use then, as the sender. */
  readonly transport?: Transport | undefined
  /**
   * Static membership of a consumer group: a process that starts again takes its old places at once. It does not leave its group at `close()`:
   * others get its partitions after `sessionTimeout`. Each process needs its own, of letters, digits, dots, _ and -. Each stream is a member of its
   * own, `instanceId-DIGEST` by what it reads, and stays so while the subscriptions that it follows change. @default none
   */
  readonly instanceId?: string | undefined
  /**
   * `listen()` fetches the payloads that were too large for their topic and that hop put elsewhere; false: its callback gets an
   * `ExternalReference`. A stream fetches them by `decode({ external: client.external() })`. @default true, as hop
   */
  readonly fetchExternal?: boolean | undefined
  /** Check each batch's CRC32C. @default false, as librdkafka: TCP and TLS check already */
  readonly checkCrcs?: boolean | undefined
  readonly limits?: Partial<Limits> | undefined
  /** @default warnings and errors to the console */
  readonly logger?: Logger | undefined
  /** How this client is called in the broker's logs. @default 'igwn-alert-rx' */
  readonly clientId?: string | undefined
  /** For tests: `VirtualClock` of `igwn-alert-rx/testing`. */
  readonly clock?: Clock | undefined
}
