import fc from 'fast-check'
import { SHAPES as SHAPES_OF_ONE, type Shape as ShapeOfOne } from './property.chains.ts'
import { scenario as scenarioOfOne } from './property.one.steps.ts'
import { playOne } from './property.one.ts'
import { withoutChance } from './property.random.ts'
import { CHAINS, scenariosOf } from './property.several.steps.ts'
import { playSeveral } from './property.several.ts'

const SEVERAL = {
  'several-handle': scenariosOf(['handle']),
  'several-manual': scenariosOf(['manual']),
  'several-mixed': scenariosOf(CHAINS),
} as const

export type Shape = ShapeOfOne | keyof typeof SEVERAL
export const SHAPES: readonly Shape[] = [...SHAPES_OF_ONE, 'several-handle', 'several-manual', 'several-mixed']

export interface Failure {
  readonly message: string
  readonly counterexample: string
  /** Both together play the counterexample again. */
  readonly seed: number
  readonly path: string | null
  /** How many runs it took. */
  readonly runs: number
}

/** Plays a shape `runs` times; the first failure, shrunk. */
export function check(shape: Shape, runs: number, seed: number, shrink = true): Promise<Failure | undefined> {
  const parameters = { numRuns: runs, seed, endOnFailure: !shrink }
  return isOfSeveral(shape)
    ? firstFailure(SEVERAL[shape], playSeveral, parameters)
    : firstFailure(scenarioOfOne, scenario => playOne(shape, scenario), parameters)
}

const isOfSeveral = (shape: Shape): shape is keyof typeof SEVERAL => shape in SEVERAL

async function firstFailure<T>(
  scenarios: fc.Arbitrary<T>,
  play: (scenario: T) => Promise<string | undefined>,
  parameters: fc.Parameters<[T]>,
): Promise<Failure | undefined> {
  const property = fc.asyncProperty(scenarios, async scenario => {
    const fault = await withoutChance(() => play(scenario))
    if (fault) throw new Error(fault)
  })
  const result = await fc.check(property, parameters)
  if (!result.failed) return undefined
  const message = result.errorInstance instanceof Error ? result.errorInstance.message : String(result.errorInstance)
  return {
    message,
    counterexample: JSON.stringify(result.counterexample),
    seed: result.seed,
    path: result.counterexamplePath,
    runs: result.numRuns,
  }
}
