import { describe, expect, it } from 'vitest'
import { Cursor } from '../../src/cursor.ts'
import { AlertError, ConfigError } from '../../src/errors.ts'
import type { Position } from '../../src/place.ts'
import { NOTHING_LEFT, Rig } from './rig.ts'

const cursorOf = (rig: Rig, positions: readonly Position[], time = rig.clock.now()): Cursor =>
  Cursor.of(rig.transport.server, time, positions)

const at = (rig: Rig, topic: string, offset: number, partition = 0): Position => ({
  topic,
  partition,
  offset,
  topicId: rig.log.topic(topic)?.id,
})

describe('from: Cursor', () => {
  it('starts at its offsets, also after a way through text', async () => {
    const rig = Rig.holding([0, 1, 2], { partitions: 2 })
    rig.append('t', ['a', 'b'], 1)
    const cursor = Cursor.parse(cursorOf(rig, [at(rig, 't', 2), at(rig, 't', 1, 1)]).toString())
    const heard = rig.hear({ from: cursor })
    await rig.settle()
    expect(heard.got.sort()).toEqual(['2', 'b'])
    expect(rig.said('gap')).toEqual([])
  })

  it('starts a partition that is new in a known topic at its beginning', async () => {
    const rig = Rig.holding([0, 1])
    const cursor = cursorOf(rig, [at(rig, 't', 2)])
    rig.log.addPartitions('t', 1)
    rig.append('t', ['new'], 1)
    const heard = rig.hear({ from: cursor })
    await rig.settle()
    expect(heard.got).toEqual(['new'])
  })

  it('starts an unknown topic at its time', async () => {
    const rig = Rig.holding([0])
    rig.log.createTopic('u')
    rig.append('u', ['before'])
    await rig.clock.advance(1_000)
    const cursor = cursorOf(rig, [at(rig, 't', 1)])
    rig.append('u', ['after'])
    const heard = rig.hear({ from: cursor, topics: ['t', 'u'] })
    await rig.settle()
    expect(heard.got).toEqual(['after'])
  })

  it('of another server is a ConfigError', async () => {
    const rig = Rig.holding([0])
    const heard = rig.hear({ from: new Cursor('elsewhere:9092', 0, new Map()) })
    await rig.settle()
    expect(heard.errors).toEqual([expect.any(ConfigError)])
    expect(String(heard.errors[0])).toMatch(/of elsewhere:9092, not of memory:9092/)
    expect(rig.left).toEqual(NOTHING_LEFT)
  })

  it('says a gap for a topic that was created again, and reads it from its beginning', async () => {
    const rig = Rig.holding([0, 1, 2])
    const cursor = cursorOf(rig, [at(rig, 't', 2)])
    rig.log.recreateTopic('t')
    rig.append('t', ['new 0', 'new 1', 'new 2', 'new 3'])
    const heard = rig.hear({ from: cursor })
    await rig.settle()
    expect(heard.got).toEqual(['new 0', 'new 1', 'new 2', 'new 3'])
    expect(rig.said('gap')).toMatchObject([{ topic: 't', partition: 0, from: 2, reason: 'recreated' }])
  })

  it('says a gap for an offset beyond the end', async () => {
    const rig = Rig.holding([0, 1])
    const heard = rig.hear({ from: cursorOf(rig, [at(rig, 't', 7)]) })
    await rig.settle()
    expect(heard.got).toEqual(['0', '1'])
    expect(rig.said('gap')).toMatchObject([{ from: 7, to: 0, reason: 'offset-lost' }])
    expect(rig.logged.filter(({ level }) => level === 'warn')).toHaveLength(1)
  })

  it('says a gap for an offset that the log no longer has', async () => {
    const rig = Rig.holding([0, 1, 2, 3])
    rig.log.truncate('t', 0, 3)
    const heard = rig.hear({ from: cursorOf(rig, [at(rig, 't', 1)]) })
    await rig.settle()
    expect(heard.got).toEqual(['3'])
    expect(rig.said('gap')).toMatchObject([{ from: 1, to: 3, reason: 'offset-lost' }])
  })

  it("ends the stream at a gap with onGap: 'error'", async () => {
    const rig = Rig.holding([0, 1])
    const cursor = cursorOf(rig, [at(rig, 't', 1)])
    rig.log.recreateTopic('t')
    const heard = rig.hear({ from: cursor, onGap: 'error' })
    await rig.settle()
    expect(heard.errors).toEqual([expect.any(AlertError)])
    expect(heard.errors[0]).toMatchObject({ code: 'ALERT_GAP', fatal: true, cause: { code: 'ALERT_TOPIC_RECREATED' } })
    expect(rig.said('gap')).toHaveLength(1)
    expect(rig.left).toEqual(NOTHING_LEFT)
  })
})
