import { describe, expect, it } from 'vitest'
import { check, SHAPES } from './property.ts'

/** Of each shape; 1000 in all. `npm run controls` plays many more, with rules of the code switched off. */
const RUNS = Number(process.env['RUNS'] ?? 60)

describe('nothing is lost, whatever happens', () => {
  it.each(SHAPES)('%s', async shape => expect(await check(shape, RUNS, Date.now() % 1e9)).toBeUndefined(), 120_000)
})
