import { chmod, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { describe, expect, test, vi } from 'vitest'
import { createSecurity, type Security } from '../../src/auth/credentials.ts'
import type { Auth } from '../../src/auth/entry.ts'
import type { AuthOptions } from '../../src/auth/options.ts'
import { parseServerUrl } from '../../src/auth/serverUrl.ts'
import { AlertError, ConfigError } from '../../src/errors.ts'
import { CANARY, expectNoSecret } from '../support/canary.ts'
import { CERTIFICATE } from './certificate.ts'
import { entryText, hopHome, put, temporaryDirectory } from './home.ts'
import { passwordOf as passwordIn } from './proofs.ts'
import { configError } from './thrown.ts'

const SERVER = 'kafka://h.invalid/'
const ENDPOINT = 'https://t.invalid/token'
const auth: Auth = { username: 'alice', password: CANARY }

const resolve = (options: AuthOptions, server = SERVER): Promise<Security> => createSecurity(options, parseServerUrl(server))()
const passwordOf = async ({ credentials }: Security) => passwordIn(await credentials!())

describe('the order', () => {
  test('auth: one credential', async () => {
    await hopHome(entryText('file', 'x'))
    const security = await resolve({ auth })
    expect(security).toMatchObject({ protocol: 'SASL_SSL', username: 'alice' })
    const credential = await security.credentials!()
    expect(credential).toMatchObject({ username: 'alice', mechanism: 'SCRAM-SHA-512' })
    expect(passwordIn(credential)).toBe(CANARY)
  })

  test('auth: a list, the one that fits the server', async () => {
    const list: Auth[] = [
      { ...auth, username: 'g', hostname: 'g.invalid' },
      { ...auth, username: 'h', hostname: 'h.invalid', mechanism: 'PLAIN' },
    ]
    expect(await (await resolve({ auth: list })).credentials!()).toMatchObject({ username: 'h', mechanism: 'PLAIN' })
    expect((await resolve({ auth: list }, 'kafka://g.invalid/')).username).toBe('g')
  })

  test('auth: a function, called once at each connection', async () => {
    const rotating = vi.fn(async (): Promise<Auth> => ({ username: 'alice', password: `${CANARY}${rotating.mock.calls.length}` }))
    const security = await resolve({ auth: rotating })
    expect([await passwordOf(security), await passwordOf(security), await passwordOf(security)]).toEqual([
      `${CANARY}1`,
      `${CANARY}2`,
      `${CANARY}3`,
    ])
    expect(rotating).toHaveBeenCalledTimes(3)
  })

  test('noauth', async () => {
    await hopHome(entryText('file', 'x'))
    expect(await resolve({ noauth: true })).toEqual({
      protocol: 'PLAINTEXT',
      credentials: undefined,
      tls: undefined,
      username: undefined,
      from: undefined,
    })
  })

  test('username and password', async () => {
    await hopHome(entryText('file', 'x'))
    const security = await resolve({ username: 'alice', password: CANARY })
    expect(security).toMatchObject({ protocol: 'SASL_SSL', username: 'alice' })
    expect(await security.credentials!()).toMatchObject({ mechanism: 'SCRAM-SHA-512' })
    expect(await passwordOf(security)).toBe(CANARY)
  })

  test('authfile', async () => {
    await hopHome(entryText('file', 'x'))
    const authfile = await put(join(await temporaryDirectory(), 'mine.toml'), entryText('mine', CANARY))
    expect((await resolve({ authfile })).username).toBe('mine')
  })

  test("hop's auth.toml", async () => {
    await hopHome(entryText('a', 'x', 'hostname = "h.invalid"') + entryText('b', 'y', 'hostname = "h.invalid:9093"\nmechanism = "PLAIN"'))
    expect((await resolve({})).username).toBe('a')
    expect((await resolve({}, 'kafka://h.invalid:9093/')).username).toBe('b')
  })

  test('the user in the server selects', async () => {
    await hopHome(entryText('a', 'x') + entryText('b', 'y'))
    expect((await resolve({}, 'kafka://b@h.invalid/')).username).toBe('b')
    const { message } = await configError(() => resolve({}))
    expect(message).toContain("Ambiguous credentials found for hostname 'h.invalid:9092' with no username specified")
    expect(message).toContain('kafka://<username>@h.invalid:9092/')
  })

  test('nothing found: an error that says how to go on, no unauthenticated session', async () => {
    const path = await hopHome()
    const { message } = await configError(() => resolve({}))
    expect(message).toContain(`no credentials for h.invalid:9092: there is no auth.toml in ${join(path, '..')}`)
    expect(message).toContain("[[auth]]\nusername = '...'\npassword = '...'\nhostname = 'h.invalid:9092'\n")
    expect(message).toContain('or pass username and password, or noauth: true')
    const [, lines = ''] = /these lines:\n(.*)\nor pass/s.exec(message) ?? []
    await put(path, lines.replace('...', 'alice'))
    expect((await resolve({})).username).toBe('alice')
  })

  test('any fault of auth.toml is an error, no unauthenticated session', async () => {
    const path = await hopHome(entryText('a', CANARY))
    await chmod(path, 0o644)
    expect((await configError(() => resolve({}))).message).toContain('has unsafe permissions: 100644')
    await put(path, `[[auth]]\npassword = ${CANARY}`)
    const error = await configError(() => resolve({}))
    expect(error.message).toContain('line 2, column')
    expectNoSecret(CANARY, error)
  })
})

describe('said at once, before anything is opened', () => {
  const create = (options: unknown, server = SERVER) => configError(() => createSecurity(options as AuthOptions, parseServerUrl(server)))

  test.each<[unknown, string]>([
    [{ noauth: true, auth }, 'noauth and auth contradict each other'],
    [{ auth: [] }, "No matching credential found for hostname 'h.invalid:9092'. auth holds no credentials"],
    [{ auth: { ...auth, hostname: 'g.invalid' } }, 'auth holds (a hostname without a port is for port 9092):\n  alice for g.invalid'],
    [{ auth: [auth, auth] }, 'Ambiguous credentials found'],
    [{ auth: [auth, { username: 'bob' }] }, 'auth[1].password must be text that is not empty, got undefined'],
    [{ auth: [null] }, 'auth[0] must be a credential { username, password, ... }, got null'],
    [{ auth: 'alice' }, 'auth must be a credential { username, password, ... }, got string'],
    [{ auth: { ...auth, username: '' } }, 'auth.username must be text that is not empty'],
    [{ auth: { ...auth, hostname: 7 } }, 'auth.hostname must be text, got number'],
    [{ auth: { ...auth, caFile: '' } }, 'auth.caFile must be text that is not empty'],
    [{ auth: { ...auth, protocol: 'SSL' } }, `auth.protocol must be 'SASL_SSL' or 'SASL_PLAINTEXT', got "SSL"`],
    [
      { auth: { ...auth, mechanism: 'GSSAPI' } },
      "auth: unknown mechanism 'GSSAPI'. Write one of SCRAM-SHA-512, SCRAM-SHA-256, PLAIN, OAUTHBEARER",
    ],
    [{ auth: { ...auth, mechanism: 7 } }, 'auth: unknown mechanism number'],
    [{ auth: { ...auth, ssl_ca_location: '/ca.pem' } }, "auth has an unknown field 'ssl_ca_location'. The fields are username, password,"],
    [{ auth: { ...auth, protocol: 'SASL_PLAINTEXT', caFile: '/ca.pem' } }, "auth has a caFile and protocol 'SASL_PLAINTEXT'"],
    [
      { auth: { ...auth, mechanism: 'OAUTHBEARER' } },
      'auth: OAUTHBEARER without a way to a token. Give one of tokenEndpoint, tokenCommand, token',
    ],
    [{ auth: { ...auth, tokenEndpoint: ENDPOINT, tokenCommand: 'x' } }, 'auth: tokenEndpoint and tokenCommand contradict each other'],
    [{ auth: { ...auth, tokenEndpoint: ENDPOINT, mechanism: 'PLAIN' } }, 'auth: tokenEndpoint is for the mechanism OAUTHBEARER, got PLAIN'],
    [
      { auth: { ...auth, tokenEndpoint: 'http://t.invalid/' } },
      "the credential of 'alice' in auth: the token endpoint is not an https: URL",
    ],
    [{ auth: { ...auth, tokenEndpoint: '' } }, 'auth.tokenEndpoint must be text that is not empty'],
    [{ auth: { username: 'alice', tokenEndpoint: ENDPOINT } }, 'auth.password must be text that is not empty, got undefined'],
    [{ auth: { ...auth, scope: 'x' } }, 'auth.scope is for a tokenEndpoint, of which there is none'],
    [{ auth: { ...auth, tokenEndpoint: ENDPOINT, scope: 7 } }, 'auth.scope must be text that is not empty, got number'],
    [{ auth: { ...auth, tokenCommand: 'x' } }, 'auth.password is not for a credential with a token of its own'],
    [{ auth: { tokenCommand: '' } }, 'auth.tokenCommand must be text that is not empty'],
    [{ auth: { tokenCommand: 'x', username: '' } }, 'auth.username must be text that is not empty'],
    [{ auth: { token: CANARY } }, 'auth.username must be text that is not empty, got undefined'],
    [
      { auth: { username: 'alice', token: CANARY } },
      "the credential of 'alice' in auth: the token has characters that no bearer token has",
    ],
    [{ auth: { ...auth, password: `${CANARY}\0` } }, 'NUL character'],
    [{ username: 'al\0ice', password: CANARY }, 'NUL character'],
    [
      { auth: { ...auth, protocol: 'SASL_PLAINTEXT' }, tls: true },
      "tls is given, but the credential of 'alice' in auth has protocol SASL_PLAINTEXT",
    ],
    [{ auth: { ...auth, protocol: 'SASL_SSL' }, tls: false }, 'tls is false, but the credential'],
  ])('%#', async (options, text) => {
    const error = await create(options)
    expect(error.message).toContain(text)
    expectNoSecret(CANARY, error)
  })

  test("a credential in code of another user than the server's", async () => {
    expect((await create({ auth }, 'kafka://bob@h.invalid/')).message).toContain("for hostname 'h.invalid:9092' with username 'bob'")
  })

  test('files and functions are left alone', async () => {
    const provider = vi.fn(() => auth)
    createSecurity({ auth: provider }, parseServerUrl(SERVER))
    createSecurity({ authfile: '/no/such/file' }, parseServerUrl(SERVER))
    expect(provider).not.toHaveBeenCalled()
  })
})

test.each([
  ['mechanism = "OAUTHBEARER"', 'has the mechanism OAUTHBEARER and no way to a token. Add token_endpoint or token_command'],
  ['token_endpoint = "http://t.invalid"', 'the token endpoint is not an https: URL'],
  ['token_command = ""', 'token_command must be text that is not empty'],
])('an OAUTHBEARER entry with a fault fails when it is the one to be used, and only then: %s', async (more, text) => {
  await hopHome(entryText('oidc', CANARY, `${more}\nhostname = "g.invalid"`) + entryText('alice', CANARY))
  expect((await resolve({})).username).toBe('alice')
  const { message } = await configError(() => resolve({}, 'kafka://g.invalid/'))
  expect(message).toContain("the credential of 'oidc'")
  expect(message).toContain(text)
})

describe('protocol and TLS', () => {
  const plain: Auth = { ...auth, protocol: 'SASL_PLAINTEXT' }
  const secure: Auth = { ...auth, protocol: 'SASL_SSL' }
  test.each<[AuthOptions, string]>([
    [{ auth }, 'SASL_SSL'],
    [{ auth, tls: true }, 'SASL_SSL'],
    [{ auth, tls: { ca: CERTIFICATE } }, 'SASL_SSL'],
    [{ auth, tls: false }, 'SASL_PLAINTEXT'],
    [{ auth: plain }, 'SASL_PLAINTEXT'],
    [{ auth: plain, tls: false }, 'SASL_PLAINTEXT'],
    [{ auth: secure, tls: true }, 'SASL_SSL'],
    [{ username: 'alice', password: CANARY, tls: false }, 'SASL_PLAINTEXT'],
    [{ noauth: true, tls: true }, 'SSL'],
    [{ noauth: true, tls: { servername: 'b.invalid' } }, 'SSL'],
    [{ noauth: true, tls: false }, 'PLAINTEXT'],
  ])('%#: %s', async (options, protocol) => {
    const security = await resolve(options)
    expect(security.protocol).toBe(protocol)
    expect(security.tls !== undefined).toBe(protocol.endsWith('SSL'))
  })

  test('an auth.toml entry demands TLS unless it says otherwise', async () => {
    const path = await hopHome(entryText('alice', CANARY))
    const { message } = await configError(() => resolve({ tls: false }))
    expect(message).toContain(`tls is false, but the credential of 'alice' in ${path} has protocol SASL_SSL. Leave tls out`)
    await put(path, entryText('alice', CANARY, 'protocol = "SASL_PLAINTEXT"'))
    expect((await resolve({ tls: false })).protocol).toBe('SASL_PLAINTEXT')
  })

  test('the CA file of the chosen entry is read', async () => {
    const path = await hopHome(entryText('alice', CANARY, 'ssl_ca_location = "/no/such/ca.pem"'))
    expect((await configError(() => resolve({}))).message).toContain('/no/such/ca.pem does not exist')
    const ca = await put(join(path, '..', 'ca.pem'), CERTIFICATE)
    await put(path, entryText('alice', CANARY, `ssl_ca_location = ${JSON.stringify(ca)}`))
    expect((await resolve({})).tls).toBeDefined()
    expect((await resolve({ auth: { ...auth, caFile: ca } })).tls).toBeDefined()
  })
})

describe('a client that lives long', () => {
  async function connected(path: string) {
    const troubles: AlertError[] = []
    const security = await createSecurity({ authfile: path }, parseServerUrl(SERVER), { onTrouble: error => troubles.push(error) })()
    await security.credentials!()
    return { security, troubles }
  }

  test('a rotated password, or user, is taken up at the next connection', async () => {
    const path = await put(join(await temporaryDirectory(), 'a.toml'), entryText('alice', 'first'))
    const { security, troubles } = await connected(path)
    await put(path, entryText('alice', 'second'))
    expect(await passwordOf(security)).toBe('second')
    await put(path, entryText('bob', 'third'))
    expect(await passwordOf(security)).toBe('third')
    expect(security.username).toBe('bob')
    expect(troubles).toEqual([])
  })

  test.each<[string, (path: string) => Promise<unknown>, string]>([
    ['missing', path => rm(path), 'there is no file'],
    ['half written', path => writeFile(path, ''), 'has no auth section'],
    ['malformed', path => writeFile(path, `[[auth]]\npassword = ${CANARY}`), 'is not valid TOML'],
    ['unsafe', path => chmod(path, 0o644), 'has unsafe permissions'],
    ['ambiguous', path => writeFile(path, entryText('alice', CANARY) + entryText('bob', CANARY)), 'Ambiguous credentials'],
    [
      'of another protocol',
      path => writeFile(path, entryText('alice', 'x', 'protocol = "SASL_PLAINTEXT"')),
      'was SASL_SSL when this client connected, now it is SASL_PLAINTEXT',
    ],
  ])('a file that is %s: the last good credential, and it is said', async (_, spoil, text) => {
    const path = await put(join(await temporaryDirectory(), 'a.toml'), entryText('alice', CANARY))
    const { security, troubles } = await connected(path)
    await spoil(path)
    expect(await passwordOf(security)).toBe(CANARY)
    expect(await passwordOf(security)).toBe(CANARY)
    expect(troubles.map(error => error.message)).toEqual([expect.stringContaining(text)])
    expect(troubles[0]).toBeInstanceOf(ConfigError)
    expectNoSecret(CANARY, security, troubles)
    await put(path, entryText('alice', 'mended'))
    expect(await passwordOf(security)).toBe('mended')
    expect(troubles).toHaveLength(1)
    await rm(path)
    expect(await passwordOf(security)).toBe('mended')
    expect(troubles).toHaveLength(2)
  })
})

describe('a function that fails', () => {
  test('is a transient error with message and stack, without the fields that an HTTP client adds', async () => {
    const failing = () => {
      throw Object.assign(new Error('vault is sealed'), { config: { headers: { Authorization: CANARY } } })
    }
    const error: unknown = await resolve({ auth: failing }).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(AlertError)
    expect(error).toMatchObject({ code: 'ALERT_CREDENTIALS', fatal: false, message: 'the function `auth` failed: vault is sealed' })
    expect(inspect(error)).toContain('credentials.test.ts')
    expectNoSecret(CANARY, error)
  })

  test('what it throws but is no error is not repeated', async () => {
    const error: unknown = await resolve({ auth: () => Promise.reject(CANARY) }).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'ALERT_CREDENTIALS' })
    expectNoSecret(CANARY, error)
  })

  test('one that gives nothing, or another shape, is a ConfigError', async () => {
    const nothing = { auth: () => undefined } as unknown as AuthOptions
    expect((await configError(() => resolve(nothing))).message).toContain('what the function `auth` gave must be a credential')
    const half = { auth: () => [{ username: 'alice' }] } as unknown as AuthOptions
    expect((await configError(() => resolve(half))).message).toContain('what the function `auth` gave[0].password must be text')
  })

  test('later: the last good credential goes on', async () => {
    let sealed = false
    const troubles: AlertError[] = []
    const provider = () => {
      if (sealed) throw new Error('vault is sealed')
      return auth
    }
    const security = await createSecurity({ auth: provider }, parseServerUrl(SERVER), { onTrouble: error => troubles.push(error) })()
    await security.credentials!()
    sealed = true
    expect(await passwordOf(security)).toBe(CANARY)
    expect(troubles.map(({ code }) => code)).toEqual(['ALERT_CREDENTIALS'])
  })
})

test('nothing that is handed out shows the password', async () => {
  await hopHome(entryText('alice', CANARY))
  for (const options of [{}, { auth }, { auth: [auth] }, { auth: () => auth }, { username: 'alice', password: CANARY }]) {
    const server = parseServerUrl(SERVER)
    const connect = createSecurity(options, server)
    const security = await connect()
    const credential = await security.credentials!()
    expectNoSecret(CANARY, connect, security, security.credentials, credential, { ...credential }, server)
  }
})
