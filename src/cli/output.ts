import type { Writable } from 'node:stream'
import { styleText } from 'node:util'

type Style = Parameters<typeof styleText>[0]

/** Where a command writes: data to `out`, everything else to `err`. */
export interface Output {
  /** One line of data; resolves when there is room for the next. */
  line(text: string): Promise<void>
  /** A line for people, beside the data. */
  note(text: string): void
  /** Colours, on a terminal only. */
  style(style: Style, text: string): string
}

export function outputTo(out: Writable & { readonly isTTY?: boolean }, err: Writable): Output {
  const coloured = out.isTTY === true && process.env['NO_COLOR'] === undefined
  return {
    line: text => (out.write(`${text}\n`) ? Promise.resolve() : new Promise(resolve => out.once('drain', resolve))),
    note: text => void err.write(`${text}\n`),
    style: (style, text) => (coloured ? styleText(style, text) : text),
  }
}

/** Whoever read us has gone (`| head`): no reason for a stack trace. */
export function onBrokenPipe(out: Writable, gone: () => void): void {
  out.on('error', error => {
    if ('code' in error && error.code === 'EPIPE') gone()
    else throw error
  })
}
