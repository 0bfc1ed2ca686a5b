import { describe, expect, it, vi } from 'vitest'
import { FakeCluster, FakeLink } from './writing/FakeCluster.ts'
import { failed, stored } from './writing/outcomes.ts'
import { fates, WriterBench } from './writing/WriterBench.ts'

describe('a producer id', () => {
  it('is asked for once, and numbers the records of each partition from 0', async () => {
    const bench = new WriterBench(new FakeCluster({ t: ['one', 'one'] }))
    for (const partition of [0, 1]) {
      bench.write(`a${partition}`, { partition })
      bench.write(`b${partition}`, { partition })
      await bench.settle()
      await bench.store(`c${partition}`, { partition })
    }
    const numbers = bench.cluster.arrivals.map(({ partition, batch }) => [
      partition,
      batch.producerId,
      batch.epoch,
      batch.sequence,
      batch.count,
    ])
    expect(numbers).toEqual([
      [0, 1001n, 0, 0, 2],
      [0, 1001n, 0, 2, 1],
      [1, 1001n, 0, 0, 2],
      [1, 1001n, 0, 2, 1],
    ])
    expect(bench.cluster.producerIdsAsked).toBe(1)
  })

  it('that the broker cannot give yet is waited for', async () => {
    const bench = new WriterBench()
    let left = 3
    bench.cluster.initProducerId = () => (left-- > 0 ? 14 : 0)
    expect(await bench.store('a')).toEqual(stored(0))
    expect(bench.plain).toEqual([])
  })

  it.each([31, 53])('that is not granted (%i) is done without, told once', async code => {
    const bench = new WriterBench(new FakeCluster({ t: ['one', 'one'] }))
    bench.cluster.initProducerId = () => code
    await bench.store('a', { partition: 0 })
    await bench.store('b', { partition: 1 })
    expect(bench.cluster.arrivals.map(({ batch }) => [batch.producerId, batch.epoch, batch.sequence])).toEqual([
      [-1n, -1, -1],
      [-1n, -1, -1],
    ])
    expect(bench.plain).toHaveLength(1)
  })

  it('whose use is not granted is done without from then on', async () => {
    const bench = new WriterBench(new FakeCluster({ t: ['one', 'one'] }))
    bench.cluster.fate = ({ batch }) => (batch.producerId >= 0n ? 31 : 'store')
    bench.write('a', { partition: 0 })
    bench.write('b', { partition: 1 })
    await bench.settle()
    expect(Object.fromEntries(bench.outcomes)).toEqual({ a: stored(0), b: stored(0, 1) })
    expect(await bench.store('c', { partition: 0 })).toEqual(stored(1))
    expect(bench.cluster.arrivals.map(({ batch }) => batch.producerId)).toEqual([1001n, 1001n, -1n, -1n, -1n])
    expect(bench.plain).toEqual(['CLUSTER_AUTHORIZATION_FAILED'])
  })

  it('done without, that same refusal ends it', async () => {
    const bench = new WriterBench()
    bench.cluster.fate = () => 31
    expect(await bench.store('a')).toEqual(failed('ALERT_FORBIDDEN', false))
    expect(bench.cluster.requests).toBe(2)
    expect(bench.plain).toEqual([])
  })

  it('that was not granted is not asked for again after a doubt', async () => {
    const bench = new WriterBench()
    bench.cluster.initProducerId = () => 31
    bench.cluster.fate = fates('store', 'cut', 29, 29)
    expect(await bench.store('a')).toEqual(stored(0))
    expect(await bench.store('b')).toEqual(failed('ALERT_TOPIC_FORBIDDEN', 'unknown'))
    expect(await bench.store('c')).toEqual(failed('ALERT_TOPIC_FORBIDDEN', false))
    expect(await bench.store('d')).toEqual(stored(1))
    expect(bench.cluster.producerIdsAsked).toBe(1)
  })

  it('that was not granted because nothing was is asked for again', async () => {
    const bench = new WriterBench()
    bench.cluster.initProducerId = () => (bench.outcomes.size === 0 ? 31 : 0)
    bench.cluster.fate = fates('cut', 29)
    expect(await bench.store('a')).toEqual(failed('ALERT_TOPIC_FORBIDDEN', 'unknown'))
    expect(await bench.store('b')).toEqual(stored(0))
    expect(bench.cluster.arrivals.map(({ batch }) => batch.producerId)).toEqual([-1n, -1n, 1002n])
    expect(bench.plain).toEqual([])
  })

  it('that one partition had to replace is replaced in the others by the same one, when they have to', async () => {
    const bench = new WriterBench(new FakeCluster({ t: ['one', 'one'] }))
    const ids: bigint[] = []
    for (const partition of [0, 1]) await bench.store(`a${partition}`, { partition })
    for (const partition of [0, 1]) {
      bench.cluster.fate = fates(59)
      await bench.store(`b${partition}`, { partition })
      ids.push(bench.cluster.arrivals.at(-1)!.batch.producerId)
    }
    expect(ids).toEqual([1002n, 1002n])
    expect(bench.cluster.producerIdsAsked).toBe(2)
  })

  it('that is refused for another reason fails the records that wait for it', async () => {
    const bench = new WriterBench()
    bench.cluster.initProducerId = () => 42
    expect(await bench.store('a')).toEqual(failed('ALERT_REQUEST', false))
  })

  it.each([45, 47, 59])('that no longer counts (%i) is replaced by one that begins at 0, and the batch is sent again', async code => {
    const bench = new WriterBench()
    await bench.store('a')
    bench.cluster.fate = fates(code)
    expect(await bench.store('b')).toEqual(stored(1))
    expect(await bench.store('c')).toEqual(stored(2))
    expect(bench.cluster.arrivals.map(({ batch }) => [batch.producerId, batch.sequence])).toEqual([
      [1001n, 0],
      [1001n, 1],
      [1002n, 0],
      [1002n, 1],
    ])
  })
})

