import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { KafkaBed } from '../test/bed/kafka.ts'
import { alertsOf, farOf, type SizedAlert } from './alerts.ts'
import { type Contender, run, type Sample, type Task } from './contenders.ts'
import { fill } from './fill.ts'
import type { Row } from './rows.ts'

const GROUP = 'bench'
/** Two sums of the same numbers in the same order may differ by so much of them: each library reads decimals in its own way. */
const EQUAL = 1e-9
const IDLE = { settle: 2, seconds: 5 }

export interface Bench {
  readonly kafka: KafkaBed
  readonly rounds: number
  /** For files, removed at the end. */
  readonly folder: string
  readonly profiles: string | undefined
  readonly say: (line: string) => void
}

/** By contender, a sample of each round. */
export type Samples = ReadonlyMap<string, readonly Sample[]>

/** All contenders of a row in turn, round by round, each round beginning with the next one. */
export async function measure(row: Row, bench: Bench): Promise<Samples> {
  const once = row.kind === 'idle' ? await prepareIdle(row, bench) : await prepareWork(row, bench)
  const samples = new Map<string, Sample[]>(row.contenders.map(({ name }) => [name, []]))
  for (let round = 0; round < bench.rounds; round++) {
    for (let i = 0; i < row.contenders.length; i++) {
      const contender = row.contenders[(round + i) % row.contenders.length]!
      const sample = await once(contender)
      samples.get(contender.name)!.push(sample)
      bench.say(`${row.name} ${round + 1}/${bench.rounds} ${contender.name}: ${summary(sample)}`)
    }
  }
  return samples
}

type Once = (contender: Contender) => Promise<Sample>

async function prepareWork(row: Row & { readonly kind: 'read' | 'write' }, bench: Bench): Promise<Once> {
  const alerts = alertsOf(row.size)
  if (row.kind === 'write') return writing(row, alerts, bench)
  const topic = await newTopic(row.name, bench)
  bench.say(`${row.name}: filling the topic with ${row.count} alerts`)
  await fill(
    serverOf(bench),
    `${GROUP}.${topic}`,
    alerts.map(alert => JSON.stringify(alert)),
    row.count,
  )
  return async contender => {
    const { count = row.count, batch, toTheEnd } = contender
    const sample = await run(contender, { ...taskOf(topic, bench), count, batch, toTheEnd }, bench.profiles)
    checkFar(contender, sample, farOf(alerts, count))
    return sample
  }
}

async function writing(row: Row & { readonly kind: 'read' | 'write' }, alerts: readonly SizedAlert[], bench: Bench): Promise<Once> {
  const file = join(bench.folder, `${row.name}.json`)
  await writeFile(file, JSON.stringify(alerts))
  let runs = 0
  return async contender => {
    const topic = await newTopic(`${row.name}-${++runs}`, bench)
    const { count = row.count, batch } = contender
    const sample = await run(contender, { ...taskOf(topic, bench), count, batch, alerts: file, encoded: row.encoded }, bench.profiles)
    const [stored] = await bench.kafka.endOffsets(`${GROUP}.${topic}`)
    if (stored !== count + 1) throw new Error(`${contender.name} was to write ${count + 1} alerts; ${stored} are stored`)
    await bench.kafka.deleteTopic(`${GROUP}.${topic}`)
    return sample
  }
}

async function prepareIdle(row: Row, bench: Bench): Promise<Once> {
  const topic = await newTopic(row.name, bench)
  return contender => run(contender, { ...taskOf(topic, bench), ...IDLE }, bench.profiles)
}

async function newTopic(name: string, { kafka }: Bench): Promise<string> {
  await kafka.createTopic(`${GROUP}.${name}`)
  return name
}

const serverOf = ({ kafka }: Bench): string => kafka.access().server

const taskOf = (topic: string, bench: Bench): Task => ({ server: serverOf(bench), group: GROUP, topic })

function checkFar({ name }: Contender, { far }: Sample, expected: number): void {
  const isEqual = far !== undefined && Math.abs(far / expected - 1) < EQUAL
  if (!isEqual) throw new Error(`${name} summed a FAR of ${far}, expected ${expected}: it read something else`)
}

function summary({ count, callbacks, seconds, cpuSeconds, megabytes }: Sample): string {
  const rate = `${Math.round((count ?? callbacks ?? 0) / seconds)} ${count === undefined ? 'callbacks' : 'alerts'}/s`
  return `${rate}, ${seconds.toFixed(2)} s, CPU ${cpuSeconds.toFixed(2)} s, ${Math.round(megabytes)} MB`
}
