import type { AlertError } from './errors.ts'
import type { Position, TopicPartition } from './place.ts'
import { oneLine } from './words.ts'

/** pino's shape; `console` fits too. Fields never hold a secret. */
export interface Logger {
  /** What is of use to find a fault only. */
  debug(fields: object, message: string): void
  /** What is as it should be. */
  info(fields: object, message: string): void
  /** Trouble that is being ridden out. */
  warn(fields: object, message: string): void
  /** Alerts that were not handled or published, streams that ended. */
  error(fields: object, message: string): void
}

/** Of whom a status is. */
export interface StatusSource {
  readonly server: string
  readonly group: string | null
  /** Full topics of the subscription that says it. */
  readonly topics: readonly string[]
  /** ms since 1970. */
  readonly time: number
}

/** What `status$` says, by `type`; docs/on-duty.md has what each means. */
export type Status = StatusSource & StatusEvent

/** What happened. */
export type StatusEvent =
  /** Looking for the topics and where to start. */
  | { readonly type: 'connecting' }
  /** Where each partition starts; in a consumer group it is committed, so that whoever comes after a crash starts there too. */
  | { readonly type: 'positioned'; readonly positions: readonly Position[] }
  /** Records can flow: the first fetch came back, or did again after a trouble. */
  | { readonly type: 'connected' }
  /** Joined a consumer group: the whole set of partitions. */
  | { readonly type: 'assigned'; readonly partitions: readonly TopicPartition[] }
  /** The partitions go to another member, or come back to this one in a moment. */
  | { readonly type: 'revoked'; readonly partitions: readonly TopicPartition[] }
  /** As revoked, but too late for a commit: what was handled and not committed comes again. */
  | { readonly type: 'lost'; readonly partitions: readonly TopicPartition[] }
  /** A connection is gone; tried again in `delay` ms. Nothing is lost by it. `partitions`: only these are concerned; none: all are. */
  | {
      readonly type: 'reconnecting'
      readonly attempt: number
      readonly delay: number
      readonly error: AlertError
      readonly partitions?: readonly TopicPartition[] | undefined
    }
  /** The broker refuses: credentials, a right, an unknown topic. Tried again; it ends the stream at `until` (ms since 1970), if ever. */
  | { readonly type: 'refused'; readonly error: AlertError; readonly topic?: string | undefined; readonly until?: number | undefined }
  /**
   * A record is held longer than `ackTimeout`, the oldest of its partition: the position waits for it. `held`: ms since it was delivered. Said
   * once, then again each time that it is held twice as long.
   */
  | { readonly type: 'stalled'; readonly topic: string; readonly partition: number; readonly offset: number; readonly held: number }
  /** A record, or a message, could not be handled. */
  | {
      readonly type: 'failed'
      readonly topic: string
      readonly partition?: number | undefined
      readonly offset?: number | undefined
      readonly error: AlertError
    }
  /** Records from..to-1 are not read. */
  | {
      readonly type: 'gap'
      readonly topic: string
      readonly partition: number
      readonly from: number
      readonly to: number
      readonly reason: GapReason
    }
  /**
   * Offsets between the position and the end of the log as last heard (or `until`). Said of a partition that is behind, at most every 5 s
   * while it is, then once with 0; never of one that keeps up.
   */
  | { readonly type: 'lag'; readonly topic: string; readonly partition: number; readonly lag: number }
  /** The subscription has ended, with an error if it failed. */
  | { readonly type: 'closed'; readonly error?: AlertError | undefined }

/**
 * offset-lost: the log no longer holds it (retention), or never did. recreated: another topic under the same name. damaged: a batch that
 * cannot be read. resubscribed: a plain `retry()` started at `from` again.
 */
export type GapReason = 'offset-lost' | 'recreated' | 'damaged' | 'resubscribed'

/** Warnings and errors to the console, one line each; nothing else. */
export const consoleLogger: Logger = {
  debug() {},
  info() {},
  warn: (_fields, message) => console.warn(`igwn-alert-rx: ${oneLine(message)}`),
  error: (_fields, message) => console.error(`igwn-alert-rx: ${oneLine(message)}`),
}

/** Nothing at all: for tests. */
export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} }
