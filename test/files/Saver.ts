import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { vi } from 'vitest'

const program = fileURLToPath(new URL('saveForEver.ts', import.meta.url))

/** A process that saves on and on. */
export class Saver {
  readonly #child: ChildProcess
  /** The last offset that it said to have saved. */
  saved = 0
  #said = ''

  constructor(path: string) {
    this.#child = spawn(process.execPath, ['--import', 'tsx', program, path], { stdio: ['ignore', 'pipe', 'pipe'] })
    createInterface({ input: this.#child.stdout! }).on('line', line => {
      this.saved = Number(line)
    })
    this.#child.stderr!.setEncoding('utf8').on('data', text => {
      this.#said += text
    })
  }

  get pid(): number {
    return this.#child.pid!
  }

  async until(offset: number): Promise<void> {
    const condition = (): void => {
      if (this.saved < offset) throw new Error(`${this.saved} of ${offset} are saved. ${this.#said}`)
    }
    await vi.waitFor(condition, { timeout: 20_000, interval: 1 })
  }

  /** SIGKILL, and waits until all that it said is heard. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const closed = once(this.#child, 'close')
    this.#child.kill('SIGKILL')
    await closed
  }
}
