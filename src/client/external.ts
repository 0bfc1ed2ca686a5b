import type { Clock } from '../clock.ts'
import { DEFAULT_LIMITS } from '../limits.ts'
import { externalResolver } from '../offload/resolver.ts'
import type { ExternalResolver } from '../operators/external.ts'
import type { Logger } from '../status.ts'
import type { Counters } from './Counters.ts'
import type { Connection } from './connection.ts'
import type { ClientOptions } from './options.ts'
import { given } from './sourceOptions.ts'

export interface ExternalContext {
  readonly options: ClientOptions
  readonly connection: Connection
  readonly clock: Clock
  readonly logger: Logger
  readonly counters: Counters
}

/** What fetches large messages as the client's user. Nothing is opened before it is asked. */
export function externalOf({ options, connection, clock, logger, counters }: ExternalContext): ExternalResolver {
  const { limits, externalTimeout: timeout = 30_000 } = options
  const { transport, credentials } = connection
  return externalResolver({
    transport,
    credentials,
    limits: { ...DEFAULT_LIMITS, ...given(limits ?? {}) },
    clock,
    logger,
    timeout,
    onSettled: ({ fullTopic }, error) => {
      const counts = counters.of(fullTopic)
      if (error) counts.fetchFailures++
      else counts.fetched++
    },
  })
}
