import { channel } from 'node:diagnostics_channel'
import type { AlertError } from '../errors.ts'
import type { Status } from '../status.ts'

/** What `igwn-alert-rx:publish` of `node:diagnostics_channel` says of each message that was given to a sink, once its fate is known. */
export interface PublishEvent {
  readonly server: string
  readonly group: string | null
  /** Kafka's name. */
  readonly topic: string
  /** The message's UUID: the header `_id`. */
  readonly id: string
  /** `'unknown'`: it may be in the log. */
  readonly stored: true | false | 'unknown'
  /** Undefined where it is not stored. */
  readonly partition: number | undefined
  /** Undefined also where the broker only said that it has the message already. */
  readonly offset: number | undefined
  readonly error: AlertError | undefined
  /** ms since 1970. */
  readonly time: number
}

const statuses = channel('igwn-alert-rx:status')
const publishing = channel('igwn-alert-rx:publish')

/** What `status$` says, of every client of the process. */
export function tellStatus(status: Status): void {
  if (statuses.hasSubscribers) statuses.publish(status)
}

/** @param event made only if somebody wants it */
export function tellPublish(event: () => PublishEvent): void {
  if (publishing.hasSubscribers) publishing.publish(event())
}
