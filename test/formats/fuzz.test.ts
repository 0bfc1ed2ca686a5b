import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AlertError } from '../../src/errors.ts'
import { payloadReader } from '../../src/formats/payload.ts'
import { EXPECTED } from './expected.ts'
import { MUTANTS, mutant, mutated, seeds } from './mutants.ts'

/** µs of this process for one; most take less than 200. */
const LONGEST = 1_000_000
/** Bytes of the heap beyond what there was. */
const MOST_HEAP = 400 * 1024 * 1024

const read = payloadReader({ bigints: true, bareVOEvent: true })
const plain = payloadReader({ bigints: true })

describe.each([...seeds()])('damaged: %s', (_format, records) => {
  it(`is read or refused with an AlertError, and the next one is read, ${MUTANTS} times`, { timeout: 600_000 }, () => {
    const heap = process.memoryUsage().heapUsed
    let longest = 0
    let nth = 0
    fc.assert(
      fc.property(mutant(records), damaged => {
        const start = process.cpuUsage()
        try {
          read(mutated(damaged))
        } catch (error) {
          expect(error).toBeInstanceOf(AlertError)
          expect(['ALERT_DECODE', 'ALERT_TOO_LARGE']).toContain((error as AlertError).code)
        }
        longest = Math.max(longest, process.cpuUsage(start).user)
        const good = records[nth++ % records.length]!
        const { content, asItCame } = EXPECTED[good.place]!
        expect(plain(good.delivery)).toEqual(asItCame ? good.delivery.payload : content)
      }),
      { numRuns: MUTANTS },
    )
    expect(Object.prototype).not.toHaveProperty('x')
    expect(longest).toBeLessThan(LONGEST)
    expect(process.memoryUsage().heapUsed - heap).toBeLessThan(MOST_HEAP)
  })
})
