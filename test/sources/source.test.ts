import { map, take } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { Rig, textOf } from './rig.ts'

const collect = (rig: Rig, setup = {}): { got: string[]; errors: unknown[]; done: () => boolean; stop: () => void } => {
  const got: string[] = []
  const errors: unknown[] = []
  let done = false
  const subscription = rig.stream(setup).subscribe({
    next: record => got.push(textOf(record)),
    error: error => errors.push(error),
    complete: () => {
      done = true
    },
  })
  return { got, errors, done: () => done, stop: () => subscription.unsubscribe() }
}

describe('a source', () => {
  it('reads from the earliest record, in order, and what comes later', async () => {
    const rig = new Rig()
    rig.log.createTopic('t')
    rig.append('t', [1, 2, 3])
    const { got, stop } = collect(rig)
    await rig.settle()
    expect(got).toEqual(['1', '2', '3'])
    rig.append('t', [4])
    await rig.settle()
    expect(got).toEqual(['1', '2', '3', '4'])
    stop()
    await rig.clock.advance(20_000)
    expect(rig.live.size).toBe(0)
    expect(rig.transport.open).toEqual({ readers: 0, writers: 0, timers: 0 })
    expect(rig.clock.pending).toBe(0)
  })

  it('completes at the end of the log as it was at the start', async () => {
    const rig = new Rig()
    rig.log.createTopic('t')
    rig.append('t', [1, 2, 3])
    const { got, done } = collect(rig, { until: 'end' })
    await rig.settle()
    expect(got).toEqual(['1', '2', '3'])
    expect(done()).toBe(true)
  })

  it('rides out an outage and loses nothing', async () => {
    const rig = new Rig()
    rig.log.createTopic('t')
    const { got, errors } = collect(rig, { from: 'latest' })
    await rig.settle()
    rig.append('t', [1])
    await rig.settle()
    rig.transport.goOffline()
    await rig.clock.advance(60_000)
    rig.append('t', [2, 3])
    rig.transport.goOnline()
    await rig.clock.advance(3_000)
    expect(got).toEqual(['1', '2', '3'])
    expect(errors).toEqual([])
    expect(rig.said('reconnecting').length).toBeGreaterThan(0)
  })

  it('take() in the chain', async () => {
    const rig = new Rig()
    rig.log.createTopic('t')
    rig.append('t', [1, 2, 3])
    const got: string[] = []
    rig
      .stream()
      .pipe(map(textOf), take(2))
      .subscribe(value => got.push(value))
    await rig.clock.advance(100)
    expect(got).toEqual(['1', '2'])
    expect(rig.live.size).toBe(0)
  })

  it('for await', async () => {
    const rig = new Rig()
    rig.log.createTopic('t')
    rig.append('t', [1, 2, 3])
    const got: string[] = []
    for await (const record of rig.stream({ until: 'end' })) got.push(textOf(record))
    expect(got).toEqual(['1', '2', '3'])
  })
})
