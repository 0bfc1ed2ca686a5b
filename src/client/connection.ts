import { createSecurity, type Security } from '../auth/credentials.ts'
import type { ServerUrl } from '../auth/serverUrl.ts'
import type { Clock } from '../clock.ts'
import type { ConfigError } from '../errors.ts'
import { withSender } from '../sinks/headers.ts'
import type { Logger } from '../status.ts'
import { unwritableCompression } from '../transports/kafka/compress.ts'
import { KafkaTransport } from '../transports/kafka/KafkaTransport.ts'
import type { Compression, Credentials, Transport } from '../transports/transport.ts'
import { LazyTransport } from './LazyTransport.ts'
import type { ClientOptions } from './options.ts'

/** How a client reaches its log. */
export interface Connection {
  readonly transport: Transport
  /** The user of the credentials, once they are known: the sender of what is published. */
  readonly username: string | undefined
  /** Those of the opened transport; none before it is open, and none for a transport of somebody else's. */
  readonly credentials: Credentials
  /** Why what is published cannot be compressed so; undefined if it can. Known before anything is opened. */
  unwritable(compression: Compression): ConfigError | undefined
  close(deadline: number): Promise<void>
}

export function connectionOf(options: ClientOptions, server: ServerUrl, logger: Logger, clock: Clock): Connection {
  const { transport, username, clientId, refresh } = options
  // Somebody else's: others may use it too.
  if (transport) return { transport, username, credentials: () => undefined, unwritable: () => undefined, close: async () => {} }
  const over = new AbortController()
  const secure = createSecurity(options, server, {
    onTrouble: error => logger.warn({ code: error.code }, `the last good credentials are used on: ${error.message}`),
    clock,
    signal: over.signal,
  })
  let security: Security | undefined
  const lazy = new LazyTransport({
    server: server.address,
    clock,
    open: async () => {
      security = await secure()
      const { tls, credentials } = security
      return new KafkaTransport({ server: server.address, tls, credentials, clientId, lookAgain: refresh, logger })
    },
    complete: record => ({ ...record, headers: withSender(record.headers, security?.username) }),
  })
  return {
    transport: lazy,
    get username() {
      return security?.username
    },
    credentials: () => security?.credentials?.(),
    unwritable: unwritableCompression,
    close: deadline => lazy.close(deadline).finally(() => over.abort()),
  }
}
