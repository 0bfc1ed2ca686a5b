import fc from 'fast-check'

/** What happens in the world of one subscription. */
export type Step =
  | { do: 'append'; part: number; hole: boolean }
  | { do: 'work'; which: number; ok: boolean }
  | { do: 'fatal' | 'throw' | 'commit' | 'restart' | 'time' | 'rivalLeaves' | 'expire' | 'offline' }
  | { do: 'rival'; handles: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('append' as const), part: fc.nat(1), hole: fc.boolean() }) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('work' as const),
      which: fc.nat(7),
      ok: fc.oneof({ weight: 4, arbitrary: fc.constant(true) }, fc.constant(false)),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('fatal' as const, 'throw' as const, 'restart' as const, 'offline' as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('commit' as const, 'time' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('rival' as const), handles: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('rivalLeaves' as const, 'expire' as const) }) },
)

export interface Scenario {
  readonly steps: readonly Step[]
  readonly group: boolean
  readonly maxUnhandled: number
}

export const scenario: fc.Arbitrary<Scenario> = fc.record({
  steps: fc.array(step, { minLength: 10, maxLength: 70, size: 'max' }),
  group: fc.boolean(),
  maxUnhandled: fc.constantFrom(2, 4, 1000),
})
