import { describe, expect, it, test } from 'vitest'
import { lookAtClock } from '../../src/doctor/checks/clock.ts'
import type { Secured } from '../../src/doctor/checks/credentials.ts'
import { lookAtVersions } from '../../src/doctor/checks/versions.ts'
import { duration, some } from '../../src/doctor/words.ts'
import type { Credential } from '../../src/transports/transport.ts'

const NOW = Date.parse('2025-08-18T02:00:00Z')
const MINUTE = 60_000

const security = (credential?: Credential): Secured => ({
  protocol: 'SASL_SSL',
  credentials: undefined,
  tls: undefined,
  username: undefined,
  from: undefined,
  credential,
})
const token = (claims: unknown): Credential => ({
  mechanism: 'OAUTHBEARER',
  username: 'alice',
  token: `x.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.x`,
})
const issued = (time: number): Secured => security(token({ iat: time / 1000 }))
const topic = (newest?: number) => ({ topic: 'gracedb.superevent', partitions: [], newest })

describe('the clock', () => {
  test.each([
    [
      'a record of the future',
      [topic(NOW + 3 * MINUTE)],
      security(),
      'warning',
      /^the newest record of gracedb\.superevent is of 2025-08-18T02:03:00\.000Z, 3 minutes ahead/,
    ],
    [
      'a record of no date',
      [topic(9e15)],
      security(),
      'warning',
      /^the newest record of gracedb\.superevent is of no date \(9000000000000000 ms\), /,
    ],
    ['a token of no date', [topic()], issued(9e18), 'warning', /^the token was issued at no date/],
    ['a record of the past', [topic(NOW - 3 * MINUTE)], security(), 'unknown', /no record is of the future/],
    ['no record', [topic()], security(), 'unknown', /there is no record to compare it with/],
    ['a token issued now', [topic()], issued(NOW - 2000), 'ok', /within 2 seconds of that of who issues the tokens$/],
    ['a token of the future', [topic()], issued(NOW + MINUTE), 'warning', /^the token was issued at .*, 1 minute ahead/],
    ['an old token', [topic()], issued(NOW - MINUTE), 'unknown', /the server does not tell its time$/],
    ['a token that does not say', [], security(token({})), 'unknown', /./],
    ['a token that is no JWT', [], security({ mechanism: 'OAUTHBEARER', username: 'a', token: 'opaque' }), 'unknown', /./],
  ] as const)('against %s', (_, topics, secured, ok, what) => {
    expect(lookAtClock({ topics, security: secured }, NOW).findings).toEqual([
      expect.objectContaining({ check: 'clock', ok, what: expect.stringMatching(what) }),
    ])
  })
})

test.each([
  ['20.18.3', 'failed'],
  ['18.20.0', 'failed'],
  ['20.19.0', 'ok'],
  ['22.1.0', 'ok'],
])('Node %s: %s', (node, ok) => {
  expect(lookAtVersions({ ...process.versions, node }).findings).toMatchObject([{ check: 'versions', ok }])
})

it('words', () => {
  expect([500, 1000, -90_000, 7_200_000, 86_400_000].map(duration)).toEqual(['1 second', '1 second', '2 minutes', '2 hours', '1 day'])
  expect(some(['a', 'b'])).toBe('a, b')
  expect(some(['a', 'b', 'c', 'd'], 2)).toBe('a, b and 2 more')
})
