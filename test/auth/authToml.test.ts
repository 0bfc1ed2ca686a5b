import { describe, expect, test } from 'vitest'
import { parseAuthToml } from '../../src/auth/authToml.ts'
import { CANARY, expectNoSecret } from '../support/canary.ts'
import { entryText, toml } from './home.ts'
import { passwordOf } from './proofs.ts'
import { configError } from './thrown.ts'

const FILE = '/etc/hop/auth.toml'
const parse = (text: string) => parseAuthToml(text, FILE)
const one = (more: string) => parse(entryText('alice', CANARY, more))![0]!
const messageOf = async (text: string) => (await configError(() => parse(text))).message

describe('the forms of `auth`', () => {
  test.each([
    ['[[auth]] tables', '[[auth]]\nusername="a"\npassword="x"\n[[auth]]\nusername="b"\npassword="y"', ['a', 'b']],
    ['one [auth] table', '[auth]\nusername="a"\npassword="x"', ['a']],
    ['an inline array', 'auth = [{username="a", password="x"}, {username="b", password="y"}]', ['a', 'b']],
    ['an inline table', 'auth = {username="a", password="x"}', ['a']],
    ['dotted keys', 'auth.username = "a"\nauth.password = "x"', ['a']],
    ['no credentials', 'auth = []', []],
    ['other sections beside it', '[config]\nfetch_external = true\n[[auth]]\nusername="a"\npassword="x"', ['a']],
  ])('%s', (_, text, users) => {
    expect(parse(text)!.map(entry => entry.username)).toEqual(users)
  })

  test.each(['', '# nothing\n', '[config]\nfetch_external = true', '[Auth]\nusername="a"\npassword="x"'])('no auth section: %j', text => {
    expect(parse(text)).toBeUndefined()
  })
})

test('the defaults', () => {
  const entry = one('')
  expect(entry).toMatchObject({ username: 'alice', hostname: '', protocol: 'SASL_SSL' })
  expect(entry.caFile).toBeUndefined()
  expect(entry.proof).toMatchObject({ username: 'alice', mechanism: 'SCRAM-SHA-512' })
  expect(passwordOf(entry.proof)).toBe(CANARY)
})

test.each<[string, string, object]>([
  ['a hostname', 'hostname = "h:1"', { hostname: 'h:1' }],
  ['SASL_PLAINTEXT turns TLS off', 'protocol = "SASL_PLAINTEXT"', { protocol: 'SASL_PLAINTEXT' }],
  ['no other text does', 'protocol = "PLAINTEXT"', { protocol: 'SASL_SSL' }],
  ['nor lower case', 'protocol = "sasl_plaintext"', { protocol: 'SASL_SSL' }],
  ['a CA file', 'ssl_ca_location = "/ca.pem"', { caFile: '/ca.pem' }],
  ['an empty CA file is none', 'ssl_ca_location = ""', { caFile: undefined }],
  ['a CA file is ignored without TLS', 'protocol = "SASL_PLAINTEXT"\nssl_ca_location = "/ca.pem"', { caFile: undefined }],
  ['unknown keys are ignored', 'colour = 7\n__proto__ = {x = 1}', { username: 'alice' }],
])('%s', (_, more, expected) => {
  expect(one(more)).toMatchObject(expected)
})

test.each([
  ['mechanism = "PLAIN"', 'PLAIN'],
  ['mechanism = "SCRAM-SHA-256"', 'SCRAM-SHA-256'],
  ['mechanism = "SCRAM_SHA_256"', 'SCRAM-SHA-256'],
  ['mechanism = "SCRAM-SHA_512"', 'SCRAM-SHA-512'],
  ['token_endpoint = ""', 'SCRAM-SHA-512'],
  ['token_endpoint = "https://t.invalid"\nmechanism = "SCRAM-SHA-512"', 'SCRAM-SHA-512'],
  ['mechanism = "OAUTHBEARER"', 'OAUTHBEARER'],
  ['token_endpoint = "https://t.invalid"', 'OAUTHBEARER'],
  ['token_command = "get-token"', 'OAUTHBEARER'],
  ['token_command = ""', 'OAUTHBEARER'],
])('%s', (more, mechanism) => {
  expect(one(more).mechanism).toBe(mechanism)
})

test('an OAUTHBEARER entry is kept beside the others', () => {
  const text = entryText('oidc', CANARY, 'token_endpoint = "https://t.invalid"') + entryText('alice', CANARY)
  expect(parse(text)!.map(({ username, mechanism }) => [username, mechanism])).toEqual([
    ['oidc', 'OAUTHBEARER'],
    ['alice', 'SCRAM-SHA-512'],
  ])
})

