import fc from 'fast-check'
import { expect, it } from 'vitest'
import { FakeCluster, type Fate } from './writing/FakeCluster.ts'
import { DELIVERY_TIMEOUT, WriterBench } from './writing/WriterBench.ts'

/** What becomes of a batch, and after how long. */
interface Answer {
  readonly fate: Fate
  readonly after: number
}

type Step =
  | { readonly write: number; readonly partition: number; readonly size: number }
  | { readonly pass: number }
  | { readonly leader: number }

/** Codes of a refusal, of one that may have been stored, and of a batch that was too large for this broker's taste. */
const fate = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Fate>('store') },
  { weight: 3, arbitrary: fc.constantFrom<Fate>('lose', 'cut') },
  {
    weight: 3,
    arbitrary: fc.constantFrom<Fate>(3, 6, 19, 7, 20, 87, { stored: 7 }, { stored: 20 }, { stored: 46 }, 29, -1, { stored: -1 }),
  },
)
const answer = fc.record({ fate, after: fc.constantFrom(0, 0, 0, 5, 300, 4000, 14_000) })
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ write: fc.integer({ min: 1, max: 8 }), partition: fc.nat(2), size: fc.constantFrom(10, 10, 300, 3000) }),
  },
  { weight: 3, arbitrary: fc.record({ pass: fc.constantFrom(1, 30, 700, 3000, 9000) }) },
  { weight: 1, arbitrary: fc.record({ leader: fc.nat(2) }) },
)

const LARGEST = 2500
const LEADERS = [
  ['one', 'one', 'two'],
  ['two', undefined, 'two'],
  ['one', 'two', undefined],
] as const

async function run(steps: readonly Step[], answers: readonly Answer[], maxBatchBytes: number): Promise<WriterBench> {
  const cluster = new FakeCluster({ t: LEADERS[0] })
  const bench = new WriterBench(cluster, { maxBatchBytes })
  let turn = 0
  cluster.fate = async ({ bytes }) => {
    const { fate, after } = answers[turn++ % answers.length]!
    if (after > 0) await new Promise<void>(resolve => bench.clock.after(after, resolve))
    return bytes.length > LARGEST ? 10 : fate
  }
  let count = 0
  for (const each of steps) {
    if ('pass' in each) await bench.clock.pass(each.pass)
    else if ('leader' in each) cluster.topics.set('t', LEADERS[each.leader]!)
    else
      for (let i = 0; i < each.write; i++) {
        writtenAt.set(bench, [...(writtenAt.get(bench) ?? []), bench.clock.tick()])
        bench.write(`${count++} ${'x'.repeat(each.size)}`, { partition: each.partition })
      }
  }
  cluster.topics.set('t', LEADERS[0])
  await bench.settle()
  await bench.clock.pass(60_000) // what is still under way comes to its end
  return bench
}

const writtenAt = new WeakMap<WriterBench, readonly number[]>()
const numberOf = (value: string): number => Number(value.split(' ')[0])

it('whatever happens, each record is stored once and in order, or its outcome says what is known of it', async () => {
  const plan = [
    fc.array(step, { minLength: 1, maxLength: 30 }),
    fc.array(answer, { minLength: 1, maxLength: 12 }),
    fc.constantFrom(1000, 100_000),
  ] as const
  await fc.assert(
    fc.asyncProperty(...plan, async (steps, answers, maxBatchBytes) => {
      const bench = await run(steps, answers, maxBatchBytes)
      const logs = [0, 1, 2].map(partition => bench.cluster.log('t', partition).values)
      const places = new Map<string, string[]>()
      logs.forEach((values, partition) => {
        const numbers = values.map(numberOf)
        expect(numbers, `order of partition ${partition}`).toEqual(numbers.toSorted((a, b) => a - b))
        values.forEach((value, offset) => {
          places.set(value, [...(places.get(value) ?? []), `${partition}:${offset}`])
        })
      })
      for (const [value, outcome] of bench.outcomes) {
        const at = places.get(value) ?? []
        const written = writtenAt.get(bench)![numberOf(value)]!
        expect(bench.settledAt.get(value)! - written).toBeLessThanOrEqual(DELIVERY_TIMEOUT)
        if (outcome.error)
          expect(at.length, `${outcome.stored} ${outcome.error.message}`).toBeLessThanOrEqual(outcome.stored === 'unknown' ? 1 : 0)
        else if (outcome.offset === undefined) expect(at).toHaveLength(1)
        else expect(at).toEqual([`${outcome.partition}:${outcome.offset}`])
      }
      expect(bench.cluster.answered.filter(code => code !== 0)).toEqual([]) // no sequence number was ever out of order
      expect(bench.clock.armed).toBe(0)
    }),
    { numRuns: 200 },
  )
})
