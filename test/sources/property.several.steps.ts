import fc from 'fast-check'

/** How a process reads. bare: handled by default, when `next()` returned. */
export const CHAINS = ['handle', 'keyed', 'manual', 'loop', 'bare'] as const
export type Chain = (typeof CHAINS)[number]

/** What happens in the world of several processes of one group. `who`: the place of a process, empty or not. */
export type Step =
  | { do: 'append'; at: number; hole: boolean }
  | { do: 'work'; who: number; which: number; ok: boolean }
  | { do: 'join'; who: number; chain: Chain; split: boolean }
  /** Orderly, by `close()` or by unsubscribing. `killed`: without a word; what it holds is gone. */
  | { do: 'leave'; who: number; byClose: boolean }
  | { do: 'kill' | 'expire'; who: number }
  /** The same process reads anew: both topics in one subscription, or one in each of two. */
  | { do: 'reopen'; who: number; split: boolean }
  | { do: 'topics'; who: number; topics: number }
  /** Its link breaks, or works again; or both within a moment. */
  | { do: 'link' | 'blink'; who: number }
  /** Its commits come so much later to the reader, or at once again. */
  | { do: 'slowCommits'; who: number; ms: number }
  /** The next commit, of whomever, gets no answer, and comes to the coordinator when its generation is over. */
  | { do: 'stuckCommit' }
  /** The coordinator goes away, or is back. */
  | { do: 'coordinator' }
  | { do: 'grow' }
  | { do: 'time'; ms: number }

const who = fc.nat(3)
const usuallyTrue = fc.oneof({ weight: 4, arbitrary: fc.constant(true) }, fc.constant(false))

const is = <D extends Step['do']>(name: D): fc.Arbitrary<D> => fc.constant(name)

const stepsOf = (chains: readonly Chain[]): fc.Arbitrary<Step> =>
  fc.oneof(
    { weight: 8, arbitrary: fc.record({ do: is('append'), at: fc.nat(11), hole: fc.boolean() }) },
    { weight: 8, arbitrary: fc.record({ do: is('work'), who, which: fc.nat(7), ok: usuallyTrue }) },
    { weight: 3, arbitrary: fc.record({ do: is('join'), who, chain: fc.constantFrom(...chains), split: fc.boolean() }) },
    { weight: 1, arbitrary: fc.record({ do: is('leave'), who, byClose: fc.boolean() }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('kill' as const, 'expire' as const), who }) },
    { weight: 1, arbitrary: fc.record({ do: is('reopen'), who, split: fc.boolean() }) },
    { weight: 1, arbitrary: fc.record({ do: is('topics'), who, topics: fc.nat(2) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('link' as const, 'blink' as const), who }) },
    { weight: 1, arbitrary: fc.record({ do: is('slowCommits'), who, ms: fc.constantFrom(200, 5_000) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('stuckCommit' as const, 'coordinator' as const, 'grow' as const) }) },
    { weight: 4, arbitrary: fc.record({ do: is('time'), ms: fc.constantFrom(20, 400, 3_100, 12_000) }) },
  )

export interface Scenario {
  readonly steps: readonly Step[]
  /** Places for processes. */
  readonly places: number
  /** Of each topic. */
  readonly partitions: readonly number[]
  readonly from: 'latest' | 'earliest'
  readonly first: Chain
  readonly maxUnhandled: number
  /** ms of each request. */
  readonly latency: number
}

export const scenariosOf = (chains: readonly Chain[]): fc.Arbitrary<Scenario> =>
  fc.record({
    steps: fc.array(stepsOf(chains), { minLength: 10, maxLength: 70, size: 'max' }),
    places: fc.integer({ min: 2, max: 4 }),
    partitions: fc.tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 3 })),
    from: fc.constantFrom('latest', 'earliest'),
    first: fc.constantFrom(...chains),
    maxUnhandled: fc.constantFrom(2, 4, 1000),
    latency: fc.constantFrom(0, 0, 30),
  })
