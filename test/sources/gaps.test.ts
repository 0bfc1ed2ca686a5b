import { describe, expect, it } from 'vitest'
import { DEFAULT_LIMITS } from '../../src/limits.ts'
import { handle } from '../../src/operators/handle.ts'
import { retryOnFatal } from '../../src/operators/retryOnFatal.ts'
import { Checkpoint } from '../../src/sources/Checkpoint.ts'
import { groupOf, Heard, NOTHING_LEFT, Rig, type StreamSetup, textOf } from './rig.ts'

const MINUTE = 60_000

/** A stream that has read 0; then 1 to 4 come while it is cut off, and retention takes 0 to 2. */
async function truncated(setup: StreamSetup): Promise<{ rig: Rig; heard: Heard }> {
  const rig = Rig.holding([0])
  const heard = rig.hear(setup)
  await rig.settle()
  rig.transport.goOffline()
  await rig.settle()
  rig.append('t', [1, 2, 3, 4])
  rig.log.truncate('t', 0, 3)
  rig.transport.goOnline()
  await rig.clock.advance(3_000)
  rig.append('t', [5])
  await rig.settle()
  return { rig, heard }
}

const warnings = (rig: Rig): string[] =>
  rig.logged.filter(({ level, message }) => level === 'warn' && message.startsWith('gap')).map(m => m.message)

describe('an offset that the log no longer has', () => {
  it('goes on at the earliest record, by default; the gap is said', async () => {
    const { rig, heard } = await truncated({ onOffsetLost: 'earliest' })
    expect(heard.got).toEqual(['0', '3', '4', '5'])
    expect(rig.said('gap')).toMatchObject([{ topic: 't', partition: 0, from: 1, to: 3, reason: 'offset-lost' }])
    expect(warnings(rig)).toEqual([expect.stringMatching(/^gap in t\[0\], from offset 1 to 3 \(offset-lost\): .*OFFSET_OUT_OF_RANGE/)])
  })

  it("goes on at the end with onOffsetLost: 'latest'", async () => {
    const { rig, heard } = await truncated({ onOffsetLost: 'latest' })
    expect(heard.got).toEqual(['0', '5'])
    expect(rig.said('gap')).toMatchObject([{ from: 1, to: 5, reason: 'offset-lost' }])
  })

  it("ends the stream with onOffsetLost: 'error'", async () => {
    const { rig, heard } = await truncated({ onOffsetLost: 'error' })
    expect(heard).toMatchObject({ got: ['0'], errors: [{ code: 'ALERT_OFFSET_RANGE', fatal: true }] })
    expect(rig.said('gap')).toHaveLength(1)
    expect(rig.left).toEqual(NOTHING_LEFT)
  })

  it("ends the stream with onGap: 'error'", async () => {
    const { rig, heard } = await truncated({ onGap: 'error' })
    expect(heard).toMatchObject({ got: ['0'], errors: [{ code: 'ALERT_GAP', fatal: true, cause: { code: 'ALERT_OFFSET_RANGE' } }] })
    expect(String(heard.errors[0])).toMatch(/records are missing in t\[0\], from offset 1 to 3/)
    expect(rig.said('gap')).toHaveLength(1)
  })

  it("ends no stream that reads on elsewhere with onGap: 'error' before there is a gap", async () => {
    const rig = Rig.holding([0])
    const heard = rig.hear({ onGap: 'error', onOffsetLost: 'latest' })
    await rig.clock.advance(MINUTE)
    expect(heard).toMatchObject({ got: ['0'], errors: [] })
  })

  it.each<[string, StreamSetup, string[]]>([
    ["'earliest', also where the group reads on at the latest", { from: 'latest', onOffsetLost: 'earliest' }, ['3', '4', '5']],
    ["'latest', also where the group begins at the earliest", { from: 'earliest', onOffsetLost: 'latest' }, ['5']],
  ])('that a group had committed goes on at %s', async (_, setup, got) => {
    const rig = Rig.holding([0, 1, 2, 3, 4])
    rig.log.commit('g', [{ topic: 't', partition: 0, offset: 1 }])
    rig.log.truncate('t', 0, 3)
    const heard = rig.hear({ ...setup, consumerGroup: groupOf('g') })
    await rig.clock.advance(6_000)
    rig.append('t', [5])
    await rig.clock.advance(6_000)
    expect(heard.got).toEqual(got)
    expect(rig.said('gap')).toMatchObject([{ from: 1, to: 6 - got.length, reason: 'offset-lost' }])
    expect(rig.log.committed('g', 't', 0)).toBe(6)
  })

  it("that a group had committed ends the stream with onOffsetLost: 'error', and the commit stays", async () => {
    const rig = Rig.holding([0, 1, 2])
    rig.log.commit('g', [{ topic: 't', partition: 0, offset: 1 }])
    rig.log.truncate('t', 0, 2)
    const heard = rig.hear({ onOffsetLost: 'error', consumerGroup: groupOf('g') })
    await rig.clock.advance(6_000)
    expect(heard).toMatchObject({ got: [], errors: [{ code: 'ALERT_OFFSET_RANGE', fatal: true }] })
    expect(rig.log.committed('g', 't', 0)).toBe(1)
    expect(rig.left).toEqual(NOTHING_LEFT)
  })

  it('may be an expired commit', async () => {
    const rig = Rig.holding([0, 1, 2])
    rig.log.commit('g', [{ topic: 't', partition: 0, offset: 1 }])
    rig.log.truncate('t', 0, 2)
    const heard = rig.hear({ consumerGroup: groupOf('g') })
    await rig.clock.advance(6_000)
    expect(heard.got).toEqual(['2'])
    expect(rig.said('gap')).toMatchObject([{ from: 1, to: 2, reason: 'offset-lost' }])
    expect(rig.log.committed('g', 't', 0)).toBe(3)
  })

  it('beyond the end is committed where the log begins: a later start loses nothing', async () => {
    const rig = Rig.holding([0, 1])
    rig.log.commit('g', [{ topic: 't', partition: 0, offset: 9 }])
    const heard = rig.hear({ consumerGroup: groupOf('g') })
    await rig.clock.advance(6_000)
    expect(heard.got).toEqual(['0', '1'])
    expect(rig.log.committed('g', 't', 0)).toBe(2)
  })

  it('is asked for again when the answer is away', async () => {
    const rig = Rig.holding([0, 1, 2])
    rig.log.commit('g', [{ topic: 't', partition: 0, offset: 1 }])
    rig.log.truncate('t', 0, 2)
    rig.transport.fail('LEADER_NOT_AVAILABLE', { at: 'locate', topic: 't' })
    rig.transport.fail('REQUEST_TIMED_OUT', { at: 'locate' })
    const heard = rig.hear({ consumerGroup: groupOf('g') })
    await rig.clock.advance(3_000)
    expect(heard.got).toEqual(['2'])
    expect(rig.said('gap')).toHaveLength(1)
  })
})

