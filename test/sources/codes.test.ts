import { describe, expect, it } from 'vitest'
import type { AlertErrorCode } from '../../src/errors.ts'
import { KAFKA_ERROR_CODES } from '../../src/transports/codes.generated.ts'
import { kafkaError } from '../../src/transports/codes.ts'
import { groupOf, type Heard, Rig } from './rig.ts'

type Reaction =
  /** As if nothing had been: what is transient, or this partition's own. */
  | 'goes on'
  /** The topic is said to be refused, and read on when it can be. */
  | 'topic refused'
  /** Another topic under the name: it is read from its beginning, behind a gap. */
  | 'begins anew'
  /** Where it goes on is asked for: the earliest record, behind a gap. */
  | 'asks where'
  /** The broker refuses after a success: borne for refusalTimeout. */
  | 'suspended'
  /** Ends the stream at once, confirmed. */
  | 'fatal'

/** What a running stream does with an error that its fetch meets. */
const AT_FETCH: Partial<Record<AlertErrorCode, Reaction>> = {
  ALERT_BROKER: 'goes on',
  ALERT_LEADER: 'goes on',
  ALERT_REQUEST: 'goes on',
  ALERT_REJOIN: 'goes on',
  ALERT_UNWRITABLE: 'goes on',
  ALERT_DAMAGED: 'goes on',
  ALERT_TOO_LARGE: 'goes on',
  ALERT_TOPIC_UNKNOWN: 'topic refused',
  ALERT_TOPIC_FORBIDDEN: 'topic refused',
  ALERT_TOPIC_INVALID: 'topic refused',
  ALERT_TOPIC_RECREATED: 'begins anew',
  ALERT_OFFSET_RANGE: 'asks where',
  ALERT_CREDENTIALS: 'suspended',
  ALERT_PROTOCOL: 'suspended',
  ALERT_GROUP_FORBIDDEN: 'suspended',
  ALERT_FORBIDDEN: 'suspended',
  ALERT_GROUP_INVALID: 'fatal',
  ALERT_GROUP_FENCED: 'fatal',
}

const CASES = KAFKA_ERROR_CODES.map(({ code, name }) => ({ code, name, alert: kafkaError(code, 'fetch').code }))

const MINUTE = 60_000

/** A stream that has delivered record 0, then meets the error once (or `times`), while record 1 is appended. */
async function met(code: number, times = 1): Promise<{ rig: Rig; heard: Heard; before: number }> {
  const rig = Rig.holding([0])
  const heard = rig.hear()
  await rig.settle()
  const before = rig.statuses.length
  rig.transport.fail(code, { at: 'fetch', times })
  rig.append('t', [1])
  await rig.clock.advance(MINUTE)
  return { rig, heard, before }
}

describe('an error that a fetch of a running stream meets', () => {
  it('has a reaction, whatever its code', () => {
    expect([...new Set(CASES.map(({ alert }) => alert))].filter(alert => !(alert in AT_FETCH))).toEqual([])
  })

  it.each(CASES.filter(({ alert }) => AT_FETCH[alert] === 'goes on'))('$code $name ($alert): goes on', async ({ code }) => {
    const { rig, heard, before } = await met(code)
    expect([heard.got, heard.errors]).toEqual([['0', '1'], []])
    const said = rig.statuses.slice(before).map(({ type }) => type)
    expect(said.filter(type => !['connecting', 'reconnecting', 'connected', 'positioned'].includes(type))).toEqual([])
  })

  it.each(CASES.filter(({ alert }) => AT_FETCH[alert] === 'topic refused'))('$code $name ($alert): said, and picked up', async test => {
    const { rig, heard } = await met(test.code)
    expect([heard.got, heard.errors]).toEqual([['0', '1'], []])
    expect(rig.said('refused')).toMatchObject([{ topic: 't', error: { code: test.alert, kafka: test.name } }])
  })

  it.each(CASES.filter(({ alert }) => AT_FETCH[alert] === 'begins anew'))('$code $name ($alert): begins anew', async ({ code }) => {
    const { rig, heard } = await met(code)
    expect([heard.got, heard.errors]).toEqual([['0', '0', '1'], []])
    expect(rig.said('gap')).toMatchObject([{ topic: 't', partition: 0, from: 1, reason: 'recreated' }])
  })

  it.each(CASES.filter(({ alert }) => AT_FETCH[alert] === 'asks where'))('$code $name ($alert): asks where', async ({ code }) => {
    const { rig, heard } = await met(code)
    expect([heard.got, heard.errors]).toEqual([['0', '0', '1'], []])
    expect(rig.said('gap')).toMatchObject([{ topic: 't', partition: 0, from: 1, to: 0, reason: 'offset-lost' }])
  })

  it.each(CASES.filter(({ alert }) => AT_FETCH[alert] === 'suspended'))('$code $name ($alert): borne a while', async test => {
    const once = await met(test.code)
    expect([once.heard.got, once.heard.errors]).toEqual([['0', '1'], []])
    expect(once.rig.said('refused')).toMatchObject([{ error: { code: test.alert, fatal: false }, until: expect.any(Number) }])
    const always = await met(test.code, Number.POSITIVE_INFINITY)
    await always.rig.clock.advance(8 * MINUTE)
    expect(always.heard.errors).toEqual([])
    expect(always.rig.logged.filter(({ level }) => level === 'error')).toHaveLength(1)
    await always.rig.clock.advance(2 * MINUTE)
    expect(always.heard).toMatchObject({ got: ['0'], errors: [{ code: test.alert, kafka: test.name, fatal: true }] })
  })

  it.each(CASES.filter(({ alert }) => AT_FETCH[alert] === 'fatal'))('$code $name ($alert): fatal', async test => {
    const { rig, heard } = await met(test.code)
    expect(heard).toMatchObject({ got: ['0'], errors: [{ code: test.alert, kafka: test.name, fatal: true }] })
    expect(rig.said('closed')).toMatchObject([{ error: { code: test.alert } }])
    expect(rig.live.size).toBe(0)
  })

  it.each(['ALERT_BROKER', 'ALERT_LEADER', 'ALERT_REQUEST', 'ALERT_REJOIN', 'ALERT_UNWRITABLE'])(
    '%s is ridden out for ever',
    async alert => {
      const { code } = CASES.find(test => test.alert === alert)!
      const { rig, heard } = await met(code, 1_000_000)
      await rig.clock.advance(10 * MINUTE)
      expect(heard.errors).toEqual([])
      expect(rig.logged.filter(({ level }) => level === 'error')).toEqual([])
    },
  )
})

