import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { prepare } from '../../test/bed/prepare.ts'
import { GUARDS, type Guard } from './guards.ts'
import { applyMutant, root } from './mutate.ts'

/** What the tests of a row need. */
const PARTS = ['src', 'test', 'scripts', 'package.json', 'tsconfig.json', 'tsconfig.base.json', 'vitest.config.ts']

/** What vitest says of the first case that failed; undefined: all passed. */
function firstFailure({ row, test, ...mutant }: Guard): string | undefined {
  const copy = mkdtempSync(join(tmpdir(), 'igwn-alert-rx-control-'))
  try {
    for (const part of PARTS) cpSync(join(root, part), join(copy, part), { recursive: true })
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
    applyMutant(mutant, copy)
    const args = [
      'vitest',
      'run',
      '--project',
      'faults*',
      `test/faults/${row}.test.ts`,
      '--bail',
      '1',
      ...(test === '' ? [] : ['-t', test]),
    ]
    const { status, stdout, stderr } = spawnSync('npx', args, { cwd: copy, encoding: 'utf8', env: { ...process.env, NO_COLOR: '1' } })
    if (status === 0) return undefined
    const said = `${stdout}\n${stderr}`
    const error = /^ *FAIL .*\n(\w*Error: .*)$/m.exec(said)?.[1]
    if (error === undefined) throw new Error(`the row ${row} could not be run:\n${said.slice(-2000)}`)
    return error
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}

/**
 * A guard is taken out of a copy of the code, and the case of the fault suite that needs it is run on a real Kafka: it has to fail. Prints a table.
 *
 * @param isAsked by the row's name
 * @returns whether all failed
 */
export async function takeGuardsOut(isAsked: (row: string) => boolean): Promise<boolean> {
  const asked = GUARDS.filter(({ row }) => isAsked(row))
  if (asked.length === 0) return true
  await prepare(line => console.error(line))
  let passed = 0
  console.log('\n| row | guard taken out | as the row says |\n|---|---|---|')
  for (const guard of asked) {
    const failure = firstFailure(guard)
    if (failure === undefined) passed++
    console.log(`| ${guard.row} | ${guard.rule} | ${failure?.slice(0, 200) ?? '**passes**'} |`)
  }
  return passed === 0
}
