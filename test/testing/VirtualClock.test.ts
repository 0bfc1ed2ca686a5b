import { describe, expect, it } from 'vitest'
import { pause } from '../../src/clock.ts'
import { VirtualClock } from '../../src/testing/VirtualClock.ts'
import { MemoryTransport } from '../../src/transports/memory/MemoryTransport.ts'

describe('VirtualClock', () => {
  it('stands still until it is advanced', async () => {
    const clock = new VirtualClock(5000)
    let fired = 0
    clock.after(100, () => fired++)
    await new Promise(resolve => setTimeout(resolve, 1))
    expect([clock.now(), clock.tick(), fired]).toEqual([5000, 0, 0])
    await clock.advance(99)
    expect([clock.now(), clock.tick(), fired]).toEqual([5099, 99, 0])
    await clock.advance(1)
    expect([clock.now(), clock.tick(), fired]).toEqual([5100, 100, 1])
  })

  it('runs what is due in order: by time, then as it was set', async () => {
    const clock = new VirtualClock()
    const order: string[] = []
    for (const [name, ms] of [
      ['late', 30],
      ['first', 10],
      ['second', 10],
      ['at once', 0],
      ['past', -5],
    ] as const) {
      clock.after(ms, () => order.push(`${name} ${clock.tick()}`))
    }
    expect(clock.pending).toBe(5)
    await clock.advance(30)
    expect(order).toEqual(['at once 0', 'past 0', 'first 10', 'second 10', 'late 30'])
    expect(clock.pending).toBe(0)
  })

  it('calls off what is called off', async () => {
    const clock = new VirtualClock()
    let fired = 0
    const cancel = clock.after(10, () => fired++)
    clock.after(5, cancel)
    cancel()
    cancel()
    await clock.advance(20)
    expect([fired, clock.pending]).toEqual([0, 0])
  })

  it('never fires after Infinity', async () => {
    const clock = new VirtualClock()
    clock.after(Number.POSITIVE_INFINITY, () => expect.unreachable())()
    expect(clock.pending).toBe(0)
    await clock.advance(1e12)
  })

  it('meets timers that the work of other timers sets', async () => {
    const clock = new VirtualClock()
    const times: number[] = []
    const work = async () => {
      for (let n = 0; n < 5; n++) {
        await pause(clock, 10)
        for (let hop = 0; hop < 20; hop++) await Promise.resolve()
        times.push(clock.tick())
      }
    }
    const done = work()
    await clock.advance(100)
    await done
    expect(times).toEqual([10, 20, 30, 40, 50])
  })

  it('lets a MemoryTransport finish what it has on its way before time goes on', async () => {
    const clock = new VirtualClock()
    const transport = new MemoryTransport({ clock })
    transport.log.createTopic('t')
    let answered = -1
    clock.after(10, () => {
      const ask = async () => {
        for (let n = 0; n < 10; n++) await transport.describe(['t'])
        answered = clock.tick()
      }
      void ask()
    })
    await clock.advance(1000)
    expect(answered).toBe(10)
  })

  it('jumps as a wall clock that is set: neither the tick nor a timer notices', async () => {
    const clock = new VirtualClock(5_000)
    let fired = 0
    clock.after(100, () => fired++)
    clock.jump(3_600_000)
    expect([clock.now(), clock.tick()]).toEqual([3_605_000, 0])
    clock.jump(-7_200_000)
    await clock.advance(99)
    expect([clock.now(), clock.tick(), fired]).toEqual([-3_594_901, 99, 0])
    await clock.advance(1)
    expect(fired).toBe(1)
  })

  it('runs what came due behind a busy loop afterwards, late and in order; time never goes back', async () => {
    const clock = new VirtualClock()
    const order: string[] = []
    const every = (): void => {
      order.push(`every ${clock.tick()}`)
      if (order.length < 3) clock.after(10, every)
    }
    clock.after(10, every)
    clock.after(5, () => order.push(`first ${clock.tick()}`))
    await clock.block(1_000)
    expect(order).toEqual(['first 1000', 'every 1000'])
    await clock.advance(10)
    expect(order.at(-1)).toBe('every 1010')
  })
})
