import { describe, expect, it } from 'vitest'
import { AlertError } from '../../../src/errors.ts'
import { FakeCluster } from './writing/FakeCluster.ts'
import { turns } from './writing/ManualClock.ts'
import { connectionLost, failed, stored } from './writing/outcomes.ts'
import { DELIVERY_TIMEOUT, fates, WriterBench } from './writing/WriterBench.ts'

describe('a broken connection', () => {
  it('in front of the broker or behind it: stored once', async () => {
    const bench = new WriterBench()
    bench.cluster.fate = fates('lose', 'cut', 'lose')
    bench.write('a')
    bench.write('b')
    await bench.settle()
    expect([...bench.outcomes.values()]).toEqual([stored(0), stored(1)])
    expect(bench.cluster.log('t').values).toEqual(['a', 'b'])
    expect(bench.cluster.links).toHaveLength(4)
    expect(bench.cluster.metadataAsked).toBe(4) // each time: who leads it now?
  })

  it('that was open before is opened anew, whatever broke it', async () => {
    const bench = new WriterBench()
    await bench.store('a')
    bench.write('b')
    bench.cluster.fate = () => {
      bench.cluster.fate = () => 'store'
      bench.cluster.links[0]!.kill(new AlertError('ALERT_PROTOCOL', 'answer 7 came where 6 was due'))
      return 'store'
    }
    await bench.settle()
    expect(bench.outcomes.get('b')).toEqual(stored(1))
    expect(bench.retries).toEqual(['ALERT_CONNECTION'])
  })

  it('before the request left raises no doubt', async () => {
    const bench = new WriterBench()
    bench.cluster.connect = () => {
      throw connectionLost()
    }
    expect(await bench.store('a')).toEqual(failed('ALERT_EXPIRED', false))
    expect(bench.settledAt.get('a')).toBe(DELIVERY_TIMEOUT)
    expect(bench.cluster.failed).toContain('one')
  })

  it('is tried again after 20 ms, doubling to a second', async () => {
    const bench = new WriterBench(new FakeCluster(), { deliveryTimeout: 60_000 })
    const times: number[] = []
    bench.cluster.connect = address => {
      if (address === 'one') times.push(bench.clock.tick())
      throw connectionLost()
    }
    await bench.store('a')
    const waits = times.slice(1).map((time, i) => time - times[i]!)
    waits.forEach((wait, i) => {
      const full = Math.min(20 * 2 ** i, 1000)
      expect(wait).toBeGreaterThanOrEqual(full / 2)
      expect(wait).toBeLessThanOrEqual(full)
    })
    expect(waits.length).toBeGreaterThan(60)
    expect(new Set(waits).size).toBeGreaterThan(10) // not all writers at the same moment
  })

  it('after a batch that was stored is tried again as soon as the first one', async () => {
    const bench = new WriterBench()
    bench.cluster.fate = fates(6, 6, 6, 6, 6, 6, 'store', 6)
    bench.write('a')
    await turns()
    bench.write('b') // waits behind it, so the lane never rests
    await bench.clock.until(() => bench.outcomes.has('a'))
    await bench.settle()
    expect(bench.settledAt.get('b')! - bench.settledAt.get('a')!).toBeLessThanOrEqual(20)
  })

  it('that broke after the batch was ready, but before it was sent, raises no doubt', async () => {
    const bench = new WriterBench()
    await bench.store('warm')
    bench.cluster.connect = address => {
      if (address === 'one') throw connectionLost()
    }
    bench.write('a')
    await turns(1) // the batch is made and waits for others of its turn
    bench.cluster.links[0]!.kill(connectionLost())
    await bench.settle()
    expect(bench.outcomes.get('a')).toEqual(failed('ALERT_EXPIRED', false))
    expect(bench.cluster.requests).toBe(1)
  })
})

describe('a refused login', () => {
  const refused = () => new AlertError('ALERT_CREDENTIALS', 'refused')

  it('counts when two fresh tries were refused too, long before the deadline', async () => {
    const bench = new WriterBench()
    bench.cluster.connect = () => {
      throw refused()
    }
    expect(await bench.store('a')).toEqual(failed('ALERT_CREDENTIALS', false))
    expect(bench.cluster.links).toHaveLength(3)
    expect(bench.clock.tick()).toBeLessThan(100)
  })

  it('is forgotten when a fresh try is not', async () => {
    const bench = new WriterBench()
    let left = 2
    bench.cluster.connect = () => {
      if (left-- > 0) throw refused()
    }
    expect(await bench.store('a')).toEqual(stored(0))
    bench.cluster.links.at(-1)!.kill(connectionLost())
    left = 2
    expect(await bench.store('b')).toEqual(stored(1))
  })

  it('of a session that was granted before counts so too', async () => {
    const bench = new WriterBench()
    await bench.store('a')
    bench.write('b')
    bench.cluster.connect = () => {
      throw refused()
    }
    bench.cluster.fate = () => {
      bench.cluster.links[0]!.kill(refused())
      return 'store'
    }
    await bench.settle()
    expect(bench.outcomes.get('b')).toEqual(failed('ALERT_CREDENTIALS', 'unknown'))
    expect(bench.cluster.links).toHaveLength(3)
  })

  it('at the first question counts so too', async () => {
    const bench = new WriterBench()
    bench.cluster.metadataError = refused
    expect(await bench.store('a')).toEqual(failed('ALERT_CREDENTIALS', false))
    expect(bench.cluster.metadataAsked).toBe(3)
  })
})

