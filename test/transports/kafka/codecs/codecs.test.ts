import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decompress } from '../../../../src/transports/kafka/codecs/codecs.ts'
import { TooLarge } from '../../../../src/transports/kafka/codecs/limit.ts'
import { decodeFrame, decodeFrames } from '../../../../src/transports/kafka/codecs/zstd/frames.ts'
import { Unreadable } from '../../../../src/transports/kafka/decode/Unreadable.ts'
import { SAMPLES, type SampleName } from './samples.ts'

const LIMIT = 64 * 1024 * 1024
const GZIP = 1
const SNAPPY = 2
const LZ4 = 3
const ZSTD = 4

const directory = fileURLToPath(new URL('fixtures/', import.meta.url))
const files = readdirSync(directory).sort()
const stored = (file: string): Uint8Array => new Uint8Array(readFileSync(directory + file))
const sampleOf = (file: string): Uint8Array => new Uint8Array(SAMPLES[file.split(/[_.]/)[0] as SampleName])

/** In JavaScript, also where Node has its own. */
const unzstdInJavaScript = (bytes: Uint8Array, limit: number): Uint8Array => decodeFrames(bytes, limit, decodeFrame)

/** Java's blocks, of raw ones. */
const xerial = (...blocks: readonly Uint8Array[]): Uint8Array => {
  const parts = blocks.flatMap(block => {
    const length = Buffer.alloc(4)
    length.writeInt32BE(block.length)
    return [length, block]
  })
  return new Uint8Array(Buffer.concat([Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1]), ...parts]))
}

const inFrames = (...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array =>
  new Uint8Array(Buffer.concat(parts.map(part => Buffer.from(part))))

/** What decoders pass over, of two bytes. */
const SKIPPABLE = [0x5a, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 1, 2]

describe('what other libraries compressed', () => {
  it.each(files.filter(name => name.endsWith('.zst')))('%s', name => {
    expect(Buffer.compare(unzstdInJavaScript(stored(name), LIMIT), sampleOf(name))).toBe(0)
    expect(Buffer.compare(decompress(ZSTD, stored(name), LIMIT), sampleOf(name))).toBe(0)
  })

  it.each(files.filter(name => name.endsWith('.lz4')))('%s', name => {
    expect(Buffer.compare(decompress(LZ4, stored(name), LIMIT), sampleOf(name))).toBe(0)
  })

  it.each(files.filter(name => name.endsWith('.snappy')))('%s, raw and in Java’s blocks', name => {
    const sample = sampleOf(name)
    expect(Buffer.compare(decompress(SNAPPY, stored(name), LIMIT), sample)).toBe(0)
    const inBlocks = decompress(SNAPPY, xerial(stored(name), stored('short.snappy'), stored(name)), LIMIT)
    expect(Buffer.compare(inBlocks, Buffer.concat([sample, SAMPLES.short, sample]))).toBe(0)
  })

  it.each(Object.keys(SAMPLES) as SampleName[])('%s by gzip', name => {
    expect(Buffer.compare(decompress(GZIP, gzipSync(SAMPLES[name]), LIMIT), SAMPLES[name])).toBe(0)
  })

  it('several frames, and frames to be passed over', () => {
    const both = (extension: string): Uint8Array =>
      inFrames(SKIPPABLE, stored(`short_${extension}`), SKIPPABLE, stored(`zeros_${extension}`), SKIPPABLE)
    const expected = Buffer.concat([SAMPLES.short, SAMPLES.zeros])
    expect(Buffer.compare(unzstdInJavaScript(both('3.zst'), LIMIT), expected)).toBe(0)
    expect(Buffer.compare(decompress(ZSTD, both('3.zst'), LIMIT), expected)).toBe(0)
    expect(Buffer.compare(decompress(LZ4, both('1.lz4'), LIMIT), expected)).toBe(0)
    expect(Buffer.compare(decompress(GZIP, inFrames(gzipSync(SAMPLES.short), gzipSync(SAMPLES.zeros)), LIMIT), expected)).toBe(0)
  })
})

describe('zstd in JavaScript', () => {
  const header = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58]
  const lastBlock = (block: readonly number[]): Uint8Array =>
    Uint8Array.from([...header, (block.length << 3) | (2 << 1) | 1, 0, 0, ...block])

  it('knows literals that are one byte over and over', () => {
    expect(unzstdInJavaScript(lastBlock([(20 << 3) | 1, 120, 0]), LIMIT)).toEqual(new Uint8Array(20).fill(120))
  })

  it('knows a code whose weights are not compressed', () => {
    const literals = [0x52, 0xc0, 0x00, 128, 0x10, 0b0011_0110] // 5 literals in 3 bytes: one weight, then the codes 1 0 1 1 0 behind the mark
    expect(unzstdInJavaScript(lastBlock([...literals, 0]), LIMIT)).toEqual(Uint8Array.of(1, 0, 1, 1, 0))
  })

  it('knows the offset one less than the last one', () => {
    const raw = [8 << 3, 0, 0, ...Buffer.from('abcdefgh')]
    const sequences = [2, 0x54, 0, 1, 0, 0b101] // two, each table one symbol: no literals, offset 2 and then 3, three bytes each
    const block = [0, ...sequences]
    const frame = Uint8Array.from([...header, ...raw, (block.length << 3) | (2 << 1) | 1, 0, 0, ...block])
    expect(Buffer.from(unzstdInJavaScript(frame, LIMIT)).toString()).toBe('abcdefghabcefg')
  })
})

