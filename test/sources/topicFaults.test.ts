import { describe, expect, it } from 'vitest'
import { AlertError } from '../../src/errors.ts'
import { groupOf, NOTHING_LEFT, Rig } from './rig.ts'

const MINUTE = 60_000

/** Topics with one record each, of their own name. */
function holding(...topics: string[]): Rig {
  const rig = new Rig()
  for (const topic of topics) {
    rig.log.createTopic(topic)
    rig.append(topic, [topic])
  }
  return rig
}

const warnings = (rig: Rig): string[] => rig.logged.filter(({ level }) => level === 'warn').map(({ message }) => message)

describe('a topic that cannot be read', () => {
  it('is its own business: the others go on, it is said once, and picked up when it is allowed', async () => {
    const rig = holding('a', 'b', 'c')
    rig.transport.forbid('b')
    const heard = rig.hear({ topics: ['a', 'b', 'c'] })
    await rig.clock.advance(10 * MINUTE)
    expect(heard.got.sort()).toEqual(['a', 'c'])
    expect(rig.said('refused')).toMatchObject([{ topic: 'b', error: { code: 'ALERT_TOPIC_FORBIDDEN' } }])
    expect(warnings(rig)).toHaveLength(1)
    expect(warnings(rig)[0]).toMatch(/Other topics go on; this one is looked at again$/)
    rig.transport.allow('b')
    await rig.clock.advance(MINUTE)
    expect(heard.got.sort()).toEqual(['a', 'b', 'c'])
    expect(heard.errors).toEqual([])
  })

  it('is picked up when it appears, whatever it was that was wrong before', async () => {
    const rig = holding('a')
    const heard = rig.hear({ topics: ['a', 'b'] })
    await rig.clock.advance(MINUTE)
    rig.transport.forbid('b')
    await rig.clock.advance(MINUTE)
    rig.log.createTopic('b')
    rig.append('b', ['b'])
    rig.transport.allow('b')
    await rig.clock.advance(MINUTE)
    expect(heard.got).toEqual(['a', 'b'])
    expect(rig.said('refused').map(({ error }) => error.code)).toEqual(['ALERT_TOPIC_UNKNOWN', 'ALERT_TOPIC_FORBIDDEN'])
  })

  it('is looked at again soon when it was readable before', async () => {
    const rig = holding('a', 'b')
    const heard = rig.hear({ topics: ['a', 'b'] })
    await rig.settle()
    rig.transport.forbid('b')
    await rig.clock.advance(1_000)
    expect(rig.said('refused')).toMatchObject([{ topic: 'b' }])
    rig.append('b', ['later'])
    rig.transport.allow('b')
    await rig.clock.advance(2_000)
    expect(heard.got).toEqual(['a', 'b', 'later'])
    expect(rig.said('gap')).toEqual([])
  })

  it('that was deleted and comes back is another one: read from its beginning, behind a gap', async () => {
    const rig = holding('a', 'b')
    const heard = rig.hear({ topics: ['a', 'b'] })
    await rig.settle()
    rig.log.deleteTopic('b')
    await rig.clock.advance(5_000)
    rig.append('a', ['a2'])
    rig.log.createTopic('b')
    rig.append('b', ['new'])
    await rig.clock.advance(MINUTE)
    expect(heard.got).toEqual(['a', 'b', 'a2', 'new'])
    expect(rig.said('gap')).toMatchObject([{ topic: 'b', from: 1, reason: 'recreated' }])
  })

  it('is picked up in a consumer group when it appears, from its beginning', async () => {
    const rig = holding('a')
    const heard = rig.hear({ topics: ['a', 'b'], consumerGroup: groupOf('g'), from: 'latest' })
    await rig.clock.advance(10_000)
    rig.log.createTopic('b')
    rig.append('b', ['b'])
    await rig.clock.advance(2 * MINUTE)
    expect(heard.got).toEqual(['b'])
  })

  it('goes on where it stood in a consumer group too', async () => {
    const rig = holding('a', 'b')
    const heard = rig.hear({ topics: ['a', 'b'], consumerGroup: groupOf('g') })
    await rig.settle()
    rig.transport.forbid('b')
    await rig.clock.advance(5_000)
    rig.append('a', ['a2'])
    rig.append('b', ['b2'])
    await rig.clock.advance(5_000)
    expect(heard.got.sort()).toEqual(['a', 'a2', 'b'])
    rig.transport.allow('b')
    await rig.clock.advance(2 * MINUTE)
    expect(heard.got.sort()).toEqual(['a', 'a2', 'b', 'b2'])
  })
})

describe('a topic that cannot be described for now', () => {
  it('is asked for again: that is no fault of the topic', async () => {
    const rig = holding('a')
    rig.transport.fail('LEADER_NOT_AVAILABLE', { at: 'describe', topic: 'a', times: 3 })
    const heard = rig.hear({ topics: ['a'] })
    await rig.clock.advance(2_000)
    expect([heard.got, heard.errors]).toEqual([['a'], []])
    expect(rig.said('refused')).toEqual([])
  })

  it('holds up no other', async () => {
    const rig = holding('a', 'b')
    rig.transport.fail('LEADER_NOT_AVAILABLE', { at: 'describe', topic: 'a', times: 3 })
    const heard = rig.hear({ topics: ['a', 'b'] })
    await rig.settle()
    expect(heard.got).toEqual(['b'])
    await rig.clock.advance(2_000)
    expect(heard.got).toEqual(['b', 'a'])
  })
})

