import { expect, it } from 'vitest'
import { slope } from './slope.ts'

it('is that of the line the points are on, or lie around', () => {
  expect(slope([0, 1, 2].map(x => ({ x, y: 5 + 3 * x })))).toBeCloseTo(3)
  expect(slope([0, 1, 2, 3].map(x => ({ x, y: 10 - x + (x % 2) })))).toBeCloseTo(-0.8)
})

it('is not made up where there is no line', () => {
  expect(() => slope([])).toThrow(RangeError)
  expect(() => slope([{ x: 1, y: 1 }])).toThrow('1 points do not make a line')
})
