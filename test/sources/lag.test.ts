import { describe, expect, it } from 'vitest'
import type { Delivery } from '../../src/record.ts'
import { NOTHING_LEFT, Rig } from './rig.ts'

const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i)
const lags = (rig: Rig): number[] => rig.said('lag').map(({ lag }) => lag)
const maxUnhandled = { records: 100, bytes: 1e9 }

/** A stream that delivers 100 records, then what is acked. */
function slow(rig: Rig): Delivery[] {
  const records: Delivery[] = []
  rig
    .stream({ delivery: 'manual', maxUnhandled, times: { ackTimeout: Number.POSITIVE_INFINITY } })
    .subscribe(record => records.push(record))
  return records
}

describe("status$ 'lag'", () => {
  it('of a partition that is read in several turns: how far it is behind, then 0 once', async () => {
    const rig = Rig.holding(numbers(2_000))
    rig.hear()
    await rig.settle()
    expect(rig.said('lag')).toMatchObject([
      { topic: 't', partition: 0, lag: 1_500 },
      { topic: 't', partition: 0, lag: 0 },
    ])
    await rig.clock.advance(60_000)
    expect(lags(rig)).toHaveLength(2)
  })

  it('is not said of one that keeps up', async () => {
    const rig = Rig.holding([0])
    rig.hear()
    for (const value of numbers(100)) {
      rig.append('t', [value])
      await rig.clock.advance(300)
    }
    expect(lags(rig)).toEqual([])
  })

  it('is said every 5 s while a slow reader is behind, and once when it has caught up', async () => {
    const rig = Rig.holding(numbers(1_000))
    const records = slow(rig)
    await rig.clock.advance(11_000)
    expect(lags(rig)).toEqual([900, 900, 900])
    for (const record of [...records]) record.ack()
    await rig.clock.advance(4_000)
    expect(lags(rig).slice(3)).toEqual([800])
    while (records.length < 1_000) {
      for (const record of [...records]) record.ack()
      await rig.settle()
    }
    expect(lags(rig).slice(4)).toEqual([0])
    await rig.clock.advance(60_000)
    expect(lags(rig)).toHaveLength(5)
  })

  it('of one that falls behind again and again is said at most every 5 s', async () => {
    const rig = Rig.holding(numbers(600))
    rig.hear()
    for (const second of numbers(20)) {
      rig.append('t', numbers(600 + second))
      await rig.clock.advance(1_000)
    }
    expect(lags(rig).filter(lag => lag > 0)).toHaveLength(4)
    expect(lags(rig).filter(lag => lag === 0)).toHaveLength(4)
  })

  it('is that of each partition', async () => {
    const rig = Rig.holding(numbers(700), { partitions: 2 })
    rig.append('t', numbers(10), 1)
    rig.hear()
    await rig.settle()
    expect(rig.said('lag').map(({ partition }) => partition)).toEqual([0, 0])
  })

  it('counts up to `until` only', async () => {
    const rig = Rig.holding(numbers(2_000))
    await rig.clock.advance(1)
    const until = new Date(rig.clock.now())
    await rig.clock.advance(1)
    rig.append('t', numbers(5_000))
    const heard = rig.hear({ until })
    await rig.settle()
    expect([heard.done, lags(rig)[0]]).toEqual([true, 1_500])
  })

  it('where the log begins anew is that of the new one', async () => {
    const rig = Rig.holding(numbers(3))
    rig.log.commit('g', [{ topic: 't', partition: 0, offset: 9_000 }])
    rig.hear({ consumerGroup: { id: 'g', instanceId: undefined, sessionTimeout: 45_000, heartbeatInterval: 3_000, revokeTimeout: 3_000 } })
    await rig.clock.advance(20_000)
    expect(lags(rig)).toEqual([])
  })

  it('leaves no timer behind', async () => {
    const rig = Rig.holding(numbers(1_000))
    const subscription = rig.stream({ delivery: 'manual', maxUnhandled, times: { drainTimeout: 0 } }).subscribe()
    await rig.settle()
    subscription.unsubscribe()
    await rig.clock.advance(1)
    expect(rig.left).toEqual(NOTHING_LEFT)
  })
})
