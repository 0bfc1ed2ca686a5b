import { describe, expect, it } from 'vitest'
import { Cursor } from '../../src/cursor.ts'
import { handle } from '../../src/operators/handle.ts'
import { retryOnFatal } from '../../src/operators/retryOnFatal.ts'
import { Heard, NOTHING_LEFT, Rig, textOf } from './rig.ts'

const MINUTE = 60_000

describe('until: Date', () => {
  it('in the past completes behind the last record before it', async () => {
    const rig = Rig.holding([1])
    await rig.clock.advance(1_000)
    const until = new Date(rig.clock.now())
    rig.append('t', [2])
    const heard = rig.hear({ until })
    await rig.settle()
    expect(heard).toMatchObject({ got: ['1'], done: true })
    expect(rig.left).toEqual(NOTHING_LEFT)
  })

  it('in the future reads on until then, and completes', async () => {
    const rig = Rig.holding([1])
    const heard = rig.hear({ until: new Date(rig.clock.now() + MINUTE) })
    await rig.clock.advance(MINUTE - 1)
    rig.append('t', [2])
    await rig.settle()
    expect(heard).toMatchObject({ got: ['1', '2'], done: false })
    await rig.clock.advance(1)
    rig.append('t', [3])
    await rig.settle()
    expect(heard).toMatchObject({ got: ['1', '2'], done: true })
    expect(rig.left).toEqual(NOTHING_LEFT)
  })

  it('delivers nothing later also when it cannot be asked at that moment where the log stands', async () => {
    const rig = Rig.holding([1])
    const heard = rig.hear({ until: new Date(rig.clock.now() + MINUTE) })
    await rig.settle()
    rig.transport.fail('REQUEST_TIMED_OUT', { at: 'locate', times: 3 })
    await rig.clock.advance(MINUTE - 10)
    rig.append('t', [2])
    await rig.clock.advance(20)
    rig.append('t', [3])
    await rig.clock.advance(5_000)
    expect(heard).toMatchObject({ got: ['1', '2'], done: true })
  })

  it('delivers all before it also when the server is away at that moment', async () => {
    const rig = Rig.holding([1])
    const heard = rig.hear({ until: new Date(rig.clock.now() + MINUTE) })
    await rig.clock.advance(MINUTE - 10)
    rig.transport.goOffline()
    rig.append('t', [2])
    await rig.clock.advance(20)
    rig.append('t', [3])
    await rig.clock.advance(MINUTE)
    expect(heard).toMatchObject({ got: ['1'], done: false })
    rig.transport.goOnline()
    await rig.clock.advance(5_000)
    expect(heard).toMatchObject({ got: ['1', '2'], done: true })
    expect(rig.left).toEqual(NOTHING_LEFT)
  })

  it('completes also when it comes while the stream looks for its start', async () => {
    for (let ms = 50; ms <= 700; ms += 50) {
      const rig = Rig.holding([1], { latency: 100 })
      const heard = rig.hear({ until: new Date(rig.clock.now() + ms) })
      await rig.clock.advance(2_000)
      expect(heard, `after ${ms} ms`).toMatchObject({ got: ['1'], done: true })
    }
  })
})

describe('until: Cursor', () => {
  it('completes at its offsets, partition by partition', async () => {
    const rig = Rig.holding([0, 1, 2], { partitions: 3 })
    rig.append('t', ['a', 'b'], 1)
    rig.append('t', ['unknown to it'], 2)
    const until = Cursor.of(rig.transport.server, rig.clock.now(), [
      { topic: 't', partition: 0, offset: 2 },
      { topic: 't', partition: 1, offset: 3 },
    ])
    const heard = rig.hear({ until })
    await rig.settle()
    expect(heard).toMatchObject({ got: ['0', '1', 'a', 'b'], done: false })
    rig.append('t', ['c', 'd'], 1)
    await rig.settle()
    expect(heard).toMatchObject({ got: ['0', '1', 'a', 'b', 'c'], done: true })
  })

  it('of another server is a ConfigError', async () => {
    const rig = Rig.holding([0])
    const heard = rig.hear({ until: new Cursor('elsewhere:9092', 0, new Map()) })
    await rig.settle()
    expect(heard.errors).toMatchObject([{ code: 'ALERT_CONFIG', message: expect.stringMatching(/of elsewhere:9092, not of memory:9092/) }])
  })
})