describe('what the broker answers', () => {
  it.each([2, 3, 5, 6, 7, 8, 9, 13, 14, 15, 16, 19, 20, 56, 74, 75, 89])('%i is tried again with the same bytes', async code => {
    const bench = new WriterBench()
    bench.cluster.fate = fates(code, code)
    bench.write('a')
    bench.write('b')
    await bench.settle()
    expect([...bench.outcomes.values()]).toEqual([stored(0), stored(1)])
    const [first, ...others] = bench.cluster.arrivals.map(({ bytes }) => bytes.toString('hex'))
    expect(others).toEqual([first, first])
    expect(bench.retries).toHaveLength(2)
  })

  it.each([3, 5, 6, 8, 9, 56, 74, 75])('%i makes it ask who leads the partition', async code => {
    const bench = new WriterBench(new FakeCluster({ t: ['one'] }))
    bench.cluster.fate = ({ address }) => {
      bench.cluster.topics.set('t', ['two'])
      return address === 'two' ? 'store' : code
    }
    expect(await bench.store('a')).toEqual(stored(0))
    expect(bench.cluster.arrivals.map(({ address }) => address)).toEqual(['one', 'two'])
  })

  it('46 is stored, the broker does not say where', async () => {
    const bench = new WriterBench()
    bench.cluster.fate = fates({ stored: 46 })
    expect(await bench.store('a')).toEqual(stored(undefined))
    expect(await bench.store('b')).toEqual(stored(1))
  })

  it.each([
    [17, 'ALERT_TOPIC_INVALID'],
    [21, 'ALERT_REQUEST'],
    [29, 'ALERT_TOPIC_FORBIDDEN'],
    [32, 'ALERT_UNWRITABLE'],
    [35, 'ALERT_PROTOCOL'],
    [44, 'ALERT_FORBIDDEN'],
    [76, 'ALERT_DAMAGED'],
    [87, 'ALERT_UNWRITABLE'],
  ] as const)('%i is final: %s, at once, and its numbers are free for the next', async (code, alert) => {
    const bench = new WriterBench()
    bench.cluster.fate = fates(code)
    expect(await bench.store('a')).toEqual(failed(alert, false))
    expect(bench.clock.tick()).toBe(0)
    expect(await bench.store('b')).toEqual(stored(0))
    expect(bench.cluster.arrivals.map(({ batch }) => [batch.producerId, batch.sequence])).toEqual([
      [1001n, 0],
      [1001n, 0],
    ])
  })

  it.each([-1, 999])('%i says nothing of the fate: unknown, at once, and a new producer id', async code => {
    const bench = new WriterBench()
    bench.cluster.fate = fates({ stored: code })
    expect(await bench.store('a')).toEqual(failed('ALERT_BROKER', 'unknown'))
    expect(await bench.store('b')).toEqual(stored(1))
    expect(bench.cluster.arrivals.map(({ batch }) => batch.producerId)).toEqual([1001n, 1002n])
  })

  it('of a failed batch is an error object of its own for each record', async () => {
    const bench = new WriterBench()
    bench.cluster.fate = fates(29)
    bench.write('a')
    bench.write('b')
    await bench.settle()
    const [a, b] = [...bench.outcomes.values()].map(outcome => outcome.error)
    expect(a).not.toBe(b)
    expect(a?.message).toBe(b?.message)
    expect(a).toMatchObject({
      kafka: 'TOPIC_AUTHORIZATION_FAILED',
      message: expect.stringContaining('t[0]'),
      mend: expect.stringContaining('WRITE'),
    })
  })

  it('and we cannot read is a fault of ours, the fate of the batch unknown', async () => {
    const bench = new WriterBench()
    vi.spyOn(FakeLink.prototype, 'raw').mockRejectedValueOnce(new TypeError('undefined is not a function'))
    expect(await bench.store('a')).toEqual(failed('ALERT_REQUEST', 'unknown'))
    expect(bench.clock.tick()).toBe(0)
    expect(await bench.store('b')).toEqual(stored(0))
  })
})

