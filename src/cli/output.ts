import type { Writable } from 'node:stream'
import { styleText } from 'node:util'

type Format = Parameters<typeof styleText>[0]

/** Colours, on a terminal only, and not with NO_COLOR. */
export type Style = (format: Format, text: string) => string

/** Where a command writes its data; what is said beside it goes to stderr. */
export interface Output {
  /** One line of data; resolves once it is written, rejects when it cannot be: whoever reads us has gone (EPIPE), or the disk is full. */
  line(text: string): Promise<void>
  /** As `line`, for those who do not wait: that it cannot be written ends the command in any case. */
  say(text: string): void
  readonly style: Style
}

export function outputTo(out: Writable): Output {
  const line = (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      out.write(`${text}\n`, error => (error ? reject(error) : resolve()))
    })
  return { line, say: text => void line(text).catch(() => {}), style: styleFor(out) }
}

export const styleFor =
  (out: Writable): Style =>
  (format, text) =>
    styleText(format, text, { stream: out })

/** Whoever read us has gone (`| head`): the usual end of a command, not a failure. */
export const isBrokenPipe = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'EPIPE'
