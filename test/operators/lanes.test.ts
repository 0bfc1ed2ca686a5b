import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Laned, Lanes } from '../../src/operators/lanes.ts'

interface Item extends Laned {
  readonly nth: number
}

type Step = { readonly add: string | undefined } | 'next' | 'done' | 'remove'

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ add: fc.constantFrom(undefined, 'a', 'b') }),
  fc.constantFrom<Step>('next', 'next', 'done', 'remove'),
)

describe('Lanes', () => {
  it('starts each once, in the order of its key, never two of a key, never more than the concurrency', () => {
    const property = fc.property(
      fc.array(step, { maxLength: 60 }),
      fc.integer({ min: 1, max: 3 }),
      fc.nat(),
      (steps, concurrency, pick) => {
        const lanes = new Lanes<Item>(concurrency)
        const running: Item[] = []
        let waiting: Item[] = []
        let nth = 0
        const start = (): boolean => {
          const item = lanes.next()
          if (!item) return false
          expect(waiting).toContain(item)
          if (item.key !== undefined) {
            expect(running.map(({ key }) => key)).not.toContain(item.key)
            expect(waiting.find(({ key }) => key === item.key)).toBe(item)
          }
          waiting = waiting.filter(other => other !== item)
          running.push(item)
          expect(running.length).toBeLessThanOrEqual(concurrency)
          return true
        }
        const end = (): void => {
          const [item] = running.splice(pick % running.length, 1)
          if (item) lanes.done(item)
        }
        for (const each of steps) {
          if (typeof each === 'object') {
            const item = { key: each.add, nth: nth++ }
            waiting.push(item)
            lanes.add(item)
          } else if (each === 'next') start()
          else if (each === 'done' && running.length > 0) end()
          else if (each === 'remove' && waiting.length > 0) {
            const [item] = waiting.splice(pick % waiting.length, 1)
            if (item) lanes.remove(item)
          }
        }
        while (start() || running.length > 0) if (running.length > 0) end()
        expect(waiting).toEqual([])
      },
    )
    fc.assert(property, { numRuns: 1000 })
  })

  it('keeps the order of many', () => {
    const lanes = new Lanes<Item>(1)
    const started: number[] = []
    for (let nth = 0; nth < 1000; nth++) lanes.add({ key: undefined, nth })
    for (let item = lanes.next(), nth = 1000; item; item = lanes.next()) {
      started.push(item.nth)
      if (nth < 1500) lanes.add({ key: undefined, nth: nth++ })
      lanes.done(item)
    }
    expect(started).toEqual(Array.from({ length: 1500 }, (_, nth) => nth))
  })
})