describe('a topic', () => {
  it('that is unknown for five seconds fails its records; from then on at the first look', async () => {
    const bench = new WriterBench()
    expect(await bench.store('a', { topic: 'typo' })).toEqual(failed('ALERT_TOPIC_UNKNOWN', false))
    expect(bench.settledAt.get('a')).toBeGreaterThanOrEqual(5000)
    expect(bench.settledAt.get('a')).toBeLessThan(7000)
    const before = bench.clock.tick()
    expect(await bench.store('b', { topic: 'typo' })).toEqual(failed('ALERT_TOPIC_UNKNOWN', false))
    expect(bench.clock.tick()).toBe(before)
  })

  it('that appears meanwhile gets them in order', async () => {
    const bench = new WriterBench()
    for (const value of ['a', 'b', 'c']) {
      bench.write(value, { topic: 'new' })
      await bench.clock.pass(500)
    }
    bench.cluster.topics.set('new', ['one'])
    await bench.settle()
    expect(bench.cluster.log('new').values).toEqual(['a', 'b', 'c'])
  })

  it.each([
    [29, 'ALERT_TOPIC_FORBIDDEN'],
    [17, 'ALERT_TOPIC_INVALID'],
  ] as const)('whose metadata says %i fails at once, the others are written', async (code, alert) => {
    const bench = new WriterBench()
    bench.cluster.topics.set('no', code)
    bench.write('a', { topic: 'no' })
    bench.write('b')
    await bench.settle()
    expect(bench.outcomes.get('a')).toEqual(failed(alert, false))
    expect(bench.outcomes.get('b')).toEqual(stored(0))
    expect(bench.clock.tick()).toBe(0)
  })

  it('that is deleted under the writer fails its records after the same five seconds', async () => {
    const bench = new WriterBench()
    await bench.store('a')
    bench.cluster.topics.delete('t')
    bench.cluster.fate = () => 3
    expect(await bench.store('b')).toEqual(failed('ALERT_TOPIC_UNKNOWN', false))
    expect(bench.settledAt.get('b')).toBeLessThan(7000)
  })

  it('without partitions is waited for', async () => {
    const bench = new WriterBench(new FakeCluster({ t: [] }))
    bench.write('a')
    await bench.clock.pass(3000)
    bench.cluster.topics.set('t', ['one'])
    await bench.settle()
    expect(bench.outcomes.get('a')).toEqual(stored(0))
    expect(bench.cluster.metadataAsked).toBeLessThan(15)
  })

  it('that came late and went has its five seconds again', async () => {
    const bench = new WriterBench()
    bench.write('a', { topic: 'late' })
    await bench.clock.pass(1000)
    bench.cluster.topics.set('late', ['one'])
    await bench.settle()
    await bench.clock.pass(60_000)
    bench.cluster.topics.delete('late')
    bench.cluster.fate = () => (bench.cluster.topics.has('late') ? 'store' : 3)
    bench.write('b', { topic: 'late' })
    await bench.clock.pass(4000)
    bench.cluster.topics.set('late', ['one'])
    await bench.settle()
    expect(bench.outcomes.get('b')).toEqual(stored(1))
  })

  it('keeps the order of what is written while it is looked up', async () => {
    const bench = new WriterBench()
    const values = Array.from({ length: 30 }, (_, i) => `${i}`)
    for (const value of values) {
      bench.write(value)
      await Promise.resolve()
    }
    await bench.settle()
    expect(bench.cluster.log('t').values).toEqual(values)
  })

  it('is looked up while the producer id is asked for', async () => {
    const bench = new WriterBench()
    bench.cluster.metadataError = () => (bench.cluster.producerIdsAsked === 0 ? connectionLost() : undefined)
    expect(await bench.store('a')).toEqual(stored(0))
  })

  it('is looked up once for all its partitions', async () => {
    const bench = new WriterBench(new FakeCluster({ t: ['one', 'one', 'one'] }))
    for (const partition of [0, 1, 2]) bench.write(`${partition}`, { partition })
    await bench.settle()
    expect(bench.cluster.metadataAsked).toBe(1)
  })

  it('is asked for again while no broker answers, and its records expire in time', async () => {
    const bench = new WriterBench()
    bench.cluster.metadataError = connectionLost
    bench.write('a')
    await bench.clock.pass(4000)
    bench.write('b')
    await bench.settle()
    expect(bench.settledAt).toEqual(
      new Map([
        ['a', DELIVERY_TIMEOUT],
        ['b', DELIVERY_TIMEOUT + 4000],
      ]),
    )
    expect(bench.outcomes.get('a')).toEqual(failed('ALERT_EXPIRED', false, 't: not stored within 10000 ms; last: refused'))
    await bench.clock.pass(60_000)
    expect(bench.clock.armed).toBe(0)
  })
})
