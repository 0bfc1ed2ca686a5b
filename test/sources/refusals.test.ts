import { Observable } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { AlertError, type AlertErrorCode } from '../../src/errors.ts'
import { retryOnFatal } from '../../src/operators/retryOnFatal.ts'
import type { Status } from '../../src/status.ts'
import { groupOf, Heard, NOTHING_LEFT, Rig } from './rig.ts'

const MINUTE = 60_000
const ALWAYS = Number.POSITIVE_INFINITY

const errorsLogged = (rig: Rig): string[] => rig.logged.filter(({ level }) => level === 'error').map(({ message }) => message)

describe('before the first success', () => {
  it('refused credentials are fatal after two fresh tries, three in all', async () => {
    const rig = Rig.holding([0])
    rig.transport.refuseCredentials()
    let tries = 0
    const report = (status: Status): void => {
      rig.statuses.push(status)
      if (status.type === 'connecting') tries++
    }
    const heard = rig.hear({ report })
    await rig.clock.advance(10_000)
    expect(tries).toBe(3)
    expect(heard.errors).toMatchObject([{ code: 'ALERT_CREDENTIALS', kafka: 'SASL_AUTHENTICATION_FAILED', fatal: true }])
    expect(rig.said('refused')).toHaveLength(2)
    expect(rig.left).toEqual(NOTHING_LEFT)
  })

  it('credentials that are refused twice, as while a new password is on its way to all brokers, are no fault', async () => {
    const rig = Rig.holding([0])
    rig.transport.fail('SASL_AUTHENTICATION_FAILED', { at: 'connect', times: 2 })
    const heard = rig.hear()
    await rig.clock.advance(10_000)
    expect([heard.got, heard.errors]).toEqual([['0'], []])
  })

  it.each<AlertErrorCode>(['ALERT_TLS_TRUST', 'ALERT_TLS_HOSTNAME', 'ALERT_PROTOCOL'])('%s is fatal at once', async code => {
    const rig = Rig.holding([0])
    rig.transport.fail(new AlertError(code, 'no', { mend: 'Mend it' }), { at: 'connect' })
    const heard = rig.hear()
    await rig.settle()
    expect(heard.errors).toMatchObject([{ code, fatal: true, message: 'no. Mend it' }])
    expect(rig.left).toEqual(NOTHING_LEFT)
  })

  it('a missing right to the group is fatal at once', async () => {
    const rig = Rig.holding([0])
    rig.transport.fail('GROUP_AUTHORIZATION_FAILED', { at: 'join' })
    const heard = rig.hear({ consumerGroup: groupOf('g') })
    await rig.settle()
    expect(heard.errors).toMatchObject([{ code: 'ALERT_GROUP_FORBIDDEN', fatal: true }])
  })

  it('nothing reachable is fatal after connectTimeout, with what is known and what may be the cause', async () => {
    const rig = Rig.holding([0])
    const closed = new AlertError('ALERT_CONNECTION', 'the socket was closed', { hint: 'is this a TLS port?' })
    rig.transport.fail(closed, { at: 'connect', times: ALWAYS })
    const heard = rig.hear()
    await rig.clock.advance(29_999)
    expect(heard.errors).toEqual([])
    await rig.clock.advance(1)
    expect(heard.errors).toMatchObject([{ code: 'ALERT_UNREACHABLE', fatal: true, cause: closed }])
    expect(String(heard.errors[0])).toMatch(
      /memory:9092 could not be reached in 30000 ms: the socket was closed \(is this a TLS port\?\)\./,
    )
    expect(rig.left).toEqual(NOTHING_LEFT)
  })

  it('nothing that answers at all is fatal after connectTimeout too', async () => {
    const rig = Rig.holding([0], { latency: 10 * MINUTE })
    const heard = rig.hear({ times: { connectTimeout: 5_000 } })
    await rig.clock.advance(5_000)
    expect(heard.errors).toMatchObject([{ code: 'ALERT_UNREACHABLE', fatal: true }])
    expect(String(heard.errors[0])).toMatch(/connectTimeout: Infinity/)
  })

  it('is waited for as long as it takes with connectTimeout: Infinity', async () => {
    const rig = Rig.holding([0])
    rig.transport.goOffline()
    const heard = rig.hear({ times: { connectTimeout: ALWAYS } })
    await rig.clock.advance(60 * MINUTE)
    expect(heard.errors).toEqual([])
    rig.transport.goOnline()
    await rig.clock.advance(MINUTE)
    expect(heard.got).toEqual(['0'])
  })

  it('a broker that answers, but cannot do it now, is waited for', async () => {
    const rig = Rig.holding([0])
    const heal = rig.transport.fail('BROKER_NOT_AVAILABLE', { at: 'describe', times: ALWAYS })
    const heard = rig.hear()
    await rig.clock.advance(5 * MINUTE)
    expect(heard.errors).toEqual([])
    heal()
    await rig.clock.advance(MINUTE)
    expect(heard.got).toEqual(['0'])
  })
})

