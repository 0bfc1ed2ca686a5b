import { describe, expect, it } from 'vitest'
import { handle } from '../../src/operators/handle.ts'
import type { Delivery } from '../../src/record.ts'
import { groupOf, Heard, NOTHING_LEFT, Rig, textOf } from './rig.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** A wall clock that a time server sets: by so much, at any moment. */
const JUMPS = [DAY, -DAY]

describe.each(JUMPS)('a wall clock that is set by %i ms', ms => {
  it("leaves 'latest' where it was at the moment of subscribing", async () => {
    const rig = Rig.holding(['old'], { latency: 50 })
    await rig.clock.advance(MINUTE)
    const heard = rig.hear({ from: 'latest' })
    await rig.clock.advance(20)
    rig.clock.jump(ms)
    await rig.clock.advance(1_000)
    rig.append('t', ['new'])
    await rig.clock.advance(1_000)
    expect(heard.got).toEqual(['new'])
    expect(rig.said('positioned')[0]?.positions).toMatchObject([{ offset: 1 }])
  })

  it('neither shortens nor lengthens what is borne of a refusal', async () => {
    const rig = Rig.holding([0])
    const heard = rig.hear()
    await rig.settle()
    rig.transport.refuseCredentials()
    rig.transport.goOffline()
    await rig.settle()
    rig.transport.goOnline()
    await rig.clock.advance(5 * MINUTE)
    rig.clock.jump(ms)
    await rig.clock.advance(4 * MINUTE)
    expect(heard.errors).toEqual([])
    await rig.clock.advance(MINUTE + 2_000)
    expect(heard.errors).toMatchObject([{ code: 'ALERT_CREDENTIALS', fatal: true }])
  })

  it('nor the wait for a server at the start, and between tries', async () => {
    const rig = Rig.holding([0])
    rig.transport.goOffline()
    const heard = rig.hear()
    await rig.clock.advance(20_000)
    rig.clock.jump(ms)
    await rig.clock.advance(8_000)
    expect([heard.errors, heard.got]).toEqual([[], []])
    rig.transport.goOnline()
    await rig.clock.advance(3_000)
    expect(heard.got).toEqual(['0'])
  })

  it('disturbs no group, no commit, no drain', async () => {
    const rig = Rig.holding([0])
    const ends: (() => void)[] = []
    const wait = (): Promise<void> => new Promise(resolve => ends.push(resolve))
    const work = async (record: Delivery): Promise<string> => {
      await wait()
      return textOf(record)
    }
    const heard = new Heard(rig.stream({ consumerGroup: groupOf('g') }).pipe(handle(work)))
    await rig.clock.advance(10_000)
    const { generation } = rig.log.group('g')
    rig.clock.jump(ms)
    await rig.clock.advance(2 * MINUTE)
    expect([rig.log.group('g').generation, rig.said('reconnecting'), rig.said('revoked')]).toEqual([generation, [], []])
    heard.stop()
    rig.clock.jump(ms)
    await rig.clock.advance(9_000)
    expect(rig.live.size).toBe(1)
    ends[0]!()
    await rig.settle()
    expect(rig.log.committed('g', 't', 0)).toBe(1)
    expect(rig.left).toEqual(NOTHING_LEFT)
  })
})

describe('until: Date, which is the wall clock of the reader', () => {
  it('does not come earlier when the clock is set back', async () => {
    const rig = Rig.holding([0])
    const heard = rig.hear({ until: new Date(rig.clock.now() + HOUR) })
    await rig.clock.advance(30 * MINUTE)
    rig.clock.jump(-DAY)
    await rig.clock.advance(HOUR)
    rig.append('t', [1])
    await rig.clock.advance(1_000)
    expect(heard).toMatchObject({ got: ['0', '1'], done: false })
    await rig.clock.advance(DAY)
    expect(heard.done).toBe(true)
    expect(rig.left).toEqual(NOTHING_LEFT)
  })

  it('comes within a minute when the clock is set forward beyond it', async () => {
    const rig = Rig.holding([0])
    const heard = rig.hear({ until: new Date(rig.clock.now() + DAY) })
    await rig.clock.advance(30 * MINUTE)
    rig.clock.jump(DAY)
    await rig.clock.advance(MINUTE)
    expect(heard).toMatchObject({ got: ['0'], done: true })
  })

  it('may be further away than the longest timer', async () => {
    const rig = Rig.holding([0])
    const longest = 2 ** 31 - 1
    const { after } = rig.clock
    rig.clock.after = (ms, fn) => after.call(rig.clock, Math.min(ms, longest), fn)
    const heard = rig.hear({
      until: new Date(rig.clock.now() + longest + DAY),
      times: { batchTimeout: DAY, refresh: DAY, connectTimeout: DAY },
    })
    await rig.settle()
    await rig.clock.block(longest + HOUR)
    expect(heard.done).toBe(false)
    await rig.clock.block(DAY)
    await rig.clock.advance(MINUTE)
    expect(heard.done).toBe(true)
  })
})
