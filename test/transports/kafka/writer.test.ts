import { describe, expect, it, vi } from 'vitest'
import { FakeCluster } from './writing/FakeCluster.ts'
import { turns } from './writing/ManualClock.ts'
import { connectionLost, failed, stored } from './writing/outcomes.ts'
import { fates, held, WriterBench } from './writing/WriterBench.ts'

describe('a record', () => {
  it('is stored, and where is said after write() has returned', async () => {
    const bench = new WriterBench()
    expect(await bench.store('a')).toEqual(stored(0))
    expect(await bench.store('b')).toEqual(stored(1))
    expect(bench.cluster.log('t').values).toEqual(['a', 'b'])
    expect(bench.retries).toEqual([])
  })

  it('goes out with its key, headers and time', async () => {
    const bench = new WriterBench()
    await bench.store('v', {
      key: Buffer.from('k'),
      headers: [
        { name: '_id', value: Buffer.alloc(16) },
        { name: '_test', value: null },
      ],
      timestamp: 1234,
    })
    expect(bench.cluster.arrivals[0]!.batch.records).toEqual([
      {
        timestamp: 1234,
        key: Buffer.from('k'),
        value: Buffer.from('v'),
        headers: [
          ['_id', Buffer.alloc(16)],
          ['_test', null],
        ],
      },
    ])
  })

  it('without a value is a tombstone', async () => {
    const bench = new WriterBench()
    await bench.store('none', { key: Buffer.from('k'), value: null })
    expect(bench.cluster.arrivals[0]!.batch.records).toMatchObject([{ value: null }])
  })

  it.each([
    ['a partition below 0', { partition: -1 }, 'ALERT_UNWRITABLE'],
    ['half a partition', { partition: 0.5 }, 'ALERT_UNWRITABLE'],
    ['no time', { timestamp: Number.NaN }, 'ALERT_UNWRITABLE'],
    ['a part of a millisecond', { timestamp: 1.5 }, 'ALERT_UNWRITABLE'],
    ['a compression that is not written here', { compression: 'brotli' as 'zstd' }, 'ALERT_CONFIG'],
    ['more bytes than any request takes', { value: Buffer.alloc(101 * 1024 * 1024) }, 'ALERT_TOO_LARGE'],
  ] as const)('with %s fails alone, before anything is sent', async (_, over, code) => {
    const bench = new WriterBench()
    bench.write('bad', over)
    bench.write('good')
    await bench.settle()
    expect(bench.outcomes.get('bad')).toEqual(failed(code, false))
    expect(bench.outcomes.get('good')).toEqual(stored(0))
    expect(bench.sent).toEqual([['good']])
  })

  it('is not harmed by a done or an onRetry that throws, and that does not go unnoticed', async () => {
    const thrown: unknown[] = []
    const spy = vi.spyOn(globalThis, 'queueMicrotask').mockImplementation(task => {
      try {
        task()
      } catch (error) {
        thrown.push(error)
      }
    })
    const failing = (what: string) => () => {
      throw new Error(what)
    }
    const bench = new WriterBench(new FakeCluster(), { onRetry: failing('in onRetry') })
    bench.cluster.fate = fates(6)
    bench.writer.write({ topic: 't', key: null, value: null, headers: [], timestamp: 0 }, failing('in done'))
    bench.write('next')
    await bench.settle()
    spy.mockRestore()
    expect(bench.outcomes.get('next')).toEqual(stored(1))
    expect(thrown).toEqual([new Error('in onRetry'), new Error('in done')])
  })
})

describe('batches', () => {
  it('hold what is written in one turn, and what gathers while a request is under way', async () => {
    const bench = new WriterBench()
    await bench.store('a')
    const first = held()
    bench.cluster.fate = fates(first.fate)
    bench.write('b')
    bench.write('c')
    await turns()
    for (const value of ['d', 'e', 'f']) {
      bench.write(value)
      await turns()
    }
    expect(bench.sent).toEqual([['a'], ['b', 'c']])
    first.give('store')
    await bench.settle()
    expect(bench.sent).toEqual([['a'], ['b', 'c'], ['d', 'e', 'f']])
  })

  it('are cut at maxBatchBytes; a larger record goes alone', async () => {
    const bench = new WriterBench(new FakeCluster(), { maxBatchBytes: 1000 })
    const [small, large] = ['s'.repeat(300), 'l'.repeat(2000)]
    for (const value of [`1${small}`, `2${small}`, `3${small}`, `4${large}`, `5${small}`]) bench.write(value)
    await bench.settle()
    expect(bench.sent.map(values => values.map(value => value[0]))).toEqual([['1', '2'], ['3'], ['4'], ['5']])
    for (const { bytes, batch } of bench.cluster.arrivals) if (batch.count > 1) expect(bytes.length).toBeLessThanOrEqual(1000)
  })

  it('hold one compression each, in order', async () => {
    const bench = new WriterBench()
    bench.cluster.fate = ({ batch }) => (batch.attributes === 0 ? 'store' : 76)
    bench.write('a')
    bench.write('b', { compression: 'none' })
    bench.write('c', { compression: 'gzip' }) // too short to get smaller
    bench.write('d')
    await vi.waitFor(() => expect(bench.outcomes.size).toBe(4)) // compressing takes real time
    expect(bench.sent).toEqual([['a', 'b'], ['c'], ['d']])
  })

  it('of several partitions of one broker travel in one request, of different brokers in different ones', async () => {
    const bench = new WriterBench(new FakeCluster({ t: ['one', 'two', 'one'], u: ['two'] }))
    for (const partition of [0, 1, 2]) bench.write(`t${partition}`, { partition })
    await bench.settle()
    bench.write('u0', { topic: 'u' })
    await bench.settle()
    for (const partition of [0, 1, 2]) bench.write(`again${partition}`, { partition })
    bench.write('u1', { topic: 'u' })
    await bench.settle()
    const last = bench.cluster.arrivals.slice(4)
    expect(new Set(last.map(({ address, request }) => `${address} ${request}`)).size).toBe(2)
    expect(bench.cluster.links.map(link => link.address)).toEqual(['one', 'two'])
  })

  it('above 8 MB do not share a request', async () => {
    const partitions = [0, 1, 2, 3, 4]
    const bench = new WriterBench(new FakeCluster({ t: partitions.map(() => 'one') }), { maxBatchBytes: 5_000_000 })
    for (const partition of partitions) await bench.store(`warm ${partition}`, { partition })
    const before = bench.cluster.requests
    for (const partition of partitions) bench.write(`${partition}`.repeat(4_000_000), { partition })
    await bench.settle()
    expect(bench.cluster.requests - before).toBe(3)
  })

  it('of one partition are never under way together, and keep their order through failures', async () => {
    const bench = new WriterBench(new FakeCluster({ t: ['one', 'one'] }))
    const underWay = new Map<number, number>()
    let most = 0
    let turn = 0
    bench.cluster.fate = async ({ partition }) => {
      underWay.set(partition, (underWay.get(partition) ?? 0) + 1)
      most = Math.max(most, underWay.get(partition)!)
      await turns(2)
      underWay.set(partition, underWay.get(partition)! - 1)
      return (['store', 'lose', 6, 'store', 'cut', { stored: 7 }] as const)[turn++ % 6]!
    }
    for (let i = 0; i < 200; i++) {
      bench.write(`${i}`, { partition: i % 2 })
      if (i % 3 === 0) await bench.clock.pass(5)
    }
    await bench.settle()
    expect(most).toBe(1)
    for (const partition of [0, 1]) {
      const all = Array.from({ length: 100 }, (_, i) => `${2 * i + partition}`)
      expect(bench.cluster.log('t', partition).values).toEqual(all)
    }
  })
})

