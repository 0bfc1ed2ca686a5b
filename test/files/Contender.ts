import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const fileOf = (program: string): string => fileURLToPath(new URL(program, import.meta.url))

/** A process that wants locks. */
export class Contender {
  readonly #child = spawn(process.execPath, ['--import', 'tsx', fileOf('contend.ts')], { stdio: ['pipe', 'pipe', 'inherit'] })
  readonly #lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]()

  /** How many of its tries got the lock. */
  async contend(path: string): Promise<number> {
    this.#child.stdin.write(`${path}\n`)
    return Number(await this.#line())
  }

  async isReady(): Promise<void> {
    await this.#line()
  }

  async kill(): Promise<void> {
    const closed = once(this.#child, 'close')
    this.#child.kill('SIGKILL')
    await closed
  }

  async #line(): Promise<string> {
    const { done, value } = await this.#lines.next()
    if (done) throw new Error('The contender has ended')
    return value
  }
}

/** Compiled once, for it is started often. */
export async function buildDying(folder: string): Promise<string> {
  const outfile = join(folder, 'dieAtStep.mjs')
  await build({ entryPoints: [fileOf('dieAtStep.ts')], outfile, bundle: true, platform: 'node', format: 'esm' })
  return outfile
}

/** Whether the step was reached: else it has taken the lock, and ended without a release. */
export async function diesAtStep(program: string, path: string, step: number): Promise<boolean> {
  const [code, signal] = await once(spawn(process.execPath, [program, path, String(step)], { stdio: 'inherit' }), 'exit')
  if (signal !== 'SIGKILL' && code !== 0) throw new Error(`It ended with ${code ?? signal}`)
  return signal === 'SIGKILL'
}
