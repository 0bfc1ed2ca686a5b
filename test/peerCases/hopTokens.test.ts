import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { text as textOf } from 'node:stream/consumers'
import { describe, expect, it, onTestFinished } from 'vitest'
import { parseAuthToml } from '../../src/auth/authToml.ts'
import { createSecurity } from '../../src/auth/credentials.ts'
import type { Auth } from '../../src/auth/entry.ts'
import { parseServerUrl } from '../../src/auth/serverUrl.ts'
import { VirtualClock } from '../../src/testing.ts'
import type { Credential } from '../../src/transports/transport.ts'
import { temporaryDirectory } from '../auth/home.ts'
import { rejection } from '../client/rig.ts'

const MINUTE = 60_000

/** @param expires s since 1970 */
const jwt = (expires: number): string => {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part({ alg: 'none' })}.${part({ sub: 'user', exp: expires })}.x`
}
const tokenOf = (credential: Credential | undefined): string | undefined =>
  credential && 'token' in credential ? credential.token : undefined

/** A client's tokens under a clock that only the test moves. */
async function tokens(auth: Auth): Promise<{ clock: VirtualClock; next: () => Promise<string | undefined> }> {
  const clock = new VirtualClock()
  const options = { auth: { protocol: 'SASL_PLAINTEXT', ...auth } as const }
  const { credentials } = await createSecurity(options, parseServerUrl('kafka://kafka.invalid/'), { clock })()
  return { clock, next: async () => tokenOf(await credentials!()) }
}

interface Asked {
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** A token endpoint that gives one answer after the other; the last one again and again. */
async function endpoint(...answers: readonly (readonly [status: number, body: string])[]): Promise<{ url: string; asked: Asked[] }> {
  const asked: Asked[] = []
  const server = createServer(async (request, response) => {
    const [status, body] = answers[Math.min(asked.length, answers.length - 1)] ?? [500, '']
    asked.push({ headers: request.headers, body: await textOf(request) })
    response.writeHead(status, { 'content-type': 'application/json' }).end(body)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => new Promise<void>(resolve => void server.close(() => resolve())))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/oauth2/token`, asked }
}

const issued = (token: string, more: object = { expires_in: 60 }): readonly [number, string] => [
  200,
  JSON.stringify({ access_token: token, token_type: 'Bearer', ...more }),
]

describe('a token endpoint', () => {
  it('is asked as hop asks; its token is used until it ends', async () => {
    const { url, asked } = await endpoint(issued('one'), issued('two'))
    const { clock, next } = await tokens({ username: 'foo', password: 'bar', tokenEndpoint: url })
    expect([await next(), await next()]).toEqual(['one', 'one'])
    expect(asked).toHaveLength(1)
    expect(asked[0]).toMatchObject({
      body: 'grant_type=client_credentials',
      headers: {
        'content-type': expect.stringMatching(/^application\/x-www-form-urlencoded\b/),
        authorization: `Basic ${Buffer.from('foo:bar').toString('base64')}`,
      },
    })
    await clock.advance(2 * MINUTE)
    expect(await next()).toBe('two')
    expect(asked).toHaveLength(2)
  })

  it('that does not say how long a token is good is asked each time', async () => {
    const { url, asked } = await endpoint(issued('one', {}), issued('two', {}))
    const { next } = await tokens({ username: 'foo', password: 'bar', tokenEndpoint: url })
    expect([await next(), await next()]).toEqual(['one', 'two'])
    expect(asked).toHaveLength(2)
  })

  it.each<[string, number, string, string]>([
    ['refuses', 403, 'Forbidden', 'ALERT_CREDENTIALS'],
    ['answers no JSON, as a gateway for a while', 200, '\u0002Not JSON\u0003', 'ALERT_CONNECTION'],
    ['answers no object', 200, '[1, 2, 3]', 'ALERT_PROTOCOL'],
    ['gives no token', 200, '{"token_type": "missing"}', 'ALERT_PROTOCOL'],
    ['gives a token that is no text', 200, '{"access_token": 7, "token_type": "bearer"}', 'ALERT_PROTOCOL'],
    ['gives no type', 200, '{"access_token": "token"}', 'ALERT_PROTOCOL'],
    ['gives a type that is no text', 200, '{"access_token": "token", "token_type": 5}', 'ALERT_PROTOCOL'],
    ['gives another type', 200, '{"access_token": "token", "token_type": "bad"}', 'ALERT_PROTOCOL'],
    ['says in words how long', 200, '{"access_token": "t", "token_type": "bearer", "expires_in": "a year and a day"}', 'ALERT_PROTOCOL'],
  ])('that %s is an error', async (_what, status, body, code) => {
    const { url } = await endpoint([status, body])
    const { next } = await tokens({ username: 'foo', password: 'bar', tokenEndpoint: url })
    const error = await rejection(next())
    expect(error).toMatchObject({ code })
    expect(error.message).toContain(`token endpoint ${url}`)
  })
})

describe('a token command', () => {
  it.runIf(process.platform !== 'win32')('is run, and run again once its token has ended', async () => {
    const runs = join(await temporaryDirectory(), 'runs')
    const [first, second] = [60, 3_600].map(seconds => jwt(new VirtualClock().now() / 1_000 + seconds))
    const tokenCommand = `if [ -e ${runs} ]; then echo ${second}; else echo ${first}; fi; echo run >> ${runs}`
    const { clock, next } = await tokens({ username: 'foo', tokenCommand })
    expect([await next(), await next()]).toEqual([first, first])
    expect(await readFile(runs, 'utf8')).toBe('run\n')
    await clock.advance(2 * MINUTE)
    expect(await next()).toBe(second)
    expect(await readFile(runs, 'utf8')).toBe('run\nrun\n')
  })
})

describe('an entry of auth.toml', () => {
  it.each([
    ['token_endpoint = "https://example.invalid/oauth2/token"', { kind: 'endpoint', endpoint: 'https://example.invalid/oauth2/token' }],
    ['token_command = "echo a-token"', { kind: 'command', command: 'echo a-token' }],
  ])('is OAUTHBEARER with %s', (line, proof) => {
    const [entry] = parseAuthToml(`auth = [{\n  username = "username",\n  password = "password",\n  ${line}\n}]`, 'auth.toml') ?? []
    expect(entry).toMatchObject({ username: 'username', mechanism: 'OAUTHBEARER', proof })
  })
})
