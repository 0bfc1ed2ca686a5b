import { describe, expect, it, test } from 'vitest'
import { ConfigError } from '../../src/errors.ts'
import { seeded } from '../../src/testing/random.ts'
import { type AlertType, type NightMessage, type SampleAlert, sampleAlerts, sampleNight } from '../../src/testing.ts'

const LIFE: readonly AlertType[] = ['EARLYWARNING', 'PRELIMINARY', 'INITIAL', 'UPDATE', 'RETRACTION']

describe('seeded()', () => {
  it('gives the same numbers for the same seed, others for another', () => {
    const numbers = (seed: number): number[] => Array.from({ length: 5 }, seeded(seed))
    expect(numbers(1)).toEqual(numbers(1))
    expect(numbers(1)).not.toEqual(numbers(2))
    // Of mulberry32, as published: a change of it would change every test that is written on it.
    expect(numbers(1).map(n => Math.round(n * 1e6))).toEqual([627074, 2736, 527447, 981051, 968378])
  })

  it('spreads over 0 to 1', () => {
    const random = seeded(7)
    const numbers = Array.from({ length: 10_000 }, random)
    expect(numbers.every(n => n >= 0 && n < 1)).toBe(true)
    expect(numbers.reduce((sum, n) => sum + n) / numbers.length).toBeCloseTo(0.5, 1)
  })
})

describe('sampleAlerts()', () => {
  it('are the alerts of one superevent, in the given order', () => {
    const alerts = sampleAlerts(LIFE)
    expect(alerts.map(({ alert_type }) => alert_type)).toEqual(LIFE)
    expect(new Set(alerts.map(({ superevent_id }) => superevent_id)).size).toBe(1)
    expect(sampleAlerts(['UPDATE', 'INITIAL', 'UPDATE']).map(({ alert_type }) => alert_type)).toEqual(['UPDATE', 'INITIAL', 'UPDATE'])
    expect(sampleAlerts([])).toEqual([])
  })

  it('are the same for the same seed, others for another', () => {
    expect(sampleAlerts(LIFE)).toEqual(sampleAlerts(LIFE, { seed: 1 }))
    expect(sampleAlerts(LIFE, { seed: 2 })).toEqual(sampleAlerts(LIFE, { seed: 2 }))
    expect(sampleAlerts(LIFE, { seed: 2 })).not.toEqual(sampleAlerts(LIFE))
  })

  test.each(Array.from({ length: 20 }, (_, seed) => seed))('have the shape of public alerts: seed %i', seed => {
    const [early, preliminary, initial, update, retraction] = sampleAlerts(LIFE, { seed }) as [
      SampleAlert,
      SampleAlert,
      SampleAlert,
      SampleAlert,
      SampleAlert,
    ]
    for (const alert of [early, preliminary, initial, update, retraction]) {
      expect(alert.superevent_id).toMatch(/^S250818[a-z]{2}$/)
      expect(alert.time_created).toMatch(/^2025-08-1\dT\d\d:\d\d:\d\dZ$/)
      expect(alert.urls['gracedb']).toContain(alert.superevent_id)
      expect(JSON.parse(JSON.stringify(alert))).toEqual(alert)
    }
    expect(retraction.event).toBeNull()
    for (const { event } of [early, preliminary, initial, update]) {
      expect(event).toMatchObject({ group: 'CBC', search: 'AllSky', significant: true, time: '2025-08-18T02:03:04.000Z' })
      const { far, classification, properties, instruments, skymap } = event!
      expect(far).toBeGreaterThan(0)
      expect(far).toBeLessThan(1e-6)
      expect(Object.values(classification).reduce((sum, p) => sum + p)).toBeCloseTo(1, 6)
      for (const p of [...Object.values(classification), ...Object.values(properties)]) {
        expect(p).toBeGreaterThanOrEqual(0)
        expect(p).toBeLessThanOrEqual(1)
      }
      expect(instruments).toEqual(expect.arrayContaining(['H1', 'L1']))
      expect(Buffer.from(skymap, 'base64')).toHaveLength(192)
    }
    expect(early.event!.far).toBeCloseTo(preliminary.event!.far * 10, 15)
    expect(early.time_created < early.event!.time).toBe(true)
    expect(preliminary.time_created < initial.time_created && initial.time_created < update.time_created).toBe(true)
  })

  it('take time, kind, false-alarm rate and size', () => {
    const time = new Date(Date.UTC(2019, 3, 25, 8, 18, 5))
    const [alert] = sampleAlerts(['PRELIMINARY'], { time, kind: 'MS', far: 2e-6, skymapBytes: 10_000 })
    expect(alert!.superevent_id).toMatch(/^MS190425[a-z]{2}$/)
    expect(alert!.time_created).toBe('2019-04-25T08:18:34Z')
    expect(alert!.event).toMatchObject({ far: 2e-6, significant: false, time: time.toISOString() })
    expect(Buffer.from(alert!.event!.skymap, 'base64')).toHaveLength(10_000)
    expect(sampleAlerts(['PRELIMINARY'], { far: 1e-9 })[0]!.event!.significant).toBe(true)
  })

  it('refuse an unknown type', () => {
    expect(() => sampleAlerts(['INITAL' as AlertType])).toThrow(ConfigError)
    expect(() => sampleAlerts(['INITAL' as AlertType])).toThrow("No alert type 'INITAL'. Known are EARLYWARNING, PRELIMINARY")
  })
})

