import { describe, expect, it } from 'vitest'
import { NOTHING_LEFT, Rig } from './rig.ts'

const MINUTE = 60_000

describe("from: 'latest'", () => {
  it('starts behind what is in the log when it is subscribed', async () => {
    const rig = Rig.holding([1, 2])
    await rig.clock.advance(1)
    const heard = rig.hear({ from: 'latest' })
    await rig.settle()
    rig.append('t', [3])
    await rig.settle()
    expect(heard.got).toEqual(['3'])
    expect(rig.said('positioned')[0]?.positions).toMatchObject([{ topic: 't', partition: 0, offset: 2 }])
  })

  it('is the moment of subscribing: what is published while it connects is read', async () => {
    const rig = Rig.holding([1], { latency: 50 })
    await rig.clock.advance(1)
    const heard = rig.hear({ from: 'latest' })
    await rig.clock.advance(20)
    rig.append('t', [2])
    await rig.clock.advance(1_000)
    rig.append('t', [3])
    await rig.clock.advance(1_000)
    expect(heard.got).toEqual(['2', '3'])
  })

  it('starts five minutes before that moment where the first connection failed', async () => {
    const rig = Rig.holding(['6 min before'])
    await rig.clock.advance(2 * MINUTE)
    rig.append('t', ['4 min before'])
    await rig.clock.advance(4 * MINUTE)
    rig.transport.goOffline()
    const heard = rig.hear({ from: 'latest' })
    await rig.clock.advance(500)
    rig.append('t', ['meanwhile'])
    rig.transport.goOnline()
    await rig.clock.advance(3_000)
    expect(heard.got).toEqual(['4 min before', 'meanwhile'])
    expect(rig.said('positioned')[0]?.positions).toMatchObject([{ offset: 1 }])
  })

  it('starts five minutes before that moment where the leader was away', async () => {
    const rig = Rig.holding(['6 min before'], { brokers: 2, partitions: 2 })
    await rig.clock.advance(2 * MINUTE)
    rig.append('t', ['4 min before', 'led by 0'])
    rig.append('t', ['old, led by 1'], 1)
    await rig.clock.advance(4 * MINUTE)
    rig.log.stopBroker(0)
    const heard = rig.hear({ from: 'latest' })
    await rig.clock.advance(3 * MINUTE)
    expect(heard.got).toEqual([])
    rig.append('t', ['later'])
    rig.log.startBroker(0)
    await rig.clock.advance(3_000)
    expect(heard.got).toEqual(['4 min before', 'led by 0', 'later'])
  })

  it('asks about every two seconds for a leader that is away, and disturbs nobody', async () => {
    const rig = Rig.holding([], { brokers: 2, partitions: 2 })
    rig.log.stopBroker(0)
    let asked = 0
    const { locate } = rig.transport
    rig.transport.locate = (...args) => {
      asked++
      return locate.apply(rig.transport, args)
    }
    const heard = rig.hear({ from: 'latest' })
    await rig.settle()
    rig.append('t', ['led by 1'], 1)
    await rig.settle()
    expect(heard.got).toEqual(['led by 1'])
    await rig.clock.advance(45_000)
    const before = asked
    await rig.clock.advance(MINUTE)
    expect(asked - before).toBeGreaterThan(25)
    expect(asked - before).toBeLessThan(40)
    rig.append('t', ['led by 0'])
    rig.log.startBroker(0)
    await rig.clock.advance(2_000)
    expect(heard.got).toEqual(['led by 1', 'led by 0'])
  })

  it('starts five minutes before that moment where the right was missing', async () => {
    const rig = Rig.holding(['6 min before'])
    rig.log.createTopic('other')
    await rig.clock.advance(2 * MINUTE)
    rig.append('t', ['4 min before'])
    await rig.clock.advance(4 * MINUTE)
    rig.transport.forbid('t')
    const heard = rig.hear({ from: 'latest', topics: ['t', 'other'] })
    await rig.clock.advance(3 * MINUTE)
    rig.append('t', ['unseen'])
    rig.transport.allow('t')
    await rig.clock.advance(MINUTE)
    expect(heard.got).toEqual(['4 min before', 'unseen'])
  })

  it('starts at the beginning of a topic that did not exist, whatever the timestamps in it', async () => {
    const rig = new Rig()
    const heard = rig.hear({ from: 'latest', missing: 'wait' })
    await rig.clock.advance(10 * MINUTE)
    rig.log.createTopic('t')
    rig.log.append('t', { value: 'copied', timestamp: 1_000 })
    rig.append('t', [1])
    await rig.clock.advance(MINUTE)
    expect(heard.got).toEqual(['copied', '1'])
  })

  it('leaves nothing behind', async () => {
    const rig = Rig.holding([1])
    const heard = rig.hear({ from: 'latest' })
    await rig.settle()
    heard.stop()
    await rig.settle()
    expect(rig.left).toEqual(NOTHING_LEFT)
  })
})

describe("from: 'earliest'", () => {
  it('starts at the first record that is kept', async () => {
    const rig = Rig.holding([1, 2, 3])
    rig.log.truncate('t', 0, 1)
    const heard = rig.hear({ from: 'earliest' })
    await rig.settle()
    expect(heard.got).toEqual(['2', '3'])
  })
})

describe('from: Date', () => {
  it('starts at the first record at or after it, by the time of publishing', async () => {
    const rig = Rig.holding([1])
    await rig.clock.advance(1_000)
    const date = new Date(rig.clock.now())
    rig.append('t', [2])
    await rig.clock.advance(1_000)
    rig.append('t', [3])
    const heard = rig.hear({ from: date })
    await rig.settle()
    expect(heard.got).toEqual(['2', '3'])
  })

  it('starts at the end when no record is so late', async () => {
    const rig = Rig.holding([1])
    const heard = rig.hear({ from: new Date(rig.clock.now() + 1) })
    await rig.settle()
    rig.append('t', [2])
    await rig.settle()
    expect(heard.got).toEqual(['2'])
  })
})
