import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startKafka } from '../test/bed/kafka.ts'
import { writeResults } from './document.ts'
import { facts, load } from './machine.ts'
import { type Bench, measure } from './measure.ts'
import { type Row, rows } from './rows.ts'
import { renderRow, verdicts } from './tables.ts'

const USAGE = `npm run bench [-- OPTIONS]

  --rounds N         alternations of each row; medians are taken (default 5)
  --only ROW,ROW     of ${rows.map(({ name }) => name).join(', ')}
  --write            the results into docs/benchmarks.md
  --profile FOLDER   a CPU profile of each run of a program in JavaScript (slows them down)`

interface Options {
  readonly rounds: number
  readonly chosen: readonly Row[]
  readonly write: boolean
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
  // A group of one member has nobody to wait for.
  const kafka = await startKafka({ properties: { 'group.initial.rebalance.delay.ms': 0 } })
  try {
    const bench: Bench = { kafka, rounds: options.rounds, folder, profiles: options.profiles, say: line => console.error(line) }
    return await runRows(options, bench)
  } finally {
    await kafka.close()
    await rm(folder, { recursive: true, force: true })
  }
}

async function runRows({ chosen, rounds, write }: Options, bench: Bench): Promise<boolean> {
  const loads = [load()]
  const parts: string[] = []
  const said: string[] = []
  for (const row of chosen) {
    const samples = await measure(row, bench)
    parts.push(renderRow(row, samples))
    said.push(...verdicts(row, samples))
    loads.push(load())
  }
  const about = [
    `Measured ${new Date().toISOString().slice(0, 10)}, medians of ${rounds} rounds: ${await facts()}.`,
    `Load of the machine (1 minute) before and after each table: ${loads.join(', ')}.`,
  ].join(' ')
  const results = [about, ...parts].join('\n\n')
  console.log(`${results}\n${said.join('\n')}`)
  if (write) await writeResults(new URL('../docs/benchmarks.md', import.meta.url), 'npm run bench -- --write', results)
  return !said.some(line => line.startsWith('MISSED'))
}

function optionsOf(args: readonly string[]): Options | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string', default: '5' },
      only: { type: 'string' },
      write: { type: 'boolean', default: false },
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
  if (values.write && names) throw new Error('--write takes all rows: leave --only out')
  return { rounds, chosen: rows.filter(({ name }) => names?.includes(name) ?? true), write: values.write, profiles: values.profile }
}
