import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { rows } from '../rows.ts'

/** Beside the rows: what is wrong for good, and what else was once found to matter. */
const FURTHER = ['answersSwallowed', 'badInput', 'bomb', 'resuming']

it('each row of the table is a file, and each file a row or known as none', () => {
  const folder = fileURLToPath(new URL('..', import.meta.url))
  const files = readdirSync(folder).filter(name => name.endsWith('.test.ts'))
  const names = files.map(name => name.replace('.test.ts', ''))
  expect(names.sort()).toEqual([...rows.map(({ name }) => name), ...FURTHER].sort())
})
