import { Writable } from 'node:stream'
import { WriteStream } from 'node:tty'
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { type Progress, progressOn, type Terminal } from '../../src/cli/progress.ts'

/** A stream of this width, and what is on its line: as a terminal shows it. */
function terminal({ columns = 80, isTTY = true }: { columns?: number; isTTY?: boolean } = {}) {
  let written = ''
  const out: Terminal = Object.assign(
    new Writable({
      decodeStrings: false,
      write(text: string, _encoding, done) {
        written += text
        done()
      },
    }),
    { isTTY, columns, getColorDepth: () => WriteStream.prototype.getColorDepth() },
  )
  return { out, written: () => written, line: () => written.split('\r\u001b[2K').at(-1) }
}

const on = ({ out }: { out: Terminal }, total: number, term = 'xterm'): Progress => progressOn(out, total, { TERM: term })

beforeEach(() => {
  for (const name of ['FORCE_COLOR', 'NODE_DISABLE_COLORS', 'CI']) vi.stubEnv(name, undefined)
  vi.stubEnv('NO_COLOR', '1')
  vi.stubEnv('TERM', 'xterm-256color')
  onTestFinished(() => void vi.unstubAllEnvs())
})

describe('progress', () => {
  it('is one line, rewritten', () => {
    const screen = terminal()
    const progress = on(screen, 1000)
    progress.show(0, 0)
    expect(screen.line()).toBe(`[${' '.repeat(40)}]   0 %  0/1 000`)
    progress.show(250, 0)
    expect(screen.line()).toBe(`[${'='.repeat(10).padEnd(40)}]  25 %  250/1 000`)
    progress.show(1000, 2)
    expect(screen.line()).toBe(`[${'='.repeat(40)}] 100 %  1 000/1 000  2 failed`)
    progress.hide()
    expect(screen.line()).toBe('')
    expect(screen.written()).not.toContain('\n')
  })

  it('is not 100 % before all is done', () => {
    const screen = terminal()
    on(screen, 1000).show(999, 0)
    expect(screen.line()).toContain(' 99 %')
  })

  it('fits the terminal, however narrow', () => {
    for (const columns of [10, 20, 25, 40, 60, 200]) {
      const screen = terminal({ columns })
      on(screen, 1000).show(999, 10)
      const { length } = screen.line()!
      if (columns >= 40) expect(length, String(columns)).toBeLessThan(columns)
      expect(length, String(columns)).toBeLessThanOrEqual(70)
    }
  })

  it.each<[string, Parameters<typeof terminal>[0], number, string]>([
    ['no terminal', { isTTY: false }, 1000, 'xterm'],
    ['a terminal that cannot rewrite', {}, 1000, 'dumb'],
    ['a single file', {}, 1, 'xterm'],
  ])('is none on %s', (_what, options, total, term) => {
    const screen = terminal(options)
    const progress = on(screen, total, term)
    progress.show(0, 0)
    progress.show(total, total)
    progress.hide()
    expect(screen.written()).toBe('')
  })

  it('has colour where the terminal has, and not with NO_COLOR', () => {
    const show = (): string | undefined => {
      const screen = terminal()
      on(screen, 10).show(5, 1)
      return screen.line()
    }
    expect(show()).toMatch(/5\/10 {2}1 failed$/)
    vi.stubEnv('NO_COLOR', undefined)
    expect(show()).toContain('\u001b[31m  1 failed\u001b[39m')
  })
})
