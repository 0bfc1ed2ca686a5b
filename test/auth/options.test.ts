import { expect, test } from 'vitest'
import type { AuthOptions } from '../../src/auth/options.ts'
import { checkAuthOptions } from '../../src/auth/options.ts'
import { DEFAULT_SERVER, parseServerUrl } from '../../src/auth/serverUrl.ts'
import { CANARY, expectNoSecret } from '../support/canary.ts'
import { configError } from './thrown.ts'

const server = parseServerUrl(DEFAULT_SERVER)
const auth = { username: 'alice', password: CANARY }

test.each<AuthOptions>([
  {},
  { noauth: true },
  { noauth: false },
  { noauth: false, authfile: '/a' },
  { username: 'alice', password: CANARY },
  { auth },
  { auth: [auth] },
  { auth: () => auth },
  { authfile: '/a' },
  { netrc: '/a' },
  { username: undefined, password: undefined, auth: undefined, authfile: undefined, noauth: undefined, tls: undefined },
  { noauth: true, tls: true },
])('takes %#', options => {
  expect(() => checkAuthOptions(options, server)).not.toThrow()
})

test.each<[unknown, string]>([
  [{ noauth: true, username: 'alice', password: CANARY }, 'noauth and username and password contradict each other. Choose one of'],
  [{ noauth: true, username: 'alice' }, 'noauth and username contradict each other'],
  [{ noauth: true, auth }, 'noauth and auth contradict each other'],
  [{ noauth: true, authfile: '/a' }, 'noauth and authfile contradict each other'],
  [{ netrc: '/a', authfile: '/b' }, 'authfile and netrc contradict each other'],
  [{ netrc: '/a', noauth: true }, 'noauth and netrc contradict each other'],
  [{ auth, username: 'alice' }, 'auth and username contradict each other'],
  [{ auth, password: CANARY }, 'auth and password contradict each other'],
  [{ auth, authfile: '/a' }, 'auth and authfile contradict each other'],
  [{ username: 'alice', password: CANARY, authfile: '/a' }, 'username and password and authfile contradict each other'],
  [{ username: 'alice', authfile: '/a' }, 'username and authfile contradict each other'],
  [{ username: 'alice' }, 'You must provide both a username and a password for basic authentication. password is missing'],
  [{ password: CANARY }, 'You must provide both a username and a password for basic authentication. username is missing'],
  [{ username: 'alice', password: '' }, 'password must be text that is not empty, got an empty one'],
  [{ username: '', password: CANARY }, 'username must be text that is not empty, got an empty one'],
  [{ username: 'alice', password: 12_345_678 }, 'password must be text that is not empty, got number'],
  [{ authfile: '' }, 'authfile must be text that is not empty'],
  [{ netrc: '' }, 'netrc must be text that is not empty'],
  [{ noauth: 'yes' }, 'noauth must be true or false, got string'],
  [{ tls: { rejectUnauthorized: false } }, 'tls.rejectUnauthorized'],
])('refuses %#', async (options, text) => {
  const error = await configError(() => checkAuthOptions(options as AuthOptions, server))
  expect(error.message).toContain(text)
  expectNoSecret(CANARY, error)
})

test('the user in the server agrees with the options', async () => {
  const bob = parseServerUrl('kafka://bob@kafka.scimma.org/')
  expect(() => checkAuthOptions({ username: 'bob', password: CANARY }, bob)).not.toThrow()
  expect(() => checkAuthOptions({ authfile: '/a' }, bob)).not.toThrow()
  const other = await configError(() => checkAuthOptions({ username: 'alice', password: CANARY }, bob))
  expect(other.message).toBe("username is 'alice', the user in server is 'bob'. Give one of them")
  const none = await configError(() => checkAuthOptions({ noauth: true }, bob))
  expect(none.message).toContain("noauth and the user 'bob' in server contradict each other")
})
