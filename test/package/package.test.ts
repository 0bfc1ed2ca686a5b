import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Consumer, tool } from './consumer.ts'

const ENTRIES = ['igwn-alert-rx', 'igwn-alert-rx/operators', 'igwn-alert-rx/bridge', 'igwn-alert-rx/browser', 'igwn-alert-rx/testing']
const BROWSER_ENTRIES = ['igwn-alert-rx/operators', 'igwn-alert-rx/browser', 'igwn-alert-rx/testing']

let consumer: Consumer
beforeAll(() => {
  consumer = new Consumer()
})
afterAll(() => consumer.remove())

/** A bundle for a page: fails where Node is imported. */
async function bundle(contents: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: consumer.folder },
    bundle: true,
    write: false,
    minify: true,
    format: 'esm',
    platform: 'browser',
    logLevel: 'silent',
  })
  return outputFiles[0]!.text
}

describe('the package', () => {
  it('holds what is built, its sources and its papers, nothing else', () => {
    const { files } = consumer
    expect(files.filter(path => !/^(dist\/|src\/|(README|CHANGELOG)\.md$|LICENSE$|package\.json$)/.test(path))).toEqual([])
    expect(files).toEqual(
      expect.arrayContaining(['README.md', 'CHANGELOG.md', 'LICENSE', 'dist/index.js', 'dist/index.d.ts', 'dist/cli/main.js']),
    )
    const built = new Set(files.map(path => path.replace(/^dist\//, '')))
    expect(
      files.filter(path => path.startsWith('src/') && /[^d]\.ts$/.test(path) && !built.has(path.slice(4).replace('.ts', '.js'))),
    ).toEqual([])
  })

  it('says where it runs, what it exports and that it has no side effects', () => {
    const { engines, sideEffects, exports } = consumer.manifest
    expect(engines.node).toBe('>=20.19')
    expect(sideEffects).toBe(false)
    const entries = Object.entries(exports).filter(([name]) => name !== './package.json')
    expect(entries.map(([name]) => name.replace('.', 'igwn-alert-rx'))).toEqual(ENTRIES)
    for (const [, conditions] of entries) expect(Object.keys(conditions)).toEqual(['types', 'default'])
  })

  it('is clean for publint', () => {
    const { status, stdout } = tool('publint/src/cli.js', ['--strict'])
    expect(stdout).toContain('All good')
    expect(status).toBe(0)
  })

  it('gives the types of each entry', () => {
    const { status, stdout } = tool('@arethetypeswrong/cli/dist/index.js', [
      '--pack',
      '.',
      '--profile',
      'esm-only',
      '--no-emoji',
      '--format',
      'ascii',
    ])
    for (const entry of ENTRIES) expect(stdout).toContain(`"${entry}"\n\nnode16 (from ESM): OK (ESM)`)
    expect(status).toBe(0)
  })
})

describe('a project that installed the package', () => {
  it('compiles in Node, strict, with our declarations checked', () => {
    const code = `
      import { handle, IgwnAlertClient, parseJson } from 'igwn-alert-rx'
      import { MemoryTransport } from 'igwn-alert-rx/testing'
      const client = new IgwnAlertClient({ transport: new MemoryTransport() })
      client.topic('t').pipe(parseJson<{ uid: string }>(), handle(async r => r.payload.uid)).subscribe((uid: string) => uid)
    `
    const options = ['--module', 'NodeNext', '--lib', 'ES2023,ESNext.Disposable', '--types', 'node']
    expect(consumer.faults('node.ts', code, options)).toBe('')
    expect(consumer.faults('wrong.ts', code.replace('uid: string }', 'uid: number }'), options)).toContain('TS2769')
  })

  it('compiles for a page, without the types of Node', () => {
    const code = `
      import { parseJson } from 'igwn-alert-rx/operators'
      import { MemoryTransport, sampleAlerts } from 'igwn-alert-rx/testing'
      new MemoryTransport().log.append('t', { value: JSON.stringify(sampleAlerts(['INITIAL'])) })
      parseJson<{ uid: string }>()
    `
    const options = ['--module', 'ESNext', '--moduleResolution', 'bundler', '--lib', 'ES2023,DOM']
    expect(consumer.faults('page.ts', code, options)).toBe('')
    expect(consumer.faults('page-wrong.ts', 'Buffer.alloc(1)', options)).toContain("Cannot find name 'Buffer'")
  })

  it.each(ENTRIES)('imports %s, and requires it', entry => {
    for (const [code, type] of [
      [`console.log(Object.keys(await import('${entry}')).length > 1)`, 'module'],
      [`console.log(Object.keys(require('${entry}')).length > 1)`, 'commonjs'],
    ] as const) {
      const { stdout, stderr } = consumer.run(code, type)
      expect({ stdout, stderr }, type).toEqual({ stdout: 'true\n', stderr: '' })
    }
  })

  it('runs a pipeline', () => {
    const code = `
      import { handle, IgwnAlertClient, parseJson } from 'igwn-alert-rx'
      import { MemoryTransport } from 'igwn-alert-rx/testing'
      const transport = new MemoryTransport()
      transport.log.createTopic('gracedb.t')
      const client = new IgwnAlertClient({ transport, from: 'earliest', untilEnd: true })
      await client.publish('t', { uid: 'S1' })
      for await (const uid of client.topic('t').pipe(parseJson(), handle(async r => r.payload.uid))) console.log(uid)
      await client.close()
    `
    const { stdout, stderr } = consumer.run(code, 'module')
    expect({ stdout, stderr }).toEqual({ stdout: 'S1\n', stderr: '' })
  })

  it('runs the command', () => {
    const main = join(consumer.folder, 'node_modules/igwn-alert-rx/dist/cli/main.js')
    const { stdout } = spawnSync(process.execPath, [main, '--version'], { encoding: 'utf8' })
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  })
})

describe('a bundle for a page', () => {
  it.each(BROWSER_ENTRIES)('of %s has no Node in it', async entry => {
    const text = await bundle(`export * from '${entry}'`)
    expect(text).not.toMatch(/["']node:|\bBuffer\.|\bprocess\./)
    const kB = (bytes: number): string => (bytes / 1000).toFixed(1)
    console.log(`${entry} with RxJS: ${kB(text.length)} kB, ${kB(gzipSync(text).length)} kB gzipped`)
  })

  it('is refused where there is Node', async () => {
    await expect(bundle(`export * from 'igwn-alert-rx'`)).rejects.toThrow(/Could not resolve "(node:)?\w+/)
  })

  it('takes what is used only', async () => {
    const one = await bundle(`export { ignoreTest } from 'igwn-alert-rx/operators'`)
    const all = await bundle(`export * from 'igwn-alert-rx/operators'`)
    expect(one.length).toBeLessThan(all.length / 2)
  })
})
