import { partitionKey } from '../place.ts'
import type { Logger, Status } from '../status.ts'

/** The log line of what is said on `status$` alone; every other trouble is logged where it is found. */
export function logStatus(status: Status, logger: Logger): void {
  const { topics } = status
  switch (status.type) {
    case 'closed': {
      const { error } = status
      if (error) logger.error({ status: 'closed', topics, code: error.code }, `the stream of ${namesOf(topics)} ended: ${error.message}`)
      return
    }
    case 'assigned': {
      const { partitions } = status
      logger.debug({ status: 'assigned', topics, partitions }, `the group gave us ${namesOf(partitions.map(partitionKey), 'nothing')}`)
      return
    }
    case 'revoked': {
      const { partitions } = status
      logger.debug(
        { status: 'revoked', topics, partitions },
        `the group takes ${namesOf(partitions.map(partitionKey), 'nothing')} back, to share out anew`,
      )
      return
    }
    case 'lost': {
      const { partitions } = status
      const text = `the group took ${namesOf(partitions.map(partitionKey))} away too late for a commit: what was handled since the last one comes again`
      logger.warn({ status: 'lost', topics, partitions }, `${text}. Is the process too busy for its heartbeats, or the network away?`)
      return
    }
    case 'reconnecting': {
      const { partitions, delay, error } = status
      // A connection to one leader; with a delay it is a partition's fault, or the whole server.
      if (!partitions || delay > 0) return
      const text = `lost the connection to the leader of ${namesOf(partitions.map(partitionKey))}: ${error.message}. Tried again until it is back`
      logger.info({ status: 'reconnecting', partitions, code: error.code }, text)
      return
    }
    default:
  }
}

const namesOf = (names: readonly string[], none = 'no topic'): string => (names.length === 0 ? none : names.join(', '))
