import { mergeMap, of, throwError } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { PublishError } from '../../src/errors.ts'
import { outgoing } from '../../src/sinks/outgoing.ts'
import { doubtful, refused, refusing, rejection, rig, storing } from './rig.ts'

const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

describe('a failure that nobody saw', () => {
  it('never becomes an unhandled rejection', async () => {
    const { sink, errors } = refusing()
    const unhandled: unknown[] = []
    const note = (error: unknown): void => {
      unhandled.push(error)
    }
    process.on('unhandledRejection', note)
    try {
      of(1).subscribe(sink())
      sink().next(undefined)
      throwError(() => new Error('upstream')).subscribe(sink())
      of(1)
        .pipe(mergeMap(n => sink().send(n)))
        .subscribe({ error: () => {} })
      for (let n = 0; n < 5; n++) await turn()
    } finally {
      process.off('unhandledRejection', note)
    }
    expect(unhandled).toEqual([])
    expect(errors.length).toBeGreaterThan(0)
  })

  it('is logged and told on status$', async () => {
    const { sink, errors, events } = refusing()
    const front = sink()
    front.next(1)
    await rejection(front.flush())
    expect(errors).toHaveLength(1)
    expect(errors[0]?.message).toContain('the broker said no')
    expect(errors[0]?.fields).toMatchObject({ topic: 'gracedb.superevent', code: 'ALERT_TOPIC_FORBIDDEN', stored: false, count: 1 })
    expect(events).toHaveLength(1)
    expect(events[0]).toMatchObject({
      type: 'failed',
      topic: 'gracedb.superevent',
      error: { code: 'ALERT_TOPIC_FORBIDDEN', stored: false },
    })
  })

  it('is told once for thousands that fail at one moment, by kind, with their number', async () => {
    const { sink, broker, errors, events } = rig()
    const front = sink()
    for (let n = 0; n < 2000; n++) front.next(n)
    broker.settle(0, refused)
    for (let n = 1; n < 2000; n++) broker.settle(0, doubtful)
    const error = await rejection(front.flush())
    expect(errors.map(({ fields }) => [fields['code'], fields['count']])).toEqual([
      ['ALERT_TOPIC_FORBIDDEN', 1],
      ['ALERT_EXPIRED', 1999],
    ])
    expect(errors[1]?.message).toContain('(and 1998 more messages)')
    expect(events).toHaveLength(2)
    expect(error).toBeInstanceOf(AggregateError)
    expect((error as AggregateError).message).toMatch(/^2000 messages not published: .*the broker said no \(and 1999 more\)$/)
    expect((error as AggregateError).errors).toHaveLength(1000)
  })

  it('is told again when the same fails later', async () => {
    const { sink, errors } = refusing()
    const front = sink()
    for (const number of [1, 2]) {
      front.next(number)
      expect(((await rejection(front.flush())) as Error).message).toMatch(/^1 message not published: .*the broker said no$/)
      expect(errors).toHaveLength(number)
    }
  })

  it('is not one that a send() told of', async () => {
    const { sink, errors, events } = refusing()
    const front = sink()
    await rejection(front.send(1))
    await front.flush()
    expect([errors, events]).toEqual([[], []])
  })

  it('is not one that results$ told of; what failed before anyone listened is', async () => {
    const { sink, broker, errors, events } = rig()
    const front = sink()
    front.next(1)
    broker.settle(0, refused)
    const seen: boolean[] = []
    const listening = front.results$.subscribe(({ ok }) => seen.push(ok))
    front.next(2)
    broker.settle(0, doubtful)
    listening.unsubscribe()
    const error = await rejection(front.flush())
    expect(seen).toEqual([false])
    expect((error as AggregateError).errors.map(({ code }: PublishError) => code)).toEqual(['ALERT_TOPIC_FORBIDDEN'])
    expect([errors.length, events.length]).toEqual([1, 1])
  })

  it('is one although the stored messages are observed', async () => {
    const { sink } = refusing()
    const front = sink()
    front.subscribe()
    front.next(1)
    expect(await rejection(front.flush())).toBeInstanceOf(AggregateError)
  })

  it('does not end the sink', async () => {
    const { sink, broker } = rig()
    const front = sink<number>()
    const out: number[] = []
    front.subscribe(({ payload }) => out.push(payload))
    front.next(1)
    front.next(2)
    broker.settle(0, refused)
    broker.store()
    front.next(3)
    broker.store()
    expect(out).toEqual([2, 3])
  })
})

describe('flush', () => {
  it('waits for all that was given before it, not for what comes later', async () => {
    const { sink, broker } = rig()
    const front = sink()
    let flushed = false
    front.next(1)
    const sent = front.send(2)
    const flushing = front.flush().then(() => {
      flushed = true
    })
    front.next(3)
    broker.store(1)
    await turn()
    expect(flushed).toBe(false)
    broker.store(1)
    await flushing
    await sent
    expect(broker.records).toHaveLength(3)
  })

  it('resolves at once when nothing is under way, also before and after the end', async () => {
    const { sink } = storing()
    const front = sink()
    await front.flush()
    front.complete()
    await front.done
    await front.flush()
  })

  it('rejects once with all that failed unseen, as PublishErrors', async () => {
    const { sink, broker } = rig()
    const front = sink()
    for (const n of [1, 2, 3]) front.next(n)
    broker.settle(0, refused)
    broker.settle(1, doubtful)
    broker.store()
    const error = await rejection(front.flush())
    expect(error).toBeInstanceOf(AggregateError)
    const { errors } = error as AggregateError
    expect(errors.every(each => each instanceof PublishError)).toBe(true)
    expect(errors.map(({ stored }: PublishError) => stored)).toEqual([false, 'unknown'])
    await front.flush()
  })

  it("tells of this front's failures only", async () => {
    const { sink, broker } = rig()
    const [one, other] = [sink(), sink()]
    one.next(1)
    other.next(2)
    broker.settle(0, refused)
    broker.store()
    await other.flush()
    expect(await rejection(one.flush())).toBeInstanceOf(AggregateError)
  })

  it('tells of what its feeder gave, after the feeder ended too', async () => {
    const front = refusing().sink()
    of(1).subscribe(front)
    const error = await rejection(front.flush())
    expect((error as AggregateError).errors).toHaveLength(1)
    await front.flush()
  })
})

describe('a whole record', () => {
  it('is an error result that says what to pass', async () => {
    const { sink, broker } = storing()
    const record = { fullTopic: 'gracedb.superevent', partition: 0, offset: 1, payload: 1, toJSON: () => ({}) }
    for (const value of [record, outgoing(record)]) {
      const error = await rejection(sink().send(value))
      expect(error).toMatchObject({ code: 'ALERT_UNWRITABLE', stored: false })
      expect((error as Error).message).toContain('sink.send(outgoing(r.payload, { id: r.id }))')
    }
    expect(broker.records).toHaveLength(0)
  })
})
