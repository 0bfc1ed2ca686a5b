import { interval, map, timer } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { schedulerOf } from '../../src/operators/schedulerOf.ts'
import { VirtualClock } from '../../src/testing/VirtualClock.ts'

describe('schedulerOf', () => {
  it('has the time of its clock, and runs timers when that comes', async () => {
    const clock = new VirtualClock(100)
    const scheduler = schedulerOf(clock)
    const got: string[] = []
    const at = map((n: number) => `${n} at ${scheduler.now()}`)
    interval(10, scheduler)
      .pipe(at)
      .subscribe(text => got.push(text))
      .add(timer(35, scheduler).subscribe(() => got.push('end')))
    const once = timer(25, scheduler)
      .pipe(at)
      .subscribe(text => got.push(text))
    await clock.advance(30)
    expect(got).toEqual(['0 at 110', '1 at 120', '0 at 125', '2 at 130'])
    expect(once.closed).toBe(true)
  })

  it('leaves no timer of what is unsubscribed', async () => {
    const clock = new VirtualClock()
    const subscription = interval(10, schedulerOf(clock)).subscribe()
    await clock.advance(15)
    expect(clock.pending).toBe(1)
    subscription.unsubscribe()
    expect(clock.pending).toBe(0)
  })

  it('does nothing again for what has unsubscribed itself', async () => {
    const clock = new VirtualClock()
    let times = 0
    const action = schedulerOf(clock).schedule(function () {
      times++
      action.unsubscribe()
      this.schedule(undefined, 5)
    }, 5)
    await clock.advance(20)
    expect([times, clock.pending]).toEqual([1, 0])
  })

  it('runs what is to be done at once in its turn, with its state', async () => {
    const clock = new VirtualClock()
    const got: unknown[] = []
    schedulerOf(clock).schedule(
      function (state) {
        got.push(state)
        if (state === 1) this.schedule(2)
      },
      undefined,
      1,
    )
    expect(got).toEqual([])
    await clock.advance(0)
    expect(got).toEqual([1, 2])
  })
})
