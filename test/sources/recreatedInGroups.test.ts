import { describe, expect, it } from 'vitest'
import type { ReadEvent } from '../../src/transports/transport.ts'
import { groupOf, Rig } from './rig.ts'

const SETUPS = [
  ['without a group', undefined],
  ['in a consumer group', groupOf('g')],
] as const

/** What the readers say, and a way to say more of it: a fetch of the topic before may be answered after the look that found the new one. */
function overhear(rig: Rig): { readonly events: ReadEvent[]; readonly stopped: string[]; say(event: ReadEvent): void } {
  const { transport } = rig
  const read = transport.read.bind(transport)
  const events: ReadEvent[] = []
  const stopped: string[] = []
  let tell: (event: ReadEvent) => void = () => {}
  transport.read = (options, on) => {
    tell = on
    const reader = read(options, event => {
      events.push(event)
      on(event)
    })
    const stop = reader.stop.bind(reader)
    reader.stop = partitions => {
      stopped.push(...partitions.map(({ topic, partition }) => `${topic}[${partition}]`))
      stop(partitions)
    }
    return reader
  }
  return { events, stopped, say: event => tell(event) }
}

const recordsOf = (events: readonly ReadEvent[]): Extract<ReadEvent, { type: 'records' }>[] =>
  events.filter(event => event.type === 'records')

describe('a topic that is found to be created again by a look, before its reader knows', () => {
  /** The look comes every 10 s; a reader that waits for its next fetch does not come first. */
  async function looked(consumerGroup: ReturnType<typeof groupOf> | undefined) {
    const rig = Rig.holding([0, 1, 2])
    const heard = rig.hear({ consumerGroup, times: { refresh: 10_000, batchTimeout: 8_000 } })
    const overheard = overhear(rig)
    await rig.clock.advance(9_000)
    rig.log.recreateTopic('t')
    return { rig, heard, ...overheard }
  }

  it.each(SETUPS)('says one gap, and reads it from its beginning, %s', async (_, consumerGroup) => {
    const { rig, heard, stopped } = await looked(consumerGroup)
    // Nothing wakes the reader between the topic's creation and the look.
    await rig.clock.advance(1_500)
    expect(stopped).toEqual(['t[0]'])
    rig.append('t', ['new 0', 'new 1'])
    await rig.clock.advance(20_000)
    expect(heard.got).toEqual(['0', '1', '2', 'new 0', 'new 1'])
    expect(rig.said('gap')).toMatchObject([{ from: 3, reason: 'recreated' }])
    if (consumerGroup) expect(rig.log.committed('g', 't', 0)).toBe(2)
  })

  it.each(SETUPS)('takes no records of the one before for its own, %s', async (_, consumerGroup) => {
    const { rig, heard, events, say } = await looked(consumerGroup)
    await rig.clock.advance(1_500)
    const old = recordsOf(events)[0]!
    say({ ...old, records: old.records.slice(0, 1), next: 3, end: 3 })
    rig.append('t', ['new 0', 'new 1', 'new 2', 'new 3'])
    await rig.clock.advance(20_000)
    expect(heard.got).toEqual(['0', '1', '2', 'new 0', 'new 1', 'new 2', 'new 3'])
    if (consumerGroup) expect(rig.log.committed('g', 't', 0)).toBe(4)
  })
})
