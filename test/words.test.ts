import { describe, expect, it } from 'vitest'
import { farInWords, harmless, oneLine, spaced, timeText } from '../src/words.ts'

const DAY = 86_400
const YEAR = 365.25 * DAY

describe('a false-alarm rate in words', () => {
  it.each([
    [1 / 0.2, '1 per 0.2 seconds'],
    [1 / (17 * 60), '1 per 17 minutes'],
    [1 / (11.6 * 3600), '1 per 12 hours'],
    [1 / DAY, '1 per day'],
    [1 / (5.8 * DAY), '1 per 5.8 days'],
    [1 / (60 * DAY), '1 per 60 days'],
    [1 / YEAR, '1 per year'],
    [1 / (6.3 * YEAR), '1 per 6.3 years'],
    [1 / (27_391 * YEAR), '1 per 27 000 years'],
    [1 / (1_234_567 * YEAR), '1 per 1 200 000 years'],
    [1e-40, 'less than 1 per 1 000 000 000 years'],
  ])('%d Hz: %s', (far, words) => expect(farInWords(far)).toBe(words))

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])('%d is no rate', far => expect(farInWords(far)).toBeUndefined())
})

it('a number has its thousands apart', () => expect([0, 999, 1000, 1_234_567].map(spaced)).toEqual(['0', '999', '1 000', '1 234 567']))

it('a time is a date, if there is one: a record may bear any number', () => {
  const times = [Date.UTC(2025, 7, 18, 2, 3, 4), 8.64e15, -1, 8.64e15 + 1, -9e18, Number.NaN]
  expect(times.map(timeText)).toEqual([
    '2025-08-18T02:03:04.000Z',
    '+275760-09-13T00:00:00.000Z',
    '1969-12-31T23:59:59.999Z',
    'no date (8640000000000001 ms)',
    'no date (-9000000000000000000 ms)',
    'no date (NaN ms)',
  ])
})

it('what others write has no control character that a terminal would obey, and one line if it is to be one', () => {
  const hostile = '\u001b]0;mine\u0007 a\r\n  b\tc\u009b31m\u007f'
  expect(harmless(hostile)).toBe('\ufffd]0;mine\ufffd a\ufffd\n  b\tc\ufffd31m\ufffd')
  expect(oneLine(` ${hostile}\n`)).toBe('\ufffd]0;mine\ufffd a b\tc\ufffd31m\ufffd')
})