test.each<[string, object | undefined]>([
  ['mechanism = "OAUTHBEARER"', undefined],
  ['token_endpoint = "https://t.invalid"', { kind: 'endpoint', endpoint: 'https://t.invalid', clientId: 'alice', secret: CANARY }],
  ['token_command = "get-token"', { kind: 'command', command: 'get-token', username: 'alice' }],
  ['token_command = "get-token"\ntoken_endpoint = ""', { kind: 'command', command: 'get-token' }],
  ['token_command = "get-token"\ntoken_endpoint = "https://t.invalid"', { kind: 'endpoint', endpoint: 'https://t.invalid' }],
])('the way to a token, of %s', (more, expected) => {
  const { proof } = one(more)
  if (expected) expect(proof).toMatchObject(expected)
  else expect(proof).toBeUndefined()
})

test('an empty password is one', () => {
  expect(passwordOf(parse('[auth]\nusername="a"\npassword=""')![0]!.proof)).toBe('')
})

test.each([
  [
    'no username',
    '[[auth]]\npassword="x"',
    "[[auth]] number 1: configuration file is not configured correctly: missing auth property 'username'",
  ],
  [
    'no password',
    `${entryText('a', 'x')}[[auth]]\nusername="b"`,
    "[[auth]] number 2: configuration file is not configured correctly: missing auth property 'password'. Add the line password = '...'",
  ],
  [
    'no password in one table',
    '[auth]\nusername="b"',
    "[auth]: configuration file is not configured correctly: missing auth property 'password'",
  ],
  [
    'an unknown mechanism',
    entryText('a', 'x', 'mechanism = "GSSAPI"'),
    "[[auth]] number 1: unknown mechanism 'GSSAPI'. Write one of SCRAM-SHA-512, SCRAM-SHA-256, PLAIN, OAUTHBEARER",
  ],
  ['lower case', entryText('a', 'x', 'mechanism = "scram-sha-512"'), "unknown mechanism 'scram-sha-512'"],
  ['an empty mechanism', entryText('a', 'x', 'mechanism = ""'), "unknown mechanism ''"],
  [
    'a number for the password',
    '[auth]\nusername="a"\npassword=12345678',
    "[auth]: password must be text, got a number. Put it in quotes: password = '...'",
  ],
  ['a great number', '[auth]\nusername="a"\npassword=12345678901234567890', 'password must be text, got a bigint'],
  ['a date for the user', '[auth]\nusername=2026-11-24\npassword="x"', 'username must be text, got a date'],
  ['an array for the host', entryText('a', 'x', 'hostname = ["h"]'), 'hostname must be text, got an array'],
  ['a truth for the CA', entryText('a', 'x', 'ssl_ca_location = true'), 'ssl_ca_location must be text, got a boolean'],
  ['a text for the section', 'auth = "x"', '[auth] must be a table with username and password, got a string'],
  ['numbers for the entries', 'auth = [1]', '[[auth]] number 1 must be a table with username and password, got a number'],
])('%s', async (_, text, expected) => {
  const message = await messageOf(text)
  expect(message.startsWith(`${FILE}: `)).toBe(true)
  expect(message).toContain(expected)
})

describe('malformed TOML: file, line and column, never the text', () => {
  test.each([
    ['no quotes', `[[auth]]\nusername = "a"\npassword = ${CANARY}`, 3],
    ['an open quote', `[[auth]]\npassword = "${'z9'.repeat(8)}\nusername = "a"`, 2],
    ['a bad escape', `[[auth]]\nusername = "a"\npassword = "\\q${'z9'.repeat(8)}"`, 3],
    ['a bare line', `[[auth]]\n${'z9'.repeat(8)}\nusername = "a"`, 2],
    ['a key twice', `[[auth]]\nusername = "a"\npassword = ${toml(CANARY)}\npassword = ${toml(CANARY)}`, 4],
    ['a fault beside the password', `[[auth]]\nusername = "a\npassword = ${toml(CANARY)}`, 2],
    ['a fault behind the password', `[[auth]]\npassword = ${toml(CANARY)}\nusername = a`, 3],
  ])('%s', async (_, text, line) => {
    const error = await configError(() => parse(text))
    expect(error.message).toMatch(
      new RegExp(
        `^${FILE}: configuration file is not configured correctly: line ${line}, column \\d+ is not valid TOML\\. Put texts in quotes`,
      ),
    )
    expect(error.cause).toBeUndefined()
    expectNoSecret(CANARY, error)
    expectNoSecret('z9'.repeat(8), error)
  })
})

test('no error and no entry shows a password', async () => {
  const bad = ['mechanism = "GSSAPI"', 'hostname = 7', 'token_command = 7', 'username = 8']
  for (const more of bad) expectNoSecret(CANARY, await configError(() => parse(entryText('a', CANARY, more))))
  expectNoSecret(CANARY, await configError(() => parse(`[auth]\npassword = ${toml(CANARY)}`)))
  expectNoSecret(CANARY, parse(entryText('a', CANARY) + entryText('b', CANARY, 'token_endpoint = "https://t.invalid"')))
})
