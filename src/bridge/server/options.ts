import type { Clock } from '../../clock.ts'
import type { Limits } from '../../limits.ts'
import type { Logger } from '../../status.ts'
import type { ServedTopic } from '../protocol/events.ts'
import type { BridgeStream } from './streams.ts'

/** Who asks for what. */
export interface AuthorizeRequest {
  readonly topic: ServedTopic
  /** Of the Authorization header or the cookie; undefined: none was sent. */
  readonly token: string | undefined
  readonly address: string | undefined
}

/** What `createBridge` serves, to whom, and how much of it. All durations are milliseconds. */
export interface BridgeOptions {
  /** What is served: one client's topics, or those of several. */
  readonly streams: BridgeStream | readonly BridgeStream[]
  /**
   * Whether a topic may be read; asked for each topic of a stream, of a cursor and of a link, and again every `reauthorize`. What it throws
   * counts as no, and so does no answer in 10 s. @default everybody who may reach the bridge
   */
  readonly authorize?: ((request: AuthorizeRequest) => boolean | Promise<boolean>) | undefined
  /** Pages of these origins may read, beside those that this server serves: exactly `scheme://host[:port]`. @default none */
  readonly origins?: readonly string[] | undefined
  /** Names that requests may call this server by, `host` or `host:port`. @default localhost, 127.0.0.1 and [::1], of any port */
  readonly hosts?: readonly string[] | undefined
  /** The cookie that holds a token for EventSource, which cannot send a header. Set it with SameSite=Strict. @default 'igwn-alert-rx' */
  readonly cookie?: string | undefined
  readonly ring?:
    | {
        /** What is kept in memory for all clients. @default 64_000_000 */
        readonly bytes?: number | undefined
        /** @default 100_000 */
        readonly records?: number | undefined
        /** At the start the ring is filled with so much of the past, ms. @default 3_600_000, an hour */
        readonly history?: number | undefined
      }
    | undefined
  /** Signs of life in silence, ms. @default 15_000 */
  readonly heartbeat?: number | undefined
  /** When a client comes again after its connection ended, ms. @default 2_000 */
  readonly retry?: number | undefined
  /** Streams at a time; who is beyond is told to wait. @default 10_000 */
  readonly maxClients?: number | undefined
  /** Of one address. @default 1_000, for many may be behind one */
  readonly maxClientsPerAddress?: number | undefined
  /** Stretches of the past that are read at a time. @default 4 */
  readonly maxReplays?: number | undefined
  /** How often a stream's rights are asked for again, ms. @default 60_000 */
  readonly reauthorize?: number | undefined
  /** How often new topics are looked for, ms. @default 60_000 */
  readonly refresh?: number | undefined
  /** Test messages. @default 'exclude' */
  readonly tests?: 'exclude' | 'include' | 'only' | undefined
  /** Serves a page that shows superevents as they come, at `/`. @default false */
  readonly ui?: boolean | undefined
  readonly limits?: Partial<Limits> | undefined
  /** @default warnings and errors to the console */
  readonly logger?: Logger | undefined
  /** For tests. */
  readonly clock?: Clock | undefined
}
