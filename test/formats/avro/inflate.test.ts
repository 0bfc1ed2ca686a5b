import { constants, deflateRawSync, inflateRawSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { inflateRaw } from '../../../src/formats/avro/inflate.ts'
import { errorOf } from '../../support/errorOf.ts'

const isFull = process.env['IGWN_ALERT_RX_FULL'] === 'true'
const TIMEOUT = isFull ? 300_000 : 20_000
const MiB = 1024 * 1024
const inflate = (bytes: Uint8Array, most = MiB): Uint8Array => inflateRaw(bytes, { most, what: 'the block' })

/** Bytes with repetitions near and far, and without. */
const data = fc.oneof(
  fc.uint8Array({ maxLength: 2000 }),
  fc.array(fc.constantFrom(0, 1, 2, 255), { maxLength: 2000 }).map(bytes => Uint8Array.from(bytes)),
  fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.nat(400), fc.uint8Array({ maxLength: 9 })).map(([piece, times, end]) => {
    return Uint8Array.from([...Array.from({ length: times }, () => [...piece]).flat(), ...end])
  }),
)
const { Z_DEFAULT_STRATEGY, Z_FILTERED, Z_HUFFMAN_ONLY, Z_RLE, Z_FIXED } = constants
const options = fc.record({
  level: fc.nat(9),
  memLevel: fc.integer({ min: 1, max: 9 }),
  strategy: fc.constantFrom(Z_DEFAULT_STRATEGY, Z_FILTERED, Z_HUFFMAN_ONLY, Z_RLE, Z_FIXED),
})

/** What zlib makes of it: the bytes, or that they are none. */
function zlib(bytes: Uint8Array): Uint8Array | 'refused' {
  try {
    return Uint8Array.from(inflateRawSync(bytes, { maxOutputLength: MiB }))
  } catch {
    return 'refused'
  }
}

function ours(bytes: Uint8Array): Uint8Array | 'refused' | 'trailing' {
  try {
    return inflate(bytes)
  } catch {
    return /bytes follow its end$/.test(errorOf(() => inflate(bytes)).message) ? 'trailing' : 'refused'
  }
}

describe('inflateRaw', () => {
  it(
    'inflates what zlib deflates, whatever its settings',
    () => {
      fc.assert(
        fc.property(data, options, (bytes, settings) => {
          expect(inflate(deflateRawSync(bytes, settings))).toEqual(bytes)
        }),
        { numRuns: isFull ? 5000 : 300 },
      )
    },
    TIMEOUT,
  )

  it('inflates what is larger than the window', () => {
    const bytes = Uint8Array.from({ length: 300_000 }, (_, i) => (i * i) >> 9)
    for (const level of [0, 1, 6, 9]) expect(Buffer.compare(inflate(deflateRawSync(bytes, { level })), bytes)).toBe(0)
  })

  it(
    'agrees with zlib on mutants: the bytes, or that they are none',
    () => {
      const change = fc.record({ at: fc.nat(), cut: fc.nat(3), put: fc.uint8Array({ maxLength: 3 }) })
      fc.assert(
        fc.property(data, options, fc.array(change, { minLength: 1, maxLength: 4 }), (bytes, settings, changes) => {
          let mutant = [...deflateRawSync(bytes, settings)]
          for (const { at, cut, put } of changes) {
            const place = at % (mutant.length + 1)
            mutant = [...mutant.slice(0, place), ...put, ...mutant.slice(place + cut)]
          }
          const input = Uint8Array.from(mutant)
          const result = ours(input)
          // zlib does not say what follows the end
          if (result !== 'trailing') expect(result).toEqual(zlib(input))
        }),
        { numRuns: isFull ? 20_000 : 3000 },
      )
    },
    TIMEOUT,
  )

  it(
    'agrees with zlib on any bytes, dynamic blocks before all',
    () => {
      const input = fc
        .tuple(fc.nat(255), fc.uint8Array({ maxLength: 120 }))
        .map(([first, rest]) => Uint8Array.of((first & ~7) | 5, ...rest))
      fc.assert(
        fc.property(fc.oneof(input, fc.uint8Array({ maxLength: 60 })), bytes => {
          const result = ours(bytes)
          if (result !== 'trailing') expect(result).toEqual(zlib(bytes))
        }),
        { numRuns: isFull ? 50_000 : 5000 },
      )
    },
    TIMEOUT,
  )

  it.each<[string, readonly number[], string]>([
    ['nothing', [], 'the data end too early'],
    ['a block without an end', [0x4b], 'the data end too early'],
    ['a fourth kind of block', [7], 'a block of a kind that deflate does not know'],
    ['a stored block with a wrong check', [1, 1, 0, 0, 0, 5], 'a stored block whose length does not match its check'],
    ['a stored block that is cut', [1, 2, 0, 0xfd, 0xff, 5], 'the data end too early'],
    ['more than a checksum behind', [3, 0, 1, 2, 3, 4, 5], '5 bytes follow its end'],
    ['a distance before the start', [0x4b, 0x04, 0x42], 'a distance that goes back beyond the start'],
  ])('refuses %s', (_, bytes, message) => {
    const error = errorOf(() => inflate(Uint8Array.from(bytes)))
    expect(error.code).toBe('ALERT_DECODE')
    expect(error.message).toBe(`the block is not deflate data: ${message}`)
  })

  it('makes as many bytes as are allowed, and no more', () => {
    const bytes = deflateRawSync(new Uint8Array(1000))
    expect(inflate(bytes, 1000)).toHaveLength(1000)
    const error = errorOf(() => inflate(bytes, 999))
    expect(error.code).toBe('ALERT_TOO_LARGE')
    expect(error.message).toBe('the block inflates to more than limits.avroBytes allows, 999 more bytes')
  })

  it('reads blocks without end in time that their length bounds', () => {
    const dynamic = deflateRawSync(new Uint8Array(0), { level: 9 })
    expect(inflate(dynamic)).toHaveLength(0)
    const stored = Uint8Array.from([...Array.from({ length: 100_000 }, () => [0, 0, 0, 0xff, 0xff]).flat(), 3, 0])
    const start = performance.now()
    expect(inflate(stored)).toHaveLength(0)
    expect(performance.now() - start).toBeLessThan(3000)
  })
})
