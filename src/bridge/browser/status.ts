import type { AlertError } from '../../errors.ts'
import type { Gap, Hello } from '../protocol/events.ts'

/** What a stream from a bridge says of its connection. */
export type BridgeStatus =
  | { readonly type: 'connecting' }
  /** Records can flow. `refused`: topics that are not sent. */
  | { readonly type: 'connected'; readonly hello: Hello }
  /** Tried again in `delay` ms; it resumes where it was. */
  | { readonly type: 'reconnecting'; readonly attempt: number; readonly delay: number; readonly error: AlertError }
  /** Records from..to-1 of a partition are not sent. */
  | ({ readonly type: 'gap' } & Gap)
  /** Nobody listens any more, or `error` ended it. */
  | { readonly type: 'closed'; readonly error?: AlertError | undefined }
