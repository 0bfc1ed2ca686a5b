import { describe, expect, it } from 'vitest'
import { Underway } from '../../src/sinks/Underway.ts'

/** Whether a promise has settled, once all microtasks have run. */
const told = async (promise: Promise<unknown>): Promise<boolean> => {
  let settled = false
  void promise.then(() => {
    settled = true
  })
  await new Promise(resolve => setImmediate(resolve))
  return settled
}

describe('Underway', () => {
  it('is settled when nothing is under way', async () => {
    await new Underway().settled()
  })

  it('waits for what has entered, not for what comes later', async () => {
    const underway = new Underway()
    const first = underway.enter()
    const settled = underway.settled()
    const later = underway.enter()
    expect(await told(settled)).toBe(false)
    underway.leave(first)
    expect(await told(settled)).toBe(true)
    expect(await told(underway.settled())).toBe(false)
    underway.leave(later)
  })

  it('waits for what came before an earlier wait, in whatever order it leaves', async () => {
    const underway = new Underway()
    const first = underway.enter()
    const one = underway.settled()
    const second = underway.enter()
    const two = underway.settled()
    underway.leave(second)
    expect(await told(two)).toBe(false)
    underway.leave(first)
    expect(await told(two)).toBe(true)
    expect(await told(one)).toBe(true)
  })

  it('tells everyone who waits for the same', async () => {
    const underway = new Underway()
    const group = underway.enter()
    const waits = [underway.settled(), underway.settled(), underway.settled()]
    underway.leave(group)
    await Promise.all(waits)
  })

  it('goes on counting after it was idle', async () => {
    const underway = new Underway()
    underway.leave(underway.enter())
    await underway.settled()
    const group = underway.enter()
    const settled = underway.settled()
    expect(await told(settled)).toBe(false)
    underway.leave(group)
    await settled
  })
})
