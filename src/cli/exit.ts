import { AlertError } from '../index.ts'

/** 0: done, also after Ctrl-C. 1: something failed. 2: wrong usage or configuration. */
export const EXIT = { done: 0, failed: 1, usage: 2 } as const

export const exitCodeOf = (error: unknown): number =>
  error instanceof AlertError && error.code === 'ALERT_CONFIG' ? EXIT.usage : EXIT.failed

/** An error as one line for people; a cause's stack helps nobody at a prompt. */
export function errorLine(error: unknown): string {
  if (!(error instanceof Error)) return `igwn-alert-rx: ${String(error)}`
  const hint = error instanceof AlertError && error.hint ? ` (${error.hint})` : ''
  return `igwn-alert-rx: ${error.message}${hint}`
}
