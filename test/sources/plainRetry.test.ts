import { map, merge, Observable, retry, take } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { handle } from '../../src/operators/handle.ts'
import { Checkpoint } from '../../src/sources/Checkpoint.ts'
import { groupOf, Heard, Rig, type StreamSetup, textOf } from './rig.ts'

/** rxjs's `retry`, at the test's time. */
const retrying = <T>(rig: Rig, ms = 100) => retry<T>({ delay: () => new Observable(out => rig.clock.after(ms, () => out.next(0))) })

const breakNextFetch = (rig: Rig): unknown => rig.transport.fail('INVALID_GROUP_ID', { at: 'fetch' })

/** A stream below a plain `retry` that fails after record 1; record 2 comes while it is away, 3 once it is back. */
async function interrupted(setup: StreamSetup, failures = 1): Promise<{ rig: Rig; heard: Heard }> {
  const rig = Rig.holding([0])
  await rig.clock.advance(1)
  const heard = new Heard(rig.stream(setup).pipe(retrying(rig)))
  await rig.settle()
  rig.append('t', [1])
  await rig.settle()
  breakNextFetch(rig)
  await rig.settle()
  rig.append('t', [2])
  for (let i = 1; i < failures; i++) {
    rig.transport.fail('INVALID_GROUP_ID', { at: 'describe' })
    await rig.clock.advance(100)
  }
  await rig.clock.advance(200)
  rig.append('t', [3])
  await rig.settle()
  return { rig, heard }
}

describe('a plain retry()', () => {
  it("from: 'latest' loses what came meanwhile, and that is said", async () => {
    const { rig, heard } = await interrupted({ from: 'latest' })
    expect(heard.got).toEqual(['1', '3'])
    expect(rig.said('gap')).toMatchObject([{ topic: 't', partition: 0, from: 2, to: 3, reason: 'resubscribed' }])
    expect(rig.logged.filter(({ level }) => level === 'warn')).toMatchObject([
      {
        message:
          "gap in t[0], from offset 2 to 3 (resubscribed): a retry() started at 'from' again. Use retryOnFatal(), which resumes, or a Checkpoint",
      },
    ])
  })

  it('says it also when tries in between did not get as far as a position', async () => {
    const { rig, heard } = await interrupted({ from: 'latest' }, 3)
    expect(heard.got).toEqual(['1', '3'])
    expect(rig.said('gap')).toMatchObject([{ from: 2, to: 3, reason: 'resubscribed' }])
  })

  it("ends the stream there with onGap: 'error'", async () => {
    const rig = Rig.holding([0])
    await rig.clock.advance(1)
    const chain = rig.stream({ from: 'latest', onGap: 'error' })
    const heard = new Heard(chain.pipe(retry({ count: 1, delay: () => new Observable(out => rig.clock.after(100, () => out.next(0))) })))
    await rig.settle()
    breakNextFetch(rig)
    await rig.settle()
    rig.append('t', [1])
    await rig.clock.advance(200)
    expect(heard.errors).toMatchObject([{ code: 'ALERT_GAP', fatal: true }])
  })

  it.each([
    ["from: 'earliest'", { from: 'earliest' as const }, ['0', '1', '0', '1', '2', '3']],
    ['a Checkpoint', { from: new Checkpoint('earliest') }, ['0', '1', '2', '3']],
    // Records handled by default are committed every autoCommitInterval; the reader that broke cannot commit any more.
    ['a consumer group', { from: 'earliest' as const, consumerGroup: groupOf('g') }, ['0', '1', '0', '1', '2', '3']],
  ])('loses nothing with %s, and says no gap', async (_, setup, expected) => {
    const { rig, heard } = await interrupted(setup)
    await rig.clock.advance(1_000)
    expect(heard.got).toEqual(expected)
    expect(rig.said('gap')).toEqual([])
  })

  it('says what a chain lost that a throw killed: the source cannot know whether it will come again', async () => {
    const rig = new Rig()
    rig.log.createTopic('t')
    let bad = 7
    const chain = rig.stream({ from: 'latest' }).pipe(
      map(record => {
        if (textOf(record) !== String(bad)) return textOf(record)
        bad = -1
        throw new TypeError('user bug')
      }),
      retrying(rig),
    )
    const heard = new Heard(chain)
    await rig.settle()
    for (let i = 0; i < 39; i++) {
      rig.append('t', [i])
      await rig.clock.advance(10)
    }
    const lost = Array.from({ length: 39 }, (_, i) => i).filter(i => !heard.got.includes(String(i)))
    expect(lost.length).toBeGreaterThan(0)
    const [gap] = rig.said('gap')
    expect(gap).toMatchObject({ from: 7, to: 7 + lost.length, reason: 'resubscribed' })
  })

  it('of a merge says what its healthy sibling lost too', async () => {
    const rig = new Rig()
    for (const topic of ['a', 'b']) rig.log.createTopic(topic)
    const both = merge(rig.stream({ topics: ['a'], from: 'latest' }), rig.stream({ topics: ['b'], from: 'latest' }))
    const heard = new Heard(both.pipe(retrying(rig)))
    await rig.settle()
    rig.append('b', ['read'])
    await rig.settle()
    rig.transport.fail('INVALID_GROUP_ID', { at: 'fetch', topic: 'a' })
    await rig.settle()
    rig.append('b', ['lost'])
    await rig.clock.advance(1_000)
    rig.append('b', ['later'])
    await rig.settle()
    expect(heard.got).toEqual(['read', 'later'])
    expect(rig.said('gap')).toMatchObject([{ topic: 'b', from: 1, to: 2, reason: 'resubscribed' }])
  })

  it('leaves work that has started to its end, and its gap begins at what was handled', async () => {
    const rig = Rig.holding([])
    await rig.clock.advance(1)
    const done: string[] = []
    const chain = rig.stream({ from: 'latest' }).pipe(
      handle(async record => {
        await new Promise<void>(resolve => rig.clock.after(50, resolve))
        done.push(textOf(record))
      }),
      retrying(rig),
    )
    chain.subscribe()
    await rig.settle()
    rig.append('t', [0, 1])
    await rig.settle()
    breakNextFetch(rig)
    await rig.clock.advance(500)
    expect(done).toEqual(['0'])
    expect(rig.said('gap')).toMatchObject([{ from: 1, to: 2, reason: 'resubscribed' }])
  })
})

describe('a stream that its user unsubscribes', () => {
  it('and subscribes again later has no gap to say: that was meant', async () => {
    const rig = Rig.holding([])
    await rig.clock.advance(1)
    const stream = rig.stream({ from: 'latest' })
    const first = new Heard(stream)
    await rig.settle()
    first.stop()
    rig.append('t', [0])
    await rig.clock.advance(1)
    new Heard(stream)
    await rig.settle()
    expect(rig.said('gap')).toEqual([])
  })
})

describe('take()', () => {
  it('completes, and a later subscription says what lies between', async () => {
    const rig = Rig.holding([])
    await rig.clock.advance(1)
    const stream = rig.stream({ from: 'latest' })
    const first = new Heard(stream.pipe(take(1)))
    await rig.settle()
    rig.append('t', [0, 1])
    await rig.settle()
    await rig.clock.advance(1)
    new Heard(stream)
    await rig.settle()
    expect(first).toMatchObject({ got: ['0'], done: true })
    expect(rig.said('gap')).toMatchObject([{ from: 0, to: 2 }])
  })
})
