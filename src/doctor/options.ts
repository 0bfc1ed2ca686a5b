import { createSecurity, type Security } from '../auth/credentials.ts'
import { DEFAULT_SERVER, parseServerUrl, type ServerUrl } from '../auth/serverUrl.ts'
import { checkClientOptions, shown } from '../client/checks.ts'
import { fullTopicOf, listOf } from '../client/naming.ts'
import type { ClientOptions } from '../client/options.ts'
import { groupOf } from '../client/sourceOptions.ts'
import { ConfigError } from '../errors.ts'

/** What to look at: the options of the client that is to work, and what it is to read. */
export interface DoctorOptions extends ClientOptions {
  /** Topics without the group. @default every topic of the group that this user sees */
  readonly topics?: string | readonly string[] | undefined
  /** Whether the topics can be published to, too. Nothing is written. @default false */
  readonly write?: boolean | undefined
  /** The longest wait for each answer, ms. @default 5_000 */
  readonly timeout?: number | undefined
}

/** What is to be looked at. */
export interface Plan {
  readonly server: ServerUrl
  readonly group: string | null
  /** Full names; undefined: those of the group. */
  readonly topics: readonly string[] | undefined
  readonly consumerGroup: string | undefined
  readonly write: boolean
  readonly timeout: number
  readonly clientId: string | undefined
  /** Reads files, or asks a function, for who we are. `signal` breaks it off. */
  readonly secure: (signal: AbortSignal) => Promise<Security>
  /** Wall-clock time, ms since 1970. */
  readonly now: () => number
  readonly signal: AbortSignal | undefined
}

const DEFAULT_TIMEOUT = 5_000

/** @throws ConfigError */
export function planOf({ topics, write = false, timeout = DEFAULT_TIMEOUT, ...options }: DoctorOptions): Plan {
  checkClientOptions(options)
  const { server: url = DEFAULT_SERVER, port, consumerGroup, clientId, clock, signal, transport } = options
  if (transport !== undefined) {
    throw new ConfigError('transport is given: there is no way to a server to look at', { mend: 'Leave transport out' })
  }
  if (typeof write !== 'boolean') throw new ConfigError(`write is ${shown(write)}`, { mend: 'Give true or false' })
  if (!Number.isInteger(timeout) || timeout < 1) {
    throw new ConfigError(`timeout is ${shown(timeout)}`, { mend: 'Give milliseconds: a whole number of at least 1' })
  }
  const server = parseServerUrl(url, port)
  // Now, for what it says of wrong options.
  createSecurity(options, server)
  const group = groupOf(options)
  return {
    server,
    group,
    topics: topics === undefined ? undefined : listOf(topics, 'doctor()').map(topic => fullTopicOf(group, topic)),
    consumerGroup,
    write,
    timeout,
    clientId,
    secure: signal => createSecurity(options, server, { clock, signal })(),
    now: clock ? () => clock.now() : Date.now,
    signal,
  }
}
