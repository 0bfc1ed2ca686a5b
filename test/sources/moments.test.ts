import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { handle } from '../../src/operators/handle.ts'
import { retryOnFatal } from '../../src/operators/retryOnFatal.ts'
import { Checkpoint } from '../../src/sources/Checkpoint.ts'
import { groupOf, Heard, NOTHING_LEFT, Rig, type StreamSetup, textOf } from './rig.ts'

/** What may happen to a stream. */
const EVENTS: Readonly<Record<string, (rig: Rig) => unknown>> = {
  append: rig => rig.append('t', [1, 2, 3]),
  disconnect: rig => rig.transport.disconnect(),
  'stop broker': rig => rig.log.stopBroker(1),
  'start broker': rig => rig.log.startBroker(1),
  truncate: rig => rig.log.truncate('t', 0, rig.log.partition({ topic: 't', partition: 0 }).end),
  recreate: rig => rig.log.recreateTopic('t'),
  fatal: rig => rig.transport.fail('INVALID_GROUP_ID', { at: 'fetch' }),
  expire: rig => rig.log.members('g').map(({ memberId }) => rig.log.expire(memberId)),
  'add partition': rig => rig.log.addPartitions('t', 1),
}

/** At whole ms of the first two seconds. */
const event = fc.record({ at: fc.nat(2_000), what: fc.constantFrom(...Object.keys(EVENTS)) })

const setups: Readonly<Record<string, () => StreamSetup>> = {
  'from latest': () => ({ from: 'latest' }),
  'over a Checkpoint': () => ({ from: new Checkpoint('earliest') }),
  'in a group': () => ({ consumerGroup: groupOf('g') }),
  'until the end': () => ({ until: 'end' }),
}

/** Plays the events, ends the stream at `end`, and gives what is left of it. */
async function play(
  setup: StreamSetup,
  events: readonly { at: number; what: string }[],
  end: number,
  close: boolean,
): Promise<Rig['left']> {
  const rig = Rig.holding([0, 1], { latency: 30, brokers: 2, partitions: 2 })
  const work = handle<Parameters<typeof textOf>[0], string>(async record => {
    await new Promise<void>(resolve => rig.clock.after(40, resolve))
    return textOf(record)
  })
  const heard = new Heard(rig.stream(setup).pipe(work, retryOnFatal({ delay: () => [0] })))
  for (const { at, what } of [...events].sort((a, b) => a.at - b.at)) {
    if (at > end) break
    await rig.clock.advance(at - rig.clock.tick())
    EVENTS[what]?.(rig)
  }
  await rig.clock.advance(end - rig.clock.tick())
  if (close) void rig.live.close()
  else heard.stop()
  rig.log.startBroker(1)
  const before = heard.got.length
  // Work takes 40 ms; so much time has the last commit, and the answers that nobody waits for. A reader that broke did not leave its group.
  await rig.clock.advance(events.some(({ what }) => what === 'fatal') ? 50_000 : 3_000)
  if (!close && heard.got.length > before) throw new Error('delivered after unsubscribe()')
  return rig.left
}

describe('a stream that is ended at any moment', () => {
  it.each(Object.keys(setups))('leaves no reader, timer or member: %s', async name => {
    await fc.assert(
      fc.asyncProperty(fc.array(event, { maxLength: 8 }), fc.nat(2_000), fc.boolean(), async (events, end, close) => {
        expect(await play(setups[name]!(), events, end, close)).toEqual(NOTHING_LEFT)
      }),
      { numRuns: 100 },
    )
  })
})
