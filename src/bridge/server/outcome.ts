import type { Answer } from './request.ts'
import type { Session } from './Session.ts'

/** A stream of events instead of an answer. */
export interface Streamed {
  readonly session: Session
  readonly headers: Readonly<Record<string, string>>
  /** To be called when the connection is gone. */
  readonly onClose: () => void
}

export type Outcome = Answer | Streamed

export const isStreamed = (outcome: Outcome): outcome is Streamed => 'session' in outcome
