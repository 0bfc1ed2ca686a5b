import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { rows } from '../rows.ts'
import type { Figure } from './figures.ts'
import { figuresAsTable, figuresAsText, measuredOn, readFigures, withResults } from './report.ts'

const figures: readonly Figure[] = [
  { row: 'soak', what: '2 minutes', value: '0 of 100 lost' },
  { row: 'network', what: 'cut', value: '0 lost | 0 doubled' },
  { row: 'network', what: 'black hole', value: '0 lost' },
]

it('reads back what rows wrote, and nothing where none did', () => {
  const folder = mkdtempSync(join(tmpdir(), 'igwn-alert-rx-figures-'))
  const file = join(folder, 'figures')
  expect(readFigures(file)).toEqual([])
  writeFileSync(file, figures.map(each => `${JSON.stringify(each)}\n`).join(''))
  expect(readFigures(file)).toEqual(figures)
  rmSync(folder, { recursive: true })
})

it('prints rows in the order of the table, only those that were measured', () => {
  expect(figuresAsText(figures)).toBe('network\n  cut: 0 lost | 0 doubled\n  black hole: 0 lost\nsoak\n  2 minutes: 0 of 100 lost')
})

it('makes a table of all rows, and says which were not measured', () => {
  const lines = figuresAsTable(figures).split('\n')
  expect(lines).toHaveLength(2 + rows.length)
  expect(lines.filter(line => line.includes('**not measured**'))).toHaveLength(rows.length - 2)
  expect(lines.find(line => line.includes('*cut*'))).toMatch(/\| \*cut\*: 0 lost \\\| 0 doubled<br>\*black hole\*: 0 lost \|$/)
})

it('says when and on what', () => {
  expect(measuredOn(41.6)).toMatch(/^Measured \d{4}-\d\d-\d\d in 42 minutes: \d+ cores .*; Node v\d+.*; Kafka \d+\.\d+\.\d+ on/)
})

it('replaces what is between the marks of a document, and only that', () => {
  const document = 'before\n<!-- npm run test:full: begin -->\nold\n<!-- npm run test:full: end -->\nafter\n'
  const expected = 'before\n<!-- npm run test:full: begin -->\n\nnew\n\n<!-- npm run test:full: end -->\nafter\n'
  expect(withResults(document, 'new')).toBe(expected)
  expect(() => withResults('nothing', 'new')).toThrow(/no place for results/)
})
