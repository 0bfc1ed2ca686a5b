import { describe, expect, it } from 'vitest'
import { handle } from '../../src/operators/handle.ts'
import { parseJson } from '../../src/operators/parseJson.ts'
import { Checkpoint } from '../../src/sources/Checkpoint.ts'
import { groupOf, Rig } from './rig.ts'

const ALWAYS = Number.POSITIVE_INFINITY

/** What is logged of a record or a partition: how it comes about, where it is, and what its text tells to do. */
const LINES: readonly (readonly [name: string, place: object, mend: RegExp, run: (rig: Rig) => void])[] = [
  [
    'a record that is held for too long',
    { topic: 't', partition: 0, offset: 0 },
    /needs its ack\(\)/,
    rig => void rig.stream({ delivery: 'manual' }).subscribe(),
  ],
  [
    'a record that a handler failed at',
    { topic: 't', partition: 0, offset: 0 },
    /deadLetter/,
    rig =>
      void rig
        .stream()
        .pipe(handle(() => Promise.reject(new Error('no')), { retry: 0 }))
        .subscribe(),
  ],
  [
    'a record that cannot be decoded',
    { topic: 't', partition: 0, offset: 2 },
    /onDecodeError: 'keep'/,
    rig => void rig.stream().pipe(parseJson()).subscribe(),
  ],
  [
    'a late ack',
    { topic: 't', partition: 0, offset: 0 },
    /Put handle\(\) before/,
    rig => void rig.stream().subscribe(record => rig.clock.after(1, () => record.ack())),
  ],
  [
    'an offset that is lost',
    { topic: 't', partition: 0, offset: 0, from: 0, to: 1 },
    /onOffsetLost/,
    rig => {
      rig.log.commit('g', [{ topic: 't', partition: 0, offset: 0 }])
      rig.log.truncate('t', 0, 1)
      rig.hear({ consumerGroup: groupOf('g') })
    },
  ],
  [
    'a damaged batch, tried again',
    { topic: 't', partition: 0, offset: 0 },
    /tried again in 50 ms/,
    rig => {
      rig.log.damage('t', 0, 0)
      rig.hear()
    },
  ],
  [
    'a damaged batch, skipped',
    { topic: 't', partition: 0, offset: 0, from: 0, to: 1 },
    /read on behind/,
    rig => {
      rig.log.damage('t', 0, 0)
      rig.hear()
    },
  ],
  [
    'a topic that was created again',
    { topic: 't', partition: 0, offset: 3 },
    /read from its beginning/,
    rig => {
      rig.hear()
      rig.clock.after(100, () => rig.log.recreateTopic('t'))
    },
  ],
  [
    'a commit that fails',
    { topic: 't', partition: 0, offset: 0, group: 'g' },
    /tried again/,
    rig => {
      rig.transport.fail('TOPIC_AUTHORIZATION_FAILED', { at: 'commit' })
      rig.hear({ consumerGroup: groupOf('g') })
    },
  ],
  [
    'a start that cannot be asked',
    { topic: 't', partition: 0 },
    /asked again/,
    rig => {
      rig.transport.fail('REQUEST_TIMED_OUT', { at: 'locate' })
      rig.hear({ consumerGroup: groupOf('g') })
    },
  ],
  ['a topic that is refused', { topic: 'u' }, /Check its name.*looked at again/, rig => void rig.hear({ topics: ['t', 'u'] })],
  [
    'a checkpoint that is not saved',
    {},
    /disk full.*tried again/,
    rig => {
      const store = { load: async () => undefined, save: () => Promise.reject(new Error('disk full')) }
      rig.hear({ from: new Checkpoint('earliest', store) })
    },
  ],
]

describe('a line of the log says where, and what to do', () => {
  it.each(LINES)('%s', async (_, place, mend, run) => {
    const rig = Rig.holding(['1', '2', '{"x'])
    run(rig)
    await rig.clock.advance(61_000)
    const lines = rig.logged.filter(({ message }) => mend.test(message))
    expect(lines.length, rig.logged.map(({ message }) => message).join('\n')).toBeGreaterThan(0)
    expect(lines[0]!.fields).toMatchObject(place)
  })

  it('names every partition of a commit that fails', async () => {
    const rig = Rig.holding([0], { partitions: 2 })
    rig.append('t', [0, 1], 1)
    rig.transport.fail('GROUP_AUTHORIZATION_FAILED', { at: 'commit', times: ALWAYS })
    rig.hear({ consumerGroup: groupOf('g') })
    await rig.clock.advance(5_000)
    expect(rig.logged.at(-1)).toMatchObject({
      level: 'warn',
      message: expect.stringMatching(/^not committed: t\[0\]@1, t\[1\]@2: .*GROUP_AUTHORIZATION_FAILED.*It is tried again$/),
      fields: {
        partitions: [
          { partition: 0, offset: 1 },
          { partition: 1, offset: 2 },
        ],
      },
    })
  })
})
