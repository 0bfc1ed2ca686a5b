import { execFileSync, type SpawnSyncReturns, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root: string = fileURLToPath(new URL('../..', import.meta.url))

export interface Manifest {
  readonly engines: { readonly node: string }
  readonly sideEffects: boolean
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>
  readonly dependencies: Readonly<Record<string, string>>
  readonly peerDependencies: Readonly<Record<string, string>>
}

/** A project of somebody's: the packed package is installed in it, beside what it declares as dependencies and nothing else. */
export class Consumer {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'igwn-alert-rx-consumer-'))
  /** Paths in the package. */
  readonly files: readonly string[]
  readonly manifest: Manifest

  constructor() {
    const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', this.folder]
    const packed = JSON.parse(execFileSync('npm', args, { cwd: root, encoding: 'utf8' })) as {
      filename: string
      files: { path: string }[]
    }[]
    const { filename, files } = packed[0]!
    this.files = files.map(({ path }) => path)
    const installed = join(this.folder, 'node_modules/igwn-alert-rx')
    mkdirSync(installed, { recursive: true })
    execFileSync('tar', ['xzf', join(this.folder, filename), '--strip-components=1', '-C', installed])
    this.manifest = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as Manifest
    const { dependencies, peerDependencies } = this.manifest
    for (const name of [...Object.keys(dependencies), ...Object.keys(peerDependencies), '@types/node']) {
      const link = join(this.folder, 'node_modules', name)
      mkdirSync(dirname(link), { recursive: true })
      symlinkSync(join(root, 'node_modules', name), link)
    }
    writeFileSync(join(this.folder, 'package.json'), '{ "type": "module" }')
  }

  /** Runs a program of this project. */
  run(code: string, type: 'module' | 'commonjs'): SpawnSyncReturns<string> {
    const args = ['--disable-warning=ExperimentalWarning', `--input-type=${type}`, '-e', code]
    return spawnSync(process.execPath, args, { cwd: this.folder, encoding: 'utf8' })
  }

  /** What the compiler says of a program of this project, in strict mode, our declarations checked. */
  faults(name: string, code: string, options: readonly string[]): string {
    writeFileSync(join(this.folder, name), code)
    const strict = ['--noEmit', '--strict', '--exactOptionalPropertyTypes', '--target', 'ES2022', '--skipLibCheck', 'false']
    return tool('typescript/bin/tsc', [...strict, ...options, name], this.folder).stdout
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** Runs a tool of ours, without asking npx for it. */
export const tool = (path: string, args: readonly string[], cwd: string = root): SpawnSyncReturns<string> =>
  spawnSync(process.execPath, [join(root, 'node_modules', path), ...args], { cwd, encoding: 'utf8' })
