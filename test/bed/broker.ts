import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, existsSync, openSync, readdirSync, readFileSync } from 'node:fs'
import { dieWithUs, ended, lastLines } from './run.ts'

export interface BrokerCommand {
  readonly java: string
  readonly args: readonly string[]
  readonly logFile: string
}

/** The process of one broker. It never outlives this process. */
export class BrokerProcess {
  readonly #command: BrokerCommand
  #child: ChildProcess | undefined
  #paused = false

  constructor(command: BrokerCommand) {
    this.#command = command
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  /** Started, and has not ended (it may be paused). */
  get running(): boolean {
    return this.#child?.pid !== undefined && this.#child.exitCode === null && this.#child.signalCode === null
  }

  get paused(): boolean {
    return this.running && this.#paused
  }

  /** Starts the process if it is not running; does not wait until it is ready. */
  start(): void {
    if (this.running) return
    const log = openSync(this.#command.logFile, 'a')
    // Detached: a Ctrl-C in the terminal is for us, who end it in order.
    const child = spawn(this.#command.java, this.#command.args, { stdio: ['ignore', log, log], detached: true })
    closeSync(log)
    if (child.pid !== undefined) child.once('exit', dieWithUs(child.pid))
    child.once('error', () => {}) // it could not be started: there is no pid, and who waits for readiness is told
    this.#child = child
    this.#paused = false
  }

  /** SIGTERM, and waits for the end. After `patience` ms it is killed, and this throws: an end in order was asked for. */
  async stop(patience = 30_000): Promise<void> {
    const child = this.#child
    if (!child || !this.running) return
    this.resume()
    let late = false
    const timer = setTimeout(() => {
      late = true
      child.kill('SIGKILL')
    }, patience)
    child.kill('SIGTERM')
    await ended(child)
    clearTimeout(timer)
    if (late) throw new Error(`the broker did not end within ${patience} ms of SIGTERM and was killed. Its last lines:\n${this.tail()}`)
  }

  /** SIGKILL, and waits for the end. */
  async kill(): Promise<void> {
    if (!this.#child || !this.running) return
    this.#child.kill('SIGKILL')
    await ended(this.#child)
  }

  /** SIGSTOP: its connections stay open and nothing answers. */
  pause(): void {
    if (!this.running) throw new Error('a broker that is not running cannot be paused')
    this.#child?.kill('SIGSTOP')
    const pid = this.#child?.pid
    if (pid !== undefined) waitUntilStopped(pid)
    this.#paused = true
  }

  /** SIGCONT. */
  resume(): void {
    if (this.#paused) this.#child?.kill('SIGCONT')
    this.#paused = false
  }

  /** How the process ended, if it did. */
  get end(): string | undefined {
    if (!this.#child || this.running) return undefined
    if (this.#child.pid === undefined) return `no start: ${this.#command.java} could not be run`
    return this.#child.signalCode ? `signal ${this.#child.signalCode}` : `code ${this.#child.exitCode}`
  }

  /** The last lines of its log. */
  tail(count = 25): string {
    const { logFile } = this.#command
    return existsSync(logFile) ? lastLines(readFileSync(logFile, 'utf8'), count) : '(no log)'
  }
}

/** A thread that still runs could answer what comes after the call; looked at where the system says how its threads are. */
function waitUntilStopped(pid: number): void {
  const tasks = `/proc/${pid}/task`
  const isStopped = (task: string): boolean => {
    try {
      return /\) [TtZX] /.test(readFileSync(`${tasks}/${task}/stat`, 'utf8'))
    } catch {
      // It has just ended.
      return true
    }
  }
  const end = performance.now() + 1_000
  while (existsSync(tasks) && performance.now() < end) if (readdirSync(tasks).every(isStopped)) return
}
