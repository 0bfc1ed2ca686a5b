import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AlertError } from '../../../src/errors.ts'
import { readAvro } from '../../../src/formats/avro/readAvro.ts'
import { mutants } from './mutants.ts'

const isFull = process.env['IGWN_ALERT_RX_FULL'] === 'true'
const MiB = 1024 * 1024
/** Milliseconds of work for one payload. */
const MOST_WORK = 3000

describe('readAvro', () => {
  it(
    'reads or refuses mutants of files, in little time and memory',
    () => {
      const before = process.memoryUsage().rss
      let refused = 0
      fc.assert(
        fc.property(mutants, fc.boolean(), (bytes, bigints) => {
          const started = process.cpuUsage()
          try {
            expect(Array.isArray(readAvro(bytes, { bigints }))).toBe(true)
          } catch (error) {
            expect(error).toBeInstanceOf(AlertError)
            expect((error as AlertError).code).toMatch(/^ALERT_(DECODE|TOO_LARGE)$/)
            expect((error as AlertError).message.length).toBeLessThan(2000)
            refused++
          }
          expect(process.cpuUsage(started).user / 1000).toBeLessThan(MOST_WORK)
        }),
        { numRuns: isFull ? 10_000 : 500 },
      )
      expect(refused).toBeGreaterThan(isFull ? 2000 : 100)
      expect(process.memoryUsage().rss - before).toBeLessThan(1024 * MiB)
    },
    isFull ? 300_000 : 60_000,
  )
})
