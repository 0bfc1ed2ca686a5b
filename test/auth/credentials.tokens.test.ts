import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { IgwnAlertClient, silentLogger } from 'igwn-alert-rx'
import { beforeEach, expect, test } from 'vitest'
import { createSecurity, type Security } from '../../src/auth/credentials.ts'
import type { Auth } from '../../src/auth/entry.ts'
import type { AuthOptions } from '../../src/auth/options.ts'
import { parseServerUrl } from '../../src/auth/serverUrl.ts'
import type { AlertError } from '../../src/errors.ts'
import { OidcServer } from '../bed/oidcServer.ts'
import { CANARY, expectNoSecret } from '../support/canary.ts'
import { entryText, hopHome, put, temporaryDirectory } from './home.ts'
import { tokenOf as tokenIn } from './proofs.ts'

const SERVER = 'kafka://h.invalid/'
const auth: Auth = { username: 'alice', password: CANARY }

const resolve = (options: AuthOptions, server = SERVER): Promise<Security> => createSecurity(options, parseServerUrl(server))()

let oidc: OidcServer
beforeEach(async () => {
  oidc = await OidcServer.start({ clients: { alice: CANARY } })
  return () => oidc.close()
})

test('bearer tokens of an endpoint: asked for when a connection wants one, kept for the others', async () => {
  const security = await resolve({ auth: { ...auth, tokenEndpoint: oidc.tokenEndpoint, scope: 'read' } })
  expect(security).toMatchObject({ username: 'alice', protocol: 'SASL_SSL' })
  expect(oidc.asked).toHaveLength(0)
  const [one, two] = await Promise.all([security.credentials!(), security.credentials!()])
  expect(one).toMatchObject({ mechanism: 'OAUTHBEARER', username: 'alice' })
  expect(tokenIn(one)).toBe(tokenIn(two))
  expect(oidc.asked.map(({ body }) => body)).toEqual(['scope=read&grant_type=client_credentials'])
  expectNoSecret(tokenIn(one)!, one, security, { ...one })
})

test('bearer tokens of an endpoint: another secret has tokens of its own', async () => {
  const path = await hopHome(entryText('alice', CANARY, `token_endpoint = "${oidc.tokenEndpoint}"`))
  const security = await resolve({})
  const first = await security.credentials!()
  expect(tokenIn(await security.credentials!())).toBe(tokenIn(first))
  oidc.setSecret('alice', 'rotated')
  await put(path, entryText('alice', 'rotated', `token_endpoint = "${oidc.tokenEndpoint}"`))
  expect(tokenIn(await security.credentials!())).not.toBe(tokenIn(first))
  expect(oidc.asked.map(({ status }) => status)).toEqual([200, 200])
})

test('bearer tokens of an endpoint that fails: an error of the connection, not of the file', async () => {
  oidc.behaviour = { status: 503 }
  const troubles: AlertError[] = []
  const options = { auth: { ...auth, tokenEndpoint: oidc.tokenEndpoint } }
  const security = await createSecurity(options, parseServerUrl(SERVER), { onTrouble: error => troubles.push(error) })()
  await expect(Promise.resolve(security.credentials!())).rejects.toMatchObject({ code: 'ALERT_CONNECTION' })
  expect(troubles).toEqual([])
})

test('bearer tokens of a command: the user is that of the entry, or the subject of the token', async () => {
  const tokenCommand = `echo ${oidc.token('albert')}`
  expect(await resolve({ auth: { tokenCommand } })).toMatchObject({ username: 'albert' })
  const named = await resolve({ auth: { tokenCommand, username: 'alice' } })
  expect(named.username).toBe('alice')
  expect(await named.credentials!()).toMatchObject({ username: 'alice', mechanism: 'OAUTHBEARER' })
  expectNoSecret(oidc.token('albert'), named)
})

test('a token that is given is used as it is', async () => {
  const token = oidc.token('alice')
  const security = await resolve({ auth: () => ({ username: 'alice', token }) })
  expect(tokenIn(await security.credentials!())).toBe(token)
})

test('the end of the client calls off a request for a token', async () => {
  oidc.behaviour = 'silent'
  const over = new AbortController()
  const options = { auth: { ...auth, tokenEndpoint: oidc.tokenEndpoint } }
  const security = await createSecurity(options, parseServerUrl(SERVER), { signal: over.signal })()
  const wanted = Promise.resolve(security.credentials!()).catch((error: unknown) => error)
  await expect.poll(() => oidc.asked.length).toBe(1)
  over.abort()
  expect(await wanted).toMatchObject({ code: 'ALERT_CLOSED' })
})

test('so does the end of a whole client, of a command', async () => {
  const file = join(await temporaryDirectory(), 'begun')
  const tokenCommand = `echo begun > '${file}'; sleep 600`
  const client = new IgwnAlertClient({ server: SERVER, auth: { tokenCommand }, logger: silentLogger })
  const topics = client.getTopics().catch((error: unknown) => error)
  await expect.poll(() => readFile(file, 'utf8').catch(() => '')).toBe('begun\n')
  await client.close()
  expect(await topics).toMatchObject({ code: 'ALERT_CLOSED' })
})
