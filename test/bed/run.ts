import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Socket } from 'node:net'

export interface RunOptions {
  readonly cwd?: string | undefined
  readonly env?: NodeJS.ProcessEnv | undefined
  /** What an ENOENT means to the user: what is needed and how to install it. */
  readonly missing?: string | undefined
}

export interface RunResult {
  readonly stdout: string
  readonly stderr: string
}

/** Runs a program to its end. Throws with its last lines if it fails, and with `missing` if there is no such program. */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    execFile(command, args, { cwd: options.cwd, env: options.env ?? process.env, maxBuffer: 64 << 20 }, (error, stdout, stderr) => {
      if (!error) return resolve({ stdout, stderr })
      if (error.code === 'ENOENT')
        return reject(new Error(`${command} was not found. ${options.missing ?? 'Install it and put it on the PATH.'}`))
      const said = lastLines(`${stdout}\n${stderr}`, 20)
      const how = error.signal ? `was ended by ${error.signal}` : `ended with code ${error.code}`
      reject(new Error(`${command} ${args[0] ?? ''} ${how}. Its last lines:\n${said}`))
    })
  })
}

/** The last lines of a text that are not empty, each cut at 500 characters. */
export function lastLines(text: string, count: number): string {
  const lines = text.split('\n').filter(line => line.trim() !== '')
  return lines
    .slice(-count)
    .map(line => line.slice(0, 500))
    .join('\n')
}

/** Whether a process of that id exists (it may belong to another user). */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/** Resolves once `condition` answers true; asks every `every` ms, throws `what` after `within` ms, with the last error as its cause. */
export async function until(condition: () => Promise<boolean> | boolean, what: string, within = 30_000, every = 25): Promise<void> {
  const end = Date.now() + within
  for (;;) {
    let cause: unknown
    try {
      if (await condition()) return
    } catch (error) {
      cause = error
    }
    if (Date.now() > end) throw new Error(`${what} (waited ${within} ms)`, { cause })
    await new Promise(resolve => setTimeout(resolve, every))
  }
}

/**
 * Sees to it that process `pid` dies with this one, however this one ends (also by SIGKILL): a tiny shell waits for its standard input,
 * held by us, to close. Returns what calls it off.
 */
export function dieWithUs(pid: number): () => void {
  const guard = spawn('/bin/sh', ['-c', 'read -r _; kill -KILL "$0" 2>/dev/null', String(pid)], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  guard.unref()
  ;(guard.stdin as Socket).unref()
  return () => guard.kill('SIGKILL')
}

/** Waits until a child ended; returns at once if it has. */
export async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  await once(child, 'exit')
}
