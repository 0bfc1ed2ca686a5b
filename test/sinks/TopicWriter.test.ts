import { describe, expect, it } from 'vitest'
import type { Clock } from '../../src/clock.ts'
import { AlertError, PublishError } from '../../src/errors.ts'
import { outgoing } from '../../src/sinks/outgoing.ts'
import type { PublishResult } from '../../src/sinks/results.ts'
import { headersOf, type Rig, refused, rejection, rig, storing, text } from './rig.ts'

const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

const refusal = ({ writer }: Rig): string | undefined => {
  try {
    writer.check()
    return undefined
  } catch (error) {
    return error instanceof AlertError ? error.code : String(error)
  }
}

describe('a record', () => {
  it('carries topic, time, key, value and compression', () => {
    const clock: Clock = { now: () => 1_700_000_000_123, tick: () => 0, after: () => () => {} }
    const { sink, broker } = rig({ clock })
    sink({ key: 'S1', compression: 'gzip' }).next({ a: 1 })
    const [record] = broker.records
    expect(record).toMatchObject({ topic: 'gracedb.superevent', timestamp: 1_700_000_000_123, compression: 'gzip' })
    expect(record?.partition).toBeUndefined()
    expect(text(record?.key)).toBe('S1')
    expect(text(record?.value)).toBe('{"a":1}')
  })

  it('has the headers in the order in which Python writes them', () => {
    const { sink, broker } = rig({ sender: () => 'ligo' })
    sink().next(
      outgoing(
        { a: 1 },
        {
          headers: [
            ['x', '1'],
            ['x', Uint8Array.of(50)],
          ],
          test: true,
        },
      ),
    )
    sink().next(outgoing(Uint8Array.of(1), { test: false }))
    sink().next(outgoing(Uint8Array.of(1), { format: 'avro' }))
    expect(broker.records.map(headersOf)).toEqual([
      ['x=1', 'x=2', '_id=16 bytes', '_sender=ligo', '_test=true', '_format=json'],
      ['_id=16 bytes', '_sender=ligo', '_format=blob'],
      ['_id=16 bytes', '_sender=ligo', '_format=avro'],
    ])
  })

  it('names the sender only with credentials, and follows a changed user name', () => {
    let name: string | undefined
    const { sink, broker } = rig({ sender: () => name })
    const front = sink()
    for (const next of [undefined, '', 'ligo', 'virgo']) {
      name = next
      front.next(1)
    }
    const senders = broker.records.map(({ headers }) => text(headers.find(header => header.name === '_sender')?.value))
    expect(senders).toEqual(['', '', 'ligo', 'virgo'])
    expect(broker.records.map(({ headers }) => headers.length)).toEqual([2, 2, 3, 3])
  })
})

describe('the bound on records', () => {
  it('counts what is not yet settled, over all fronts', async () => {
    const topic = rig({ maxRecords: 3 })
    const [one, other] = [topic.sink(), topic.sink()]
    one.next(1)
    other.next(2)
    one.next(3)
    expect(refusal(topic)).toBe('ALERT_OVERFLOW')
    const error = await rejection(other.send(4))
    expect(error).toBeInstanceOf(PublishError)
    expect(error).toMatchObject({ code: 'ALERT_OVERFLOW', stored: false })
    expect((error as Error).message).toMatch(/3 records .* bounds 3 records and 64.0 MB.*await sink.ready\(\)/)
    expect(topic.broker.records).toHaveLength(3)
    topic.broker.settle(0, refused)
    expect(refusal(topic)).toBeUndefined()
  })

  it('is 10 000 by default', () => {
    const topic = rig()
    const front = topic.sink()
    for (let n = 0; n < 10_000; n++) front.next(n)
    expect(topic.broker.records).toHaveLength(10_000)
    expect(refusal(topic)).toBe('ALERT_OVERFLOW')
    topic.broker.store(1)
    expect(refusal(topic)).toBeUndefined()
  })

  it('is a loud result for each message that a fast source gives beyond it', async () => {
    const topic = rig({ maxRecords: 3 })
    const front = topic.sink<number>()
    const results: PublishResult<number>[] = []
    front.results$.subscribe(result => results.push(result))
    for (let n = 0; n < 5; n++) front.next(n)
    topic.broker.store()
    await front.flush()
    expect(results.filter(result => !result.ok).map(({ payload }) => payload)).toEqual([3, 4])
    expect(results.filter(result => result.ok).map(({ payload }) => payload)).toEqual([0, 1, 2])
  })
})

describe('the bound on bytes', () => {
  it('counts value, key and headers, and is 64 MB by default', () => {
    const topic = rig()
    const front = topic.sink()
    for (let n = 0; n < 6; n++) front.next(new Uint8Array(10e6))
    front.next(new Uint8Array(3.9e6))
    expect(refusal(topic)).toBeUndefined()
    front.next(outgoing(1, { headers: [['big', new Uint8Array(0.05e6)]], key: new Uint8Array(0.05e6) }))
    expect(refusal(topic)).toBe('ALERT_OVERFLOW')
  })

  it('takes one record of any size, for the broker alone knows what is too large', async () => {
    const topic = rig({ maxBytes: 100 })
    topic.sink().next(new Uint8Array(1000))
    expect(topic.broker.records).toHaveLength(1)
    expect(refusal(topic)).toBe('ALERT_OVERFLOW')
    topic.broker.store()
    await topic.writer.ready()
  })
})