describe("onGap: 'error' ends the stream behind what was whole", () => {
  it.each<[string, (rig: Rig) => void, string, string]>([
    ['a damaged batch', rig => rig.log.damage('t', 0, 1, 2), 'ALERT_DAMAGED', 'from offset 1 to 3'],
    [
      'a topic that was created again',
      rig => {
        rig.log.recreateTopic('t')
        rig.append('t', ['new'])
      },
      'ALERT_TOPIC_RECREATED',
      'deleted and created again',
    ],
  ])('%s', async (_, spoil, code, text) => {
    const rig = Rig.holding([0])
    const heard = rig.hear({ onGap: 'error' })
    await rig.settle()
    rig.append('t', [1, 2, 3])
    spoil(rig)
    await rig.clock.advance(5_000)
    expect(heard).toMatchObject({ got: ['0'], errors: [{ code: 'ALERT_GAP', fatal: true, cause: { code } }] })
    expect(String(heard.errors[0])).toContain(text)
    expect(rig.said('gap')).toHaveLength(1)
    expect(rig.left).toEqual(NOTHING_LEFT)
  })
})

describe('a batch that cannot be read', () => {
  it('is tried again, then skipped with a gap; nothing is lost behind it', async () => {
    const rig = Rig.holding([0, 1, 2, 3, 4])
    rig.log.damage('t', 0, 1, 2)
    const heard = rig.hear()
    await rig.clock.advance(1_000)
    expect(heard.got).toEqual(['0', '3', '4'])
    expect(rig.said('gap')).toMatchObject([{ topic: 't', partition: 0, from: 1, to: 3, reason: 'damaged' }])
    expect(rig.said('reconnecting').map(({ attempt, error, partitions }) => [attempt, error.code, partitions])).toEqual([
      [1, 'ALERT_DAMAGED', [{ topic: 't', partition: 0 }]],
      [2, 'ALERT_DAMAGED', [{ topic: 't', partition: 0 }]],
    ])
  })

  it('is read when it was the network that damaged it', async () => {
    const rig = Rig.holding([0])
    rig.transport.fail('CORRUPT_MESSAGE', { at: 'fetch', times: 2 })
    const heard = rig.hear()
    await rig.clock.advance(1_000)
    expect([heard.got, rig.said('gap')]).toEqual([['0'], []])
  })

  it('is never skipped where nobody knows where the next one begins', async () => {
    const rig = Rig.holding([0])
    const heal = rig.transport.fail('CORRUPT_MESSAGE', { at: 'fetch', times: Number.POSITIVE_INFINITY })
    const heard = rig.hear()
    await rig.clock.advance(10 * MINUTE)
    expect([heard.got, heard.errors, rig.said('gap')]).toEqual([[], [], []])
    heal()
    await rig.clock.advance(30_000)
    expect(heard.got).toEqual(['0'])
  })

  it('has its tries for itself, also right behind another one', async () => {
    const rig = Rig.holding([0, 1, 2])
    rig.log.damage('t', 0, 0)
    rig.log.damage('t', 0, 1)
    const heard = rig.hear()
    await rig.clock.advance(2_000)
    expect(heard.got).toEqual(['2'])
    expect(rig.said('gap')).toMatchObject([
      { from: 0, to: 1 },
      { from: 1, to: 2 },
    ])
    expect(rig.said('reconnecting').map(({ attempt }) => attempt)).toEqual([1, 2, 1, 2])
  })

  it("is its partition's business", async () => {
    const rig = Rig.holding([0], { partitions: 2 })
    rig.log.damage('t', 0, 0)
    const heard = rig.hear()
    rig.append('t', ['other'], 1)
    await rig.settle()
    expect(heard.got).toEqual(['other'])
  })

  it('is behind the handled prefix once it is skipped: a restart does not meet it again', async () => {
    const rig = Rig.holding([0, 1])
    rig.log.damage('t', 0, 1)
    const from = new Checkpoint('earliest')
    const heard = rig.hear({ from })
    await rig.clock.advance(1_000)
    expect(from.cursor?.offset('t', 0)).toBe(2)
    heard.stop()
    const again = rig.hear({ from })
    await rig.clock.advance(1_000)
    expect([again.got, rig.said('gap')]).toMatchObject([[], [{ reason: 'damaged' }]])
  })

  it('larger than the limits is one too', async () => {
    const rig = Rig.holding([0, 'x'.repeat(5_000), 2])
    const heard = rig.hear({ limits: { ...DEFAULT_LIMITS, batchBytes: 1_000 } })
    await rig.clock.advance(1_000)
    expect(heard.got).toEqual(['0', '2'])
    expect(rig.said('gap')).toMatchObject([{ from: 1, to: 2, reason: 'damaged' }])
  })
})

