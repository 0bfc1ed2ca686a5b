import { describe, expect, it } from 'vitest'
import { partitionOfKey, StickyPartition } from '../../../src/transports/kafka/partitioner.ts'

describe('partitionOfKey', () => {
  it.each([
    ['a', 0],
    ['b', 2],
    ['c', 0],
    ['d', 0],
    ['e', 0],
    ['S1', 0],
    ['S2', 2],
    ['S3', 2],
  ])('puts %s of three partitions where librdkafka does', (key, partition) => {
    expect(partitionOfKey(Buffer.from(key), 3)).toBe(partition)
  })

  it('takes a plain Uint8Array and checksums above 2^31', () => {
    expect(partitionOfKey(new TextEncoder().encode('b'), 1000)).toBe(0x71beeff9 % 1000)
    expect(partitionOfKey(new TextEncoder().encode('a'), 1000)).toBe(0xe8b7be43 % 1000)
  })
})

describe('StickyPartition', () => {
  const randomOf = (...values: number[]) => {
    let turn = 0
    return () => values[turn++ % values.length]!
  }

  it('stays with one partition until a batch of it was made', () => {
    const sticky = new StickyPartition(randomOf(0.99, 0))
    const all = () => [0, 1, 2]
    expect([sticky.choose(all), sticky.choose(all)]).toEqual([2, 2])
    sticky.leave(1)
    expect(sticky.choose(all)).toBe(2)
    sticky.leave(2)
    expect(sticky.choose(all)).toBe(0)
  })

  it('chooses among the candidates alone', () => {
    expect(new StickyPartition(randomOf(0.99)).choose(() => [4, 7])).toBe(7)
    expect(new StickyPartition(randomOf(0.49)).choose(() => [4, 7])).toBe(4)
  })
})