describe('no topic that can be read', () => {
  it('at the start is an error that names the nearest existing ones', async () => {
    const rig = holding('gracedb.superevent', 'gracedb.cbc_gstlal', 'elsewhere')
    const heard = rig.hear({ topics: ['gracedb.supervent'] })
    await rig.settle()
    expect(heard.errors).toMatchObject([{ code: 'ALERT_TOPIC_UNKNOWN', kafka: 'UNKNOWN_TOPIC_OR_PARTITION', fatal: true }])
    expect(String(heard.errors[0])).toMatch(/Nearest existing topics: gracedb\.superevent\. missing: 'wait' waits for it$/)
    expect(rig.left).toEqual(NOTHING_LEFT)
  })

  it('at the start says how many there are, when none has a name near it', async () => {
    const rig = holding('x', 'y')
    const heard = rig.hear({ topics: ['gracedb.superevent'] })
    await rig.settle()
    expect(String(heard.errors[0])).toMatch(/This user sees 2 topics, none with a name near it/)
  })

  it('at the start names what is wrong with each', async () => {
    const rig = holding('a')
    rig.transport.forbid('a')
    const heard = rig.hear({ topics: ['a', 'b', 'bad name'] })
    await rig.settle()
    expect(heard.errors).toHaveLength(1)
    for (const part of [/describe a: TOPIC_AUTHORIZATION/, /describe b: UNKNOWN_TOPIC/, /describe bad name: INVALID_TOPIC/])
      expect(String(heard.errors[0])).toMatch(part)
  })

  it('that may be described, but not read, is an error at the start too', async () => {
    const rig = holding('a')
    rig.transport.forbid('a', 'read')
    const heard = rig.hear({ topics: ['a'] })
    await rig.clock.advance(1)
    expect(heard.errors).toMatchObject([{ code: 'ALERT_TOPIC_FORBIDDEN', fatal: true }])
    expect(rig.left).toEqual(NOTHING_LEFT)
  })

  it("is waited for with missing: 'wait', however long, also where it is forbidden", async () => {
    for (const forbidden of [false, true]) {
      const rig = forbidden ? holding('a') : new Rig()
      if (forbidden) rig.transport.forbid('a')
      const heard = rig.hear({ topics: ['a'], missing: 'wait', times: { refusalTimeout: 5 * MINUTE } })
      await rig.clock.advance(30 * MINUTE)
      expect(heard.errors).toEqual([])
      expect(rig.said('refused')).toHaveLength(1)
      if (forbidden) rig.transport.allow('a')
      else {
        rig.log.createTopic('a')
        rig.append('a', ['a'])
      }
      await rig.clock.advance(MINUTE)
      expect(heard.got).toEqual(['a'])
    }
  })
})

describe('a right that is revoked while it is used', () => {
  it('is borne for refusalTimeout when no other topic can be read', async () => {
    const rig = holding('a', 'b')
    const heard = rig.hear({ topics: ['a', 'b'] })
    await rig.settle()
    rig.transport.forbid('a')
    await rig.clock.advance(20 * MINUTE)
    expect(heard.errors).toEqual([])
    rig.transport.forbid('b')
    await rig.clock.advance(9 * MINUTE)
    expect(heard.errors).toEqual([])
    await rig.clock.advance(MINUTE + 1_000)
    expect(heard.errors).toMatchObject([{ code: 'ALERT_TOPIC_FORBIDDEN', fatal: true }])
    expect(rig.left).toEqual(NOTHING_LEFT)
  })

  it('is borne for refusalTimeout, and said once, where the topic can still be described', async () => {
    const rig = holding('a')
    const heard = rig.hear({ topics: ['a'] })
    await rig.settle()
    rig.transport.forbid('a', 'read')
    await rig.clock.advance(9 * MINUTE)
    expect(heard.errors).toEqual([])
    expect(rig.said('refused')).toHaveLength(1)
    await rig.clock.advance(MINUTE + 1_000)
    expect(heard.errors).toMatchObject([{ code: 'ALERT_TOPIC_FORBIDDEN', fatal: true }])
    expect(rig.left).toEqual(NOTHING_LEFT)
  })

  it('is borne anew when it was given back in between', async () => {
    const rig = holding('a')
    const heard = rig.hear({ topics: ['a'] })
    await rig.settle()
    for (let i = 1; i <= 2; i++) {
      rig.transport.forbid('a')
      await rig.clock.advance(8 * MINUTE)
      rig.append('a', [i])
      rig.transport.allow('a')
      await rig.clock.advance(2 * MINUTE)
    }
    expect([heard.got, heard.errors]).toEqual([['a', '1', '2'], []])
  })

  it('ends the stream at once with refusalTimeout: 0', async () => {
    const rig = holding('a')
    const heard = rig.hear({ topics: ['a'], times: { refusalTimeout: 0 } })
    await rig.settle()
    rig.transport.forbid('a')
    await rig.clock.advance(1)
    expect(heard.errors).toEqual([expect.any(AlertError)])
    expect(heard.errors).toMatchObject([{ code: 'ALERT_TOPIC_FORBIDDEN', fatal: true }])
  })
})
