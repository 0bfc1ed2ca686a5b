import { describe, expect, it } from 'vitest'
import { alertKey } from '../../src/operators/alertKey.ts'
import { sampleAlerts } from '../../src/testing.ts'

const [preliminary, initial] = sampleAlerts(['PRELIMINARY', 'INITIAL'])
const key = (payload: unknown, id?: string): string | undefined => alertKey({ payload, id })

/** As GraceDB sends them: neither says when it was made, `created` is that of the superevent. */
const update = (far: number): object => {
  const superevent = { superevent_id: 'S250818om', created: '2025-08-18 02:03:20 UTC', far }
  return { uid: 'S250818om', alert_type: 'update', data: superevent, object: superevent }
}

describe('alertKey', () => {
  it('of a public alert is its superevent, type and time of creation', () => {
    expect(key({ superevent_id: 'S1', alert_type: 'INITIAL', time_created: '2026-01-01T00:00:00Z', event: null })).toBe(
      'S1 INITIAL 2026-01-01T00:00:00Z',
    )
  })

  it("is one for SCiMMA's array, with the sky map as bytes, and GCN's object, with it as text, whatever their ids", () => {
    const bytes = { ...preliminary, event: { ...preliminary?.event, skymap: Uint8Array.of(1, 2) } }
    expect(key([bytes], 'id-1')).toBe(key(preliminary, 'id-2'))
  })

  it.each([
    ['of another type', { ...preliminary, alert_type: 'UPDATE' }],
    ['made at another time', { ...preliminary, time_created: '2025-08-18T02:03:34Z' }],
    ['of another superevent', { ...preliminary, superevent_id: 'S250818on' }],
    ['that follows it', initial],
  ])('is another for an alert %s', (_what, other) => expect(key(other)).not.toBe(key(preliminary)))

  it("of GraceDB's messages is the message's id: two updates of a superevent differ in nothing else that they say of themselves", () => {
    expect(key(update(1e-9), 'id-1')).toBe('id-1')
    expect(key(update(1e-10), 'id-2')).toBe('id-2')
    expect(key(update(1e-9))).toBeUndefined()
  })

  it.each<[string, unknown]>([
    ['null', null],
    ['bytes', Uint8Array.of(1)],
    ['text', '{"superevent_id": "S1"}'],
    ['an empty array', []],
    ['two alerts', [preliminary, initial]],
    ['an array in an array', [[preliminary]]],
    ['an object without a time', { superevent_id: 'S1', alert_type: 'INITIAL' }],
    ['a time that is no text', { superevent_id: 'S1', alert_type: 'INITIAL', time_created: 7 }],
  ])('of %s is the id, or none', (_what, payload) => {
    expect(key(payload, 'id-1')).toBe('id-1')
    expect(key(payload)).toBeUndefined()
  })
})
