import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { createProgram } from '../../src/cli/program.ts'
import { DEFAULT_LIMITS } from '../../src/limits.ts'
import { rowsOf } from './namedTests.ts'
import { blocksOf, pages, read, root } from './pages.ts'

/** How long a reconnect took is the machine's, and what comes first of two streams is nobody's promise. */
const settled = (text: string): string[] =>
  text
    .replace(/after [\d.]+ s/, 'after N s')
    .trimEnd()
    .split('\n')
    .sort()

describe('the docs', () => {
  it('the picture in the README is what the demo prints', () => {
    const picture = blocksOf('README.md').find(({ info }) => info === 'text')
    const { stdout } = spawnSync(process.execPath, ['--import', 'tsx', 'src/cli/main.ts', 'demo'], { cwd: root, encoding: 'utf8' })
    expect(settled(picture?.text ?? '')).toEqual(settled(stdout.split('\n\nNext:')[0] ?? ''))
  }, 60_000)

  it('the scripts that are named exist', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
    const named = pages.flatMap(page => [...read(page).matchAll(/npm run (\w+(?::\w+)*)/g)].map(([, name]) => name ?? ''))
    expect(named.length).toBeGreaterThan(3)
    expect(named.filter(name => !(name in scripts))).toEqual([])
  })

  it('the commands and flags that are named exist', () => {
    const { commands } = createProgram()
    const lines = pages.flatMap(page =>
      [...read(page).matchAll(/igwn-alert-rx ((?:listen|topics|send|demo|doctor|bridge)\b[^`\n]*)/g)].map(([, line]) => line),
    )
    expect(lines.length).toBeGreaterThan(1)
    const unknown = lines.flatMap(line => {
      const [name, ...words] = (line ?? '').split('#')[0]?.trim().split(/\s+/) ?? []
      const command = commands.find(known => known.name() === name)
      const flags = [...(command?.options ?? []), ...(command?.parent?.options ?? [])].flatMap(({ short, long }) => [short, long])
      return words.filter(word => word.startsWith('-') && !flags.includes(word))
    })
    expect(unknown).toEqual([])
  })

  it('the limits that are said are those of the code', () => {
    const numberOf = (text: string): number => Number(text.replaceAll(/[^\d]/g, '')) * (text.endsWith(' MiB') ? 1024 * 1024 : 1)
    const said = rowsOf('docs/formats.md').filter(({ heading }) => heading === 'Limits')
    const limits = said.map(({ cells: [name = '', value = ''] }) => [name.replaceAll('`', ''), numberOf(value)])
    expect(Object.fromEntries(limits)).toEqual(DEFAULT_LIMITS)
  })

  it('no link of the docs points to nothing', () => {
    const missing = pages.flatMap(page =>
      [...read(page).matchAll(/\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)/g)]
        .map(([, target]) => join(page, '..', target ?? ''))
        .filter(target => !ts.sys.fileExists(join(root, target)) && !ts.sys.directoryExists(join(root, target))),
    )
    expect(missing).toEqual([])
  })
})
