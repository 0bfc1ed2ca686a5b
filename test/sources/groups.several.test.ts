import { describe, expect, it } from 'vitest'
import type { Delivery } from '../../src/record.ts'
import { LiveReadings } from '../../src/sources/LiveReadings.ts'
import { MemoryTransport } from '../../src/transports/memory/MemoryTransport.ts'
import { groupOf, Rig } from './rig.ts'

const consumerGroup = groupOf('g', { sessionTimeout: 10_000 })

describe('an ack while a new reader is about to join', () => {
  it('is committed once it has', async () => {
    const rig = Rig.holding([0, 1])
    const records: Delivery[] = []
    rig.stream({ consumerGroup, delivery: 'manual' }).subscribe(record => records.push(record))
    await rig.settle()
    const joins = rig.transport.fail('COORDINATOR_NOT_AVAILABLE', { at: 'join', times: Number.POSITIVE_INFINITY })
    rig.transport.goOffline()
    await rig.clock.advance(100)
    rig.transport.goOnline()
    await rig.clock.advance(2_000)
    for (const record of records) record.ack()
    await rig.clock.advance(1_000)
    expect(rig.log.committed('g', 't', 0)).toBe(0)
    joins()
    await rig.clock.advance(10_000)
    expect(rig.log.committed('g', 't', 0)).toBe(2)
  })

  it('does not go to that reader, which counts its epochs anew', async () => {
    const rig = Rig.holding([0, 1])
    const early: number[] = []
    const { read } = rig.transport
    rig.transport.read = (options, on) => {
      let hasJoined = false
      const reader = read.call(rig.transport, options, event => {
        hasJoined ||= event.type === 'assigned'
        on(event)
      })
      const { commit } = reader
      reader.commit = (epoch, at) => {
        if (!hasJoined) early.push(epoch)
        return commit.call(reader, epoch, at)
      }
      return reader
    }
    const records: Delivery[] = []
    rig.stream({ consumerGroup, delivery: 'manual' }).subscribe(record => records.push(record))
    await rig.settle()
    const joins = rig.transport.fail('COORDINATOR_NOT_AVAILABLE', { at: 'join', times: Number.POSITIVE_INFINITY })
    rig.transport.goOffline()
    await rig.clock.advance(100)
    rig.transport.goOnline()
    await rig.clock.advance(2_000)
    for (const record of records) record.ack()
    await rig.clock.advance(6_000)
    joins()
    await rig.clock.advance(10_000)
    expect(rig.log.committed('g', 't', 0)).toBe(2)
    expect(early).toEqual([])
  })
})

describe('a member whose session ended before its first commit', () => {
  it('does not take back what others committed meanwhile', async () => {
    const rig = Rig.holding([0, 1, 2])
    const records: Delivery[] = []
    const commits = rig.transport.fail('COORDINATOR_NOT_AVAILABLE', { at: 'commit', times: Number.POSITIVE_INFINITY })
    rig.stream({ consumerGroup, delivery: 'manual' }).subscribe(record => records.push(record))
    await rig.clock.advance(2_000) // reading waits so long for the commit of its start
    rig.transport.goOffline()
    await rig.clock.advance(60_000)
    const transport = new MemoryTransport({ log: rig.log, clock: rig.clock })
    const other = rig.hear({ consumerGroup, transport, live: new LiveReadings() })
    await rig.clock.advance(10_000)
    other.stop()
    await rig.clock.advance(1_000)
    expect([other.got, rig.log.committed('g', 't', 0)]).toEqual([['0', '1', '2'], 3])
    commits()
    rig.transport.goOnline()
    await rig.clock.advance(60_000)
    records[0]!.ack()
    await rig.clock.advance(10_000)
    expect(rig.log.committed('g', 't', 0)).toBe(3)
  })
})
