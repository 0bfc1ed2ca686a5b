import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { alertsOf } from '../alerts.ts'
import { writeResults } from '../document.ts'
import { load, machine } from '../machine.ts'
import { type Bench, measure } from './measure.ts'
import { type Row, rows, SIZE } from './rows.ts'
import { renderRow, verdicts } from './tables.ts'

const USAGE = `npm run bench:bridge [-- OPTIONS]

  --rounds N         alternations of each row; medians are taken (default 3)
  --only ROW,ROW     of ${rows.map(({ name }) => name).join(', ')}
  --write            the results into docs/bridge.md
  --quick            with a tenth of the clients, to see whether it works
  --profile FOLDER   a CPU profile of each server (slows them down)`

interface Options {
  readonly rounds: number
  readonly chosen: readonly Row[]
  readonly write: boolean
  readonly quick: boolean
  readonly profiles: string | undefined
}

/** Measures and prints. @returns whether all that is required was met */
export async function main(args: readonly string[]): Promise<boolean> {
  let options: Options | undefined
  try {
    options = optionsOf(args)
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`)
    return false
  }
  if (!options) {
    console.log(USAGE)
    return true
  }
  const folder = await mkdtemp(join(tmpdir(), 'igwn-alert-rx-bench-'))
  try {
    const alerts = join(folder, 'alerts.json')
    await writeFile(alerts, JSON.stringify(alertsOf(SIZE)))
    const { rounds, profiles, quick } = options
    return await runRows(options, { rounds, profiles, alerts, scale: quick ? 0.1 : 1, say: line => console.error(line) })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function runRows({ chosen, write }: Options, bench: Bench): Promise<boolean> {
  const loads = [load()]
  const parts: string[] = []
  const said: string[] = []
  for (const row of chosen) {
    const samples = await measure(row, bench)
    parts.push(renderRow(row, samples))
    // Of few clients the decoding of an alert, once for all of them, is most of the work.
    if (bench.scale === 1) said.push(...verdicts(row, samples))
    loads.push(load())
  }
  const about = [
    `Measured ${new Date().toISOString().slice(0, 10)}, medians of ${bench.rounds} rounds: ${machine()}; Node ${process.version}.`,
    'Servers and clients on the same cores, over loopback.',
    `Load of the machine (1 minute) before and after each table: ${loads.join(', ')}.`,
  ].join(' ')
  const results = [about, ...parts].join('\n\n')
  console.log(`${results}\n\n${said.join('\n')}`)
  if (write) await writeResults(new URL('../../docs/bridge.md', import.meta.url), 'npm run bench:bridge', results)
  return !said.some(line => line.startsWith('MISSED'))
}

function optionsOf(args: readonly string[]): Options | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string', default: '3' },
      only: { type: 'string' },
      write: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      profile: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) return undefined
  const rounds = Number(values.rounds)
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`--rounds is ${values.rounds}; expected a number from 1 on`)
  const names = values.only?.split(',')
  const unknown = names?.find(name => !rows.some(row => row.name === name))
  if (unknown !== undefined) throw new Error(`--only: there is no row ${unknown}`)
  if (values.write && (names || values.quick)) throw new Error('--write takes all rows in full: leave --only and --quick out')
  const { write, quick, profile } = values
  return { rounds, chosen: rows.filter(({ name }) => names?.includes(name) ?? true), write, quick, profiles: profile }
}
