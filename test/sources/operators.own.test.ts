/** What each operator does over a source that no other does. */
import { catchError, EMPTY, map, merge, NEVER } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { dedupe } from '../../src/operators/dedupe.ts'
import { detectSilence, Silence } from '../../src/operators/detectSilence.ts'
import { handle } from '../../src/operators/handle.ts'
import { orderByTime } from '../../src/operators/orderByTime.ts'
import { schedulerOf } from '../../src/operators/schedulerOf.ts'
import { Checkpoint } from '../../src/sources/Checkpoint.ts'
import { bed, during, type Operator, work } from './chains.ts'
import { Heard, NOTHING_LEFT, Rig, textOf } from './rig.ts'

describe('orderByTime over a source', () => {
  const ordered = (rig: Rig, within: number): Operator => orderByTime({ within, scheduler: schedulerOf(rig.clock) })

  it('orders what two topics have had for long', async () => {
    const rig = Rig.holding([])
    rig.log.createTopic('u')
    for (const topic of ['t', 'u', 't', 't', 'u', 't']) {
      rig.append(topic, [`${topic}${rig.clock.tick()}`])
      await rig.clock.advance(10)
    }
    const both = merge(rig.stream(), rig.stream({ topics: ['u'] }))
    const heard = new Heard(both.pipe(ordered(rig, 100)))
    await rig.clock.advance(100)
    expect(heard.got).toEqual(['t0', 'u10', 't20', 't30', 'u40', 't50'])
  })

  it('holds what it keeps: its place in the log is not passed', async () => {
    const { rig, stream, handled } = bed([0, 1])
    const heard = new Heard(stream.pipe(ordered(rig, 100)))
    await rig.clock.advance(99)
    expect([heard.got, handled()]).toEqual([[], 0])
    await rig.clock.advance(1)
    expect([heard.got, handled()]).toEqual([['0', '1'], 2])
  })

  it('is slow, not stuck, when it keeps as many as may be unhandled', async () => {
    const { rig, stream, handled } = bed([], { maxUnhandled: { records: 3, bytes: 1e6 } })
    for (let i = 0; i < 10; i++) {
      rig.append('t', [i])
      await rig.clock.advance(1)
    }
    const heard = new Heard(stream.pipe(ordered(rig, 100)))
    const counts: number[] = []
    for (let i = 0; i < 4; i++) {
      await rig.clock.advance(100)
      counts.push(heard.got.length)
    }
    expect([counts, handled()]).toEqual([[3, 6, 9, 10], 10])
    expect(heard.got).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'])
  })
})

describe('detectSilence over a source', () => {
  it('tells a loop of silence, which holds no record, and is not warned of', async () => {
    const { rig, stream, handled } = bed([0])
    const got: string[] = []
    const sounds = stream.pipe(
      detectSilence({ after: 50, scheduler: schedulerOf(rig.clock) }),
      map(value => (value instanceof Silence ? `silence since ${value.since - rig.clock.now() + rig.clock.tick()}` : textOf(value))),
    )
    const loop = async (): Promise<void> => {
      for await (const text of sounds) {
        got.push(text)
        if (text === '1') break
        if (text !== '0') rig.append('t', [1])
      }
    }
    await during(rig, loop())
    await rig.settle()
    expect([got, handled(), rig.logged, rig.left]).toEqual([['0', 'silence since 0', '1'], 1, [], NOTHING_LEFT])
  })

  it('notices that a broker is gone', async () => {
    const rig = Rig.holding([0])
    const silences: number[] = []
    rig
      .stream()
      .pipe(detectSilence({ after: 60_000, scheduler: schedulerOf(rig.clock) }))
      .subscribe(value => {
        if (value instanceof Silence) silences.push(rig.clock.tick())
      })
    await rig.clock.advance(30_000)
    rig.append('t', [1])
    await rig.clock.advance(30_000)
    rig.transport.goOffline()
    await rig.clock.advance(60_000)
    expect(silences).toEqual([90_000])
  })
})

describe('dedupe over sources', () => {
  const sameText = (): Operator => dedupe({ key: textOf })

  it('lets a source pass a duplicate only when the other has handled its own', async () => {
    const rig = Rig.holding(['a', 'b'])
    rig.log.createTopic('u')
    const [t, u] = [new Checkpoint('earliest'), new Checkpoint('earliest')]
    const both = merge(rig.stream({ from: t }), rig.stream({ topics: ['u'], from: u }))
    const heard = new Heard(both.pipe(sameText(), work(rig, 100)))
    await rig.settle()
    rig.append('u', ['a', 'b', 'c'])
    const handled = (): unknown => [t.cursor?.offset('t', 0), u.cursor?.offset('u', 0)]
    await rig.settle()
    expect(handled()).toEqual([0, 0])
    await rig.clock.advance(100)
    expect(handled()).toEqual([1, 1])
    await rig.clock.advance(200)
    expect([handled(), heard.got]).toEqual([
      [2, 3],
      ['a', 'b', 'c'],
    ])
  })

  it('passes the other one when the source of the first has ended without it', async () => {
    const rig = Rig.holding(['a'])
    rig.log.createTopic('u')
    const u = new Checkpoint('earliest')
    const failing = rig.stream({ times: { drainTimeout: 1_000 } }).pipe(catchError(() => EMPTY))
    const started: string[] = []
    merge(failing, rig.stream({ topics: ['u'], from: u }))
      .pipe(
        sameText(),
        handle(({ topic }) => {
          started.push(topic)
          return topic === 't' ? NEVER : EMPTY
        }),
      )
      .subscribe()
    await rig.settle()
    rig.append('u', ['a'])
    await rig.settle()
    rig.transport.fail('INVALID_GROUP_ID', { at: 'fetch', topic: 't' })
    await rig.clock.advance(999)
    expect([started, u.cursor?.offset('u', 0)]).toEqual([['t'], 0])
    await rig.clock.advance(1)
    expect([started, u.cursor?.offset('u', 0)]).toEqual([['t', 'u'], 1])
  })

  it('passes each record once, however often it is published', async () => {
    const { rig, stream, handled } = bed(['a', 'b', 'a', 'c', 'b', 'a'])
    const heard = new Heard(stream.pipe(sameText(), work(rig, 100)))
    await rig.clock.advance(150)
    expect(handled()).toBe(1)
    await rig.clock.advance(1_000)
    expect([heard.got, handled()]).toEqual([['a', 'b', 'c'], 6])
  })
})