describe('after a first success', () => {
  it('refused credentials are borne for refusalTimeout: said with when it ends, logged as an error once', async () => {
    const rig = Rig.holding([0])
    const heard = rig.hear()
    await rig.settle()
    const since = rig.clock.now()
    rig.transport.refuseCredentials()
    rig.transport.goOffline()
    await rig.settle()
    rig.transport.goOnline()
    await rig.clock.advance(9 * MINUTE)
    expect(heard.errors).toEqual([])
    expect(errorsLogged(rig)).toHaveLength(1)
    const [first] = rig.said('refused')
    expect(first!.error.code).toBe('ALERT_CREDENTIALS')
    expect(first!.until! - since - 10 * MINUTE).toBeLessThan(2_000)
    expect(new Set(rig.said('refused').map(({ until }) => until)).size).toBe(1)
    await rig.clock.advance(MINUTE + 2_000)
    expect(heard.errors).toMatchObject([{ code: 'ALERT_CREDENTIALS', fatal: true }])
    expect(rig.left).toEqual(NOTHING_LEFT)
  })

  it('end the stream at the time that was said, also when tries have become rare', async () => {
    for (let run = 0; run < 10; run++) {
      const rig = Rig.holding([0])
      const heard = rig.hear()
      await rig.settle()
      rig.transport.refuseCredentials()
      rig.transport.goOffline()
      await rig.clock.advance(5 * MINUTE)
      rig.transport.goOnline()
      await rig.clock.advance(5_000)
      const { until } = rig.said('refused')[0]!
      await rig.clock.advance(until! - rig.clock.now() - 1)
      expect(heard.errors).toEqual([])
      await rig.clock.advance(2)
      expect(heard.errors).toMatchObject([{ code: 'ALERT_CREDENTIALS', fatal: true }])
    }
  })

  it('are logged as an error at once also when an outage came before', async () => {
    const rig = Rig.holding([0])
    rig.hear()
    await rig.settle()
    rig.transport.refuseCredentials()
    rig.transport.goOffline()
    await rig.clock.advance(MINUTE)
    expect(errorsLogged(rig)).toEqual([])
    rig.transport.goOnline()
    await rig.clock.advance(3_000)
    expect(errorsLogged(rig)).toHaveLength(1)
  })

  it('go on as if nothing had been once they are taken again; the next time counts anew', async () => {
    const rig = Rig.holding([0])
    const heard = rig.hear()
    await rig.settle()
    for (const value of [1, 2]) {
      rig.transport.refuseCredentials()
      rig.transport.goOffline()
      await rig.settle()
      rig.transport.goOnline()
      rig.append('t', [value])
      await rig.clock.advance(9 * MINUTE)
      rig.transport.acceptCredentials()
      await rig.clock.advance(3_000)
      expect(heard.got.at(-1)).toBe(String(value))
    }
    expect([heard.got, heard.errors]).toEqual([['0', '1', '2'], []])
    expect(errorsLogged(rig)).toHaveLength(2)
  })

  it('are borne for ever with refusalTimeout: Infinity, and not at all with 0', async () => {
    for (const { refusalTimeout, count } of [
      { refusalTimeout: ALWAYS, count: 0 },
      { refusalTimeout: 0, count: 1 },
    ]) {
      const rig = Rig.holding([0])
      const heard = rig.hear({ times: { refusalTimeout } })
      await rig.settle()
      rig.transport.refuseCredentials()
      rig.transport.goOffline()
      await rig.settle()
      rig.transport.goOnline()
      await rig.clock.advance(20 * MINUTE)
      expect(heard.errors).toHaveLength(count)
      expect(rig.said('refused').every(({ until }) => until === undefined)).toBe(true)
    }
  })

  it('a closed socket is never a verdict', async () => {
    const rig = Rig.holding([0])
    const heard = rig.hear()
    await rig.settle()
    rig.transport.goOffline()
    await rig.clock.advance(60 * MINUTE)
    expect(heard.errors).toEqual([])
    expect(rig.logged.map(({ level }) => level)).toEqual(['warn'])
    rig.append('t', [1])
    rig.transport.goOnline()
    await rig.clock.advance(30_000)
    expect(heard.got).toEqual(['0', '1'])
    expect(rig.logged.map(({ level }) => level)).toEqual(['warn', 'info'])
  })
})

