import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { checkEndpoint } from '../../src/auth/endpointUrl.ts'
import { hideEndpoint } from '../../src/auth/proof.ts'
import type { Issued } from '../../src/auth/TokenSource.ts'
import { createTls } from '../../src/auth/tls.ts'
import { tokenEndpoint } from '../../src/auth/tokenEndpoint.ts'
import { systemClock } from '../../src/clock.ts'
import { AlertError } from '../../src/errors.ts'
import { AUDIENCE, type Behaviour, OidcServer } from '../bed/oidcServer.ts'
import { closedPort } from '../bed/ports.ts'
import { CANARY, expectNoSecret } from '../support/canary.ts'
import { CERTIFICATE, KEY } from './certificate.ts'
import { configError } from './thrown.ts'

const CLIENT = 'a client'
let oidc: OidcServer

beforeEach(async () => {
  oidc = await OidcServer.start({ clients: { [CLIENT]: CANARY }, lifetime: 60_000, tls: { cert: CERTIFICATE, key: KEY } })
})
afterEach(() => oidc.close())

interface Asking {
  readonly url?: string | undefined
  readonly secret?: string | undefined
  readonly scope?: string | undefined
  readonly signal?: AbortSignal | undefined
  readonly ca?: string | undefined
}

async function ask({ url = oidc.tokenEndpoint, secret = CANARY, scope, signal, ca }: Asking = {}): Promise<Issued> {
  const tls = await createTls(ca === undefined ? undefined : { ca }, undefined)
  return tokenEndpoint(hideEndpoint(url, CLIENT, secret, scope), tls).ask(signal ?? new AbortController().signal, systemClock)
}

async function failure(asking: Asking = {}): Promise<AlertError> {
  const error: unknown = await ask(asking).then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(AlertError)
  expectNoSecret(CANARY, error)
  return error as AlertError
}

describe('what is sent', () => {
  test('is what hop and librdkafka send: neither id nor secret is form-encoded', async () => {
    await ask()
    const [{ authorization, body } = { authorization: '', body: '' }] = oidc.asked
    expect(Buffer.from(authorization?.replace(/^Basic /, '') ?? '', 'base64').toString()).toBe(`${CLIENT}:${CANARY}`)
    expect(body).toBe('grant_type=client_credentials')
  })

  test('has the scope, if there is one', async () => {
    await ask({ scope: 'kafka read' })
    expect(Object.fromEntries(new URLSearchParams(oidc.asked[0]?.body))).toEqual({ grant_type: 'client_credentials', scope: 'kafka read' })
  })
})

describe('what is got', () => {
  test('a token and its life by expires_in', async () => {
    const { token, subject, lifetime } = await ask()
    expect(token.split('.')).toHaveLength(3)
    expect({ subject, lifetime }).toEqual({ subject: CLIENT, lifetime: 60_000 })
  })

  test('without expires_in: the life that the token itself tells', async () => {
    oidc.tellsLifetime = false
    const { lifetime } = await ask()
    expect(lifetime).toBeGreaterThan(55_000)
    expect(lifetime).toBeLessThanOrEqual(60_000)
  })

  test('a token that is no JWT, without expires_in: its life is not known', async () => {
    oidc.behaviour = { status: 200, body: { access_token: 'opaque+token/1==', token_type: 'BEARER' } }
    expect(await ask()).toEqual({ token: 'opaque+token/1==', subject: undefined, lifetime: undefined })
  })

  test('expires_in as text, as some write it', async () => {
    oidc.behaviour = { status: 200, body: { access_token: 'opaque', token_type: 'bearer', expires_in: '7' } }
    expect((await ask()).lifetime).toBe(7_000)
  })
})

