import type { AlertError } from '../errors.ts'
import type { TopicDescription } from '../transports/transport.ts'

/** What a subscription knows of one topic. */
export interface Known {
  description: TopicDescription | undefined
  fault: AlertError | undefined
  /** Forbidden until a moment ago: that it can be described says nothing of the right to read it. */
  trial: { readonly error: AlertError; readonly cancel: () => void } | undefined
  /** Looks since it was last whole. */
  tries: number
  cancel: (() => void) | undefined
  /** Another one of the same name was read before; this one is not placed yet. */
  recreated: boolean
}

export const unknown = (): Known => ({
  description: undefined,
  fault: undefined,
  trial: undefined,
  tries: 0,
  cancel: undefined,
  recreated: false,
})

/** What is wrong with it, or was until a moment ago. */
export const faultOf = ({ fault, trial }: Known): AlertError | undefined => fault ?? trial?.error

export function endTrial(known: Known): void {
  known.trial?.cancel()
  known.trial = undefined
}
