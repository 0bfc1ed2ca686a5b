import { describe, expect, it } from 'vitest'
import { handle } from '../../src/operators/handle.ts'
import type { Delivery } from '../../src/record.ts'
import { groupOf, Heard, NOTHING_LEFT, Rig, type StreamSetup, textOf } from './rig.ts'

const MINUTE = 60_000

/** A stream whose records wait for their ack. */
function manual(rig: Rig, setup: StreamSetup = {}): Delivery[] {
  const records: Delivery[] = []
  rig.stream({ delivery: 'manual', ...setup }).subscribe(record => records.push(record))
  return records
}

/** The first `count` records of partition 0 are never done. */
const stuck = (rig: Rig, count = 1): Heard =>
  new Heard(rig.stream().pipe(handle(record => (record.offset < count ? new Promise<string>(() => {}) : Promise.resolve(textOf(record))))))

const said = (rig: Rig): (readonly [place: string, held: number])[] =>
  rig.said('stalled').map(({ topic, partition, offset, held }) => [`${topic}[${partition}]@${offset}`, held])

describe('a record that is held longer than ackTimeout', () => {
  it('is said to be stalled, with its place, and logged with how to mend it; the stream goes on', async () => {
    const rig = Rig.holding(['a', 'b'])
    const records = manual(rig)
    await rig.clock.advance(MINUTE - 1)
    expect(said(rig)).toEqual([])
    await rig.clock.advance(1)
    expect(said(rig)).toEqual([['t[0]@0', MINUTE]])
    expect(rig.logged).toEqual([
      {
        level: 'warn',
        fields: { topic: 't', partition: 0, offset: 0, held: MINUTE },
        message: expect.stringMatching(
          /^t\[0\]@0 is held for 60000 ms: its handler still runs or waits for its turn, or it was never acked: .*'manual'.* ack\(\)/,
        ),
      },
    ])
    rig.append('t', ['c'])
    await rig.settle()
    expect(records.map(textOf)).toEqual(['a', 'b', 'c'])
  })

  it('of handle() is one too: the log names its timeout', async () => {
    const rig = Rig.holding(['a', 'b'])
    const heard = stuck(rig)
    await rig.clock.advance(MINUTE)
    expect(said(rig)).toEqual([['t[0]@0', MINUTE]])
    expect(rig.logged.map(({ message }) => message)).toEqual([expect.stringContaining('give handle() a timeout')])
    expect(heard).toMatchObject({ errors: [], done: false })
  })

  it('is said again each time that it is held twice as long, and no more once it is handled', async () => {
    const rig = Rig.holding(['a'])
    const records = manual(rig)
    await rig.clock.advance(10 * MINUTE)
    expect(said(rig).map(([, held]) => held)).toEqual([1, 2, 4, 8].map(times => times * MINUTE))
    records[0]!.ack()
    await rig.clock.advance(60 * MINUTE)
    expect(said(rig)).toHaveLength(4)
  })

  it('is the oldest of its partition only: what waits behind it is said once it is the oldest', async () => {
    const rig = Rig.holding(['a', 'b', 'c'])
    const records = manual(rig)
    await rig.clock.advance(MINUTE)
    records[1]!.ack()
    await rig.clock.advance(MINUTE / 2)
    expect(said(rig)).toEqual([['t[0]@0', MINUTE]])
    records[0]!.ack()
    await rig.settle()
    expect(said(rig).slice(1)).toEqual([['t[0]@2', 1.5 * MINUTE]])
  })

  it('counts from its own delivery: who is never held so long is never said', async () => {
    const rig = Rig.holding([])
    const records = manual(rig)
    for (let i = 0; i < 20; i++) {
      rig.append('t', [i])
      await rig.clock.advance(MINUTE / 4)
      if (i > 1) records[i - 2]!.ack()
    }
    expect(records).toHaveLength(20)
    expect(said(rig)).toEqual([])
  })

  it('is said of each partition, a later one also while an earlier one is said ever more seldom', async () => {
    const rig = Rig.holding(['a'], { partitions: 2 })
    manual(rig)
    await rig.clock.advance(5 * MINUTE)
    rig.append('t', ['b'], 1)
    await rig.clock.advance(MINUTE)
    expect(said(rig).filter(([place]) => place === 't[1]@0')).toEqual([['t[1]@0', MINUTE]])
  })

  it('is not said any more of a partition that went to another member', async () => {
    const rig = Rig.holding(['a'])
    manual(rig, { consumerGroup: groupOf('g') })
    await rig.settle()
    for (const { memberId } of rig.log.members('g')) rig.log.expire(memberId)
    rig.transport.fail('COORDINATOR_NOT_AVAILABLE', { at: 'join', times: Number.POSITIVE_INFINITY })
    await rig.clock.advance(10 * MINUTE)
    expect(said(rig)).toEqual([])
  })

  it('is never said with ackTimeout: Infinity', async () => {
    const rig = Rig.holding(['a'])
    manual(rig, { times: { ackTimeout: Number.POSITIVE_INFINITY } })
    await rig.clock.advance(1_000 * MINUTE)
    expect(said(rig)).toEqual([])
  })

  it('is not confused by a wall clock that is set', async () => {
    const rig = Rig.holding(['a'])
    manual(rig)
    await rig.clock.advance(MINUTE / 2)
    rig.clock.jump(100 * MINUTE)
    await rig.clock.advance(MINUTE / 2 - 1)
    expect(said(rig)).toEqual([])
    rig.clock.jump(-200 * MINUTE)
    await rig.clock.advance(1)
    expect(said(rig)).toEqual([['t[0]@0', MINUTE]])
  })
})

describe('the timer of it', () => {
  /** Timers that this sets: those of `ackTimeout`'s own length. */
  async function timersSet(rig: Rig, run: () => Promise<void>): Promise<number> {
    let count = 0
    const { after } = rig.clock
    rig.clock.after = (ms, fn) => {
      if (ms === MINUTE + 1) count++
      return after.call(rig.clock, ms, fn)
    }
    await run()
    return count
  }
  const times = { ackTimeout: MINUTE + 1 }

  it('is not set while nothing is unhandled', async () => {
    const rig = Rig.holding(['a', 'b'])
    const count = await timersSet(rig, async () => {
      rig.hear({ times })
      await rig.clock.advance(20 * MINUTE)
    })
    expect(count).toBe(0)
  })

  it('is one, however many records come and are done within it', async () => {
    const rig = Rig.holding([])
    const count = await timersSet(rig, async () => {
      rig
        .stream({ times })
        .pipe(handle(async () => {}))
        .subscribe()
      for (let i = 0; i < 50; i++) {
        rig.append('t', [i])
        await rig.clock.advance(1_000)
      }
      await rig.clock.advance(20 * MINUTE)
    })
    expect(count).toBe(1)
  })

  it('is called off at the end', async () => {
    const rig = Rig.holding(['a'])
    const subscription = rig.stream({ delivery: 'manual', times: { drainTimeout: 0 } }).subscribe()
    await rig.settle()
    subscription.unsubscribe()
    await rig.clock.advance(1)
    expect(rig.left).toEqual(NOTHING_LEFT)
  })

  it('survives a listener of status$ that ends the stream', async () => {
    const rig = Rig.holding(['a'])
    const subscription = rig
      .stream({ delivery: 'manual', report: status => status.type === 'stalled' && subscription.unsubscribe() })
      .subscribe()
    await rig.clock.advance(MINUTE)
    await rig.clock.advance(15_000)
    expect(rig.left).toEqual(NOTHING_LEFT)
  })
})
