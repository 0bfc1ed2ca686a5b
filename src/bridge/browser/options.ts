import type { Clock } from '../../clock.ts'

/** What `fromBridge` reads, and as whom. */
export interface FromBridgeOptions {
  /** Names of topics, with or without their group, or the bridge's ids. @default every topic that the bridge grants */
  readonly topics?: readonly string[] | undefined
  /** Where to start: now, at the beginning of the log, or at the cursor of an earlier stream (`stream.cursor`). @default 'latest' */
  readonly from?: 'latest' | 'earliest' | (string & {}) | undefined
  /** Sent as `Authorization: Bearer`; a function is called at each connection, so that an expired one is renewed. @default none: a cookie, if there is one */
  readonly token?: string | (() => string | Promise<string>) | undefined
  /**
   * Tabs of one origin that give the same name here, the same address and the same topics share one connection: one of them is connected, and
   * tells the others. For pages that come by HTTP/1.1, where a browser has six connections to a server for all its tabs; HTTP/2 does not need it.
   * Where who reads matters, the name is to tell one from the other. Only with `from: 'latest'`; needs Web Locks, which are there in secure
   * contexts (https, localhost): elsewhere each tab has a connection of its own. @default none: one connection a page
   */
  readonly tabs?: string | undefined
  /** @default the platform's */
  readonly fetch?: typeof fetch | undefined
  /** For tests. */
  readonly clock?: Clock | undefined
}
