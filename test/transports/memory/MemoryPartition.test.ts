import { describe, expect, it } from 'vitest'
import { MemoryPartition } from '../../../src/transports/memory/MemoryPartition.ts'

const LIMITS = { records: 100, bytes: 1000, batchBytes: 1000 }

function partitionOf(...values: readonly string[]): MemoryPartition {
  const partition = new MemoryPartition()
  for (const value of values) partition.append({ value }, 0)
  return partition
}

function fetch(partition: MemoryPartition, offset: number, limits: Partial<typeof LIMITS> = {}) {
  const got = partition.fetch(offset, { ...LIMITS, ...limits })
  return typeof got === 'object' && 'records' in got ? { offsets: got.records.map(record => record.offset), next: got.next } : got
}

describe('MemoryPartition', () => {
  it('gives records from an offset to the end', () => {
    const partition = partitionOf('a', 'b', 'c')
    expect(fetch(partition, 1)).toEqual({ offsets: [1, 2], next: 3 })
    expect(fetch(partition, 3)).toEqual({ offsets: [], next: 3 })
    expect(fetch(partition, 4)).toBe('out of range')
  })

  it('keeps within the limits, but gives one record at least', () => {
    const partition = partitionOf('aaaa', 'bbbb', 'cccc')
    expect(fetch(partition, 0, { records: 2 })).toEqual({ offsets: [0, 1], next: 2 })
    expect(fetch(partition, 0, { bytes: 9 })).toEqual({ offsets: [0, 1], next: 2 })
    expect(fetch(partition, 1, { bytes: 1 })).toEqual({ offsets: [1], next: 2 })
  })

  it('moves over holes', () => {
    const partition = partitionOf('a')
    partition.skip(3)
    partition.append({ value: 'b' }, 0)
    partition.skip(1)
    expect([partition.start, partition.end]).toEqual([0, 6])
    expect(fetch(partition, 0, { records: 1 })).toEqual({ offsets: [0], next: 1 })
    expect(fetch(partition, 2, { records: 1 })).toEqual({ offsets: [4], next: 6 })
    expect(fetch(partition, 5)).toEqual({ offsets: [], next: 6 })
  })

  it('forgets what retention took', () => {
    const partition = partitionOf('a', 'b', 'c')
    partition.truncate(2)
    expect(fetch(partition, 1)).toBe('out of range')
    expect(fetch(partition, 2)).toEqual({ offsets: [2], next: 3 })
    partition.truncate(1)
    expect(partition.start).toBe(2)
    partition.truncate(99)
    expect([partition.start, partition.end]).toEqual([3, 3])
    expect(partition.records).toEqual([])
  })

  it('stops before damage, and says where it ends', () => {
    const partition = partitionOf('a', 'b', 'c', 'd')
    partition.damage(1, 2)
    expect(fetch(partition, 0)).toEqual({ offsets: [0], next: 1 })
    for (const offset of [1, 2]) expect(fetch(partition, offset)).toMatchObject({ after: 3 })
    expect(fetch(partition, 3)).toEqual({ offsets: [3], next: 4 })
  })

  it('takes a record beyond the limit of a batch for unreadable', () => {
    const partition = partitionOf('a', 'xxxxxxxxxx', 'b')
    expect(fetch(partition, 0, { batchBytes: 5 })).toEqual({ offsets: [0], next: 1 })
    expect(fetch(partition, 1, { batchBytes: 5 })).toMatchObject({ after: 2 })
    expect(fetch(partition, 2, { batchBytes: 5 })).toEqual({ offsets: [2], next: 3 })
  })

  it('finds the first record at a time, also when times are not in order', () => {
    const partition = new MemoryPartition()
    for (const timestamp of [10, 30, 20, 40]) partition.append({ timestamp }, 0)
    expect([0, 15, 30, 31, 41].map(time => partition.offsetAt(time))).toEqual([0, 1, 1, 3, 4])
  })

  it('copies what it is given', () => {
    const partition = new MemoryPartition()
    const value = Uint8Array.of(1, 2)
    const large = new Uint8Array(100_000).fill(7)
    partition.append({ value, key: value, headers: [{ name: 'h', value }] }, 0)
    partition.append({ value: large }, 0)
    value.fill(9)
    large.fill(9)
    const [record, second] = partition.records
    expect([...record!.value!, ...record!.key!, ...record!.headers[0]!.value!]).toEqual([1, 2, 1, 2, 1, 2])
    expect(record!.size).toBe(7)
    expect(second!.value![99_999]).toBe(7)
  })
})
