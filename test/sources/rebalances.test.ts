import { describe, expect, it } from 'vitest'
import { handle } from '../../src/operators/handle.ts'
import { retryOnFatal } from '../../src/operators/retryOnFatal.ts'
import type { Delivery } from '../../src/record.ts'
import { LiveReadings } from '../../src/sources/LiveReadings.ts'
import { MemoryTransport } from '../../src/transports/memory/MemoryTransport.ts'
import { groupOf, Heard, Rig, textOf } from './rig.ts'

const consumerGroup = groupOf('g', { sessionTimeout: 10_000 })

/** A stream of two partitions whose work ends when the test says so, and a second process that may join. */
class Two {
  readonly rig = Rig.holding([0, 1, 2], { partitions: 2 })
  readonly started: Delivery[] = []
  readonly #ends: { readonly text: string; readonly end: () => void }[] = []
  readonly heard: Heard

  constructor(concurrency = 1) {
    this.heard = new Heard(
      this.rig.stream({ consumerGroup }).pipe(
        handle(
          async record => {
            this.started.push(record)
            await new Promise<void>(end => this.#ends.push({ text: textOf(record), end }))
            return textOf(record)
          },
          { concurrency },
        ),
      ),
    )
  }

  /** Partition 0 comes first. */
  async begin(): Promise<void> {
    await this.rig.settle()
    this.rig.append('t', ['a', 'b', 'c'], 1)
    await this.rig.settle()
  }

  /** Of several works on one record the oldest. */
  end(text: string): void {
    const at = this.#ends.findIndex(work => work.text === text)
    if (at >= 0) this.#ends.splice(at, 1)[0]!.end()
  }

  /** The partition goes to a second member. */
  join(): Heard {
    const transport = new MemoryTransport({ log: this.rig.log, clock: this.rig.clock })
    return this.rig.hear({ consumerGroup, transport, live: new LiveReadings() })
  }

  get committed(): (number | undefined)[] {
    return [0, 1].map(partition => this.rig.log.committed('g', 't', partition))
  }
}

describe('a revocation', () => {
  it('waits for started work, commits it, and gives back what has not started', async () => {
    const two = new Two(2)
    await two.begin()
    expect(two.started.map(textOf)).toEqual(['0', '1'])
    const second = two.join()
    await two.rig.clock.advance(4_000)
    expect(two.rig.said('revoked')).toHaveLength(1)
    expect(second.got).toEqual([])
    two.end('0')
    two.end('1')
    await two.rig.clock.advance(500)
    expect(two.committed[0]).toBe(2)
    const both = [...two.started.map(textOf).slice(2), ...second.got]
    expect(both.sort()).toEqual(['2', 'a', 'b', 'c'])
    expect(two.started.every(({ signal }) => !signal.aborted)).toBe(true)
    expect(two.rig.logged.filter(({ message }) => message.includes('revokeTimeout'))).toEqual([])
  })

  it('waits no longer than revokeTimeout: then acks no longer count, and the record comes again', async () => {
    const two = new Two()
    await two.begin()
    const second = two.join()
    await two.rig.clock.advance(7_000)
    expect(two.started[0]!.signal.aborted).toBe(true)
    two.end('0')
    await two.rig.clock.advance(1_000)
    expect(two.committed[0]).toBeLessThanOrEqual(2)
    const texts = [...two.started.map(textOf), ...second.got]
    expect(texts.filter(text => text === '0').length).toBe(2)
    const cutShort = two.rig.logged.filter(({ message }) => message.includes('revokeTimeout'))
    expect(cutShort).toMatchObject([
      { level: 'warn', fields: { group: 'g', topic: 't', partition: 0, offset: 0 }, message: expect.stringContaining('t[0]@0') },
    ])
  })

  it('moves nothing that is handled elsewhere meanwhile backwards', async () => {
    const two = new Two()
    await two.begin()
    two.join()
    await two.rig.clock.advance(7_000)
    const before = two.committed
    two.end('0')
    await two.rig.clock.advance(20_000)
    two.committed.forEach((offset, i) => void expect(offset).toBeGreaterThanOrEqual(before[i]!))
  })

  it('that is lost is said, and its work no longer counts', async () => {
    const two = new Two(12)
    await two.begin()
    const [member] = two.rig.log.members('g')
    two.rig.log.expire(member!.memberId)
    await two.rig.clock.advance(3_500)
    expect(two.rig.said('lost')).toMatchObject([
      {
        partitions: [
          { topic: 't', partition: 0 },
          { topic: 't', partition: 1 },
        ],
      },
    ])
    expect(two.started[0]!.signal.aborted).toBe(true)
    two.end('0')
    await two.rig.clock.advance(1_000)
    expect(two.started.map(textOf).filter(text => text === '0')).toHaveLength(2)
    expect(two.committed[0]).toBe(0)
  })

  it('goes on at the position with partitions that stay, nothing doubled', async () => {
    const two = new Two(6)
    await two.begin()
    for (const text of ['0', '1', '2', 'a', 'b', 'c']) two.end(text)
    await two.rig.settle()
    const second = two.join()
    await two.rig.clock.advance(5_000)
    two.rig.append('t', ['3'], 0)
    two.rig.append('t', ['d'], 1)
    await two.rig.settle()
    two.end('3')
    two.end('d')
    const texts = [...two.started.map(textOf), ...second.got]
    expect(texts.sort()).toEqual(['0', '1', '2', '3', 'a', 'b', 'c', 'd'])
  })

  it('during an ending does not cut the work short that the ending waits for', async () => {
    const two = new Two()
    await two.begin()
    two.join()
    await two.rig.clock.advance(3_000)
    two.heard.stop()
    await two.rig.settle()
    two.end('0')
    await two.rig.clock.advance(1_000)
    expect(two.committed[0]).toBeGreaterThanOrEqual(1)
    expect(two.started[0]!.signal.aborted).toBe(false)
    expect(two.rig.live.size).toBe(0)
  })
})

describe('a start that is found too late', () => {
  it('counts for nothing: the assignment has changed meanwhile', async () => {
    const rig = Rig.holding([0], { partitions: 2 })
    rig.append('t', ['a'], 1)
    const answers: (() => void)[] = []
    const { locate } = rig.transport
    rig.transport.locate = (...args) =>
      new Promise((resolve, reject) => answers.push(() => void locate.apply(rig.transport, args).then(resolve, reject)))
    const heard = rig.hear({ consumerGroup })
    await rig.settle()
    rig.transport.locate = locate
    const transport = new MemoryTransport({ log: rig.log, clock: rig.clock })
    const second = rig.hear({ consumerGroup, transport, live: new LiveReadings() })
    await rig.clock.advance(5_000)
    const texts = (): string[] => [...heard.got, ...second.got].sort()
    expect(texts()).toEqual(['0', 'a'])
    for (const answer of answers) answer()
    await rig.settle()
    rig.append('t', [1])
    rig.append('t', ['b'], 1)
    await rig.clock.advance(5_000)
    expect(texts()).toEqual(['0', '1', 'a', 'b'])
  })
})

describe('a reader that breaks', () => {
  it('hands its member to the next one: nobody waits for the session to end', async () => {
    const rig = Rig.holding([0])
    const heard = rig.hear({ consumerGroup })
    await rig.settle()
    const before = rig.log.members('g').map(({ memberId }) => memberId)
    rig.transport.goOffline()
    await rig.clock.advance(200)
    rig.append('t', [1])
    rig.transport.goOnline()
    await rig.clock.advance(2_000)
    expect(heard.got).toEqual(['0', '1'])
    expect(rig.log.members('g').map(({ memberId }) => memberId)).toEqual(before)
    expect(rig.log.group('g').generation).toBe(1)
  })

  it('hands it also to the subscription that resumes after a fatal error', async () => {
    const rig = Rig.holding([0])
    const heard = new Heard(rig.stream({ consumerGroup }).pipe(retryOnFatal({ delay: () => [0] })))
    await rig.settle()
    const before = rig.log.members('g').map(({ memberId }) => memberId)
    rig.transport.fail('INVALID_GROUP_ID', { at: 'fetch' })
    rig.append('t', [1])
    await rig.clock.advance(1_000)
    expect(heard.got).toEqual(['0', '1'])
    expect(rig.log.members('g').map(({ memberId }) => memberId)).toEqual(before)
  })
})

describe('a member of a group', () => {
  it('follows its topics: those that come, and partitions that are added', async () => {
    const rig = Rig.holding([])
    const heard = rig.hear({ names: () => undefined, consumerGroup, from: 'latest' })
    await rig.clock.advance(1_000)
    rig.log.createTopic('u')
    rig.append('u', ['u'])
    rig.log.addPartitions('t', 1)
    rig.append('t', ['t1'], 1)
    await rig.clock.advance(70_000)
    expect(heard.got.sort()).toEqual(['t1', 'u'])
  })
})
