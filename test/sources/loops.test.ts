import { concatMap, delay, firstValueFrom, from, map, merge, of } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { handle } from '../../src/operators/handle.ts'
import { retryOnFatal } from '../../src/operators/retryOnFatal.ts'
import type { Delivery } from '../../src/record.ts'
import { toStream } from '../../src/sources/AlertStream.ts'
import { Checkpoint } from '../../src/sources/Checkpoint.ts'
import { groupOf, NOTHING_LEFT, Rig, type StreamSetup, textOf } from './rig.ts'

/** One topic with records 0, 1, 2, and how far they are handled. */
function loopBed(setup: StreamSetup = {}) {
  const rig = Rig.holding([0, 1, 2])
  const from = new Checkpoint('earliest')
  const stream = rig.stream({ ...setup, from })
  const handled = async (): Promise<number | undefined> => {
    await rig.settle()
    return from.cursor?.offset('t', 0)
  }
  return { rig, stream, handled }
}

describe('a for await loop', () => {
  it('holds its record and acks it when it asks for the next one', async () => {
    const { stream, handled } = loopBed()
    const seen: (number | undefined)[] = []
    for await (const record of stream) {
      seen.push(await handled())
      if (textOf(record) === '2') break
    }
    expect(seen).toEqual([0, 1, 2])
    expect(await handled()).toBe(2)
  })

  it('gives its record back at a break, and what it has not seen', async () => {
    const { rig, stream, handled } = loopBed()
    for await (const _ of stream) break
    expect(await handled()).toBe(0)
    expect(rig.left).toEqual(NOTHING_LEFT)
    const again: string[] = []
    for await (const record of stream) {
      again.push(textOf(record))
      if (again.length === 3) break
    }
    expect(again).toEqual(['0', '1', '2'])
  })

  it('gives its record back when its body throws', async () => {
    const { rig, stream, handled } = loopBed()
    const loop = async (): Promise<void> => {
      for await (const record of stream) if (textOf(record) === '1') throw new RangeError('body')
    }
    await expect(loop()).rejects.toThrow(RangeError)
    expect(await handled()).toBe(1)
    expect(rig.left).toEqual(NOTHING_LEFT)
  })

  it('that acks before it breaks has handled its record', async () => {
    const { stream, handled } = loopBed()
    for await (const record of stream) {
      record.ack()
      break
    }
    expect(await handled()).toBe(1)
  })

  it('holds the record also when it gets a part of it only', async () => {
    const { stream, handled } = loopBed()
    for await (const text of stream.pipe(map(textOf))) if (text === '1') break
    expect(await handled()).toBe(1)
  })

  it('holds the record of each stream of a merge', async () => {
    const { rig, stream, handled } = loopBed()
    rig.log.createTopic('u')
    rig.append('u', ['a'])
    const other = new Checkpoint('earliest')
    const both = toStream(merge(stream, rig.stream({ topics: ['u'], from: other })))
    const got: string[] = []
    for await (const record of both) {
      if (got.push(textOf(record)) === 4) break
      const upTo = [await handled(), other.cursor?.offset('u', 0)]
      expect(upTo).toEqual([
        got.filter(text => text < 'a' && text !== textOf(record)).length,
        got.includes('a') && textOf(record) !== 'a' ? 1 : 0,
      ])
    }
    expect(got.sort()).toEqual(['0', '1', '2', 'a'])
  })

  it('holds the record on that handle() has done', async () => {
    const { stream, handled } = loopBed()
    const texts = stream.pipe(handle(async (record: Delivery) => textOf(record)))
    for await (const text of texts) if (text === '1') break
    expect(await handled()).toBe(1)
  })

  it('holds the record on that handle() has taken over from manual delivery', async () => {
    const { stream, handled } = loopBed({ delivery: 'manual' })
    const texts = stream.pipe(handle(async (record: Delivery) => textOf(record)))
    for await (const text of texts) if (text === '1') break
    expect(await handled()).toBe(1)
  })

  it('warns once where an asynchronous operator is above it, and counts on nothing', async () => {
    const { rig, stream, handled } = loopBed()
    const got: string[] = []
    for await (const text of stream.pipe(concatMap(async record => textOf(record)))) {
      got.push(text)
      if (got.length === 3) break
    }
    expect(await handled()).toBe(3)
    expect(rig.logged.map(({ message }) => message)).toEqual([
      'a loop got a value from an asynchronous operator (concatMap, delay, bufferTime, ...): its record counts as handled already. Put handle() before it',
    ])
  })

  it('warns once also over a stream that resumes', async () => {
    const { rig, stream } = loopBed()
    rig.transport.fail('INVALID_GROUP_ID', { at: 'fetch' })
    const got: string[] = []
    const texts = stream.pipe(
      concatMap(async record => textOf(record)),
      retryOnFatal({ delay: () => from([0]) }),
    )
    for await (const text of texts) {
      if (got.push(text) === 1) rig.transport.fail('INVALID_GROUP_ID', { at: 'fetch' })
      if (got.length === 3) rig.append('t', [3])
      await rig.settle()
      if (text === '3') break
    }
    expect(rig.readings).toHaveLength(3)
    expect(rig.logged.filter(({ message }) => message.startsWith('a loop got'))).toHaveLength(1)
  })

  it('says nothing of values that come from elsewhere', async () => {
    const { rig } = loopBed()
    const got: number[] = []
    for await (const value of toStream(of(1, 2).pipe(delay(0)))) got.push(value)
    expect([got, rig.logged]).toEqual([[1, 2], []])
  })

  it('leaves records of manual delivery to record.ack(), and gives back what it has not seen at a break', async () => {
    const { rig, stream, handled } = loopBed({ delivery: 'manual' })
    for await (const record of stream) {
      if (textOf(record) === '0') continue
      record.ack()
      break
    }
    expect(await handled()).toBe(0)
    // Record 0 may still be acked, until drainTimeout; nothing else is waited for.
    expect(rig.live.size).toBe(1)
    await rig.clock.advance(10_000)
    expect(rig.left).toEqual(NOTHING_LEFT)
  })

  it('does not wait for records of manual delivery that it has not seen', async () => {
    const { rig, stream } = loopBed({ delivery: 'manual' })
    for await (const record of stream) {
      record.ack()
      break
    }
    await rig.settle()
    expect(rig.left).toEqual(NOTHING_LEFT)
  })

  it('ends without those it has not seen when the stream is closed', async () => {
    for (const delivery of ['auto', 'manual'] as const) {
      const { rig, stream } = loopBed({ delivery })
      const got: string[] = []
      for await (const record of stream) {
        got.push(textOf(record))
        void rig.live.close()
        record.ack()
      }
      await rig.settle()
      expect([got, rig.left]).toEqual([['0'], NOTHING_LEFT])
    }
  })

  it('throws the error of the stream, and what it was at is handled if it goes on to ask', async () => {
    const { rig, stream, handled } = loopBed()
    const got: string[] = []
    const loop = async (): Promise<void> => {
      for await (const record of stream) {
        got.push(textOf(record))
        rig.transport.fail('INVALID_GROUP_ID', { at: 'fetch' })
        await rig.settle()
      }
    }
    await expect(loop()).rejects.toMatchObject({ code: 'ALERT_GROUP_INVALID', fatal: true })
    expect(got).toEqual(['0'])
    expect(await handled()).toBe(1)
  })
})

describe('firstValueFrom(topic)', () => {
  it('twice gives the same record, with a consumer group too', async () => {
    const rig = Rig.holding([0, 1])
    const stream = rig.stream({ consumerGroup: groupOf('g') })
    for (let i = 0; i < 2; i++) {
      const value = firstValueFrom(stream.pipe(map(textOf)))
      await rig.clock.advance(1_000)
      expect(await value).toBe('0')
    }
    expect(rig.log.committed('g', 't', 0)).toBe(0)
  })
})
