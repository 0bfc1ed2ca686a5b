import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const pages = [
  'README.md',
  ...readdirSync(join(root, 'docs'))
    .filter(name => name.endsWith('.md'))
    .map(name => `docs/${name}`),
]

/** What stands between fences of a language. */
const blocks = (page: string, language: string): string[] =>
  [...read(page).matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'gms'))].map(([, block]) => block ?? '')

/** How long a reconnect took is the machine's, and what comes first of two streams is nobody's promise. */
const settled = (text: string): string[] =>
  text
    .replace(/after [\d.]+ s/, 'after N s')
    .trimEnd()
    .split('\n')
    .sort()

function faults(programs: ReadonlyMap<string, string>): string[] {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile)
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root)
  const host = ts.createCompilerHost(options)
  const { getSourceFile, fileExists } = host
  host.fileExists = name => programs.has(name) || fileExists(name)
  host.getSourceFile = (name, ...rest) => {
    const text = programs.get(name)
    return text === undefined ? getSourceFile(name, ...rest) : ts.createSourceFile(name, text, ts.ScriptTarget.ES2022)
  }
  const program = ts.createProgram([...programs.keys()], options, host)
  return [...programs.keys()].flatMap(name =>
    ts
      .getPreEmitDiagnostics(program, program.getSourceFile(name))
      .map(({ messageText }) => `${name}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`),
  )
}

describe('the docs', () => {
  it('every TypeScript block compiles', () => {
    const programs = new Map(
      pages.flatMap(page =>
        blocks(page, 'ts').map(
          (code, i) => [join(root, 'test/docs', `${page.replaceAll(/\W/g, '_')}_${i}.ts`), `${code}\nexport {}`] as const,
        ),
      ),
    )
    expect(programs.size).toBeGreaterThan(3)
    expect(faults(programs)).toEqual([])
    expect(faults(new Map([[join(root, 'test/docs/wrong.ts'), `import { nothing } from 'igwn-alert-rx'`]]))).not.toEqual([])
  }, 60_000)

  it('the picture in the README is what the demo prints', () => {
    const { stdout } = spawnSync(process.execPath, ['--import', 'tsx', 'src/cli/main.ts', 'demo'], { cwd: root, encoding: 'utf8' })
    expect(settled(blocks('README.md', 'text')[0] ?? '')).toEqual(settled(stdout.split('\n\nNext:')[0] ?? ''))
  }, 60_000)

  it('the commands that are named exist', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
    const named = pages.flatMap(page => [...read(page).matchAll(/npm run ([\w:]+)/g)].map(([, name]) => name ?? ''))
    expect(named.filter(name => !(name in scripts))).toEqual([])
  })

  it('no link of the docs points to nothing', () => {
    const missing = pages.flatMap(page =>
      [...read(page).matchAll(/\]\((?!https?:)([^)#]+)\)/g)]
        .map(([, target]) => join(page, '..', target ?? ''))
        .filter(target => !ts.sys.fileExists(join(root, target)) && !ts.sys.directoryExists(join(root, target))),
    )
    expect(missing).toEqual([])
  })
})
