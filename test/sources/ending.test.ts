import { Subject } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { AlertError } from '../../src/errors.ts'
import { handle } from '../../src/operators/handle.ts'
import type { Delivery } from '../../src/record.ts'
import { Checkpoint } from '../../src/sources/Checkpoint.ts'
import { source } from '../../src/sources/source.ts'
import type { Status } from '../../src/status.ts'
import { groupOf, Heard, NOTHING_LEFT, Rig, type StreamSetup, textOf } from './rig.ts'

/** A stream of records 0, 1, 2 whose work ends when the test says so. */
class Working {
  readonly rig = Rig.holding([0, 1, 2])
  readonly from = new Checkpoint('earliest')
  readonly started: Delivery[] = []
  readonly #end$ = new Subject<void>()
  readonly heard: Heard

  constructor(setup: StreamSetup = {}, signal?: AbortSignal) {
    const stream = this.rig.stream({ ...setup, from: setup.consumerGroup ? 'earliest' : this.from })
    const ended = signal ? source(() => this.rig.optionsOf({ ...setup, from: this.from }), signal) : stream
    this.heard = new Heard(
      ended.pipe(
        handle(async record => {
          this.started.push(record)
          await new Promise<void>(resolve => this.#end$.subscribe(resolve))
          return textOf(record)
        }),
      ),
    )
  }

  endWork(): Promise<void> {
    this.#end$.next()
    return this.rig.settle()
  }

  get handled(): number | undefined {
    return this.from.cursor?.offset('t', 0)
  }
}

describe('an unsubscribed stream', () => {
  it('stays, heartbeating, until started work has ended; what has not started is given back', async () => {
    const consumerGroup = groupOf('g', { sessionTimeout: 6_000 })
    const working = new Working({ consumerGroup })
    const { rig } = working
    await rig.settle()
    const before = rig.log.members('g')
    working.heard.stop()
    await rig.clock.advance(9_999)
    expect(rig.log.members('g')).toEqual(before)
    await working.endWork()
    expect(working.started.map(textOf)).toEqual(['0'])
    expect(rig.log.committed('g', 't', 0)).toBe(1)
    expect(rig.left).toEqual(NOTHING_LEFT)
  })

  it('does not wait longer than drainTimeout; then acks no longer count', async () => {
    const working = new Working()
    await working.rig.settle()
    working.heard.stop()
    await working.rig.clock.advance(10_000)
    expect(working.rig.left).toEqual(NOTHING_LEFT)
    expect(working.started[0]!.signal.aborted).toBe(true)
    await working.endWork()
    expect(working.handled).toBe(0)
  })

  it('does not wait at all where nothing has started', async () => {
    const rig = Rig.holding([0, 1])
    const heard = rig.hear()
    await rig.settle()
    heard.stop()
    await rig.settle()
    expect(rig.left).toEqual(NOTHING_LEFT)
    expect(rig.said('closed')).toHaveLength(1)
  })

  it('delivers nothing more', async () => {
    const rig = Rig.holding([])
    const heard = rig.hear()
    await rig.settle()
    rig.append('t', [1])
    heard.stop()
    await rig.settle()
    expect(heard.got).toEqual([])
  })
})

describe('close()', () => {
  it('completes the stream at once for who subscribes it, and resolves when its work has ended', async () => {
    const working = new Working()
    await working.rig.settle()
    let closed = false
    void working.rig.live.close().then(() => {
      closed = true
    })
    await working.rig.clock.advance(1_000)
    expect([working.heard.done, closed]).toEqual([false, false])
    await working.endWork()
    expect(working.heard).toMatchObject({ got: ['0'], done: true })
    expect([closed, working.handled]).toEqual([true, 1])
    expect(working.rig.left).toEqual(NOTHING_LEFT)
  })

  it('is idempotent, also while it is under way', async () => {
    const working = new Working()
    await working.rig.settle()
    const closes = [working.rig.live.close(), working.rig.live.close()]
    await working.endWork()
    await Promise.all([...closes, working.rig.live.close()])
    expect(working.rig.said('closed')).toHaveLength(1)
  })

  it('completes what is still connecting', async () => {
    const rig = Rig.holding([0], { latency: 1_000 })
    const heard = rig.hear()
    await rig.clock.advance(500)
    void rig.live.close()
    await rig.settle()
    expect(heard).toMatchObject({ got: [], done: true, errors: [] })
    // The answer that nobody waits for.
    await rig.clock.advance(2_000)
    expect(rig.left).toEqual(NOTHING_LEFT)
  })

  it('completes what is away', async () => {
    const rig = Rig.holding([0])
    const heard = rig.hear()
    await rig.settle()
    rig.transport.goOffline()
    await rig.clock.advance(20_000)
    void rig.live.close()
    await rig.settle()
    expect(heard).toMatchObject({ got: ['0'], done: true })
    expect(rig.left).toEqual(NOTHING_LEFT)
  })
})

describe('an aborted signal', () => {
  it('ends the stream without waiting for its work', async () => {
    const controller = new AbortController()
    const working = new Working({}, controller.signal)
    await working.rig.settle()
    controller.abort()
    await working.rig.settle()
    expect(working.rig.left).toEqual(NOTHING_LEFT)
    expect(working.started[0]!.signal.aborted).toBe(true)
  })

  it('ends also the wait of an ending that is under way', async () => {
    for (const end of ['close', 'unsubscribe']) {
      const controller = new AbortController()
      const working = new Working({}, controller.signal)
      await working.rig.settle()
      if (end === 'close') void working.rig.live.close()
      else working.heard.stop()
      await working.rig.clock.advance(1_000)
      expect(working.rig.live.size).toBe(1)
      controller.abort()
      await working.rig.settle()
      expect(working.rig.left).toEqual(NOTHING_LEFT)
    }
  })

  it('that is aborted before it is subscribed opens nothing', async () => {
    const working = new Working({}, AbortSignal.abort())
    await working.rig.settle()
    expect(working.heard).toMatchObject({ got: [], done: true })
    expect(working.rig.left).toEqual(NOTHING_LEFT)
  })

  it('is not listened to any more once the stream has ended', async () => {
    const { signal } = new AbortController()
    let listeners = 0
    const { addEventListener, removeEventListener } = signal
    signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
      listeners++
      addEventListener.apply(signal, args)
    }
    signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
      listeners--
      removeEventListener.apply(signal, args)
    }
    const working = new Working({}, signal)
    await working.rig.settle()
    working.heard.stop()
    await working.endWork()
    expect(listeners).toBe(0)
  })
})

