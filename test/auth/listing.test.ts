import { join } from 'node:path'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { listCredentials, locateAuth } from '../../src/auth/listing.ts'
import { CANARY, expectNoSecret } from '../support/canary.ts'
import { entryText, put, temporaryDirectory } from './home.ts'
import { configError } from './thrown.ts'

let home: string
beforeEach(async () => {
  home = await temporaryDirectory()
  vi.stubEnv('XDG_CONFIG_HOME', home)
  vi.stubEnv('NETRC', join(home, 'netrc'))
  return () => void vi.unstubAllEnvs()
})

describe('listCredentials', () => {
  const text =
    entryText('alice', CANARY, 'hostname = "h.invalid"') +
    entryText('bob', CANARY, 'mechanism = "PLAIN"\nprotocol = "SASL_PLAINTEXT"') +
    entryText('client', CANARY, 'token_endpoint = "https://t.invalid/token"') +
    entryText('carol', '', `token_command = "print-token ${'z9'.repeat(6)}"`)
  const listed = [
    { username: 'alice', hostname: 'h.invalid', mechanism: 'SCRAM-SHA-512', protocol: 'SASL_SSL' },
    { username: 'bob', hostname: '', mechanism: 'PLAIN', protocol: 'SASL_PLAINTEXT' },
    { username: 'client', hostname: '', mechanism: 'OAUTHBEARER', protocol: 'SASL_SSL' },
    { username: 'carol', hostname: '', mechanism: 'OAUTHBEARER', protocol: 'SASL_SSL' },
  ]

  test("hop's auth.toml, in its order, without secrets", async () => {
    await put(join(home, 'hop', 'auth.toml'), text)
    const credentials = await listCredentials()
    expect(credentials).toEqual(listed)
    expectNoSecret(CANARY, credentials)
    expectNoSecret('z9'.repeat(6), credentials)
  })

  test('the config.toml of old', async () => {
    await put(join(home, 'hop', 'config.toml'), text)
    expect(await listCredentials()).toEqual(listed)
  })

  test('a file that is named', async () => {
    const path = await put(join(home, 'mine.toml'), text)
    expect(await listCredentials(path)).toEqual(listed)
    expect((await configError(() => listCredentials(join(home, 'none.toml')))).message).toContain('there is no file')
  })

  test('none', async () => {
    expect(await listCredentials()).toEqual([])
  })
})

test('locateAuth: in the order in which they are looked for', async () => {
  const path = (name: string): string => join(home, 'hop', name)
  await put(path('config.toml'), '')
  await put(join(home, 'netrc'), '')
  expect(await locateAuth()).toEqual([
    { kind: 'auth.toml', path: path('auth.toml'), exists: false },
    { kind: 'config.toml', path: path('config.toml'), exists: true },
    { kind: 'netrc', path: join(home, 'netrc'), exists: true },
  ])
  vi.stubEnv('NETRC', '')
  expect((await locateAuth()).map(({ kind }) => kind)).toEqual(['auth.toml', 'config.toml'])
})
