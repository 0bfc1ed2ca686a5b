import { describe, expect, it } from 'vitest'
import { handle } from '../../src/operators/handle.ts'
import { Reading } from '../../src/sources/Reading.ts'
import { Rig } from './rig.ts'

const COUNT = 100_000

/** What each partition of a stream keeps. */
const kept = (rig: Rig): { window: number; queue: number }[] =>
  rig.readings
    .filter(reading => reading instanceof Reading)
    .flatMap(({ parts }) => [...parts.values()].map(({ window, queue }) => ({ window: window.length, queue: queue.length })))

const filled = (): Rig => {
  const rig = Rig.holding([])
  for (let i = 0; i < COUNT; i++) rig.log.append('t', { value: 'x' })
  return rig
}

describe('100 000 records', () => {
  it('through a bare subscribe leave nothing behind', async () => {
    const rig = filled()
    let got = 0
    let most = 0
    rig.stream().subscribe(() => {
      if (++got % 1_000 === 0) most = Math.max(most, ...kept(rig).map(({ window, queue }) => window + queue))
    })
    await rig.until(() => got === COUNT)
    await rig.settle()
    expect(kept(rig)).toEqual([{ window: 0, queue: 0 }])
    expect(most).toBeLessThanOrEqual(3)
  })

  it('through handle() leave nothing behind, and never more than maxUnhandled wait', async () => {
    const rig = filled()
    let got = 0
    let most = 0
    rig
      .stream({ maxUnhandled: { records: 100, bytes: 1e6 } })
      .pipe(
        handle(async () => {
          if (++got % 500 === 0) most = Math.max(most, kept(rig)[0]!.window)
        }),
      )
      .subscribe()
    await rig.until(() => got === COUNT)
    await rig.settle()
    expect(kept(rig)).toEqual([{ window: 0, queue: 0 }])
    expect(most).toBeGreaterThan(0)
    expect(most).toBeLessThanOrEqual(100)
  })

  it('through a loop leave nothing behind', async () => {
    const rig = filled()
    let got = 0
    for await (const _ of rig.stream({ maxUnhandled: { records: 100, bytes: 1e6 }, until: 'end' })) got++
    await rig.settle()
    expect(got).toBe(COUNT)
    expect(kept(rig)).toEqual([{ window: 0, queue: 0 }])
  })
})

describe('an outage of a day', () => {
  it('keeps no more timers and listeners at its end than at its beginning', async () => {
    const rig = Rig.holding([0])
    rig.hear()
    await rig.settle()
    rig.transport.goOffline()
    await rig.clock.advance(60_000)
    const before = rig.clock.pending
    await rig.clock.advance(24 * 3_600_000)
    expect(rig.clock.pending).toBeLessThanOrEqual(before)
    rig.append('t', [1])
    rig.transport.goOnline()
    await rig.clock.advance(30_000)
    expect(rig.said('connected')).toHaveLength(2)
  })
})
