import type { ConnectionOptions } from 'node:tls'
import type { Logger } from '../../status.ts'
import type { Credentials } from '../transport.ts'

/** What the connections to one cluster have in common. All times in ms. */
export interface EngineConfig {
  /** host:port as it is named in records, errors and cursors. */
  readonly server: string
  /** host:port of the brokers to begin with; the others are learnt from them. */
  readonly brokers: readonly string[]
  /** Absent: plain text. `{}`: TLS with the system's authorities. */
  readonly tls: ConnectionOptions | undefined
  /** Absent, or giving nothing: no SASL. Called at each connection and at each re-authentication. */
  readonly credentials: Credentials | undefined
  /** How the broker's logs and quotas name us. */
  readonly clientId: string
  /** Longest time from opening a link to its first request. @default 10_000 */
  readonly connectTimeout: number
  /** Longest silence of a link that owes an answer. @default 10_000 */
  readonly requestTimeout: number
  /** How long the search for a broker waits for one address before it tries the next beside it. @default 500 */
  readonly hedge: number
  /** How often a reader looks at its topics while all goes well: their ids, and as a group's leader their partitions. @default 60_000 */
  readonly lookAgain: number
  readonly logger?: Logger | undefined
}

export type EngineOptions = Pick<EngineConfig, 'server'> & { readonly [Name in keyof EngineConfig]?: EngineConfig[Name] | undefined }

/** The configuration with its defaults. */
export function engineConfig(options: EngineOptions): EngineConfig {
  const { server, brokers = [server], tls, credentials, clientId = 'igwn-alert-rx', logger } = options
  const { connectTimeout = 10_000, requestTimeout = 10_000, hedge = 500, lookAgain = 60_000 } = options
  return { server, brokers, tls, credentials, clientId, connectTimeout, requestTimeout, hedge, lookAgain, logger }
}
