import { expect, it } from 'vitest'
import { secretsOf, tokenSecrets, withoutSecrets } from '../../src/transports/secrets.ts'

const SECRET = 'pa=ss, wörd/9+?'

it.each([
  ['plain', SECRET],
  ['percent-encoded', encodeURIComponent(SECRET)],
  ['form-encoded', new URLSearchParams({ s: SECRET }).toString()],
  ['in base64', Buffer.from(SECRET).toString('base64')],
  ['in base64url', Buffer.from(SECRET).toString('base64url')],
  ['hexadecimal', Buffer.from(SECRET).toString('hex')],
])('a text that holds a secret, %s, is not shown', (_, form) => {
  expect(withoutSecrets(`it was ${form}!`, ['', SECRET], 'what it said')).toBe('what it said holds a secret and is not shown')
})

it('any other text is', () => {
  expect(withoutSecrets('Authentication failed', [SECRET, ''])).toBe('Authentication failed')
})

it('of a token also its parts are secret, but for those that any text may hold', () => {
  expect(tokenSecrets('eyJhbGciOiJSUzI1NiJ9.e30.c2lnbmF0dXJl')).toEqual([
    'eyJhbGciOiJSUzI1NiJ9.e30.c2lnbmF0dXJl',
    'eyJhbGciOiJSUzI1NiJ9',
    'c2lnbmF0dXJl',
  ])
  expect(secretsOf({ mechanism: 'OAUTHBEARER', username: 'alice', token: 'opaque' })).toEqual(['opaque'])
  expect(secretsOf({ mechanism: 'PLAIN', username: 'alice', password: SECRET })).toEqual([SECRET])
})
