import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const ENTRIES = ['igwn-alert-rx', 'igwn-alert-rx/operators', 'igwn-alert-rx/testing']
const BROWSER_ENTRIES = ENTRIES.slice(1)

/** A folder in which the packed package is installed, beside the packages that it depends on. */
let consumer: string
let packed: string[]

beforeAll(() => {
  consumer = mkdtempSync(join(tmpdir(), 'igwn-alert-rx-consumer-'))
  const [tarball] = JSON.parse(
    execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', consumer], { cwd: root, encoding: 'utf8' }),
  ) as {
    filename: string
    files: { path: string }[]
  }[]
  packed = tarball?.files.map(({ path }) => path) ?? []
  mkdirSync(join(consumer, 'node_modules/igwn-alert-rx'), { recursive: true })
  execFileSync('tar', [
    'xzf',
    join(consumer, tarball?.filename ?? ''),
    '--strip-components=1',
    '-C',
    join(consumer, 'node_modules/igwn-alert-rx'),
  ])
  for (const name of readdirSync(join(root, 'node_modules'))) {
    if (!name.startsWith('.')) symlinkSync(join(root, 'node_modules', name), join(consumer, 'node_modules', name))
  }
  writeFileSync(join(consumer, 'package.json'), '{ "type": "module" }')
})
afterAll(() => rmSync(consumer, { recursive: true, force: true }))

const inConsumer = (code: string, type: 'module' | 'commonjs') =>
  spawnSync(process.execPath, [`--input-type=${type}`, '-e', code], { cwd: consumer, encoding: 'utf8' })

const bundle = (entry: string) =>
  build({
    stdin: { contents: `export * from '${entry}'`, resolveDir: consumer },
    bundle: true,
    write: false,
    minify: true,
    format: 'esm',
    platform: 'browser',
    logLevel: 'silent',
    preserveSymlinks: true,
  })

describe('the package', () => {
  it('holds what is built, its sources and its papers, nothing else', () => {
    const strange = packed.filter(path => !/^(dist\/|src\/|README\.md$|LICENSE$|CHANGELOG\.md$|package\.json$)/.test(path))
    expect(strange).toEqual([])
    expect(packed).toContain('dist/index.js')
    expect(packed).toContain('dist/cli/main.js')
  })

  it('is clean for publint', () => {
    const { status, stdout } = spawnSync('npx', ['publint', '--strict'], { cwd: root, encoding: 'utf8' })
    expect(stdout).toContain('All good')
    expect(status).toBe(0)
  })

  it('gives the types of each entry', () => {
    const { status, stdout } = spawnSync('npx', ['attw', '--pack', '.', '--profile', 'esm-only', '--no-emoji', '--format', 'ascii'], {
      cwd: root,
      encoding: 'utf8',
    })
    for (const entry of ENTRIES) expect(stdout).toContain(`"${entry}"\n\nnode16 (from ESM): OK (ESM)`)
    expect(status).toBe(0)
  })

  it('compiles in a strict program that checks its declarations', () => {
    const code = `import { IgwnAlertClient, handle, parseJson } from 'igwn-alert-rx'
import { MemoryTransport } from 'igwn-alert-rx/testing'
const client = new IgwnAlertClient({ transport: new MemoryTransport() })
client.topic('t').pipe(parseJson<{ uid: string }>(), handle(async r => r.payload.uid)).subscribe((uid: string) => uid)
`
    writeFileSync(join(consumer, 'program.ts'), code)
    const options = [
      '--noEmit',
      '--strict',
      '--module',
      'NodeNext',
      '--target',
      'ES2022',
      '--lib',
      'ES2023,ESNext.Disposable',
      '--types',
      'node',
    ]
    const { status, stdout } = spawnSync('npx', ['tsc', ...options, '--skipLibCheck', 'false', '--preserveSymlinks', 'program.ts'], {
      cwd: consumer,
      encoding: 'utf8',
    })
    expect(stdout).toBe('')
    expect(status).toBe(0)
  })

  it.each(ENTRIES)('%s can be imported, and required', entry => {
    for (const [code, type] of [
      [`const { default: _, ...all } = await import('${entry}'); console.log(Object.keys(all).length > 0)`, 'module'],
      [`console.log(Object.keys(require('${entry}')).length > 0)`, 'commonjs'],
    ] as const) {
      const { stdout, stderr } = inConsumer(code, type)
      expect({ stdout: stdout.trim(), stderr: stderr.replace(/.*ExperimentalWarning.*\n.*\n?/, '').trim() }).toEqual({
        stdout: 'true',
        stderr: '',
      })
    }
  })

  it.each(BROWSER_ENTRIES)('%s makes a bundle without Node', async entry => {
    const { outputFiles } = await bundle(entry)
    expect(outputFiles[0]?.text).not.toMatch(/["']node:|\bBuffer\.|\bprocess\./)
  })

  it('sees Node in a bundle that has it', async () => {
    await expect(bundle('igwn-alert-rx')).rejects.toThrow(/Could not resolve "(node:)?\w+/)
  })

  it('runs as a command', () => {
    const { stdout } = spawnSync(process.execPath, [join(consumer, 'node_modules/igwn-alert-rx/dist/cli/main.js'), '--version'], {
      encoding: 'utf8',
    })
    expect(stdout.trim()).toMatch(/\d+\.\d+\.\d+$/)
  })
})