describe('ready', () => {
  it('resolves at once while there is room', async () => {
    await rig().sink().ready()
  })

  it('waits until a record has settled', async () => {
    const topic = rig({ maxRecords: 2 })
    const front = topic.sink()
    front.next(1)
    front.next(2)
    let ready = false
    void front.ready().then(() => {
      ready = true
    })
    await turn()
    expect(ready).toBe(false)
    topic.broker.store(1)
    await turn()
    expect(ready).toBe(true)
  })

  it('lets many feeders wait for few places, and none of them overflows', async () => {
    const topic = storing({ maxRecords: 3 })
    const feed = async (): Promise<void> => {
      const front = topic.sink<number>()
      for (let n = 0; n < 20; n++) {
        await front.ready()
        front.next(n)
      }
      await front.flush()
    }
    await Promise.all(Array.from({ length: 10 }, feed))
    expect(topic.broker.records).toHaveLength(200)
  })

  it('gives a place back with each record, not only when all have settled', async () => {
    const topic = rig({ maxRecords: 2 })
    const front = topic.sink()
    for (let n = 0; n < 10; n++) {
      await front.ready()
      front.next(n)
      if (n > 0) topic.broker.store(1)
    }
    expect(topic.broker.records).toHaveLength(10)
  })

  it('takes the records of those that wait to be as large as the last one', async () => {
    const topic = rig({ maxBytes: 3000 })
    topic.sink().next(new Uint8Array(3000))
    let woken = 0
    for (let n = 0; n < 10; n++) {
      void topic.writer.ready().then(() => {
        woken++
        topic.sink().next(new Uint8Array(1400))
      })
    }
    topic.broker.store()
    await expect.poll(() => woken).toBe(1)
    expect(topic.errors).toEqual([])
  })

  it('wakes the next in line when those that were woken do not write', async () => {
    const topic = rig({ maxRecords: 2 })
    const order: number[] = []
    const waits = [1, 2, 3, 4, 5].map(n => topic.writer.ready().then(() => order.push(n)))
    await Promise.all(waits)
    expect(order).toEqual([1, 2, 3, 4, 5])
  })

  it('keeps the places of those that were woken from others that ask later', async () => {
    const topic = rig({ maxRecords: 2 })
    topic.sink().next(1)
    topic.sink().next(2)
    const first = topic.writer.ready()
    let later = false
    topic.broker.store(1)
    void topic.writer.ready().then(() => {
      later = true
    })
    await first
    await turn()
    expect(later).toBe(false)
    topic.broker.store()
    await expect.poll(() => later).toBe(true)
  })

  it('resolves when the topic is disconnected: the next message says so', async () => {
    const topic = rig({ maxRecords: 1 })
    const front = topic.sink()
    front.next(1)
    const ready = front.ready()
    const closed = topic.writer.close(1000)
    await ready
    expect(await rejection(front.send(2))).toMatchObject({ code: 'ALERT_CLOSED', stored: false })
    topic.broker.store()
    await closed
  })
})

describe('close', () => {
  it('ends the fronts, and resolves once everything is settled', async () => {
    const topic = rig()
    const [one, ended] = [topic.sink<number>(), topic.sink<number>()]
    one.next(1)
    ended.next(2)
    ended.complete()
    let closed = false
    const closing = topic.writer.close(10_000).then(() => {
      closed = true
    })
    topic.broker.store(1)
    await turn()
    expect(closed).toBe(false)
    topic.broker.store()
    await closing
    await Promise.all([one.done, ended.done])
  })

  it('resolves at its deadline, and what was under way settles later', async () => {
    const deadlines: number[] = []
    let ring = (): void => {}
    const clock: Clock = {
      now: () => 0,
      tick: () => 0,
      after: (ms, fn) => {
        deadlines.push(ms)
        ring = fn
        return () => {}
      },
    }
    const topic = rig({ clock })
    const front = topic.sink<number>()
    const sent = front.send(1)
    const closing = topic.writer.close(500)
    expect(deadlines).toEqual([500])
    ring()
    await closing
    topic.broker.store()
    expect((await sent).offset).toBe(0)
    await front.done
  })

  it('leaves no timer and can be called twice', async () => {
    let timers = 0
    const clock: Clock = {
      now: () => 0,
      tick: () => 0,
      after: () => {
        timers++
        return () => {
          timers--
        }
      },
    }
    const { writer } = rig({ clock })
    await writer.close(500)
    await writer.close(500)
    expect(timers).toBe(0)
  })

  it('ends a front that is taken afterwards at once', async () => {
    const topic = rig()
    await topic.writer.close(0)
    const front = topic.sink()
    await front.done
    expect(await rejection(front.send(1))).toMatchObject({ code: 'ALERT_CLOSED' })
    expect(topic.broker.records).toHaveLength(0)
  })
})