describe("until: 'end'", () => {
  it('completes at once where there is nothing', async () => {
    const rig = Rig.holding([])
    const heard = rig.hear({ until: 'end' })
    await rig.settle()
    expect(heard).toMatchObject({ got: [], done: true })
    expect(rig.left).toEqual(NOTHING_LEFT)
  })

  it('means the end as it was at the start', async () => {
    const rig = Rig.holding([1, 2], { batchRecords: 1 })
    const got: string[] = []
    let done = false
    rig.stream({ until: 'end' }).subscribe({
      next: record => {
        got.push(textOf(record))
        rig.append('t', ['later'])
      },
      complete: () => {
        done = true
      },
    })
    await rig.settle()
    expect([got, done]).toEqual([['1', '2'], true])
  })

  it('means the same end for a stream that resumes', async () => {
    const rig = Rig.holding([1, 2, 3], { batchRecords: 1 })
    const again = new Heard(
      rig.stream({ until: 'end' }).pipe(
        handle(async record => {
          if (textOf(record) === '1') {
            rig.append('t', ['later'])
            rig.transport.fail('INVALID_GROUP_ID', { at: 'fetch' })
          }
          return textOf(record)
        }),
        retryOnFatal({ delay: () => [0] }),
      ),
    )
    await rig.settle()
    expect(again).toMatchObject({ got: ['1', '2', '3'], done: true })
  })

  it.each([
    ['holes at the end, as control records leave them', (rig: Rig) => rig.log.skip('t', 0, 3)],
    [
      'a damaged batch at the end',
      (rig: Rig) => {
        rig.append('t', ['damaged'])
        rig.log.damage('t', 0, 2)
      },
    ],
  ])('completes behind %s', async (_, prepare) => {
    const rig = Rig.holding([1, 2])
    prepare(rig)
    const heard = rig.hear({ until: 'end' })
    await rig.clock.advance(1_000)
    expect(heard).toMatchObject({ got: ['1', '2'], done: true })
  })

  it('does not wait for a topic of several that is absent, or forbidden', async () => {
    const rig = Rig.holding([1])
    rig.log.createTopic('secret')
    rig.transport.forbid('secret')
    const heard = rig.hear({ until: 'end', topics: ['t', 'absent', 'secret'] })
    await rig.settle()
    expect(heard).toMatchObject({ got: ['1'], done: true })
    expect(rig.said('refused').map(({ topic }) => topic)).toEqual(['absent', 'secret'])
    expect(rig.left).toEqual(NOTHING_LEFT)
  })

  it('waits for a leader that is away', async () => {
    const rig = Rig.holding([1], { brokers: 2, partitions: 2 })
    rig.append('t', [2], 1)
    rig.log.stopBroker(0)
    const heard = rig.hear({ until: 'end' })
    await rig.clock.advance(10_000)
    expect(heard).toMatchObject({ got: ['2'], done: false })
    rig.log.startBroker(0)
    await rig.clock.advance(3_000)
    expect(heard).toMatchObject({ got: ['2', '1'], done: true })
  })

  it('waits for the work on the last record, which counts', async () => {
    const rig = Rig.holding([1, 2])
    const ends: (() => void)[] = []
    const heard = new Heard(
      rig.stream({ until: 'end' }).pipe(
        handle(async record => {
          await new Promise<void>(resolve => ends.push(resolve))
          return textOf(record)
        }),
      ),
    )
    await rig.settle()
    for (let i = 0; i < 2; i++) {
      expect(heard.done).toBe(false)
      ends[i]!()
      await rig.settle()
    }
    expect(heard).toMatchObject({ got: ['1', '2'], done: true })
    expect(rig.left).toEqual(NOTHING_LEFT)
  })
})