describe("the status 'closed'", () => {
  const last = (rig: Rig): Status | undefined => rig.statuses.at(-1)

  it('is the last, and says the error that ended the stream', async () => {
    const rig = Rig.holding([0])
    rig.hear()
    await rig.settle()
    rig.transport.fail('INVALID_GROUP_ID', { at: 'fetch' })
    await rig.clock.advance(60_000)
    expect(last(rig)).toMatchObject({ type: 'closed', error: { code: 'ALERT_GROUP_INVALID', fatal: true } })
    expect(rig.said('closed')).toHaveLength(1)
  })

  it('says no error when it was unsubscribed, closed or complete', async () => {
    const ends: Record<string, (heard: Heard, rig: Rig) => void> = {
      unsubscribed: heard => heard.stop(),
      closed: (_, rig) => void rig.live.close(),
      complete: () => {},
    }
    for (const [how, end] of Object.entries(ends)) {
      const rig = Rig.holding([0])
      const heard = rig.hear(how === 'complete' ? { until: 'end' } : {})
      await rig.settle()
      end(heard, rig)
      await rig.clock.advance(60_000)
      expect(last(rig), how).toEqual(expect.objectContaining({ type: 'closed', error: undefined }))
    }
  })

  it('comes last also where a partition was asked where to go on', async () => {
    const rig = Rig.holding([0])
    const heard = rig.hear()
    await rig.settle()
    rig.transport.goOffline()
    await rig.settle()
    rig.append('t', [1, 2])
    rig.log.truncate('t', 0, 2)
    let asked = 0
    rig.transport.locate = (_at, _partitions, signal) => {
      asked++
      return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(new AlertError('ALERT_CLOSED', 'aborted'))))
    }
    rig.transport.goOnline()
    await rig.clock.advance(3_000)
    expect(asked).toBe(1)
    const before = rig.statuses.length
    heard.stop()
    await rig.settle()
    expect(rig.statuses.slice(before).map(({ type }) => type)).toEqual(['closed'])
    expect(rig.left).toEqual(NOTHING_LEFT)
  })
})
