import { describe, expect, it } from 'vitest'
import { BridgeRecord } from '../../src/browser.ts'
import { sampleAlerts } from '../../src/testing.ts'
import { alertOf } from '../../web/alert.ts'
import { bytesOfLink, recordOf } from './records.ts'

const [initial] = sampleAlerts(['INITIAL'])

describe('an alert', () => {
  it('is the same by GCN and by SCiMMA', () => {
    const gcn = alertOf(recordOf(initial))!
    expect(alertOf(recordOf([initial]))).toEqual(gcn)
    expect(gcn).toMatchObject({
      id: initial!.superevent_id,
      type: 'INITIAL',
      time: Date.parse(initial!.time_created),
      mark: undefined,
      place: 'gracedb.superevent[0]@0',
      facts: {
        far: initial!.event!.far,
        instruments: initial!.event!.instruments,
        eventTime: Date.parse(initial!.event!.time),
        skyMap: 192,
        url: `https://gracedb.invalid/superevents/${initial!.superevent_id}/view/`,
      },
    })
    expect(gcn.facts.classification.map(([name]) => name)).toEqual(['BNS', 'NSBH', 'BBH', 'Terrestrial'])
  })

  it.each([
    [{ '/event/skymap': bytesOfLink(1_600_000, 'text') }, 1_200_000],
    [{ '/0/event/skymap': bytesOfLink(1_200_000, 'bytes') }, 1_200_000],
  ])('knows how large its sky map is that was lifted out: %j', (links, size) => {
    expect(alertOf({ ...recordOf({ ...initial, event: { ...initial!.event, skymap: null } }), links })?.facts.skyMap).toBe(size)
  })

  it('of GraceDB says what it is about', () => {
    const payload = {
      uid: 'MS190425z',
      alert_type: 'label_added',
      data: { name: 'EM_READY' },
      object: {
        category: 'MDC',
        created: '2019-04-25 08:18:26 UTC',
        t_0: 1240215503,
        far: 4.5e-13,
        labels: ['EM_READY'],
        preferred_event_data: { group: 'CBC', pipeline: 'gstlal', search: 'AllSky', instruments: 'L1,V1' },
      },
    }
    expect(alertOf(recordOf(payload, { timestamp: 5 }))).toMatchObject({
      id: 'MS190425z',
      type: 'label_added',
      time: 5,
      note: 'EM_READY',
      mark: 'mock',
      facts: { far: 4.5e-13, instruments: ['L1', 'V1'], pipeline: 'CBC gstlal AllSky', eventTime: Date.UTC(2019, 3, 25, 8, 18, 5) },
    })
  })

  it.each([
    ['a test by its header', initial, { isTest: true }, 'test'],
    ['a test by its name', { ...initial, superevent_id: 'TS250818ab' }, {}, 'test'],
    ['a mock event', { ...initial, superevent_id: 'MS250818ab' }, {}, 'mock'],
  ])('is marked: %s', (_, payload, fields, mark) => expect(alertOf(recordOf(payload, fields))?.mark).toBe(mark))

  it.each([
    ['null', null],
    ['text', 'S250818ab'],
    ['bytes', new Uint8Array(3)],
    ['no type', { superevent_id: 'S1' }],
    ['no name', { alert_type: 'INITIAL' }],
    ['several', [initial, initial]],
    ['a G-event of GraceDB', { uid: 'G330561', alert_type: 'new', object: {} }],
    ['a name that is too long', { ...initial, superevent_id: 'S'.repeat(101) }],
  ])('is not: %s', (_, payload) => expect(alertOf(recordOf(payload))).toBeUndefined())

  it.each([
    ['far', 'often'],
    ['far', null],
    ['instruments', 7],
    ['instruments', [null, {}, 'H1']],
    ['classification', [0.5]],
    ['classification', { BNS: 'sure', BBH: 2, NSBH: Number.NaN }],
    ['time', 'yesterday'],
    ['skymap', {}],
  ])('with a wrong %s, %j, still is one', (name, value) => {
    const alert = alertOf(recordOf({ ...initial, event: { ...initial!.event, [name]: value } }))
    expect(alert?.id).toBe(initial!.superevent_id)
    expect(JSON.stringify(alert)).not.toContain('NaN')
  })

  it.each(['javascript:alert(1)', 'http://gracedb.invalid/', 'data:text/html,x', '//gracedb.invalid', 7])('has no link by %s', url => {
    expect(alertOf(recordOf({ ...initial, urls: { gracedb: url } }))?.facts.url).toBeUndefined()
  })

  it('is of a BridgeRecord', () => expect(recordOf(initial)).toBeInstanceOf(BridgeRecord))
})