describe('a topic that is created again while it is read', () => {
  it.each([
    ['without a group', undefined],
    ['in a consumer group', groupOf('g')],
  ])('is read from its beginning at once, behind a gap, %s', async (_, consumerGroup) => {
    const rig = Rig.holding([0, 1])
    const heard = rig.hear({ from: 'latest', consumerGroup })
    await rig.settle()
    rig.append('t', [2])
    await rig.settle()
    rig.log.recreateTopic('t')
    rig.append('t', ['new 0'])
    await rig.clock.advance(2_000)
    rig.append('t', ['new 1'])
    await rig.clock.advance(6_000)
    expect(heard.got).toEqual(['2', 'new 0', 'new 1'])
    expect(rig.said('gap')).toMatchObject([{ topic: 't', partition: 0, from: 3, reason: 'recreated' }])
    if (consumerGroup) expect(rig.log.committed('g', 't', 0)).toBe(2)
  })

  it('is read from its beginning by a stream that resumes, nothing of it skipped', async () => {
    const rig = Rig.holding([0, 1, 2])
    const done: string[] = []
    const release: (() => void)[] = []
    const chain = rig.stream().pipe(
      handle(
        async record => {
          if (textOf(record) === '0') await new Promise<void>(resolve => release.push(resolve))
          done.push(textOf(record))
        },
        { concurrency: 3 },
      ),
      retryOnFatal({ delay: () => [0] }),
    )
    chain.subscribe()
    await rig.settle()
    expect(done).toEqual(['1', '2'])
    rig.log.recreateTopic('t')
    rig.append('t', ['new 0', 'new 1', 'new 2'])
    rig.transport.fail('INVALID_GROUP_ID', { at: 'fetch' })
    await rig.clock.advance(11_000)
    expect(done.slice(2)).toEqual(['new 0', 'new 1', 'new 2'])
    expect(rig.said('gap')).toMatchObject([{ from: 0, reason: 'recreated' }])
  })

  it('is known by its new id in a Checkpoint', async () => {
    const rig = Rig.holding([0, 1])
    const from = new Checkpoint('earliest')
    const first = rig.hear({ from })
    await rig.settle()
    rig.log.recreateTopic('t')
    rig.append('t', ['new 0'])
    await rig.clock.advance(2_000)
    first.stop()
    await rig.settle()
    const again = new Heard(rig.stream({ from }))
    rig.append('t', ['new 1'])
    await rig.clock.advance(2_000)
    expect([first.got, again.got]).toEqual([['0', '1', 'new 0'], ['new 1']])
    expect(rig.said('gap')).toHaveLength(1)
  })
})
