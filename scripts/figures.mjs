// What the rows of the fault suite measured: node scripts/figures.mjs FILE MINUTES [--write]; --write puts it into docs/reliability.md.
import { readFileSync, writeFileSync } from 'node:fs'
import { tsImport } from 'tsx/esm/api'
import { root } from './steps.mjs'

const { figuresAsTable, figuresAsText, measuredOn, readFigures, withResults } = await tsImport(
  '../test/faults/support/report.ts',
  import.meta.url,
)
const [file, minutes, write] = process.argv.slice(2)
const figures = readFigures(file)
console.log(figuresAsText(figures))
if (write === '--write') {
  const document = `${root}docs/reliability.md`
  const results = `${measuredOn(Number(minutes))}\n\n${figuresAsTable(figures)}`
  writeFileSync(document, withResults(readFileSync(document, 'utf8'), results))
}
