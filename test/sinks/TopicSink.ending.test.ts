import { concat, map, NEVER, type Observable, of, Subject } from 'rxjs'
import { describe, expect, it } from 'vitest'
import type { TopicSink } from '../../src/sinks/TopicSink.ts'
import { refused, refusing, rejection, rig, storing } from './rig.ts'

const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

/** Values, then C or the error's text. */
const seen = (source: Observable<unknown>): string[] => {
  const log: string[] = []
  source.subscribe({
    next: value => log.push(String(value)),
    error: (error: unknown) => log.push(error instanceof Error ? error.message : String(error)),
    complete: () => log.push('C'),
  })
  return log
}

const payloads = <T>(front: TopicSink<T>): Observable<T> => front.pipe(map(({ payload }) => payload))

describe('completing a front', () => {
  it('ends what comes out after its last message, not before', async () => {
    const { sink, broker } = rig()
    const front = sink<number>()
    const out = seen(payloads(front))
    front.next(1)
    front.next(2)
    front.complete()
    await turn()
    expect(out).toEqual([])
    broker.store(1)
    await turn()
    expect(out).toEqual(['1'])
    broker.store()
    await front.done
    expect(out).toEqual(['1', '2', 'C'])
  })

  it('ends that front only: several share a topic', async () => {
    const { sink, broker } = storing()
    const [one, other] = [sink<number>(), sink<number>()]
    of(1).subscribe(one)
    await one.done
    await other.send(2)
    const third = sink<number>()
    await third.send(3)
    expect(broker.records).toHaveLength(3)
  })

  it('ends a front that published nothing', async () => {
    const front = rig().sink()
    const out = seen(front)
    front.complete()
    await front.done
    expect(out).toEqual(['C'])
  })

  it('is done once, however often it is called', async () => {
    const front = storing().sink<number>()
    const out = seen(payloads(front))
    front.next(1)
    front.complete()
    front.complete()
    front.error(new Error('late'))
    await front.done
    front.complete()
    expect(out).toEqual(['1', 'C'])
  })
})

describe('a front whose feeder fails', () => {
  it('ends with that error after its last message; other fronts go on', async () => {
    const { sink, errors } = storing()
    const [front, other] = [sink<number>(), sink<number>()]
    const out = seen(payloads(front))
    const feeder = new Subject<number>()
    feeder.subscribe(front)
    feeder.next(1)
    feeder.error(new Error('upstream'))
    expect(((await rejection(front.done)) as Error).message).toBe('upstream')
    expect(out).toEqual(['1', 'upstream'])
    expect(errors).toEqual([])
    await other.send(2)
  })

  it('is logged when nobody observes it, for a Subject swallows errors', async () => {
    const { sink, errors } = storing()
    const front = sink()
    front.error(new Error('upstream'))
    await rejection(front.done)
    expect(errors.map(({ message }) => message)).toEqual(['The feeder of a sink of gracedb.superevent failed: upstream'])
  })

  it('is logged when another feeder ended the front before', async () => {
    const { sink, errors } = storing()
    const front = sink()
    const out = seen(front)
    front.complete()
    front.error('second feeder')
    await front.done
    expect(out).toEqual(['C'])
    expect(errors.map(({ message }) => message)).toEqual(['The feeder of a sink of gracedb.superevent failed: second feeder'])
  })

  it('tells late subscribers too', async () => {
    const front = storing().sink()
    front.error(new Error('upstream'))
    await rejection(front.done)
    expect(seen(front)).toEqual(['upstream'])
  })
})

