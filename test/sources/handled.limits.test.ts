import { describe, expect, it } from 'vitest'
import type { Delivery } from '../../src/record.ts'
import { Rig, type StreamSetup, textOf } from './rig.ts'

const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i)

class Kept {
  readonly records: Delivery[] = []

  constructor(rig: Rig, setup: StreamSetup) {
    rig.stream({ delivery: 'manual', ...setup }).subscribe(record => this.records.push(record))
  }

  get texts(): string[] {
    return this.records.map(textOf)
  }

  ack(offset: number, partition = 0): void {
    this.records.find(record => record.offset === offset && record.partition === partition)?.ack()
  }
}

describe('maxUnhandled', () => {
  it('in records bounds what is delivered and not behind the prefix; there is room again as the prefix moves', async () => {
    const rig = Rig.holding(numbers(10), { batchRecords: 3 })
    const kept = new Kept(rig, { maxUnhandled: { records: 4, bytes: 1e6 } })
    await rig.settle()
    expect(kept.texts).toEqual(['0', '1', '2', '3'])
    kept.ack(2)
    await rig.settle()
    expect(kept.records).toHaveLength(4)
    kept.ack(0)
    await rig.settle()
    expect(kept.records).toHaveLength(5)
    kept.ack(1)
    await rig.settle()
    expect(kept.records).toHaveLength(7)
  })

  it('in bytes too', async () => {
    const rig = Rig.holding(['x'.repeat(40), 'x'.repeat(40), 'x'.repeat(40), 'x'.repeat(40)])
    const kept = new Kept(rig, { maxUnhandled: { records: 100, bytes: 100 } })
    await rig.settle()
    expect(kept.records).toHaveLength(3)
    kept.ack(0)
    await rig.settle()
    expect(kept.records).toHaveLength(4)
  })

  it('lets a single record through that is larger than all', async () => {
    const rig = Rig.holding(['x'.repeat(500), 'y'])
    const kept = new Kept(rig, { maxUnhandled: { records: 100, bytes: 100 } })
    await rig.settle()
    expect(kept.records).toHaveLength(1)
    kept.ack(0)
    await rig.settle()
    expect(kept.texts.at(-1)).toBe('y')
  })

  it('never stops a partition that has nothing unhandled', async () => {
    const rig = Rig.holding(numbers(5), { partitions: 3 })
    const kept = new Kept(rig, { maxUnhandled: { records: 2, bytes: 1e6 } })
    await rig.settle()
    expect(kept.texts).toEqual(['0', '1'])
    rig.append('t', ['a', 'b'], 1)
    rig.append('t', ['c'], 2)
    await rig.settle()
    expect(kept.texts.sort()).toEqual(['0', '1', 'a', 'c'])
    kept.ack(0, 1)
    await rig.settle()
    expect(kept.texts.sort()).toEqual(['0', '1', 'a', 'b', 'c'])
  })

  it('does not count what is handled by default', async () => {
    const rig = Rig.holding(numbers(50))
    const kept = new Kept(rig, { delivery: 'auto', maxUnhandled: { records: 2, bytes: 10 } })
    await rig.settle()
    expect(kept.records).toHaveLength(50)
  })

  it('stops fetching while the membership lives on, however long', async () => {
    const rig = Rig.holding(numbers(4), { batchRecords: 1 })
    const group = { id: 'g', instanceId: undefined, sessionTimeout: 10_000, heartbeatInterval: 3_000, revokeTimeout: 3_000 }
    const kept = new Kept(rig, { consumerGroup: group, maxUnhandled: { records: 1, bytes: 1e6 } })
    await rig.settle()
    const [before] = rig.log.members('g')
    await rig.clock.advance(60_000)
    expect(kept.texts).toEqual(['0'])
    expect(rig.log.members('g')).toEqual([before])
    expect(rig.log.group('g').generation).toBe(1)
    kept.ack(0)
    await rig.settle()
    expect(kept.texts).toEqual(['0', '1'])
    expect(rig.log.committed('g', 't', 0)).toBe(1)
  })

  it('queues no more than two batches of what waits', async () => {
    const rig = Rig.holding(numbers(100), { batchRecords: 10 })
    const kept = new Kept(rig, { maxUnhandled: { records: 1, bytes: 1e6 } })
    await rig.settle()
    expect(kept.records).toHaveLength(1)
    const [reading] = rig.readings as unknown as { parts: ReadonlyMap<string, { queue: unknown[] }> }[]
    expect([...reading!.parts.values()].map(({ queue }) => queue.length)).toEqual([1])
  })
})

describe('a slow subscriber', () => {
  it('gets no more than batchSize records in one turn of the event loop', async () => {
    const rig = Rig.holding(numbers(25))
    const turns: number[] = []
    let inTurn = 0
    rig.stream({ batchSize: 10 }).subscribe(() => {
      if (inTurn++ === 0)
        setImmediate(() => {
          turns.push(inTurn)
          inTurn = 0
        })
    })
    await rig.until(() => turns.length === 3)
    expect(turns).toEqual([10, 10, 5])
  })

  it('keeps the order of a partition, and serves all partitions in turn', async () => {
    const rig = Rig.holding(numbers(30), { partitions: 2 })
    rig.append('t', numbers(30), 1)
    const got: string[] = []
    rig.stream({ batchSize: 10 }).subscribe(record => got.push(`${record.partition}:${textOf(record)}`))
    await rig.until(() => got.length === 60)
    for (const partition of ['0', '1']) {
      expect(got.filter(text => text.startsWith(partition)).map(text => Number(text.slice(2)))).toEqual(numbers(30))
    }
    expect(new Set(got.slice(0, 20).map(text => text[0]))).toEqual(new Set(['0', '1']))
  })
})
