import { median, quantile, range } from '../statistics.ts'
import { digits, mark, table } from '../tables.ts'
import type { Sample, Samples } from './measure.ts'
import { BARE, type Contender, REQUIRED, type Row } from './rows.ts'

/** A row's results as Markdown. */
export function renderRow(row: Row, samples: Samples): string {
  const lines = row.kind === 'paced' ? pacedTable(row, samples) : unpacedTable(row, samples)
  return [`### ${row.title}`, '', ...lines].join('\n')
}

/** What was required, by row: as lines for the end of a run. */
export function verdicts(row: Row, samples: Samples): string[] {
  if (row.kind === 'paced') return []
  return row.contenders.filter(isOurs).flatMap(({ name }) => {
    const [rate, cpu] = [ratioOf(samples, name, rateOf), ratioOf(samples, name, cpuOf)]
    return [
      `${mark(rate >= REQUIRED.rate)} ${row.name}, ${name}: ${digits(rate)} times the rate of the bare loop, required: ${REQUIRED.rate}`,
      `${mark(cpu <= REQUIRED.cpu)} ${row.name}, ${name}: ${digits(cpu)} times its CPU for a byte, required: ${REQUIRED.cpu} at most`,
    ]
  })
}

function unpacedTable({ contenders }: Row, samples: Samples): string[] {
  const body = contenders.map(contender => {
    const { name } = contender
    const own = samples.get(name)!
    const isBare = name === BARE.name
    const [rate, cpu] = isOurs(contender) ? [`${REQUIRED.rate}`, `${REQUIRED.cpu} at most`] : ['', '']
    return [
      name,
      digits(median(own.map(rateOf)) / 1e6),
      isBare ? '1' : comparison(samples, name, rateOf),
      rate,
      digits(median(own.map(cpuOf)) * 1e9),
      isBare ? '1' : comparison(samples, name, cpuOf),
      cpu,
      megabytesOf(own),
    ]
  })
  return table(['', 'MB/s', 'times the bare loop', 'required', 'CPU s a GB', 'times the bare loop', 'required', 'RSS MB'], body)
}

function pacedTable({ contenders }: Row, samples: Samples): string[] {
  const body = contenders.map(({ name }) => {
    const own = samples.get(name)!
    const delay = (share: number): string => digits(median(own.map(({ delays }) => quantile(delays, share))))
    return [
      name,
      delay(0.5),
      delay(0.99),
      delay(1),
      digits(median(own.map(({ cpuSeconds, seconds }) => (cpuSeconds / seconds) * 100))),
      megabytesOf(own),
    ]
  })
  return table(['', 'p50 ms', 'p99 ms', 'longest ms', 'CPU % of a core', 'RSS MB'], body)
}

const isOurs = ({ program }: Contender): boolean => program === 'bridge.mjs'
const rateOf = ({ bytes, seconds }: Sample): number => bytes / seconds
const cpuOf = ({ bytes, cpuSeconds }: Sample): number => cpuSeconds / bytes
const megabytesOf = (samples: readonly Sample[]): number => Math.round(median(samples.map(({ megabytes }) => megabytes)))

type Figure = (sample: Sample) => number

const ratioOf = (samples: Samples, name: string, figure: Figure): number =>
  median(samples.get(name)!.map(figure)) / median(samples.get(BARE.name)!.map(figure))

/** The ratio of the medians, and the rounds' from the least to the most. */
function comparison(samples: Samples, name: string, figure: Figure): string {
  const [least, most] = range(samples.get(name)!.map(figure), samples.get(BARE.name)!.map(figure))
  return `**${digits(ratioOf(samples, name, figure))}** (${digits(least)} to ${digits(most)})`
}