describe('sampleNight()', () => {
  const typeOf = ({ payload }: NightMessage): string => (payload instanceof Uint8Array ? 'bytes' : payload.alert_type)
  const idOf = ({ payload }: NightMessage): string => (payload instanceof Uint8Array ? 'bytes' : payload.superevent_id)

  it('is ten messages: of one superevent to its update, one retracted, one not significant, a mock, a test, a broken one', () => {
    const night = sampleNight()
    expect(night.map(message => `${message.stream} ${message.what} ${typeOf(message)}`)).toEqual([
      'production alert EARLYWARNING',
      'production alert PRELIMINARY',
      'production test PRELIMINARY',
      'production broken bytes',
      'production insignificant PRELIMINARY',
      'production alert INITIAL',
      'playground mock INITIAL',
      'production alert PRELIMINARY',
      'production alert RETRACTION',
      'production alert UPDATE',
    ])
  })

  it('is in the order of the alerts, but for the broken one, whose time nobody can read', () => {
    const times = sampleNight().flatMap(({ payload }) => (payload instanceof Uint8Array ? [] : [payload.time_created]))
    expect(times).toEqual([...times].sort())
  })

  test.each([1, 2, 3, 100])('has superevents of their own: seed %i', seed => {
    const night = sampleNight({ seed })
    const of = (what: NightMessage['what']): string[] => [...new Set(night.filter(message => message.what === what).map(idOf))]
    expect(of('alert')).toHaveLength(2)
    expect(of('mock')[0]).toMatch(/^MS/)
    expect(of('test')[0]).toMatch(/^TS/)
    expect(new Set(night.map(idOf)).size).toBe(6)
    const faint = night.find(({ what }) => what === 'insignificant')!.payload as SampleAlert
    expect(faint.event!.significant).toBe(false)
  })

  it('has a message that begins as JSON and is none', () => {
    const { payload } = sampleNight().find(({ what }) => what === 'broken')!
    const text = new TextDecoder().decode(payload as Uint8Array)
    expect(text).toMatch(/^\{"alert_type":"PRELIMINARY"/)
    expect(() => JSON.parse(text) as unknown).toThrow(SyntaxError)
  })

  it('is the same for the same seed and time, another for others', () => {
    expect(sampleNight()).toEqual(sampleNight({ seed: 1, time: new Date(Date.UTC(2025, 7, 18, 2, 3, 4)) }))
    expect(sampleNight({ seed: 2 })).not.toEqual(sampleNight())
    const [first] = sampleNight({ time: new Date(Date.UTC(2027, 0, 1)) })
    expect(idOf(first!)).toMatch(/^S270101/)
  })
})