describe('a refusal', () => {
  test.each<[string, Behaviour, string]>([
    ['401 as RFC 6749 has it', { status: 401, body: { error: 'invalid_client' } }, '(HTTP 401): invalid_client'],
    [
      '400, with words',
      { status: 400, body: { error: 'invalid_scope', error_description: 'no such\nscope' } },
      ': invalid_scope: no such scope',
    ],
    ['403 without any', { status: 403, body: 'forbidden' }, '(HTTP 403)'],
    [
      'a challenge beside it',
      { status: 401, body: { error: 'invalid_client' }, headers: { 'www-authenticate': 'Basic realm="x"' } },
      ': invalid_client',
    ],
    [
      'the secret said back',
      { status: 401, body: { error: 'invalid_client', error_description: `not ${CANARY}` } },
      'what it says holds a secret and is not shown',
    ],
    [
      'the header said back',
      { status: 401, body: { error: 'invalid_client', error_description: Buffer.from(`${CLIENT}:${CANARY}`).toString('base64') } },
      'what it says holds a secret and is not shown',
    ],
  ])('%s', async (_, behaviour, text) => {
    oidc.behaviour = behaviour
    const error = await failure()
    expect(error).toMatchObject({ code: 'ALERT_CREDENTIALS', fatal: false })
    expect(error.message).toContain(`token endpoint ${oidc.tokenEndpoint} refuses the client "a client"`)
    expect(error.message).toContain(text)
    expect(error.cause).toBeUndefined()
  })

  test('of a wrong secret by a real provider', async () => {
    oidc.setSecret(CLIENT, 'another one')
    expect((await failure()).message).toContain('refuses the client "a client" (HTTP 401): invalid_client. Check the username')
  })
})

describe('what may pass', () => {
  test.each<[string, Behaviour, string]>([
    ['500', { status: 500, body: `<html>${CANARY}</html>` }, 'gives no token (HTTP 500)'],
    ['503', { status: 503 }, 'gives no token (HTTP 503)'],
    ['429', { status: 429 }, 'gives no token (HTTP 429)'],
    ['400 that says so', { status: 400, body: { error: 'temporarily_unavailable' } }, 'gives no token (HTTP 400): temporarily_unavailable'],
    ['404', { status: 404, body: 'nothing here' }, 'gives no token (HTTP 404). Check the URL of the token endpoint'],
    [
      'a redirection, which is not followed',
      { status: 302, body: '', headers: { location: 'http://127.0.0.1:1/' } },
      '(HTTP 302). Check the URL',
    ],
  ])('%s', async (_, behaviour, text) => {
    oidc.behaviour = behaviour
    const error = await failure()
    expect(error).toMatchObject({ code: 'ALERT_CONNECTION', fatal: false })
    expect(error.message).toContain(text)
    expect(oidc.asked).toHaveLength(1)
  })

  test('an answer that is no JSON: a gateway may give it for a while', async () => {
    for (const headers of [{}, { 'content-type': 'application/json' }]) {
      oidc.behaviour = { status: 200, body: '<html>welcome', headers }
      expect(await failure()).toMatchObject({ code: 'ALERT_CONNECTION', message: expect.stringContaining('its answer cannot be used') })
    }
  })

  test('nobody listens, a name that is not known', async () => {
    const refused = await failure({ url: `http://127.0.0.1:${await closedPort()}/token` })
    expect(refused).toMatchObject({ code: 'ALERT_CONNECTION', message: expect.stringContaining('ECONNREFUSED') })
    const unknown = await failure({ url: 'https://provider.invalid/token?secret=x' })
    expect(unknown.message).toContain('token endpoint https://provider.invalid/token: getaddrinfo')
  })

  test('it is called off', async () => {
    oidc.behaviour = 'silent'
    const over = new AbortController()
    const failed = failure({ signal: over.signal })
    await expect.poll(() => oidc.asked.length).toBe(1)
    over.abort()
    expect((await failed).code).toBe('ALERT_CONNECTION')
  })

  test('the answer breaks off', async () => {
    const url = await serving(response => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': 100 })
      response.write('{"access_token"', () => response.destroy())
    })
    expect((await failure({ url })).code).toBe('ALERT_CONNECTION')
  })
})

