import { describe, expect, it } from 'vitest'
import { FakeCluster } from './writing/FakeCluster.ts'
import { turns } from './writing/ManualClock.ts'
import { connectionLost, failed, stored } from './writing/outcomes.ts'
import { DELIVERY_TIMEOUT, fates, held, WriterBench } from './writing/WriterBench.ts'

describe('the deadline', () => {
  it('settles a record as unknown while its request is under way; what comes later changes nothing', async () => {
    const bench = new WriterBench()
    const answer = held()
    bench.cluster.fate = fates(answer.fate)
    bench.write('a')
    await bench.clock.pass(3000)
    bench.write('b')
    await bench.clock.pass(DELIVERY_TIMEOUT - 3001)
    expect(bench.outcomes.size).toBe(0)
    await bench.clock.pass(1)
    expect(bench.outcomes.get('a')).toEqual(
      failed('ALERT_EXPIRED', 'unknown', 't: no word of the broker within 10000 ms, it may be in the log'),
    )
    answer.give('store')
    await bench.settle()
    expect(bench.outcomes.get('b')).toEqual(stored(1))
    expect(bench.cluster.producerIdsAsked).toBe(1) // the answer came after all: the numbers are in order
  })

  it('lets what waits behind a stuck batch expire on its own, as not stored', async () => {
    const bench = new WriterBench()
    bench.cluster.fate = () => held().fate
    bench.write('a')
    await bench.clock.pass(1000)
    bench.write('b')
    await bench.clock.pass(1000)
    bench.write('c')
    await bench.settle()
    expect(bench.settledAt).toEqual(
      new Map([
        ['a', 10_000],
        ['b', 11_000],
        ['c', 12_000],
      ]),
    )
    expect([...bench.outcomes.values()].map(outcome => 'stored' in outcome && outcome.stored)).toEqual(['unknown', false, false])
  })

  it('of one record of a batch in no log takes it out: it is not stored, as was said', async () => {
    const bench = new WriterBench()
    bench.cluster.fate = () => (bench.clock.tick() < 12_000 ? 19 : 'store')
    const first = held()
    bench.cluster.fate = fates(first.fate)
    bench.write('blocks')
    await turns()
    bench.write('a')
    await bench.clock.pass(5000)
    bench.write('b')
    await bench.clock.pass(100)
    bench.cluster.fate = () => (bench.clock.tick() < 12_000 ? 19 : 'store')
    first.give('store')
    await bench.settle()
    expect(bench.outcomes.get('a')).toEqual(failed('ALERT_EXPIRED', false))
    expect(bench.outcomes.get('b')).toEqual(stored(1))
    expect(bench.sent.slice(1, 3)).toEqual([
      ['a', 'b'],
      ['a', 'b'],
    ])
    expect(bench.cluster.log('t').values).toEqual(['blocks', 'b'])
  })

  it('of one record of a batch in doubt leaves the batch as it is', async () => {
    const bench = new WriterBench()
    const first = held()
    bench.cluster.fate = fates(first.fate)
    bench.write('blocks')
    await turns()
    bench.write('a')
    await bench.clock.pass(5000)
    bench.write('b')
    let tries = 0
    bench.cluster.fate = () => (tries++ === 0 ? 'lose' : bench.clock.tick() < 12_000 ? 19 : 'store')
    first.give('store')
    await bench.settle()
    expect(bench.outcomes.get('a')).toEqual(failed('ALERT_EXPIRED', 'unknown'))
    expect(bench.outcomes.get('b')).toEqual(stored(2))
    expect(bench.cluster.log('t').values).toEqual(['blocks', 'a', 'b'])
  })

  it('of one record of a batch that waits for its connection takes it out before it is sent', async () => {
    const bench = new WriterBench()
    bench.cluster.metadataError = () => (bench.clock.tick() < 6000 ? connectionLost() : undefined)
    let open: () => void = () => {}
    bench.cluster.connect = address => (address === 'one' ? new Promise<void>(resolve => (open = resolve)) : undefined)
    bench.write('a')
    await bench.clock.pass(5000)
    bench.write('b')
    await bench.clock.pass(7000)
    expect(bench.outcomes.get('a')).toEqual(failed('ALERT_EXPIRED', false))
    open()
    await bench.settle()
    expect(bench.outcomes.get('b')).toEqual(stored(0))
    expect(bench.sent).toEqual([['b']])
  })

  it('of a whole batch in doubt retires its producer id: its numbers are never given to other records', async () => {
    const bench = new WriterBench()
    let lost = false
    bench.cluster.fate = () => {
      if (lost) return bench.clock.tick() < DELIVERY_TIMEOUT ? 6 : 'store'
      lost = true
      return 'lose'
    }
    expect(await bench.store('a')).toEqual(failed('ALERT_EXPIRED', 'unknown'))
    expect(await bench.store('b')).toEqual(stored(1))
    expect(bench.cluster.arrivals.at(-1)!.batch).toMatchObject({ producerId: 1002n, sequence: 0 })
    expect(bench.cluster.log('t').values).toEqual(['a', 'b'])
  })

  it('of a batch in no log keeps it', async () => {
    const bench = new WriterBench()
    bench.cluster.fate = () => (bench.clock.tick() < DELIVERY_TIMEOUT ? 6 : 'store')
    expect(await bench.store('a')).toEqual(failed('ALERT_EXPIRED', false))
    expect(await bench.store('b')).toEqual(stored(0))
    expect(bench.cluster.producerIdsAsked).toBe(1)
  })

  it('is told with what went wrong last', async () => {
    const bench = new WriterBench()
    bench.cluster.fate = () => 19
    const outcome = await bench.store('a')
    expect(outcome.error?.message).toMatch(/^t: not stored within 10000 ms; last: a record \(\d+ bytes\) to t\[0\]: NOT_ENOUGH_REPLICAS/)
    expect(outcome.error?.cause).toMatchObject({ kafka: 'NOT_ENOUGH_REPLICAS' })
  })
})

