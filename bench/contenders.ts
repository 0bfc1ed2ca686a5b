import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { pythonPeers } from '../test/bed/artifacts.ts'
import { dieWithUs, ended, lastLines } from '../test/bed/run.ts'

/** Who does the work: a program of its own, `bench/peers/PROGRAM`. */
export interface Contender {
  readonly name: string
  readonly program: string
  /** What the table says of it. */
  readonly note: string
  /** Fewer than the row says, for the slow: its rate is what counts. */
  readonly count?: number | undefined
  /** Records of one send, or of one read. */
  readonly batch?: number | undefined
  /** Its time runs until it has ended, not only to the last alert. */
  readonly toTheEnd?: boolean | undefined
}

/** What a program gets. */
export interface Task {
  readonly server: string
  readonly group: string
  readonly topic: string
  readonly count?: number | undefined
  readonly batch?: number | undefined
  readonly toTheEnd?: boolean | undefined
  /** A file with the alerts to write: a JSON array. */
  readonly alerts?: string | undefined
  /** They are made JSON before the time runs. */
  readonly encoded?: boolean | undefined
  /** Seconds of waiting, then of counting timers. */
  readonly settle?: number | undefined
  readonly seconds?: number | undefined
}

/** What a program prints: one line of JSON. */
export interface Sample {
  readonly seconds: number
  readonly cpuSeconds: number
  /** The most memory it had (RSS). */
  readonly megabytes: number
  readonly count?: number | undefined
  /** The sum of what was read: the proof that all did the same work. */
  readonly far?: number | undefined
  readonly callbacks?: number | undefined
}

const PATIENCE = 180_000
const nowhere = '/nonexistent'
/** Without what hop would read of the user's own. */
const pythonEnvironment = { HOME: nowhere, XDG_CONFIG_HOME: nowhere, PYTHONDONTWRITEBYTECODE: '1', PYTHONWARNINGS: 'ignore' }

/** Runs a contender once. Throws with its last words if it fails. @param profiles a folder for CPU profiles of the programs in JavaScript */
export async function run({ name, program }: Contender, task: Task, profiles: string | undefined): Promise<Sample> {
  const file = fileURLToPath(new URL(`peers/${program}`, import.meta.url))
  const isPython = program.endsWith('.py')
  const command = isPython ? (await pythonPeers()).python : process.execPath
  const flags = profiles && !isPython ? ['--cpu-prof', `--cpu-prof-dir=${profiles}`] : []
  const child = spawn(command, [...flags, file, JSON.stringify(task)], {
    env: isPython ? { PATH: process.env['PATH'], ...pythonEnvironment } : process.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  if (child.pid === undefined) throw new Error(`${name}: ${command} could not be started`)
  child.once('exit', dieWithUs(child.pid))
  const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE)
  let out = ''
  let err = ''
  child.stdout.setEncoding('utf8').on('data', text => {
    out += text
  })
  child.stderr.setEncoding('utf8').on('data', text => {
    err += text
  })
  await ended(child)
  clearTimeout(timer)
  if (child.exitCode !== 0) throw new Error(`${name} ended with ${child.signalCode ?? `code ${child.exitCode}`}:\n${lastLines(err, 20)}`)
  return JSON.parse(lastLines(out, 1)) as Sample
}
