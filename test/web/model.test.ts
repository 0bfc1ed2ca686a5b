import { describe, expect, it } from 'vitest'
import { sampleAlerts } from '../../src/testing.ts'
import { EMPTY, type Happening, isRetracted, KEPT, latestOf, type Model, step } from '../../web/model.ts'
import { recordOf } from './records.ts'

const told = (...happenings: readonly Happening[]): Model => happenings.reduce(step, EMPTY)
const records = (...payloads: readonly unknown[]): Happening[] =>
  payloads.map((payload, offset) => ({ record: recordOf(payload, { offset, timestamp: offset }) }))
const [early, preliminary, retraction] = sampleAlerts(['EARLYWARNING', 'PRELIMINARY', 'RETRACTION'])
const id = early!.superevent_id

describe('the model', () => {
  it('keeps the history of a superevent, newest first, with what changed', () => {
    const superevent = told(...records(early, preliminary, retraction)).superevents.get(id)!
    expect(superevent.history.map(({ type }) => type)).toEqual(['RETRACTION', 'PRELIMINARY', 'EARLYWARNING'])
    expect(superevent.history.map(({ changes }) => changes)).toEqual([
      ['withdrawn: not an astrophysical event'],
      [expect.stringMatching(/^false alarms: 1 per .+ → 1 per .+$/)],
      ['the first that is known here'],
    ])
    expect(isRetracted(superevent)).toBe(true)
    // What was known stays known.
    expect(superevent.facts.far).toBe(preliminary!.event!.far)
  })

  it('puts what was published earlier and came later where it belongs', () => {
    const late = { record: recordOf(early, { partition: 1, timestamp: 1 }) }
    const { history, facts } = told({ record: recordOf(preliminary, { timestamp: 2 }) }, late).superevents.get(id)!
    expect(history.map(({ type }) => type)).toEqual(['PRELIMINARY', 'EARLYWARNING'])
    expect(facts.far).toBe(preliminary!.event!.far)
  })

  it('takes the same alert of another server for the same, and of the same topic for another', () => {
    const [first] = records(early)
    const elsewhere = { record: recordOf([early], { topicId: 'scimma/igwn.gwalert' }) }
    const [only, ...more] = told(first!, elsewhere).superevents.get(id)!.history
    expect(more).toEqual([])
    expect(only!.alsoAt).toEqual(['scimma/igwn.gwalert[0]@0'])
    expect(told(...records(early, early)).superevents.get(id)!.history).toHaveLength(2)
  })

  it('takes nothing twice that has the same place', () => {
    const model = told(...records(early, preliminary))
    expect(records(early, preliminary).reduce(step, model)).toEqual(model)
  })

  it('begins anew when another topic stands under the same name', () => {
    const gap = { topic: 'gracedb.superevent', partition: 0, from: 2, to: 0, reason: 'recreated' } as const
    const model = [{ gap }, ...records(early)].reduce(step, told(...records(preliminary, preliminary)))
    expect(model.received).toBe(3)
    expect(model.gaps).toEqual([{ topic: 'gracedb.superevent', reason: 'recreated', count: 0 }])
  })

  it('adds up what is missing of a topic for one reason', () => {
    const gap = (partition: number, to: number): Happening => ({ gap: { topic: 't', partition, from: 3, to, reason: 'busy' } })
    expect(told(gap(0, 5), gap(1, 6)).gaps).toEqual([{ topic: 't', reason: 'busy', count: 5 }])
  })

  it('is bounded: superevents, alerts, other messages, gaps', () => {
    const many = KEPT.superevents + 10
    const superevents = told(...records(...Array.from({ length: many }, (_, n) => ({ ...early, superevent_id: `S${n}` }))))
    expect([superevents.superevents.size, superevents.left, superevents.received]).toEqual([KEPT.superevents, 10, many])
    expect(superevents.superevents.has('S9')).toBe(false)
    expect(superevents.superevents.has('S10')).toBe(true)
    const updates = told(...records(...Array.from({ length: KEPT.alerts + 5 }, () => preliminary))).superevents.get(id)!
    expect([updates.history.length, updates.left, latestOf(updates).place]).toEqual([
      KEPT.alerts,
      5,
      `gracedb.superevent[0]@${KEPT.alerts + 4}`,
    ])
    const others = told(...records(...Array.from({ length: KEPT.others + 5 }, (_, n) => ({ n })))).others
    expect([others.length, others[0]!.text]).toEqual([KEPT.others, `{"n":${KEPT.others + 4}}`])
    const gaps = Array.from(
      { length: KEPT.gaps + 5 },
      (_, n): Happening => ({ gap: { topic: `t${n}`, partition: 0, from: 0, to: 1, reason: 'busy' } }),
    )
    expect(told(...gaps).gaps).toHaveLength(KEPT.gaps)
  })

  it('shows of what it does not know how it begins', () => {
    const texts = (payload: unknown): string[] => told(...records(payload)).others.map(({ text }) => text)
    expect(texts(new Uint8Array(3))).toEqual(['3 bytes'])
    expect(texts(null)).toEqual(['null'])
    expect(texts('x'.repeat(10_000))[0]).toHaveLength(401)
  })
})
