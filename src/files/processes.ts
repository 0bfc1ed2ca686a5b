import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { isErrno } from './errno.ts'

/** A process, told from any other on any machine. */
export interface ProcessId {
  readonly pid: number
  readonly host: string
  /** When it started, in the system's own words; undefined where it does not say. Numbers are given again: in a container soon. */
  readonly started?: string | undefined
}

export const thisProcess = async (): Promise<ProcessId> => ({
  pid: process.pid,
  host: hostname(),
  started: await startOf(process.pid),
})

/** Whether it runs on this machine. Of another machine's processes nothing is known. */
export async function runsHere({ pid, host, started }: ProcessId): Promise<boolean> {
  return host === hostname() && exists(pid) && started === (await startOf(pid))
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return isErrno(error, 'EPERM')
  }
}

/** Behind the name, which may hold anything: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
const STATE = 0
const START_TIME = 19
const ZOMBIE = 'Z'

async function startOf(pid: number): Promise<string | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'latin1')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[STATE] === ZOMBIE ? undefined : fields[START_TIME]
  } catch (error) {
    // Nothing is known then: to call it gone would end a process that lives.
    if (isErrno(error, 'EMFILE') || isErrno(error, 'ENFILE')) throw error
    return undefined // it is gone, or this is no Linux
  }
}
