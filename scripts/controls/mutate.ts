import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Mutant } from './mutants.ts'

export const root = fileURLToPath(new URL('../..', import.meta.url))

/** Switches the rule off in the copy of the project that lies in `folder`. @throws when its text is not there exactly once */
export function applyMutant({ file, find, replace }: Mutant, folder: string): void {
  const path = join(folder, file)
  const code = readFileSync(path, 'utf8')
  if (code.split(find).length !== 2) throw new Error(`${file}: the text to replace is not there exactly once: ${find}`)
  writeFileSync(
    path,
    code.replace(find, () => replace),
  )
}