describe('a message after the end', () => {
  it('is a loud result of next()', async () => {
    const { sink, broker, errors, events } = storing()
    const front = sink()
    front.complete()
    await front.done
    front.next(1)
    const failed = await rejection(front.flush())
    expect((failed as AggregateError).errors).toMatchObject([{ code: 'ALERT_CLOSED', stored: false }])
    expect(errors[0]?.message).toMatch(/this sink has ended\. Take one sink for each feeder/)
    expect(events).toMatchObject([{ type: 'failed', error: { code: 'ALERT_CLOSED' } }])
    expect(broker.records).toHaveLength(0)
  })

  it('rejects its send(), also after an error', async () => {
    const front = storing().sink()
    front.subscribe({ error: () => {} })
    front.error(new Error('upstream'))
    expect(await rejection(front.send(1))).toMatchObject({ code: 'ALERT_CLOSED', stored: false })
  })

  it('is a value of results$ while earlier ones are under way', async () => {
    const { sink, broker } = rig()
    const front = sink<number>()
    const results = seen(front.results$.pipe(map(({ payload, stored }) => `${payload} ${stored}`)))
    front.next(1)
    front.complete()
    front.next(2)
    await turn()
    broker.store()
    await front.done
    expect(results).toEqual(['2 false', '1 true', 'C'])
  })

  it('names the disconnected topic after close()', async () => {
    const { sink, writer } = storing()
    const front = sink()
    await writer.close(1000)
    expect(((await rejection(front.send(1))) as Error).message).toMatch(/the topic was disconnected\. Connect it again/)
  })
})

describe('done', () => {
  it('waits for the feeder, where flush() sees only what was given already', async () => {
    const { sink, broker } = storing()
    const front = sink<number>()
    const feeder = new Subject<number>()
    feeder.subscribe(front)
    await front.flush()
    expect(broker.records).toHaveLength(0)
    feeder.next(1)
    feeder.complete()
    await front.done
    expect(broker.records).toHaveLength(1)
  })

  it('does not settle before the end', async () => {
    const front = storing().sink<number>()
    concat(of(1), NEVER).subscribe(front)
    let settled = false
    void front.done.then(() => {
      settled = true
    })
    await front.flush()
    await turn()
    expect(settled).toBe(false)
  })

  it('rejects with what failed unseen, and leaves it to flush()', async () => {
    const front = refusing().sink()
    of(1, 2).subscribe(front)
    expect(((await rejection(front.done)) as AggregateError).errors).toHaveLength(2)
    expect(((await rejection(front.flush())) as AggregateError).errors).toHaveLength(2)
  })

  it('resolves when every failure was seen', async () => {
    const { sink, broker } = rig()
    const front = sink()
    front.results$.subscribe()
    front.next(1)
    broker.settle(0, refused)
    front.complete()
    await front.done
  })
})

describe('the sink as a Subject', () => {
  it('is observed or not', () => {
    const front = rig().sink()
    expect(front.observed).toBe(false)
    const subscription = front.subscribe()
    expect(front.observed).toBe(true)
    subscription.unsubscribe()
    expect(front.observed).toBe(false)
  })

  it('is hot: a late subscriber sees what is stored from then on', async () => {
    const front = storing().sink<number>()
    await front.send(1)
    const out = seen(payloads(front))
    await front.send(2)
    expect(out).toEqual(['2'])
  })

  it('completes a subscriber that comes after the end', async () => {
    const front = storing().sink()
    front.complete()
    await front.done
    expect(seen(front)).toEqual(['C'])
  })

  it('hides its input behind asObservable()', async () => {
    const front = storing().sink<number>()
    const observable = front.asObservable()
    expect('next' in observable).toBe(false)
    const out = seen(observable.pipe(map(({ payload }) => payload)))
    await front.send(1)
    expect(out).toEqual(['1'])
  })

  it('isolates a subscriber that is called while another one publishes', async () => {
    const { sink, broker } = storing()
    const front = sink<number>()
    front.subscribe(({ payload }) => {
      if (payload < 3) front.next(payload + 1)
    })
    const out = seen(payloads(front))
    await front.send(1)
    await expect.poll(() => out).toEqual(['1', '2', '3'])
    expect(broker.records).toHaveLength(3)
  })

  it('ends when it is unsubscribed, without a word to its subscribers', async () => {
    const { sink, broker } = rig()
    const front = sink<number>()
    const out = seen(payloads(front))
    const sent = front.send(1)
    front.unsubscribe()
    expect(front.closed).toBe(true)
    broker.store()
    expect((await sent).offset).toBe(0)
    await front.done
    expect(out).toEqual([])
    expect(await rejection(front.send(2))).toMatchObject({ code: 'ALERT_CLOSED' })
  })
})
