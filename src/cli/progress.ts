import type { Writable } from 'node:stream'
import { spaced } from '../words.ts'
import { styleFor } from './output.ts'

/** A stream of a terminal, such as process.stderr where it is one. */
export type Terminal = Writable & { readonly isTTY?: boolean | undefined; readonly columns?: number | undefined }

/** How far a command has come, in one line that is rewritten. */
export interface Progress {
  show(done: number, failed: number): void
  /** Makes room for what is written to the same terminal; the next `show` brings it back. */
  hide(): void
}

const NONE: Progress = { show() {}, hide() {} }
/** Back to the beginning of the line, which is erased. */
const ERASE = '\r\u001b[2K'
/** Characters of the longest bar. */
const LONGEST = 40

/** On a terminal that can rewrite a line; silent anywhere else, and for a single piece of work. */
export function progressOn(out: Terminal, total: number, env: NodeJS.ProcessEnv = process.env): Progress {
  if (out.isTTY !== true || env['TERM'] === 'dumb' || total < 2) return NONE
  const style = styleFor(out)
  return {
    show: (done, failed) => {
      const percent = `${Math.floor((100 * done) / total)} %`.padStart(5)
      const counts = `${percent}  ${spaced(done)}/${spaced(total)}`
      const failures = failed > 0 ? `  ${spaced(failed)} failed` : ''
      const width = Math.min(LONGEST, (out.columns ?? 80) - counts.length - failures.length - 5)
      const bar = width > 4 ? `[${'='.repeat(Math.floor((width * done) / total)).padEnd(width)}] ` : ''
      out.write(`${ERASE}${bar}${counts}${failures && style('red', failures)}`)
    },
    hide: () => void out.write(ERASE),
  }
}