describe('an error elsewhere', () => {
  /** The codes that concern a whole request, asked of every place that a stream asks. */
  const transient = ['REQUEST_TIMED_OUT', 'LEADER_NOT_AVAILABLE', 'COORDINATOR_NOT_AVAILABLE', 'UNKNOWN_SERVER_ERROR'] as const
  const places = ['connect', 'describe', 'locate', 'join', 'heartbeat', 'commit'] as const

  it.each(places.flatMap(at => transient.map(kind => ({ at, kind }))))('at $at, $kind: goes on', async ({ at, kind }) => {
    const rig = Rig.holding([0])
    rig.transport.fail(kind, { at, times: 3 })
    const heard = rig.hear({ consumerGroup: groupOf('g') })
    await rig.clock.advance(10_000)
    rig.append('t', [1])
    await rig.clock.advance(MINUTE)
    expect([heard.got, heard.errors]).toEqual([['0', '1'], []])
    expect(rig.log.committed('g', 't', 0)).toBe(2)
  })

  it.each([
    ['ILLEGAL_GENERATION', 'heartbeat'],
    ['UNKNOWN_MEMBER_ID', 'heartbeat'],
    ['REBALANCE_IN_PROGRESS', 'heartbeat'],
    ['UNKNOWN_MEMBER_ID', 'join'],
    ['ILLEGAL_GENERATION', 'commit'],
    ['UNKNOWN_MEMBER_ID', 'commit'],
    ['REBALANCE_IN_PROGRESS', 'commit'],
  ] as const)('%s at %s: joins again, and loses nothing', async (kind, at) => {
    const rig = Rig.holding([0])
    const heard = rig.hear({ consumerGroup: groupOf('g') })
    await rig.settle()
    rig.transport.fail(kind, { at })
    await rig.clock.advance(20_000)
    rig.append('t', [1])
    await rig.clock.advance(MINUTE)
    expect(new Set(heard.got)).toEqual(new Set(['0', '1']))
    expect(heard.got.filter(text => text === '1')).toEqual(['1'])
    expect(heard.errors).toEqual([])
    expect(rig.log.committed('g', 't', 0)).toBe(2)
  })

  it.each(['GROUP_AUTHORIZATION_FAILED', 'INVALID_GROUP_ID', 'INVALID_SESSION_TIMEOUT', 'FENCED_INSTANCE_ID'] as const)(
    '%s at join, before the first success: fatal',
    async kind => {
      const rig = Rig.holding([0])
      rig.transport.fail(kind, { at: 'join' })
      const heard = rig.hear({ consumerGroup: groupOf('g') })
      await rig.clock.advance(1_000)
      expect(heard).toMatchObject({ got: [], errors: [{ kafka: kind, fatal: true }] })
    },
  )

  it.each(['TOPIC_AUTHORIZATION_FAILED', 'GROUP_AUTHORIZATION_FAILED', 'OFFSET_METADATA_TOO_LARGE', 'UNSTABLE_OFFSET_COMMIT'] as const)(
    '%s at commit: said, and committed later',
    async kind => {
      const rig = Rig.holding([0])
      rig.log.commit('g', [{ topic: 't', partition: 0, offset: 0 }])
      const heard = rig.hear({ consumerGroup: groupOf('g') })
      await rig.settle()
      rig.transport.fail(kind, { at: 'commit' })
      await rig.clock.advance(5_000)
      expect(rig.log.committed('g', 't', 0)).toBe(0)
      expect(rig.logged).toMatchObject([{ level: 'warn', message: expect.stringMatching(new RegExp(`^not committed: .*${kind}`)) }])
      await rig.clock.advance(5_000)
      expect(rig.log.committed('g', 't', 0)).toBe(1)
      expect(heard.errors).toEqual([])
    },
  )
})
