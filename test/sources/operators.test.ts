/** Operators that keep, drop or add, between a source and what works on its records: nothing is lost, nothing is left. */
import { filter, map, pipe } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { dedupe } from '../../src/operators/dedupe.ts'
import { detectSilence } from '../../src/operators/detectSilence.ts'
import { dropStale } from '../../src/operators/dropStale.ts'
import { handle } from '../../src/operators/handle.ts'
import { orderByTime } from '../../src/operators/orderByTime.ts'
import { retryOnFatal } from '../../src/operators/retryOnFatal.ts'
import { schedulerOf } from '../../src/operators/schedulerOf.ts'
import { Delivery } from '../../src/record.ts'
import { LiveReadings } from '../../src/sources/LiveReadings.ts'
import { MemoryTransport } from '../../src/transports/memory/MemoryTransport.ts'
import { bed, during, type Operator, work } from './chains.ts'
import { groupOf, Heard, NOTHING_LEFT, Rig, textOf } from './rig.ts'

const OPERATORS: readonly (readonly [name: string, operator: (rig: Rig) => Operator])[] = [
  ['dedupe', () => dedupe()],
  ['dropStale', rig => dropStale({ maxAge: 60_000, clock: rig.clock })],
  [
    'detectSilence',
    rig =>
      pipe(
        detectSilence({ after: 50, scheduler: schedulerOf(rig.clock) }),
        filter(value => value instanceof Delivery),
      ),
  ],
  ['orderByTime', rig => orderByTime({ within: 100, scheduler: schedulerOf(rig.clock) })],
]

describe.each(OPERATORS)('%s over a source', (_name, operator) => {
  it('leaves a loop its records one by one, and gives back what it has not done at a break', async () => {
    const { rig, stream, handled } = bed([0, 1, 2])
    const seen: unknown[] = []
    const loop = async (last: string): Promise<void> => {
      for await (const record of stream.pipe(operator(rig))) {
        seen.push([textOf(record), handled()])
        if (textOf(record) === last) break
      }
    }
    await during(rig, loop('1'))
    await rig.settle()
    expect([handled(), rig.left]).toEqual([1, NOTHING_LEFT])
    await during(rig, loop('2'))
    await rig.settle()
    expect(seen).toEqual([
      ['0', 0],
      ['1', 1],
      ['1', 1],
      ['2', 2],
    ])
    expect([handled(), rig.left, rig.logged]).toEqual([2, NOTHING_LEFT, []])
  })

  it('gives back what a loop was at when its body threw', async () => {
    const { rig, stream, handled } = bed([0, 1, 2])
    const loop = async (): Promise<void> => {
      for await (const record of stream.pipe(operator(rig))) if (textOf(record) === '1') throw new RangeError('body')
    }
    await expect(during(rig, loop())).rejects.toThrow(RangeError)
    await rig.settle()
    expect([handled(), rig.left]).toEqual([1, NOTHING_LEFT])
  })

  it('gives back what a map threw at, and what had not come to it', async () => {
    const { rig, stream, handled } = bed([0, 1, 2])
    const poisoned = stream.pipe(
      operator(rig),
      handle(async record => record),
      map(record => {
        if (textOf(record) === '1') throw new TypeError('map')
        return record
      }),
    )
    const heard = new Heard(poisoned)
    await rig.clock.advance(1_000)
    // handle() had done its work on it.
    expect([heard.got, heard.errors, handled()]).toEqual([['0'], [new TypeError('map')], 2])
    expect(rig.left).toEqual(NOTHING_LEFT)
  })

  it.each([
    ['below', 20],
    ['above', 20],
    // Longer than the source waits for it.
    ['above', 15_000],
  ])('loses nothing when the stream fails and is resumed %s, at work that takes %i ms', async (where, ms) => {
    const { rig, stream, handled } = bed([0, 1, 2])
    const done: string[] = []
    const resume = retryOnFatal<Delivery>({ delay: 10, scheduler: schedulerOf(rig.clock) })
    const worked = work(rig, ms, done)
    const heard = new Heard(stream.pipe(where === 'above' ? pipe(resume, operator(rig), worked) : pipe(operator(rig), worked, resume)))
    await rig.clock.advance(110)
    rig.transport.fail('INVALID_GROUP_ID', { at: 'fetch' })
    rig.append('t', [3, 4])
    await rig.clock.advance(200_000)
    expect([heard.errors, rig.readings.length, handled()]).toEqual([[], 2, 5])
    expect([...new Set(done)]).toEqual(['0', '1', '2', '3', '4'])
    heard.stop()
    await rig.clock.advance(0)
    expect(rig.left).toEqual(NOTHING_LEFT)
  })

  it('passes all that is left on at the end, and it is handled', async () => {
    const { rig, stream, handled } = bed([0, 1, 2], { until: 'end' })
    const heard = new Heard(stream.pipe(operator(rig), work(rig)))
    await rig.clock.advance(1_000)
    expect([heard.got, heard.done, handled()]).toEqual([['0', '1', '2'], true, 3])
    expect(rig.left).toEqual(NOTHING_LEFT)
  })

  it('gives all back at once that was not begun when the client is closed', async () => {
    const { rig, stream, handled } = bed([0, 1, 2])
    const heard = new Heard(stream.pipe(operator(rig), work(rig, 5_000)))
    await rig.clock.advance(150)
    const closed = rig.live.close()
    await during(rig, closed)
    expect([heard.done, handled(), rig.left]).toEqual([true, 1, NOTHING_LEFT])
  })

  it('gives back what goes to another member', async () => {
    const rig = Rig.holding([0, 1, 2], { partitions: 2 })
    rig.append('t', ['a', 'b', 'c'], 1)
    const consumerGroup = groupOf('g', { sessionTimeout: 10_000 })
    const first = new Heard(rig.stream({ consumerGroup }).pipe(operator(rig), work(rig, 5_000)))
    await rig.clock.advance(50)
    const transport = new MemoryTransport({ log: rig.log, clock: rig.clock })
    const other = rig.stream({ consumerGroup, transport, live: new LiveReadings() })
    const second = new Heard(other.pipe(operator(rig), work(rig)))
    await rig.clock.advance(60_000)
    expect([...new Set([...first.got, ...second.got])].sort()).toEqual(['0', '1', '2', 'a', 'b', 'c'])
    expect([0, 1].map(partition => rig.log.committed('g', 't', partition))).toEqual([3, 3])
  })
})