describe('a record that is wrong for its topic', () => {
  it.each([32, 87])('(%i) fails alone; the others are stored in order', async code => {
    const bench = new WriterBench()
    bench.cluster.fate = ({ batch }) => (batch.records.some(record => String(record.value).startsWith('bad')) ? code : 'store')
    const values = Array.from({ length: 100 }, (_, i) => (i === 0 || i === 37 || i === 38 ? `bad ${i}` : `${i}`))
    for (const value of values) bench.write(value)
    await bench.settle()
    for (const value of values.filter(value => value.startsWith('bad')))
      expect(bench.outcomes.get(value)).toEqual(failed('ALERT_UNWRITABLE', false))
    expect(bench.cluster.log('t').values).toEqual(values.filter(value => !value.startsWith('bad')))
    expect(bench.cluster.requests).toBeLessThan(60)
    for (let i = 0; i < 50; i++) bench.write(`later ${i}`)
    await bench.settle()
    expect(bench.cluster.arrivals.at(-1)!.batch.count).toBe(50)
    expect(bench.clock.tick()).toBe(0)
  })
})

it('a record that is wrong for its topic is not looked for in a batch in doubt: all of it stays in doubt', async () => {
  const bench = new WriterBench()
  bench.cluster.fate = fates('lose', 87)
  bench.write('a')
  bench.write('b')
  await bench.settle()
  expect([...bench.outcomes.values()]).toEqual([failed('ALERT_UNWRITABLE', 'unknown'), failed('ALERT_UNWRITABLE', 'unknown')])
  expect(bench.cluster.log('t').values).toEqual(['a', 'b'])
})

describe('too many bytes', () => {
  it('fail the record that is too large, alone; the others are stored in order', async () => {
    const bench = new WriterBench()
    bench.cluster.fate = ({ bytes }) => (bytes.length > 5000 ? 10 : 'store')
    const large = 'l'.repeat(6000)
    const values = Array.from({ length: 41 }, (_, i) => (i === 17 ? large : `${i} ${'s'.repeat(400)}`))
    for (const value of values) bench.write(value)
    await bench.settle()
    expect(bench.outcomes.get(large)).toEqual(
      failed('ALERT_TOO_LARGE', false, expect.stringMatching(/a record \(60\d\d bytes\) to t\[0\]/)),
    )
    expect(bench.cluster.log('t').values).toEqual(values.filter(value => value !== large))
    expect(bench.cluster.producerIdsAsked).toBe(1)
    expect(bench.clock.tick()).toBe(0)
  })

  it.each([
    [5000, /The topic takes 5000 bytes \(max\.message\.bytes\): send less, compress it, or have it raised$/],
    [undefined, /The topic's max\.message\.bytes decides: send less, compress it, or have it raised$/],
  ])('are told with the limit of the topic, if that is told: %s', async (limit, text) => {
    const bench = new WriterBench()
    bench.cluster.sizeLimit = limit
    bench.cluster.fate = fates(10)
    expect(await bench.store('a')).toEqual(failed('ALERT_TOO_LARGE', false, expect.stringMatching(text)))
    expect(await bench.store('b')).toEqual(stored(0))
  })

  it('teach the size that passes', async () => {
    const bench = new WriterBench()
    bench.cluster.fate = ({ bytes }) => (bytes.length > 5000 ? 10 : 'store')
    const burst = async (name: string) => {
      for (let i = 0; i < 40; i++) bench.write(`${name} ${i} ${'s'.repeat(400)}`)
      await bench.settle()
    }
    await burst('first')
    const before = bench.cluster.requests
    await burst('second')
    const second = bench.cluster.arrivals.slice(before)
    expect(second.every(({ bytes }) => bytes.length <= 5000)).toBe(true)
    expect(second.every(({ bytes }, i) => bytes.length > 2500 || i === second.length - 1)).toBe(true)
    expect(bench.cluster.log('t').values).toHaveLength(80)
  })

  it('of a batch in doubt leave its records in doubt, and are split with a new producer id', async () => {
    const bench = new WriterBench()
    bench.cluster.fate = fates('cut', 10, 'store', 29)
    bench.write('a'.repeat(600))
    bench.write('b'.repeat(600))
    await bench.settle()
    expect([...bench.outcomes.values()]).toEqual([stored(0), failed('ALERT_TOPIC_FORBIDDEN', 'unknown')])
    expect(bench.cluster.arrivals.map(({ batch }) => batch.producerId)).toEqual([1001n, 1001n, 1002n, 1002n])
  })
})
