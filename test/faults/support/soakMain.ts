import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { prepare } from '../../bed/prepare.ts'
import { moreThan } from './Soaked.ts'
import { type SoakResult, soak } from './soak.ts'
import { soakAsText } from './soakText.ts'

const USAGE = `npm run soak [-- OPTIONS]

  --minutes N   how long faults come (default 30)
  --seed N      the faults of an earlier run (default: at random, and printed)`

const LARGEST_GROWTH = 1_000_000

/** What is wrong, each in a few words. */
function faultsOf({ read, grouped, written, failures, growth, handles, left, endedWell }: SoakResult): string[] {
  const checks: readonly (readonly [isWrong: boolean, what: string])[] = [
    [read.lost.length + grouped.lost.length + written.lost.length > 0, 'alerts are lost'],
    [read.doubled.length + written.doubled.length > 0, 'alerts are doubled'],
    [read.disordered.length + written.disordered.length > 0, 'alerts are out of order'],
    [failures.length > 0, `errors: ${failures.slice(0, 3).join('; ')}`],
    [growth.heap.perMinute >= LARGEST_GROWTH, 'memory grows by 1 MB a minute or more'],
    [moreThan(handles.atStart, handles.atEnd).length > 0, 'more handles than at the start'],
    [moreThan(left.before, left.after).length > 0, 'something is left after close()'],
    [!endedWell, 'something keeps the process after close()'],
  ]
  return checks.flatMap(([isWrong, what]) => (isWrong ? [what] : []))
}

/** The command `npm run soak`. @returns whether all was well */
export async function main(args: readonly string[]): Promise<boolean> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: 'string', default: '30' },
      seed: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) {
    console.log(USAGE)
    return true
  }
  const [minutes, seed] = [Number(values.minutes), Number(values.seed ?? randomInt(1 << 30))]
  if (!(minutes >= 2)) throw new Error(`--minutes is ${values.minutes}; expected 2 or more: memory is looked at after the first`)
  if (!Number.isInteger(seed)) throw new Error(`--seed is ${values.seed}; expected a whole number`)
  await prepare(line => console.log(line))
  console.log(`${minutes} minutes of random faults, --seed ${seed}`)
  const result = await soak({ minutes, seed, say: line => console.log(line) })
  for (const [what, value] of soakAsText(result)) console.log(`${what}: ${value}`)
  const wrong = faultsOf(result)
  for (const what of wrong) console.error(`WRONG: ${what} (--seed ${seed})`)
  return wrong.length === 0
}
