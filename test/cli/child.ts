import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

export interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** A process of ours: what it has printed so far, and how it ends. */
export interface Child {
  readonly process: ChildProcess
  readonly out: () => string
  readonly err: () => string
  readonly ended: Promise<Ended>
}

function start(args: readonly string[], env: NodeJS.ProcessEnv = {}): Child {
  // Nothing of the user's own: no auth.toml, no colours.
  const child = spawn(process.execPath, ['--import', 'tsx', ...args], {
    cwd: root,
    env: {
      ...process.env,
      XDG_CONFIG_HOME: '/nonexistent',
      HOME: '/nonexistent',
      NETRC: undefined,
      NO_COLOR: '1',
      NODE_OPTIONS: '',
      ...env,
    },
  })
  let [out, err] = ['', '']
  child.stdout.setEncoding('utf8').on('data', text => {
    out += text
  })
  child.stderr.setEncoding('utf8').on('data', text => {
    err += text
  })
  // Whoever ends early does not read the rest.
  child.stdin.on('error', () => {})
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', code => resolve({ code, out, err }))
  })
  return { process: child, out: () => out, err: () => err, ended }
}

/** The command, as a process of its own. */
export const command = (args: readonly string[], env?: NodeJS.ProcessEnv): Child => start(['src/cli/main.ts', ...args], env)

/** The command, to its end. */
export function run(args: readonly string[], { stdin, env }: { stdin?: string | undefined; env?: NodeJS.ProcessEnv } = {}): Promise<Ended> {
  const child = command(args, env)
  child.process.stdin?.end(stdin ?? '')
  return child.ended
}

/** A program of the parts of the command. */
export const program = (source: string): Child =>
  start([
    '--input-type=module',
    '--eval',
    `import { run } from './src/cli/program.ts'
import { errorLine, exitCodeOf } from './src/cli/exit.ts'
import { printAlerts } from './src/cli/listen.ts'
import { clientOptions } from './src/cli/options.ts'
import { running, withClient } from './src/cli/running.ts'
import { MemoryTransport } from './src/testing.ts'
const transport = new MemoryTransport()
transport.log.createTopic('gracedb.t')
const append = (...values) => { for (const value of values) transport.log.append('gracedb.t', { value: JSON.stringify(value) }) }
try {
  ${source}
} catch (error) {
  process.stderr.write(errorLine(error))
  process.exitCode = exitCodeOf(error)
}`,
  ])