describe('retryOnFatal acts on confirmed refusals', () => {
  /** After a success the credentials are refused for good; how often it was subscribed, and when each subscription ended, ms. */
  async function refusedForGood(
    refusalTimeout: number,
    count: number,
  ): Promise<{ rig: Rig; opened: number; errors: unknown[]; ends: number[] }> {
    const rig = Rig.holding([0])
    const ends: number[] = []
    let since = 0
    const report = (status: Status): void => {
      if (status.type === 'closed') ends.push(Math.round(rig.clock.tick() - since))
    }
    const heard = new Heard(
      rig.stream({ times: { refusalTimeout }, report }).pipe(retryOnFatal({ count, delay: () => pauseOf(rig, 1_000) })),
    )
    await rig.settle()
    rig.transport.refuseCredentials()
    rig.transport.goOffline()
    await rig.settle()
    rig.transport.goOnline()
    since = rig.clock.tick()
    await rig.clock.advance(30 * MINUTE)
    return { rig, opened: rig.readings.length, errors: heard.errors, ends }
  }

  const pauseOf = (rig: Rig, ms: number): Observable<void> =>
    new Observable(out =>
      rig.clock.after(ms, () => {
        out.next()
        out.complete()
      }),
    )

  it.each([
    { refusalTimeout: 0, count: 0 },
    { refusalTimeout: 0, count: 2 },
    { refusalTimeout: 5 * MINUTE, count: 3 },
  ])('refusalTimeout $refusalTimeout, count $count: so many resubscriptions, then the error', async ({ refusalTimeout, count }) => {
    const { rig, opened, errors, ends } = await refusedForGood(refusalTimeout, count)
    expect([opened, ends.length]).toEqual([count + 1, count + 1])
    expect(errors).toMatchObject([{ code: 'ALERT_CREDENTIALS', fatal: true }])
    // Only the first one had worked, and bears it.
    expect(ends[0]! - refusalTimeout).toBeLessThan(4_000)
    expect(ends.at(-1)! - ends[0]!).toBeLessThan(count * 6_000 + 1)
    expect(rig.left).toEqual(NOTHING_LEFT)
  })

  it('refusalTimeout Infinity: there is nothing to act on', async () => {
    const { opened, errors } = await refusedForGood(ALWAYS, 3)
    expect([opened, errors]).toEqual([1, []])
  })
})

describe('the log of a server that cannot be reached', () => {
  const warnings = (rig: Rig): string[] => rig.logged.filter(({ level }) => level !== 'error').map(({ message }) => message)

  it('says so before anything was connected, then that it is reached', async () => {
    const rig = Rig.holding([0])
    rig.transport.goOffline()
    rig.hear()
    await rig.clock.advance(5_000)
    expect(warnings(rig)).toEqual([
      expect.stringMatching(/^cannot reach memory:9092 yet: .*nobody answers\. Tried again for connectTimeout, 30000 ms$/),
    ])
    rig.transport.goOnline()
    await rig.clock.advance(5_000)
    expect(warnings(rig).slice(1)).toEqual(['memory:9092 is reached'])
  })

  it('does not name connectTimeout where it does not count', async () => {
    const rig = Rig.holding([0])
    rig.transport.fail('BROKER_NOT_AVAILABLE', { at: 'describe' })
    const heard = rig.hear({ times: { connectTimeout: ALWAYS } })
    await rig.clock.advance(5_000)
    expect(warnings(rig)[0]).toMatch(/^cannot reach memory:9092 yet: .*BROKER_NOT_AVAILABLE.*Tried again$/)
    expect(heard.got).toEqual(['0'])
  })

  it('says that it is lost, and back, once it was there', async () => {
    const rig = Rig.holding([0])
    rig.hear()
    await rig.settle()
    rig.transport.goOffline()
    await rig.clock.advance(5_000)
    rig.transport.goOnline()
    await rig.clock.advance(5_000)
    expect(warnings(rig)).toEqual([expect.stringMatching(/^lost memory:9092: .*nothing is lost$/), 'memory:9092 is back'])
  })
})
