import { execFile } from 'node:child_process'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { faultsOf } from './compile.ts'
import { type Block, blocksOf, examplesOf, filesOf, pages, root } from './pages.ts'

const blocks = pages.flatMap(blocksOf)
const examples = filesOf('src', '.ts').flatMap(examplesOf)
const isTypeScript = ({ info }: Block): boolean => info.split(' ')[0] === 'ts'

/** A block that is run, and what it prints: the block that follows it. */
const runs = blocks.flatMap((block, i) => {
  const printed = blocks[i + 1]
  return block.info === 'ts run' ? [{ ...block, printed: printed?.info === 'text' ? printed.text : undefined }] : []
})

/** Runs TypeScript as a program of its own, with the sources as the package. */
function run(text: string): Promise<{ stdout: string; stderr: string; code: number }> {
  const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 }
  const program = ts.transpileModule(text, { compilerOptions }).outputText
  const args = ['--import', 'tsx', '--input-type=module', '-e', program]
  return new Promise(resolve =>
    execFile(process.execPath, args, { cwd: root, encoding: 'utf8', timeout: 30_000 }, (error, stdout, stderr) =>
      resolve({ stdout, stderr, code: error ? 1 : 0 }),
    ),
  )
}

describe('code in the docs', () => {
  it('compiles: every block of the pages, every example of a doc comment', () => {
    const wrong = [`import { nothing } from 'igwn-alert-rx'`, 'page()'].map((text, i): Block => ({ at: `wrong ${i}`, info: 'ts', text }))
    const written = blocks.filter(isTypeScript)
    expect(written.length).toBeGreaterThan(10)
    expect(examples.length).toBeGreaterThan(10)
    expect(faultsOf([...written, ...examples, ...wrong])).toEqual([
      `wrong 0: Module '"igwn-alert-rx"' has no exported member 'nothing'.`,
      'wrong 1: Expected 1 arguments, but got 0.',
    ])
  }, 60_000)

  it('says what is run and what it prints', () => {
    expect(runs.length).toBeGreaterThan(5)
    expect(runs.filter(({ printed }) => printed === undefined).map(({ at }) => at)).toEqual([])
  })

  it.each(runs)(
    '$at prints what is written below it',
    async ({ text, printed }) => {
      expect(await run(text)).toEqual({ stdout: printed, stderr: '', code: 0 })
    },
    60_000,
  )
})
