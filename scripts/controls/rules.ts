import { cpSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Failure } from '../../test/sources/property.ts'
import { MUTANTS, type Mutant } from './mutants.ts'
import { applyMutant, root } from './mutate.ts'

/** Inside node_modules, so that packages are found from there. */
const folder = join(root, 'node_modules/.cache/igwn-alert-rx-controls')
const MOST_RUNS = 2000
/** Shapes take turns, so that a rule that only one of them needs is soon seen. */
const RUNS_A_TURN = 20

interface Property {
  readonly SHAPES: readonly string[]
  check(shape: string, runs: number, seed: number, shrink?: boolean): Promise<Failure | undefined>
}

function mutate(mutant: Mutant, into: string): void {
  rmSync(into, { recursive: true, force: true })
  mkdirSync(into, { recursive: true })
  for (const part of ['src', 'test/sources', 'package.json']) cpSync(join(root, part), join(into, part), { recursive: true })
  applyMutant(mutant, into)
}

async function hunt({ SHAPES, check }: Property): Promise<{ runs: number; shape: string; message: string } | undefined> {
  for (let runs = 0, turn = 0; runs < MOST_RUNS; turn++) {
    const shape = SHAPES[turn % SHAPES.length]!
    const failure = await check(shape, RUNS_A_TURN, 1 + turn, false)
    runs += failure?.runs ?? RUNS_A_TURN
    if (failure) return { runs, shape, message: failure.message }
  }
  return undefined
}

/**
 * Each rule of the semantics is switched off in a copy of the code, and the property (test/sources/property.ts) has to see it. Prints a table.
 *
 * @param isAsked by the rule's text
 * @returns whether all were seen
 */
export async function switchRulesOff(isAsked: (rule: string) => boolean): Promise<boolean> {
  let unseen = 0
  console.log('| rule switched off | seen after | by the shape | as |\n|---|---|---|---|')
  for (const [i, mutant] of MUTANTS.entries()) {
    if (!isAsked(mutant.rule)) continue
    const copy = join(folder, String(i))
    mutate(mutant, copy)
    const found = await hunt((await import(pathToFileURL(join(copy, 'test/sources/property.ts')).href)) as Property)
    if (!found) unseen++
    const seen = found ? `${found.runs} runs` : `**not in ${MOST_RUNS}**`
    console.log(`| ${mutant.rule} | ${seen} | ${found?.shape ?? ''} | ${found?.message ?? ''} |`)
  }
  rmSync(folder, { recursive: true, force: true })
  return unseen === 0
}
