import { describe, expect, it } from 'vitest'
import { handle } from '../../src/operators/handle.ts'
import { LiveReadings } from '../../src/sources/LiveReadings.ts'
import { MemoryTransport } from '../../src/transports/memory/MemoryTransport.ts'
import { groupOf, Heard, NOTHING_LEFT, Rig, type StreamSetup, textOf } from './rig.ts'

const MINUTE = 60_000
const consumerGroup = groupOf('g')

/** Another process on the same log. */
const process = (rig: Rig): StreamSetup => ({
  transport: new MemoryTransport({ log: rig.log, clock: rig.clock }),
  live: new LiveReadings(),
  consumerGroup,
})

/** A member that owns the only partition, at work on its first record; what ends that work. */
async function owner(rig: Rig, setup: StreamSetup = {}): Promise<{ heard: Heard; end: () => void }> {
  let end = (): void => {}
  const gate = new Promise<void>(resolve => {
    end = resolve
  })
  const heard = new Heard(
    rig.stream({ ...process(rig), maxUnhandled: { records: 1, bytes: 1e6 }, ...setup }).pipe(
      handle(async record => {
        if (record.offset === 0) await gate
        return textOf(record)
      }),
    ),
  )
  await rig.settle()
  return { heard, end }
}

describe('a member of a group that is given no partition', () => {
  it("completes with until: 'end': what there is to read, others have", async () => {
    const rig = Rig.holding([0, 1])
    const { heard, end } = await owner(rig, { until: 'end' })
    const spare = rig.hear({ ...process(rig), until: 'end' })
    await rig.clock.advance(10_000)
    expect(spare).toMatchObject({ got: [], done: true, errors: [] })
    end()
    await rig.clock.advance(10_000)
    // The work on 0 was under way when the other one joined: it comes again.
    expect(heard).toMatchObject({ got: ['0', '0', '1'], done: true })
    expect(rig.log.committed('g', 't', 0)).toBe(2)
    expect(rig.left).toEqual(NOTHING_LEFT)
  })

  it('loses nothing by that when the other one dies: the next start reads on', async () => {
    const rig = Rig.holding([0, 1])
    const setup = process(rig)
    await owner(rig, { ...setup, until: 'end' })
    const spare = rig.hear({ ...process(rig), until: 'end' })
    await rig.clock.advance(10_000)
    expect(spare.done).toBe(true)
    if (setup.transport instanceof MemoryTransport) setup.transport.goOffline()
    await rig.clock.advance(2 * MINUTE)
    const next = rig.hear({ ...process(rig), until: 'end' })
    await rig.clock.advance(2 * MINUTE)
    expect(next).toMatchObject({ got: ['0', '1'], done: true })
  })

  it('waits for a date to come: until then it may be given what another one had', async () => {
    const rig = Rig.holding([0])
    const { heard } = await owner(rig)
    const until = new Date(rig.clock.now() + 5 * MINUTE)
    const spare = rig.hear({ ...process(rig), until })
    const idle = rig.hear({ ...process(rig), until })
    await rig.clock.advance(MINUTE)
    expect([spare.done, idle.done]).toEqual([false, false])
    heard.stop()
    await rig.clock.advance(MINUTE)
    expect([...spare.got, ...idle.got]).toEqual(['0'])
    await rig.clock.advance(3 * MINUTE)
    expect([spare.done, idle.done]).toEqual([true, true])
  })

  it('goes on without until', async () => {
    const rig = Rig.holding([0])
    await owner(rig)
    const spare = rig.hear(process(rig))
    await rig.clock.advance(10 * MINUTE)
    expect(spare).toMatchObject({ done: false, errors: [] })
  })
})

describe('a member of a group that is given partitions', () => {
  it("does not complete with until: 'end' while one of them cannot be asked where it ends", async () => {
    const rig = Rig.holding([0, 1], { brokers: 2, partitions: 2 })
    rig.append('t', ['a', 'b'], 1)
    rig.log.commit('g', [{ topic: 't', partition: 1, offset: 1 }])
    rig.log.stopBroker(1)
    const heard = rig.hear({ consumerGroup, until: 'end' })
    await rig.clock.advance(10_000)
    expect(heard).toMatchObject({ got: ['0', '1'], done: false })
    rig.log.startBroker(1)
    await rig.clock.advance(3_000)
    expect(heard).toMatchObject({ got: ['0', '1', 'b'], done: true })
  })
})
