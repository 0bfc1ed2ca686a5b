import type { AlertError, BridgeStatus, Hello } from 'igwn-alert-rx/browser'
import { durationInWords } from './text.ts'

/** How the connection to the bridge is. Times are ms since 1970. */
export type Connection =
  | { readonly phase: 'connecting' }
  /** `away`: how long it was interrupted before, ms. */
  | { readonly phase: 'live'; readonly since: number; readonly hello: Hello; readonly away: number | undefined }
  | { readonly phase: 'reconnecting'; readonly lost: number; readonly next: number; readonly error: AlertError }
  | { readonly phase: 'closed'; readonly error: AlertError | undefined }

export function follow(before: Connection, status: BridgeStatus, now: number): Connection {
  switch (status.type) {
    case 'connecting':
      return { phase: 'connecting' }
    case 'connected': {
      const away = before.phase === 'reconnecting' ? now - before.lost : undefined
      return { phase: 'live', since: now, hello: status.hello, away }
    }
    case 'reconnecting': {
      const lost = before.phase === 'reconnecting' ? before.lost : now
      return { phase: 'reconnecting', lost, next: now + status.delay, error: status.error }
    }
    case 'closed':
      return { phase: 'closed', error: status.error }
    case 'gap':
      return before
  }
}

/** A word or two, and the rest of it. */
export function connectionWords(connection: Connection, now: number): { readonly state: string; readonly more: string } {
  switch (connection.phase) {
    case 'connecting':
      return { state: 'Connecting', more: '' }
    case 'live': {
      const { away, since, hello } = connection
      const topics = hello.granted.length === 1 ? hello.granted[0]!.id : `${hello.granted.length} topics`
      const resumed = away === undefined ? '' : `, resumed ${durationInWords(now - since)} ago where it was, after ${durationInWords(away)}`
      return { state: 'Live', more: `${topics}${resumed}` }
    }
    case 'reconnecting': {
      const wait = connection.next - now
      const state = wait >= 1000 ? `Reconnecting in ${durationInWords(wait)}` : 'Reconnecting'
      return { state, more: connection.error.message }
    }
    case 'closed':
      return { state: 'Closed', more: connection.error?.message ?? '' }
  }
}

/** Whether a token would help. */
export const asksForToken = (connection: Connection): boolean =>
  connection.phase === 'closed' && (connection.error?.code === 'ALERT_CREDENTIALS' || connection.error?.code === 'ALERT_FORBIDDEN')
