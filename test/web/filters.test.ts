import { describe, expect, it } from 'vitest'
import { sampleAlerts } from '../../src/testing.ts'
import { ALL, CHOICES, type Filters, isShown, parsePlace, placeHash, RARITIES } from '../../web/filters.ts'
import { EMPTY, step } from '../../web/model.ts'
import { ageInWords, bytesInWords, durationInWords, percent, textOf, utc } from '../../web/text.ts'
import { recordOf } from './records.ts'

const superevent = (payload: unknown) => [...step(EMPTY, { record: recordOf(payload) }).superevents.values()][0]!
const [initial] = sampleAlerts(['INITIAL'], { far: 1e-8 })
const [retracted] = sampleAlerts(['RETRACTION'])

const nowhere = { topics: '', from: 'earliest', open: undefined } as const

describe('the filters', () => {
  it.each<[string, Partial<Filters>, unknown, boolean]>([
    ['everything', {}, initial, true],
    ['its type', { types: ['INITIAL'] }, initial, true],
    ['another type', { types: ['UPDATE', 'other'] }, initial, false],
    ['no type', { types: [] }, initial, false],
    ['a type of GraceDB', { types: ['other'] }, { uid: 'S250101a', alert_type: 'new' }, true],
    ['rarer than it is', { far: 'decade' }, initial, false],
    ['less rare', { far: 'year' }, initial, true],
    ['rare, of what has no rate', { far: 'year' }, retracted, false],
    ['retracted ones hidden', { retracted: false }, retracted, false],
    ['tests hidden', { tests: false }, { ...initial, superevent_id: 'MS1' }, false],
    ['words that are there', { text: 'bns h1 INITIAL' }, initial, true],
    ['a word that is not', { text: 'bns k1' }, initial, false],
  ])('%s', (_, filters, payload, shown) => expect(isShown(superevent(payload), { ...ALL, ...filters })).toBe(shown))

  it('go into the address and come back', () => {
    const filters = { types: ['INITIAL', 'other'], far: 'year', text: 'a&b=c#d é', retracted: false, tests: false }
    const place = { filters, topics: 'superevent,igwn.gwalert', from: 'latest', open: 'S1 & <b>' } as const
    expect(parsePlace(placeHash(place))).toEqual(place)
    expect(placeHash({ ...nowhere, filters: ALL })).toBe('#')
    expect(parsePlace(placeHash({ ...nowhere, filters: { ...ALL, types: [] } })).filters.types).toEqual([])
  })

  it.each(['', '#', '#far=never&retracted=perhaps&nonsense', '#%'])('of the address %s are all', hash => {
    expect(parsePlace(hash)).toEqual({ ...nowhere, filters: ALL })
  })

  it('have choices from often to rare', () => {
    expect(RARITIES.map(({ far }) => far)).toEqual(RARITIES.map(({ far }) => far).sort((a, b) => b - a))
    expect(CHOICES).toContain('EARLYWARNING')
  })
})

describe('the words', () => {
  it.each([
    [400, 'now'],
    [4_000, '4 s ago'],
    [59_999, '59 s ago'],
    [12 * 60_000, '12 min ago'],
    [36 * 3_600_000, '1 d ago'],
    [-3 * 3_600_000, 'in 3 h'],
    [800 * 86_400_000, '2 y ago'],
  ])('%d ms: %s', (age, words) => expect(ageInWords(1e12, 1e12 + age)).toBe(words))

  it('of durations, times, sizes and probabilities', () => {
    expect(durationInWords(200)).toBe('0 s')
    expect(utc(Date.UTC(2025, 7, 18, 2, 3, 4))).toBe('2025-08-18 02:03:04 UTC')
    expect([192, 14_200, 1_300_000].map(bytesInWords)).toEqual(['192 bytes', '14 kB', '1.3 MB'])
    expect([0, 0.001, 0.93, 0.999, 1].map(percent)).toEqual(['0 %', '<1 %', '93 %', '>99 %', '100 %'])
    expect(textOf('x'.repeat(500))).toHaveLength(161)
  })
})
