import { AlertError } from '../index.ts'
import { oneLine } from '../words.ts'

/** 0: done; for `listen` also after Ctrl-C. 1: it failed. 2: wrong usage or configuration. 130: Ctrl-C, or SIGTERM, before it was done. */
export const EXIT = { done: 0, failed: 1, usage: 2, interrupted: 130 } as const

/** Ctrl-C, or SIGTERM. */
export class Interrupted extends Error {
  constructor() {
    super('interrupted')
    this.name = 'Interrupted'
  }
}

export function exitCodeOf(error: unknown): number {
  if (error instanceof Interrupted) return EXIT.interrupted
  return error instanceof AlertError && error.code === 'ALERT_CONFIG' ? EXIT.usage : EXIT.failed
}

/** An error as one line for people; a stack helps nobody at a prompt. */
export const errorLine = (error: unknown): string => lineOf(errorText(error))

/** What an error says, with its hint, in the words of a prompt. */
export function errorText(error: unknown): string {
  const message = inFlags(error instanceof Error ? error.message : String(error))
  const hint = error instanceof AlertError && error.hint !== undefined && !message.includes(error.hint) ? ` (${error.hint})` : ''
  return message + hint
}

/** The library speaks of its options and operators; at a prompt there are flags, and a place is named once. */
export const inFlags = (message: string): string =>
  message
    .replace('pass username and password, or noauth: true', '--no-auth')
    .replaceAll(/\bretryOnFatal\b/g, '--retry-on-fatal')
    .replaceAll(/\blistenRetries: /g, '--listen-retries ')
    .replace(/(\S+@\d+) failed: \1: /, '$1 failed: ')
    .replace(/; [^;]*onDecodeError: 'keep'[^;]*$/, '')

/** What commander says of wrong usage. The value of an unknown option may be a secret in the wrong place. */
export function usageLine(text: string): string {
  return lineOf(`${text.replace(/^error: /, '').replace(/'(--?[\w-]+)=.*'/s, "'$1'")} (--help shows how)`)
}

const lineOf = (text: string): string => `igwn-alert-rx: ${oneLine(text)}\n`