/** A server of one's own; its URL. */
async function serving(answer: (response: ServerResponse) => void): Promise<string> {
  const server = createServer((_request, response) => answer(response)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`
}

describe('an answer that cannot be used', () => {
  test.each<[string, unknown, string]>([
    ['no object', [1], 'its answer cannot be used'],
    ['no token', { token_type: 'bearer' }, '"access_token"'],
    ['no type', { access_token: CANARY }, '"token_type"'],
    ['another type', { access_token: 'x', token_type: 'mac' }, 'its answer cannot be used'],
    ['a type that wants more than a bearer', { access_token: 'x', token_type: 'DPoP' }, 'gives tokens that are no bearer tokens'],
    ['a token with other characters', { access_token: CANARY, token_type: 'bearer' }, 'characters that no bearer token has'],
    ['a life that is none', { access_token: 'x', token_type: 'bearer', expires_in: {} }, '"expires_in"'],
  ])('%s', async (_, body, text) => {
    oidc.behaviour = { status: 200, body }
    const error = await failure()
    expect(error).toMatchObject({ code: 'ALERT_PROTOCOL' })
    expect(error.message).toContain(text)
  })

  test('one that has no end', async () => {
    const url = await serving(response => {
      response.writeHead(200, { 'content-type': 'application/json' })
      const more = (): void => void (response.destroyed || response.write(' '.repeat(65_536), more))
      more()
    })
    expect((await failure({ url })).message).toContain('the answer has more than 262144 bytes')
  })
})

describe('TLS', () => {
  const url = (): string => oidc.secureTokenEndpoint

  test('a certificate that is not trusted, or of another host', async () => {
    expect(await failure({ url: url() })).toMatchObject({
      code: 'ALERT_TLS_TRUST',
      message: expect.stringMatching(/self-signed certificate.*ssl_ca_location/),
    })
    expect(await failure({ url: url(), ca: CERTIFICATE })).toMatchObject({
      code: 'ALERT_TLS_HOSTNAME',
      message: expect.stringContaining("Hostname/IP does not match certificate's altnames"),
    })
  })

  test('a port that does not speak it', async () => {
    const plain = oidc.tokenEndpoint.replace('http:', 'https:')
    expect((await failure({ url: plain })).code).toBe('ALERT_CONNECTION')
  })
})

describe('an endpoint', () => {
  test.each([
    'https://auth.example.org/oauth2/token',
    'https://auth.example.org:8443/token?tenant=1',
    'http://127.0.0.1:8080/token',
    'http://127.1.2.3/token',
    'http://localhost/token',
    'http://auth.localhost/token',
    'http://[::1]:1/token',
  ])('%s', text => {
    expect(checkEndpoint(text, 'it').href).toBe(text)
  })

  test.each([
    ['auth.example.org/token', 'it is not a URL'],
    [
      'http://auth.example.org/token?secret=z9z9z9z9',
      "it is not an https: URL, got http://auth.example.org/token. The client's secret would travel",
    ],
    ['http://localhost.example.org/', 'it is not an https: URL'],
    ['http://127.0.0.1.example.org/', 'it is not an https: URL'],
    ['ftp://127.0.0.1/', 'it is not an https: URL'],
    ['https://me:z9z9z9z9@auth.example.org/', 'it holds a user or a password'],
  ])('not %s', async (text, expected) => {
    const error = await configError(() => checkEndpoint(text, 'it'))
    expect(error.message).toContain(expected)
    expectNoSecret('z9z9z9z9', error)
  })
})

test('the provider of the tests makes tokens for its audience', () => {
  const claims: unknown = JSON.parse(Buffer.from(oidc.token('x').split('.')[1]!, 'base64url').toString())
  expect(claims).toMatchObject({ sub: 'x', aud: AUDIENCE, iss: oidc.issuer })
})
