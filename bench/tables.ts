import type { Sample } from './contenders.ts'
import type { Samples } from './measure.ts'
import type { Row } from './rows.ts'
import { median, range } from './statistics.ts'

type Work = Extract<Row, { readonly required: unknown }>
type Idle = Extract<Row, { readonly kind: 'idle' }>

/** A row's results as Markdown: a table, and what was required of it. */
export function renderRow(row: Row, samples: Samples): string {
  const lines = row.kind === 'idle' ? idleTable(row, samples) : workTable(row, samples)
  return [`### ${row.title}`, '', ...lines].join('\n')
}

/** What was required, by row: as lines for the end of a run. */
export function verdicts(row: Row, samples: Samples): string[] {
  if (row.kind === 'idle') {
    const callbacks = median(callbacksOf(row, samples, 0))
    return [
      `${mark(callbacks < row.below)} ${row.name}: ${callbacks.toFixed(1)} timer callbacks a second, required: fewer than ${row.below}`,
    ]
  }
  const ours = row.contenders[0]!.name
  return row.required.map(({ over, least }) => {
    const [rate, other] = [ours, over].map(name => samples.get(name)!.map(rateOf)) as [number[], number[]]
    const ratio = median(rate) / median(other)
    return `${mark(ratio >= least)} ${row.name}: ${digits(ratio)} times ${over}, required: ${least}`
  })
}

export const mark = (met: boolean): string => (met ? 'met   ' : 'MISSED')

function workTable({ contenders, size, required }: Work, samples: Samples): string[] {
  const ours = samples.get(contenders[0]!.name)!.map(rateOf)
  const body = contenders.map(({ name, note }, i) => {
    const own = samples.get(name)!
    const rates = own.map(rateOf)
    const ratio = median(ours) / median(rates)
    const [least, most] = range(ours, rates)
    const wanted = required.find(({ over }) => over === name)
    return [
      name,
      thousands(median(rates)),
      `${digits((median(rates) * size) / 1e6)}`,
      i === 0 ? '1' : `**${digits(ratio)}** (${digits(least)} to ${digits(most)})`,
      wanted ? `${wanted.least}${ratio >= wanted.least ? '' : ' (missed)'}` : '',
      digits(median(own.map(({ cpuSeconds, count }) => (cpuSeconds / count!) * 1e6))),
      Math.round(median(own.map(({ megabytes }) => megabytes))),
      note,
    ]
  })
  return table(['', 'alerts/s', 'MB/s', 'ours is times it', 'required', 'CPU µs an alert', 'RSS MB', 'how'], body)
}

function idleTable(row: Idle, samples: Samples): string[] {
  const body = row.contenders.map(({ name, note }, i) => {
    const own = samples.get(name)!
    return [
      name,
      digits(median(callbacksOf(row, samples, i))),
      i === 0 ? `below ${row.below}` : '',
      digits(median(own.map(({ cpuSeconds, seconds }) => (cpuSeconds / seconds) * 1000))),
      Math.round(median(own.map(({ megabytes }) => megabytes))),
      note,
    ]
  })
  return table(['', 'timer callbacks/s', 'required', 'CPU ms a second', 'RSS MB', 'how'], body)
}

const rateOf = ({ count, seconds }: Sample): number => count! / seconds

const callbacksOf = ({ contenders }: Idle, samples: Samples, i: number): number[] =>
  samples.get(contenders[i]!.name)!.map(({ callbacks, seconds }) => callbacks! / seconds)

export function table(head: readonly string[], body: readonly (readonly (string | number)[])[]): string[] {
  const line = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`
  const rule = head.map((_, i) => (i === 0 || i === head.length - 1 ? '---' : '---:'))
  return [line(head), line(rule), ...body.map(line)]
}

const thousands = (value: number): string => Math.round(value).toLocaleString('en-US')

/** Two or three digits: what such a measurement can tell. */
export const digits = (value: number): string => (value >= 100 ? thousands(value) : value >= 10 ? value.toFixed(1) : value.toFixed(2))
