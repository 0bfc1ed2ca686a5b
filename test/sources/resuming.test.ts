import { map, merge, Observable, share } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { handle } from '../../src/operators/handle.ts'
import { type RetryOnFatalOptions, retryOnFatal } from '../../src/operators/retryOnFatal.ts'
import type { Delivery } from '../../src/record.ts'
import type { AlertStream } from '../../src/sources/AlertStream.ts'
import { Heard, Rig, textOf } from './rig.ts'

/** A log of two topics that grows while streams of it fail; time is the test's. */
class Growing {
  readonly rig = new Rig()
  readonly published: string[] = []

  constructor() {
    for (const topic of ['a', 'b']) this.rig.log.createTopic(topic)
  }

  topic(name: string): AlertStream<Delivery> {
    return this.rig.stream({ topics: [name], from: 'latest' })
  }

  /** The next fetch of a topic meets what no waiting cures. */
  break(topic: string): void {
    this.rig.transport.fail('INVALID_GROUP_ID', { at: 'fetch', topic })
  }

  after(ms: number): Observable<unknown> {
    return new Observable(out => this.rig.clock.after(ms, () => out.next(0)))
  }

  resume<T>(options: RetryOnFatalOptions = {}) {
    return retryOnFatal<T>({ delay: () => this.after(100), ...options })
  }

  /** A record in each topic every 10 ms; `at` does something else at its time. */
  async run(ms: number, at: Readonly<Record<number, () => void>> = {}): Promise<void> {
    const { rig, published } = this
    for (let time = 0; time < ms; time += 10) {
      at[time]?.()
      for (const topic of ['a', 'b']) {
        const text = `${topic}${published.length}`
        published.push(text)
        rig.append(topic, [text])
      }
      await rig.clock.advance(10)
    }
    await rig.clock.advance(1_000)
  }

  of(topic: string): string[] {
    return this.published.filter(text => text.startsWith(topic))
  }
}

const ofTopic = (got: readonly string[], topic: string): string[] => got.filter(text => text.startsWith(topic))

/** Throws at the n-th value, once. */
const throwsAt = (nth: number) => {
  let left = nth
  return map((record: Delivery): Delivery => {
    if (--left === 0) throw new TypeError('user bug')
    return record
  })
}

const userBug = (error: unknown): boolean => error instanceof TypeError

