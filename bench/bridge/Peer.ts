import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { ended } from '../../test/bed/run.ts'

interface Reply {
  readonly id: number
  readonly result?: unknown
  readonly error?: string
}

interface Waiting {
  readonly resolve: (result: never) => void
  readonly reject: (error: Error) => void
}

/** What a question is answered with, by its name. */
export interface Answers {
  /** A port. */
  readonly start: number
  readonly burst: Run
  readonly pace: Run
  readonly used: Used
  readonly connect: undefined
  readonly until: { readonly at: number; readonly bytes: number }
  readonly arrivals: readonly (readonly number[])[]
}

export interface Run {
  readonly started: number
  /** When each alert was ready to be written; of a burst that is not told. */
  readonly stamps: readonly number[]
}

/** Since the last burst or pace began. */
export interface Used {
  readonly cpuSeconds: number
  /** The most memory (RSS), and that of now. */
  readonly megabytes: number
  readonly megabytesNow: number
}

/** A program of `bench/bridge/peers`: a server, or clients. */
export class Peer {
  readonly #name: string
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, Waiting>()
  #questions = 0

  constructor(program: string, task: object, profiles: string | undefined) {
    this.#name = program
    const file = fileURLToPath(new URL(`peers/${program}`, import.meta.url))
    const execArgv = profiles ? ['--cpu-prof', `--cpu-prof-dir=${profiles}`, `--cpu-prof-name=${program}-${Date.now()}.cpuprofile`] : []
    this.#child = fork(file, [JSON.stringify(task)], { execArgv, serialization: 'advanced' })
    this.#child.on('message', message => this.#take(message as Reply))
    this.#child.on('exit', (code, signal) => this.#fail(new Error(`${program} ended with ${signal ?? `code ${code}`}`)))
  }

  ask<N extends keyof Answers>(name: N, about: object = {}): Promise<Answers[N]> {
    return new Promise((resolve, reject) => {
      const id = ++this.#questions
      this.#waiting.set(id, { resolve, reject })
      this.#child.send({ id, name, about }, error => error && reject(error))
    })
  }

  /** It does nothing from now on: its connections stay open, nothing is read from them. */
  halt(): void {
    this.#child.kill('SIGSTOP')
  }

  async close(): Promise<void> {
    // Closed channels end a program, so that it can write its profile; one that was halted does not hear of it.
    if (this.#child.connected) this.#child.disconnect()
    const late = setTimeout(() => this.#child.kill('SIGKILL'), 5_000)
    this.#child.kill('SIGCONT')
    await ended(this.#child)
    clearTimeout(late)
  }

  #take({ id, result, error }: Reply): void {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    if (error === undefined) waiting?.resolve(result as never)
    else waiting?.reject(new Error(`${this.#name}: ${error}`))
  }

  #fail(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error)
    this.#waiting.clear()
  }
}