describe('a limit', () => {
  const compressed = {
    gzip: [GZIP, gzipSync(SAMPLES.zeros)],
    snappy: [SNAPPY, stored('zeros.snappy')],
    'snappy in blocks': [SNAPPY, xerial(stored('zeros.snappy'), stored('zeros.snappy'))],
    lz4: [LZ4, stored('zeros_1.lz4')],
    zstd: [ZSTD, stored('zeros_3.zst')],
    'zstd that tells its size': [ZSTD, stored('mixture_9_sized.zst')],
  } as const

  it.each(Object.entries(compressed))('is kept by %s', (_, [codec, bytes]) => {
    const whole = decompress(codec, bytes, LIMIT).length
    expect(decompress(codec, bytes, whole)).toHaveLength(whole)
    expect(() => decompress(codec, bytes, whole - 1)).toThrow(`more than ${whole - 1} bytes after decompression`)
  })

  it('is kept by zstd in JavaScript', () => {
    expect(unzstdInJavaScript(stored('zeros_3.zst'), 300_000)).toHaveLength(300_000)
    expect(() => unzstdInJavaScript(stored('zeros_3.zst'), 299_999)).toThrow(TooLarge)
    expect(() => unzstdInJavaScript(stored('mixture_9_sized.zst'), 1000)).toThrow(TooLarge)
  })

  it('says how to raise it', () => {
    try {
      decompress(ZSTD, stored('zeros_3.zst'), 1000)
      expect.unreachable()
    } catch (error) {
      expect(error).toMatchObject({ name: 'Unreadable', mend: expect.stringContaining('limits.batchBytes') })
    }
  })

  it('refuses a gigabyte of zeros without taking it', () => {
    // Blocks that repeat one byte 128 KiB times, 4 bytes each; 8 bytes of size that announce nothing but themselves.
    const block = (last: 0 | 1): number[] =>
      [((128 * 1024) << 3) | (1 << 1) | last, 0].flatMap((word, i) => (i === 0 ? [word & 255, (word >> 8) & 255, word >> 16] : [word]))
    const blocks = Array.from({ length: 8192 }, (_, i) => block(i === 8191 ? 1 : 0))
    const zstd = inFrames([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58], ...blocks)
    const limit = 1 << 20
    for (const decode of [unzstdInJavaScript, (bytes: Uint8Array, limit: number) => decompress(ZSTD, bytes, limit)]) {
      const before = process.memoryUsage().arrayBuffers
      expect(() => decode(zstd, limit)).toThrow()
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20 * limit)
    }
  })

  it('does not believe a size that is announced', () => {
    const size = [0xff, 0xff, 0xff, 0x0f] // 32 MiB - 1, as a variable-length number
    expect(() => decompress(SNAPPY, Uint8Array.from([...size, 0, 0]), LIMIT)).toThrow('6 bytes cannot hold')
    const zstd = [0x28, 0xb5, 0x2f, 0xfd, 0xa0, 0xff, 0xff, 0xff, 0x03, 1, 0, 0] // 64 MiB - 1, and one empty block
    expect(() => unzstdInJavaScript(Uint8Array.from(zstd), LIMIT)).toThrow('does not hold what it announces')
  })
})

