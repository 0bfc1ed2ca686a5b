import { describe, expect, it } from 'vitest'
import { LiveReadings } from '../../src/sources/LiveReadings.ts'
import { MemoryTransport } from '../../src/transports/memory/MemoryTransport.ts'
import { groupOf, Rig } from './rig.ts'

const MINUTE = 60_000
const consumerGroup = groupOf('g')

describe('a partition of a group that others read meanwhile', () => {
  it('goes on where they had come to, and never takes a commit of theirs back', async () => {
    const rig = Rig.holding([0])
    const first = rig.hear({ consumerGroup })
    await rig.clock.advance(10_000)
    rig.transport.goOffline()
    await rig.clock.advance(2 * MINUTE)
    const transport = new MemoryTransport({ log: rig.log, clock: rig.clock })
    const other = rig.hear({ consumerGroup, transport, live: new LiveReadings() })
    rig.append('t', [1, 2])
    await rig.clock.advance(10_000)
    other.stop()
    await rig.clock.advance(10_000)
    expect([other.got, rig.log.committed('g', 't', 0)]).toEqual([['1', '2'], 3])
    rig.transport.goOnline()
    await rig.clock.advance(MINUTE)
    rig.append('t', [3])
    await rig.clock.advance(10_000)
    expect(first.got).toEqual(['0', '3'])
    expect(rig.log.committed('g', 't', 0)).toBe(4)
  })

  it('goes on at its position when nobody had read on: what is handled and not committed does not come again', async () => {
    const rig = Rig.holding([0])
    const heard = rig.hear({ consumerGroup })
    await rig.clock.advance(10_000)
    rig.append('t', [1, 2])
    await rig.clock.advance(1_000)
    rig.transport.goOffline()
    await rig.clock.advance(5 * MINUTE)
    rig.transport.goOnline()
    await rig.clock.advance(MINUTE)
    rig.append('t', [3])
    await rig.clock.advance(10_000)
    expect(heard.got).toEqual(['0', '1', '2', '3'])
    expect(rig.log.committed('g', 't', 0)).toBe(4)
  })
})

describe('what a group had committed and the broker lost', () => {
  /** It is lost while the member has to join again. */
  async function forgotten(meanwhile: (rig: Rig) => void): Promise<{ rig: Rig; got: string[] }> {
    const rig = Rig.holding([0, 1])
    const heard = rig.hear({ from: 'latest', consumerGroup })
    await rig.settle()
    rig.append('t', [2])
    await rig.clock.advance(10_000)
    expect(rig.log.committed('g', 't', 0)).toBe(3)
    await rig.clock.advance(10 * MINUTE)
    rig.transport.fail('ILLEGAL_GENERATION', { at: 'heartbeat' })
    const heal = rig.transport.fail('COORDINATOR_NOT_AVAILABLE', { at: 'join', times: Number.POSITIVE_INFINITY })
    await rig.clock.advance(5_000)
    rig.log.group('g').forgetCommitted('t')
    meanwhile(rig)
    heal()
    await rig.clock.advance(10_000)
    return { rig, got: heard.got }
  }

  it('is known to a member that had committed it: nothing is lost, nothing comes twice, and it is committed again', async () => {
    const { rig, got } = await forgotten(rig => rig.append('t', [3]))
    expect(got).toEqual(['2', '3'])
    expect(rig.logged.filter(({ message }) => message.includes('is gone'))).toMatchObject([
      { level: 'warn', fields: { topic: 't', partition: 0, offset: 3 }, message: expect.stringContaining('goes on at offset 3') },
    ])
    expect(rig.log.committed('g', 't', 0)).toBe(4)
  })

  it('means nothing for another topic of the same name', async () => {
    const values = ['new 0', 'new 1', 'new 2', 'new 3', 'new 4']
    const { got } = await forgotten(rig => {
      rig.log.recreateTopic('t')
      rig.append('t', values)
    })
    expect(got).toEqual(['2', ...values])
  })
})