describe('retryOnFatal', () => {
  it('loses nothing and doubles nothing of one stream', async () => {
    const growing = new Growing()
    const heard = new Heard(growing.topic('a').pipe(growing.resume()))
    await growing.rig.settle()
    await growing.run(500, { 100: () => growing.break('a'), 300: () => growing.break('a') })
    expect(heard.got).toEqual(growing.of('a'))
    expect(growing.rig.readings).toHaveLength(3)
    expect(growing.rig.said('gap')).toEqual([])
  })

  it('nor of the healthy sibling of a merge', async () => {
    const growing = new Growing()
    const heard = new Heard(merge(growing.topic('a'), growing.topic('b')).pipe(growing.resume()))
    await growing.rig.settle()
    await growing.run(500, { 100: () => growing.break('a') })
    expect(ofTopic(heard.got, 'a')).toEqual(growing.of('a'))
    expect(ofTopic(heard.got, 'b')).toEqual(growing.of('b'))
    expect(growing.rig.readings).toHaveLength(4)
  })

  it('nor of a stream that is in the merge twice', async () => {
    const growing = new Growing()
    const stream = growing.topic('a')
    const [one, two] = [map(textOf), map((record: Delivery) => `a${textOf(record)}`)]
    const heard = new Heard(merge(stream.pipe(one), stream.pipe(two)).pipe(growing.resume()))
    await growing.rig.settle()
    await growing.run(400, { 100: () => growing.break('a'), 250: () => growing.break('a') })
    const of = (twice: boolean): string[] => heard.got.filter(text => text.startsWith('aa') === twice)
    expect(of(false)).toEqual(growing.of('a'))
    expect(of(true)).toEqual(growing.of('a').map(text => `a${text}`))
  })

  it('nor of a chain that a throw killed, where `when` says to retry', async () => {
    const growing = new Growing()
    const chain = growing.topic('a').pipe(throwsAt(7), growing.resume({ when: userBug }))
    const heard = new Heard(chain)
    await growing.rig.settle()
    await growing.run(400)
    expect(heard.got).toEqual(growing.of('a'))
    expect(growing.rig.readings).toHaveLength(2)
  })

  it('nor of a merge in which one fails and the other is killed by a throw', async () => {
    const growing = new Growing()
    const heard = new Heard(merge(growing.topic('a'), growing.topic('b').pipe(throwsAt(20))).pipe(growing.resume({ when: userBug })))
    await growing.rig.settle()
    await growing.run(600, { 100: () => growing.break('a') })
    expect(ofTopic(heard.got, 'a')).toEqual(growing.of('a'))
    expect(ofTopic(heard.got, 'b')).toEqual(growing.of('b'))
  })

  it('passes an error of a throw on without `when`, and the record is not handled', async () => {
    const growing = new Growing()
    const heard = new Heard(growing.topic('a').pipe(throwsAt(1), growing.resume()))
    await growing.rig.settle()
    await growing.run(20)
    expect(heard.errors).toEqual([new TypeError('user bug')])
  })

  it('does not deliver again what was acked beyond the prefix', async () => {
    const growing = new Growing()
    const rig = growing.rig
    const works: { text: string; done: () => void }[] = []
    const work = (record: Delivery): Promise<string> =>
      new Promise(resolve => works.push({ text: textOf(record), done: () => resolve(textOf(record)) }))
    const heard = new Heard(growing.topic('a').pipe(handle(work, { concurrency: 3 }), growing.resume()))
    await rig.settle()
    rig.append('a', ['0', '1', '2'])
    await rig.settle()
    works[1]!.done()
    await rig.settle()
    growing.break('a')
    await rig.settle()
    works[2]!.done()
    await rig.clock.advance(10_100)
    expect(works.slice(3).map(({ text }) => text)).toEqual(['0'])
    works[3]!.done()
    rig.append('a', ['3'])
    await rig.settle()
    works[4]!.done()
    await rig.settle()
    // What was done while the chain was down has nobody to emit to.
    expect(heard.got).toEqual(['1', '0', '3'])
  })

  it('waits for the work that has started, so that little comes twice', async () => {
    const growing = new Growing()
    const rig = growing.rig
    const started: string[] = []
    const ends: (() => void)[] = []
    const work = (record: Delivery): Promise<void> => {
      started.push(textOf(record))
      return new Promise(resolve => ends.push(resolve))
    }
    growing.topic('a').pipe(handle(work), growing.resume()).subscribe()
    await rig.settle()
    rig.append('a', ['0', '1'])
    await rig.settle()
    growing.break('a')
    await rig.clock.advance(5_000)
    expect(started).toEqual(['0'])
    ends[0]!()
    await rig.clock.advance(1_000)
    expect(started).toEqual(['0', '1'])
  })

  it('resubscribes exactly count times; only a record that was never delivered before counts anew', async () => {
    const growing = new Growing()
    const rig = growing.rig
    const heard = new Heard(growing.topic('a').pipe(growing.resume({ count: 2 })))
    await rig.settle()
    for (let i = 0; i < 2; i++) {
      growing.break('a')
      await rig.clock.advance(150)
    }
    expect(rig.readings).toHaveLength(3)
    rig.append('a', ['fresh'])
    await rig.settle()
    const heal = rig.transport.fail('INVALID_GROUP_ID', { at: 'fetch', topic: 'a', times: Number.POSITIVE_INFINITY })
    await rig.clock.advance(10_000)
    heal()
    expect(rig.readings).toHaveLength(5)
    expect(heard.errors).toMatchObject([{ code: 'ALERT_GROUP_INVALID', fatal: true }])
    expect(heard.got).toEqual(['fresh'])
  })

  it('does not count anew for a record that comes a second time', async () => {
    const growing = new Growing()
    const rig = growing.rig
    let throws = true
    const chain = growing.topic('a').pipe(
      map(record => {
        if (throws) throw new TypeError('user bug')
        return record
      }),
      growing.resume({ count: 2, when: userBug }),
    )
    const heard = new Heard(chain)
    await rig.settle()
    rig.append('a', ['0'])
    await rig.clock.advance(10_000)
    throws = false
    expect(rig.readings).toHaveLength(3)
    expect(heard.errors).toEqual([new TypeError('user bug')])
  })

  it('above a share() resumes the shared source for all below it', async () => {
    const growing = new Growing()
    const shared = growing.topic('a').pipe(growing.resume(), share())
    const [one, two] = [new Heard(shared), new Heard(shared)]
    await growing.rig.settle()
    await growing.run(300, { 100: () => growing.break('a') })
    expect(one.got).toEqual(growing.of('a'))
    expect(two.got).toEqual(growing.of('a'))
  })

  it('below a share() resumes what the first subscriber of it subscribes again', async () => {
    const growing = new Growing()
    const heard = new Heard(growing.topic('a').pipe(share(), growing.resume()))
    await growing.rig.settle()
    await growing.run(300, { 100: () => growing.break('a') })
    expect(heard.got).toEqual(growing.of('a'))
  })

  it('keeps only the subscription that it resumes next', async () => {
    const growing = new Growing()
    const heard = new Heard(growing.topic('a').pipe(growing.resume({ count: 100 })))
    await growing.rig.settle()
    const weak = growing.rig.readings.splice(0).map(reading => new WeakRef(reading))
    for (let i = 0; i < 5; i++) {
      growing.break('a')
      await growing.rig.clock.advance(200)
      weak.push(...growing.rig.readings.splice(0).map(reading => new WeakRef(reading)))
    }
    // Errors know by their stacks whose they were.
    growing.rig.statuses.length = 0
    const collect = await garbageCollector()
    await collect()
    expect(weak.filter(ref => ref.deref()).length).toBeLessThanOrEqual(2)
    expect(heard.errors).toEqual([])
  })
})

async function garbageCollector(): Promise<() => Promise<void>> {
  const [{ setFlagsFromString }, { runInNewContext }] = await Promise.all([import('node:v8'), import('node:vm')])
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as () => void
  return async () => {
    await new Promise(resolve => setImmediate(resolve))
    gc()
  }
}
