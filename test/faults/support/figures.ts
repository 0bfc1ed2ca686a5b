import { appendFileSync } from 'node:fs'
import type { RowName } from '../rows.ts'

/** One line of what a row measured. */
export interface Figure {
  readonly row: RowName
  /** The case within the row, e.g. 'killed, back after 5 s, in a group'. */
  readonly what: string
  /** What was measured, e.g. '0 of 20 lost, 0 doubled, first alert after 0.3 s'. */
  readonly value: string
}

/** Writes down what a case measured, for the table in docs/reliability.md; where no run asks for it, nothing. */
export function figure(row: RowName, what: string, value: string): void {
  const file = process.env['IGWN_ALERT_RX_FIGURES']
  if (file) appendFileSync(file, `${JSON.stringify({ row, what, value } satisfies Figure)}\n`)
}