describe('the partition', () => {
  const three = () => new FakeCluster({ t: ['one', 'one', 'one'] })

  it('is that of the key, as librdkafka', async () => {
    const bench = new WriterBench(three())
    for (const key of ['a', 'b', 'c', 'd', 'e', 'S1', 'S2', 'S3']) bench.write(key, { key: Buffer.from(key) })
    await bench.settle()
    expect([0, 1, 2].map(partition => bench.cluster.log('t', partition).values)).toEqual([
      ['a', 'c', 'd', 'e', 'S1'],
      [],
      ['b', 'S2', 'S3'],
    ])
  })

  it.each([
    ['no', null],
    ['an empty', new Uint8Array(0)],
  ])('of records with %s key is one for a batch, then another', async (_, key) => {
    const bench = new WriterBench(three())
    const seen: number[] = []
    for (let batch = 0; batch < 10; batch++) {
      for (let i = 0; i < 5; i++) bench.write(`${batch} ${i}`, { key })
      await bench.settle()
      const { partition, batch: sent } = bench.cluster.arrivals.at(-1)!
      expect(sent.count).toBe(5)
      expect(partition).not.toBe(seen.at(-1))
      seen.push(partition)
    }
  })

  it('of records without a key is one that can be written', async () => {
    const bench = new WriterBench(new FakeCluster({ t: ['away', undefined, 'one'] }))
    bench.cluster.connect = address => {
      if (address === 'away') throw connectionLost()
    }
    bench.write('stuck', { partition: 0 })
    await turns()
    for (let i = 0; i < 5; i++) expect(await bench.store(`${i}`)).toEqual(stored(i, 2))
    expect(bench.cluster.log('t', 2).values).toEqual(['0', '1', '2', '3', '4'])
  })

  it('of records without a key changes when the one that was chosen gets into trouble', async () => {
    const bench = new WriterBench(new FakeCluster({ t: ['one', 'one'] }))
    const first = held()
    let stuck: number | undefined
    bench.cluster.fate = ({ partition, request }) => {
      stuck ??= partition
      if (partition !== stuck) return 'store'
      return request === 0 ? first.fate : 19
    }
    for (const value of ['a', 'b', 'c']) {
      bench.write(value) // a goes to one of the two, b to the other, c behind a
      await turns()
    }
    first.give(19)
    await turns()
    bench.write('d')
    await turns()
    expect(bench.cluster.log('t', 1 - stuck!).values).toEqual(['b', 'd'])
  })

  it('may be given, and has to be there', async () => {
    const bench = new WriterBench(three())
    expect(await bench.store('a', { partition: 1, key: Buffer.from('a') })).toEqual(stored(0, 1))
    expect(bench.cluster.log('t', 1).values).toEqual(['a'])
    expect(await bench.store('b', { partition: 3 })).toEqual(failed('ALERT_TOPIC_UNKNOWN', false))
    await bench.store('c')
    bench.cluster.topics.set('t', ['one', 'one', 'one', 'one'])
    expect(await bench.store('d', { partition: 3 })).toEqual(stored(0, 3))
  })

  it('of a key follows the topic when it grows, at the latest after five minutes', async () => {
    const bench = new WriterBench(new FakeCluster({ t: ['one'] }))
    await bench.store('before')
    bench.cluster.topics.set('t', ['one', 'one', 'one'])
    await bench.clock.pass(5 * 60_000 + 1)
    await bench.store('notices', { key: Buffer.from('b') })
    expect(await bench.store('after', { key: Buffer.from('b') })).toEqual(stored(0, 2))
  })
})
