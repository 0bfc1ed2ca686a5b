import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decompress } from '../../../../src/transports/kafka/codecs/codecs.ts'
import { encodeLz4 } from '../../../../src/transports/kafka/codecs/encodeLz4.ts'
import { encodeSnappy } from '../../../../src/transports/kafka/codecs/encodeSnappy.ts'
import { findRepetitions } from '../../../../src/transports/kafka/codecs/findRepetitions.ts'
import { SAMPLES, type SampleName } from './samples.ts'

const LIMIT = 64 * 1024 * 1024
const ENCODERS = [
  { name: 'snappy', number: 2, encode: encodeSnappy },
  { name: 'lz4', number: 3, encode: encodeLz4 },
] as const

/** Pieces over and over, in any order: many repetitions, near and far, some longer than any element of a format. */
const repetitive = fc
  .tuple(
    fc.array(fc.uint8Array({ minLength: 1, maxLength: 90 }), { minLength: 1, maxLength: 8 }),
    fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 400 })), { maxLength: 60 }),
  )
  .map(([pieces, uses]) => Buffer.concat(uses.flatMap(([which, times]) => Array<Uint8Array>(times).fill(pieces[which % pieces.length]!))))

/** Around the edges of blocks, and of what is too short to repeat itself. */
const lengths = [0, 1, 4, 5, 11, 12, 13, 14, 60, 61, 256, 257, 32_767, 32_768, 32_769, 65_535, 65_536, 65_537, 98_304, 131_073, 1 << 20]

/** The same each time, and nothing in it repeats itself. */
function noise(length: number): Uint8Array {
  let state = 1
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state >>> 24
  })
}

describe.each(ENCODERS)('what is compressed with $name', ({ number, encode }) => {
  const again = (bytes: Uint8Array): Uint8Array => decompress(number, encode(bytes), LIMIT)
  const expectSame = (bytes: Uint8Array, what?: string): void => {
    expect(Buffer.compare(again(bytes), bytes), what).toBe(0)
  }

  it('is what it was: anything', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 2000 }), bytes => expectSame(bytes)))
  })

  it('is what it was: what repeats itself', () => {
    fc.assert(
      fc.property(repetitive, bytes => {
        const packed = encode(bytes)
        expect(Buffer.compare(decompress(number, packed, LIMIT), bytes)).toBe(0)
        expect(packed.length).toBeLessThan(bytes.length + bytes.length / 1000 + 100)
      }),
      { numRuns: 300 },
    )
  })

  it.each(lengths)('is what it was: %i bytes of noise, of zeros, of text', length => {
    const text = Buffer.alloc(length, 'gravitational waves, ')
    for (const [what, bytes] of Object.entries({ noise: noise(length), zeros: new Uint8Array(length), text })) expectSame(bytes, what)
  })

  it.each(Object.keys(SAMPLES) as SampleName[])('is what it was: %s', name => expectSame(SAMPLES[name]))

  it('gets small if it repeats itself, and hardly larger if it does not', () => {
    const sizes = (['zeros', 'text', 'strides', 'noise'] as const).map(name => encode(SAMPLES[name]).length / SAMPLES[name].length)
    const [zeros = 1, text = 1, strides = 1, random = 1] = sizes
    expect(zeros).toBeLessThan(0.05)
    expect(text).toBeLessThan(0.6)
    expect(strides).toBeLessThan(0.15)
    expect(random).toBeLessThan(1.02)
    expect(encode(noise(1 << 20)).length).toBeLessThan(1.001 * (1 << 20))
  })

  it('is not changed by what is compressed in between, nor by where it stands', () => {
    const whole = Buffer.concat([Buffer.from('before '), SAMPLES.text, Buffer.from(' after')])
    const first = encode(SAMPLES.text)
    encode(SAMPLES.mixture)
    expect(Buffer.compare(encode(whole.subarray(7, 7 + SAMPLES.text.length)), first)).toBe(0)
  })
})

describe('the frame', () => {
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
  const uvarint = (bytes: Uint8Array): number => {
    const last = bytes.findIndex(byte => byte < 128)
    return bytes.subarray(0, last + 1).reduceRight((value, byte) => value * 128 + (byte & 127), 0)
  }

  it("of snappy is Java's: magic number, versions, a length before each block", () => {
    const header = '82534e4150505900' + '00000001' + '00000001'
    expect(hex(encodeSnappy(new Uint8Array()))).toBe(header)
    expect(hex(encodeSnappy(Buffer.from('a')))).toBe(`${header}00000003${'01'}${'00'}61`)
    const packed = Buffer.from(encodeSnappy(noise(80_000)))
    const sizes: number[] = []
    for (let at = 16; at < packed.length; at += 4 + packed.readInt32BE(at)) sizes.push(uvarint(packed.subarray(at + 4)))
    expect(sizes).toEqual([32_768, 32_768, 80_000 - 65_536])
  })

  it('of LZ4: independent blocks of 64 KiB, the checksum of the header, an end', () => {
    const header = '04224d18' + '6040' + '82' // 0x82: the second byte of the xxHash32 of 60 40
    expect(hex(encodeLz4(new Uint8Array()))).toBe(`${header}00000000`)
    expect(hex(encodeLz4(Buffer.from('a')))).toBe(`${header}01000080${'61'}00000000`) // not compressed: that would be longer
    expect(hex(encodeLz4(Buffer.alloc(20, 'a')))).toBe(`${header}0a000000${'1a'}61${'0100'}${'50'}${'6161616161'}00000000`)
  })
})

describe('findRepetitions', () => {
  it('gives what stands between and what is repeated, from left to right, up to the last bytes', () => {
    const found: [string, number, string][] = []
    const block = Buffer.from('gravitational waves, gravitational lenses; the end')
    const rest = findRepetitions(block, (literals, at, offset, length) => {
      found.push([block.toString('latin1', literals, at), offset, block.toString('latin1', at, at + length)])
    })
    expect([found, block.toString('latin1', rest)]).toEqual([[['gravitational waves, ', 21, 'gravitational ']], 'lenses; the end'])
  })
})
