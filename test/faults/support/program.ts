import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { dieWithUs, ended, lastLines, until } from '../../bed/run.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))

export interface ProgramOptions<Line> {
  /** What the program gets, by `task()` of programs/talk.ts. */
  readonly task: object
  /** Options of Node, e.g. `--expose-gc`. */
  readonly node?: readonly string[] | undefined
  readonly env?: Readonly<Record<string, string>> | undefined
  /** Called for each line as it comes. */
  readonly onLine?: ((line: Line) => void) | undefined
}

/** A TypeScript program of test/faults/programs as a process of its own. It prints JSON objects, one a line, and never outlives this process. */
export class Program<Line> implements AsyncDisposable {
  readonly lines: Line[] = []
  readonly #name: string
  readonly #child: ChildProcess
  /** All that it printed is there. */
  readonly #read: Promise<void>
  #errors = ''

  /** Starts `test/faults/programs/<name>.ts`; does not wait for it. */
  constructor(name: string, { task, node = [], env = {}, onLine }: ProgramOptions<Line>) {
    this.#name = name
    const args = ['--import', 'tsx', ...node, `test/faults/programs/${name}.ts`, JSON.stringify(task)]
    // Nothing of the user's own: no auth.toml.
    const home = { XDG_CONFIG_HOME: '/nonexistent', NODE_OPTIONS: '', NO_COLOR: '1' }
    this.#child = spawn(process.execPath, args, { cwd: root, env: { ...process.env, ...home, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
    if (this.#child.pid === undefined) throw new Error(`${process.execPath} could not be started`)
    this.#child.once('exit', dieWithUs(this.#child.pid))
    this.#child.stderr?.setEncoding('utf8').on('data', text => {
      this.#errors += text
    })
    const output = createInterface({ input: this.#child.stdout! })
    output.on('line', text => {
      const line = JSON.parse(text) as Line
      this.lines.push(line)
      onLine?.(line)
    })
    this.#read = new Promise(resolve => output.once('close', resolve))
  }

  get pid(): number {
    return this.#child.pid!
  }

  /** What it wrote to standard error. */
  get errors(): string {
    return this.#errors
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** Resolves with the first line that `which` takes. Throws if the program ends before, or after `within` ms. */
  async line(which: (line: Line) => boolean, within = 30_000): Promise<Line> {
    const found = (): Line | undefined => this.lines.find(which)
    const what = `${this.#name} did not print what was waited for`
    await until(() => found() !== undefined || !this.isRunning, what, within)
    const line = found()
    if (line === undefined) throw new Error(`${this.#name} ended before. Its errors:\n${lastLines(this.#errors, 20)}`)
    return line
  }

  /** E.g. SIGTERM, SIGSTOP, SIGCONT. Throws if it has ended. */
  signal(name: NodeJS.Signals): void {
    if (!this.#child.kill(name))
      throw new Error(`${this.#name} has ended: ${name} cannot be sent. Its errors:\n${lastLines(this.#errors, 20)}`)
  }

  /** The signal (SIGKILL by default), and waits for the end and for the last line. */
  async end(name: NodeJS.Signals = 'SIGKILL'): Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }> {
    if (this.isRunning) this.signal(name)
    await Promise.all([ended(this.#child), this.#read])
    return { code: this.#child.exitCode, signal: this.#child.signalCode }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end()
  }
}
