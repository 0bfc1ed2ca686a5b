import { crc32 as zlibCrc32 } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { crc32 } from '../../../src/transports/memory/crc32.ts'
import { Partitioner } from '../../../src/transports/memory/partitioner.ts'

const bytes = (text: string) => new TextEncoder().encode(text)

describe('crc32', () => {
  it('is that of zlib', () => {
    expect(crc32(bytes('123456789'))).toBe(0xcbf43926)
    for (const text of ['', 'a', 'S230518h', 'größe', '\0\0\0', 'x'.repeat(1000)]) expect(crc32(bytes(text))).toBe(zlibCrc32(bytes(text)))
  })
})

describe('Partitioner', () => {
  it('keeps the records of a key together', () => {
    const partitioner = new Partitioner()
    const choose = (key: string) => partitioner.choose('t', bytes(key), 3)
    expect(['a', 'b', 'c', 'd', 'e', 'S1', 'S2', 'S3'].map(choose)).toEqual([0, 2, 0, 0, 0, 0, 2, 2])
  })

  it.each([null, new Uint8Array()])('stays for a batch and goes on, without a key (%s)', key => {
    const partitioner = new Partitioner()
    const batch = () => {
      partitioner.nextBatch()
      return [1, 2, 3].map(() => partitioner.choose('t', key, 2))
    }
    expect([batch(), batch(), batch()]).toEqual([
      [0, 0, 0],
      [1, 1, 1],
      [0, 0, 0],
    ])
  })
})
