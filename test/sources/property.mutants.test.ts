import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { MUTANTS } from '../../scripts/controls/mutants.ts'

it.each(MUTANTS)('the rule that the controls switch off is in the code: $rule', ({ file, find, replace }) => {
  const code = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8')
  expect(code.split(find).length - 1, `${file} has to hold once: ${find}`).toBe(1)
  expect(replace).not.toBe(find)
})
