import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Heap } from '../../src/operators/heap.ts'

describe('Heap', () => {
  it('gives what is in it in order, however puts and takes are mixed', () => {
    // A number is put, null takes.
    fc.assert(
      fc.property(fc.array(fc.option(fc.integer({ min: 0, max: 20 }), { freq: 3 })), steps => {
        const heap = new Heap<number>((a, b) => a < b)
        const sorted: number[] = []
        for (const step of steps) {
          if (step === null) {
            expect(heap.first).toBe(sorted[0])
            expect(heap.shift()).toBe(sorted.shift())
          } else {
            heap.push(step)
            sorted.push(step)
            sorted.sort((a, b) => a - b)
          }
        }
        for (const item of sorted) expect(heap.shift()).toBe(item)
        expect(heap.shift()).toBeUndefined()
      }),
    )
  })
})