describe('garbage', () => {
  const sound: readonly (readonly [name: string, decode: (bytes: Uint8Array) => Uint8Array, bytes: Uint8Array])[] = [
    ['gzip', bytes => decompress(GZIP, bytes, 1 << 20), gzipSync(SAMPLES.short)],
    ['snappy', bytes => decompress(SNAPPY, bytes, 1 << 20), stored('mixture.snappy')],
    ['snappy in blocks', bytes => decompress(SNAPPY, bytes, 1 << 20), xerial(stored('short.snappy'), stored('noise.snappy'))],
    ['lz4', bytes => decompress(LZ4, bytes, 1 << 20), stored('short_1.lz4')],
    ['lz4 in linked blocks', bytes => decompress(LZ4, bytes, 1 << 20), stored('mixture_1_BD_B4.lz4').subarray(0, 2000)],
    ['zstd', bytes => decompress(ZSTD, bytes, 1 << 20), stored('mixture_19.zst')],
    ['zstd in JavaScript', bytes => unzstdInJavaScript(bytes, 1 << 20), stored('mixture_19.zst')],
  ]

  it.each(sound)('ends %s with an error or some bytes, never otherwise', (_, decode, bytes) => {
    const flip = fc.record({ at: fc.nat(bytes.length - 1), value: fc.integer({ min: 1, max: 255 }) })
    const damage = fc.record({
      flips: fc.array(flip, { minLength: 1, maxLength: 4 }),
      length: fc.integer({ min: 0, max: bytes.length }),
      cut: fc.boolean(),
    })
    fc.assert(
      fc.property(damage, ({ flips, length, cut }) => {
        const damaged = Uint8Array.from(bytes)
        for (const { at, value } of flips) damaged[at]! ^= value
        try {
          expect(decode(cut ? damaged.subarray(0, length) : damaged).length).toBeLessThanOrEqual(1 << 20)
        } catch (error) {
          expect(error instanceof Unreadable || error instanceof TooLarge, String(error)).toBe(true)
        }
      }),
      { numRuns: 500 },
    )
  })

  it.each([GZIP, SNAPPY, LZ4, ZSTD])('of arbitrary bytes ends codec %i with an error or some bytes', codec => {
    const magic = {
      [GZIP]: [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3],
      [SNAPPY]: [200, 1],
      [LZ4]: [4, 0x22, 0x4d, 0x18, 0x40, 0x40, 0xc0],
      [ZSTD]: [0x28, 0xb5, 0x2f, 0xfd, 0, 0x58],
    }[codec]!
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), bytes => {
        try {
          decompress(codec, Uint8Array.from([...magic, ...bytes]), 1 << 16)
        } catch (error) {
          expect(error).toBeInstanceOf(Unreadable)
        }
      }),
      { numRuns: 2000 },
    )
  })

  it('is said of each file that is cut off', () => {
    for (const [name, decode, bytes] of sound.filter(([name]) => !name.includes('blocks'))) {
      for (let length = bytes.length - 1; length > Math.max(bytes.length - 200, 16); length--) {
        expect(() => decode(bytes.subarray(0, length)), `${length} bytes of ${name}`).toThrow()
      }
    }
  })

  it('cannot make zstd turn in a circle', () => {
    const weights = [5, 0xf0, 0x03, 0xff, 0xff, 0x01] // a table of one symbol, whose states take no bits
    const literals = [0x52, 0xc0, 0x01, ...weights, 0x01]
    const block = [...literals, 0]
    const frame = Uint8Array.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0x58, (block.length << 3) | (2 << 1) | 1, 0, 0, ...block])
    expect(() => unzstdInJavaScript(frame, 1 << 20)).toThrow('a Huffman table has too many symbols')
    expect(() => decompress(ZSTD, frame, 1 << 20)).toThrow(Unreadable)
  })

  it('cannot make snappy go back for ever', () => {
    expect(() => decompress(SNAPPY, Uint8Array.from([10, 0xfc, 0xff, 0xff, 0xff, 0x7f, 0xfc, 0xf0, 0xff, 0xff, 0xff]), 1 << 20)).toThrow(
      Unreadable,
    )
  })
})
