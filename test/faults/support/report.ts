import { existsSync, readFileSync } from 'node:fs'
import { availableParallelism, cpus, totalmem } from 'node:os'
import { type Row, type RowName, rows } from '../rows.ts'
import type { Figure } from './figures.ts'

const BEGIN = '<!-- npm run test:full: begin -->'
const END = '<!-- npm run test:full: end -->'

/** What rows wrote with `figure()`, in the order in which they did. */
export function readFigures(file: string): Figure[] {
  if (!existsSync(file)) return []
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line) as Figure)
}

/** For the terminal: each row's name, and a line for each figure. */
export function figuresAsText(figures: readonly Figure[]): string {
  return rows
    .flatMap(({ name }) => {
      const own = ofRow(figures, name)
      return own.length > 0 ? [name, ...own.map(({ what, value }) => `  ${what}: ${value}`)] : []
    })
    .join('\n')
}

/** For the document: fault, what it must show, what was measured. */
export function figuresAsTable(figures: readonly Figure[]): string {
  const line = ({ name, fault, mustShow }: Row & { readonly name: RowName }): string => {
    const own = ofRow(figures, name).map(({ what, value }) => `*${cell(what)}*: ${cell(value)}`)
    return `| ${cell(fault)} | ${cell(mustShow)} | ${own.length > 0 ? own.join('<br>') : '**not measured**'} |`
  }
  return ['| fault | must show | measured |', '| --- | --- | --- |', ...rows.map(line)].join('\n')
}

/** When, on what, with which Kafka; never where. @param minutes that the faults took */
export function measuredOn(minutes: number): string {
  const pom = readFileSync(new URL('../../bed/pom.xml', import.meta.url), 'utf8')
  const kafka = /<artifactId>kafka_[\d.]+<\/artifactId>\s*<version>([\d.]+)/.exec(pom)?.[1]
  const cores = `${availableParallelism()} cores (${cpus()[0]?.model.trim() ?? 'unknown'})`
  const machine = `${cores}, ${Math.round(totalmem() / 2 ** 30)} GB, ${process.platform}`
  const date = new Date().toISOString().slice(0, 10)
  return `Measured ${date} in ${Math.round(minutes)} minutes: ${machine}; Node ${process.version}; Kafka ${kafka} on the same cores, over loopback.`
}

/** A document with other results between its marks. */
export function withResults(document: string, results: string): string {
  const [begin, end] = [document.indexOf(BEGIN), document.indexOf(END)]
  if (begin < 0 || end < begin) throw new Error(`the document has no place for results: ${BEGIN} and ${END}`)
  return `${document.slice(0, begin + BEGIN.length)}\n\n${results.trim()}\n\n${document.slice(end)}`
}

const ofRow = (figures: readonly Figure[], name: RowName): readonly Figure[] => figures.filter(({ row }) => row === name)

const cell = (text: string): string => text.replaceAll('|', '\\|')
