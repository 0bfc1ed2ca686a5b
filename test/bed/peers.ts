import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { pythonPeers } from './artifacts.ts'
import { dieWithUs, ended, lastLines } from './run.ts'

export interface PythonOptions {
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>> | undefined
  /** Written to standard input, which is then closed; without it, it stays open until the program ends. */
  readonly input?: string | undefined
  /** The program is killed after so long, milliseconds. @default 60000 */
  readonly timeoutMs?: number | undefined
}

export interface PythonResult<T> {
  /** Each line of standard output, which is a JSON object. */
  readonly lines: readonly T[]
  readonly code: number | null
  /** The signal that ended it. */
  readonly signal: NodeJS.Signals | null
  readonly stderr: string
}

/** A Python program under way. */
export class PythonProcess<T> {
  readonly #child: ChildProcess
  readonly #lines: T[] = []
  readonly #name: string
  readonly #result: Promise<PythonResult<T>>
  #stderr = ''
  /** The first line of standard output that is not JSON. */
  #garbage: string | undefined

  constructor(name: string, child: ChildProcess, timeoutMs: number | undefined) {
    this.#name = name
    this.#child = child
    child.stdin?.on('error', () => {}) // it ended before it read what we wrote
    child.stderr?.setEncoding('utf8').on('data', text => {
      this.#stderr += text
    })
    const output = createInterface({ input: child.stdout! })
    output.on('line', line => this.#take(line))
    this.#result = this.#run(output, timeoutMs)
    this.#result.catch(() => {}) // whoever waits is told
  }

  /** What it printed until now. */
  get lines(): readonly T[] {
    return this.#lines
  }

  get stderr(): string {
    return this.#stderr
  }

  get pid(): number {
    return this.#child.pid!
  }

  /** The program's end; not an error, whatever its code. Throws if it was killed because its time was over, or printed what is not JSON. */
  get result(): Promise<PythonResult<T>> {
    return this.#result
  }

  /** Resolves with the lines once there are `count` of them (that satisfy `which`). Throws if the program ends before, or after `within` ms. */
  async until(count: number, within = 30_000, which: (line: T) => boolean = () => true): Promise<readonly T[]> {
    const end = Date.now() + within
    for (;;) {
      const found = this.#lines.filter(which)
      if (found.length >= count) return found
      const isOver = this.#child.exitCode !== null || this.#child.signalCode !== null
      if (isOver || Date.now() > end) {
        const why = isOver ? 'ended' : `ran for ${within} ms`
        throw new Error(`${this.#name} ${why} after ${found.length} of ${count} lines. Its errors:\n${lastLines(this.#stderr, 30)}`)
      }
      await new Promise(resolve => setTimeout(resolve, 20))
    }
  }

  /** Ends it in order: closes its standard input, which readers take as the sign to stop. */
  stop(): Promise<PythonResult<T>> {
    this.#child.stdin?.end()
    return this.#result
  }

  /** SIGKILL. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await ended(this.#child)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
  }

  #take(line: string): void {
    try {
      this.#lines.push(JSON.parse(line) as T)
    } catch {
      this.#garbage ??= line
    }
  }

  async #run(output: ReturnType<typeof createInterface>, timeoutMs: number | undefined): Promise<PythonResult<T>> {
    let isLate = false
    const onTime = () => {
      isLate = true
      this.#child.kill('SIGKILL')
    }
    const timer = timeoutMs === undefined ? undefined : setTimeout(onTime, timeoutMs)
    const closed = new Promise(resolve => output.once('close', resolve))
    await ended(this.#child)
    clearTimeout(timer)
    await closed
    const said = lastLines(this.#stderr, 30)
    if (isLate)
      throw new Error(
        `${this.#name} did not end within ${timeoutMs} ms and was killed, after ${this.#lines.length} lines. Its errors:\n${said}`,
      )
    if (this.#garbage !== undefined) throw new Error(`${this.#name} printed a line that is not JSON: ${this.#garbage}\n${said}`)
    return { lines: this.#lines, code: this.#child.exitCode, signal: this.#child.signalCode, stderr: this.#stderr }
  }
}

/** Starts a program of `test/bed/peers` with its options, to be read and stopped while it runs. It never outlives this process. */
export async function startPython<T>(
  script: string,
  options: unknown,
  { env, input, timeoutMs }: PythonOptions = {},
): Promise<PythonProcess<T>> {
  const { python } = await pythonPeers()
  const file = fileURLToPath(new URL(`peers/${script}`, import.meta.url))
  const argument = await fitting(JSON.stringify(options))
  const child = spawn(python, ['-u', file, argument.text], { env: { ...hermetic(), ...env }, stdio: ['pipe', 'pipe', 'pipe'] })
  if (child.pid === undefined) throw new Error(`${python} could not be started`)
  child.once('exit', dieWithUs(child.pid))
  child.once('exit', () => void argument.remove())
  if (input !== undefined) child.stdin.end(input)
  return new PythonProcess<T>(script, child, timeoutMs)
}

/** Runs a program of `test/bed/peers` to its end, whatever its code. */
export async function python<T>(script: string, options: unknown, more: PythonOptions = {}): Promise<PythonResult<T>> {
  const program = await startPython<T>(script, options, { timeoutMs: 60_000, ...more })
  return program.result
}

/** As `python`, for programs that have to succeed: returns their lines, throws with their errors. */
export async function pythonLines<T>(script: string, options: unknown, more: PythonOptions = {}): Promise<readonly T[]> {
  const { lines, code, signal, stderr } = await python<T>(script, options, more)
  if (code !== 0) throw new Error(`${script} ended with ${signal ?? `code ${code}`}. Its errors:\n${lastLines(stderr, 30)}`)
  return lines
}

/** The environment without what hop, requests or the user's own files would bring in. */
function hermetic(): NodeJS.ProcessEnv {
  const nowhere = '/nonexistent'
  const kept = Object.entries(process.env).filter(([name]) => !/^(HOP_|NETRC$|PYTHON)/.test(name))
  return { ...Object.fromEntries(kept), HOME: nowhere, XDG_CONFIG_HOME: nowhere, PYTHONDONTWRITEBYTECODE: '1' }
}

/** An argument may have 128 KB at most: what is longer goes by a file. */
async function fitting(text: string): Promise<{ text: string; remove(): Promise<void> }> {
  if (Buffer.byteLength(text) < 100_000) return { text, remove: async () => {} }
  const file = join(tmpdir(), `igwn-alert-rx-options-${randomBytes(6).toString('hex')}.json`)
  await writeFile(file, text)
  return { text: `@${file}`, remove: () => rm(file, { force: true }) }
}