describe('a doubt', () => {
  it.each([7, 13, 20, 56])('raised by code %i stays when a later try is refused', async code => {
    const bench = new WriterBench()
    bench.cluster.fate = fates(code, 29)
    expect(await bench.store('a')).toEqual(failed('ALERT_TOPIC_FORBIDDEN', 'unknown'))
    await bench.store('b')
    expect(bench.cluster.arrivals.at(-1)!.batch.producerId).toBe(1002n)
  })

  it('raised by a lost answer stays', async () => {
    const bench = new WriterBench()
    bench.cluster.fate = fates('cut', 6, 6, 29)
    expect(await bench.store('a')).toEqual(failed('ALERT_TOPIC_FORBIDDEN', 'unknown'))
  })

  it('does not reach the next batch', async () => {
    const bench = new WriterBench()
    bench.cluster.fate = fates('cut', 'store', 29)
    await bench.store('a')
    expect(await bench.store('b')).toEqual(failed('ALERT_TOPIC_FORBIDDEN', false))
  })
})

describe('close()', () => {
  it('sends what is queued, then takes nothing more and leaves nothing behind', async () => {
    const bench = new WriterBench()
    bench.cluster.fate = fates('lose', 6)
    for (const value of ['a', 'b']) bench.write(value)
    const closed = bench.writer.close(5000)
    bench.write('late')
    await bench.settle()
    await closed
    expect(bench.outcomes).toEqual(
      new Map([
        ['late', failed('ALERT_CLOSED', false)],
        ['a', stored(0)],
        ['b', stored(1)],
      ]),
    )
    expect(bench.clock.armed).toBe(0)
    expect(bench.cluster.links.every(link => link.dead)).toBe(true)
  })

  it('settles at its deadline what could not be sent, as what it is', async () => {
    const bench = new WriterBench(new FakeCluster({ t: ['one', undefined] }))
    bench.cluster.fate = () => held().fate
    bench.write('under way', { partition: 0 })
    await turns()
    bench.write('behind it', { partition: 0 })
    bench.write('no leader', { partition: 1 })
    bench.write('no topic', { topic: 'typo' })
    let done = false
    const closed = bench.writer.close(2000).then(() => {
      done = true
    })
    await bench.clock.pass(1999)
    expect([bench.outcomes.size, done]).toEqual([0, false])
    await bench.clock.pass(1)
    await closed
    expect(Object.fromEntries(bench.outcomes)).toEqual({
      'under way': failed('ALERT_CLOSED', 'unknown'),
      'behind it': failed('ALERT_CLOSED', false),
      'no leader': failed('ALERT_CLOSED', false),
      'no topic': failed('ALERT_CLOSED', false),
    })
    await turns()
    expect(bench.clock.armed).toBe(0)
    const { requests, metadataAsked } = bench.cluster
    await bench.clock.pass(60_000)
    expect([bench.cluster.requests, bench.cluster.metadataAsked]).toEqual([requests, metadataAsked])
  })

  it('opens no connection any more, whatever was being looked up', async () => {
    const bench = new WriterBench()
    let answer: () => void = () => {}
    const looking = new Promise<void>(resolve => {
      answer = resolve
    })
    const real = bench.cluster.metadata.bind(bench.cluster)
    await bench.store('a')
    bench.cluster.links[0]!.kill(connectionLost())
    bench.cluster.fate = fates(6)
    bench.cluster.metadata = async topics => {
      await looking
      return real(topics)
    }
    bench.write('b')
    await bench.clock.pass(100)
    const { length } = bench.cluster.links
    const closed = bench.writer.close(0)
    await bench.clock.pass(0)
    await closed
    answer()
    await turns()
    expect(bench.cluster.links).toHaveLength(length)
    expect(bench.outcomes.get('b')).toEqual(failed('ALERT_CLOSED', false))
  })

  it('is done at once when there is nothing to do, also twice', async () => {
    const bench = new WriterBench()
    await bench.writer.close(1000)
    await bench.writer.close(1000)
    expect(bench.clock.armed).toBe(0)
  })

  it('called again with less time ends the longer one', async () => {
    const bench = new WriterBench()
    bench.cluster.fate = () => held().fate
    bench.write('a')
    await turns()
    const long = bench.writer.close(60_000)
    const short = bench.writer.close(0)
    await bench.clock.pass(0)
    await Promise.all([long, short])
    expect(bench.outcomes.get('a')).toEqual(failed('ALERT_CLOSED', 'unknown'))
    expect(bench.clock.armed).toBe(0)
  })
})

it('leaves no timer behind when all is stored', async () => {
  const bench = new WriterBench()
  await bench.store('a')
  await turns()
  expect(bench.clock.armed).toBe(0)
})
