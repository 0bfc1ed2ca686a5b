import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { createSecurity, type Security } from '../../src/auth/credentials.ts'
import type { AuthOptions } from '../../src/auth/options.ts'
import { parseServerUrl } from '../../src/auth/serverUrl.ts'
import { entryText, hopHome, put, temporaryDirectory } from './home.ts'
import { configError } from './thrown.ts'

const SERVER = 'kafka://h.invalid/'

const resolve = (options: AuthOptions, server = SERVER): Promise<Security> => createSecurity(options, parseServerUrl(server))()

const line = (login: string): string => `machine ${SERVER} login ${login} password secret\n`

test('a netrc counts where there is no auth.toml', async () => {
  const path = await hopHome()
  const netrc = await put(join(path, '..', '..', 'netrc'), line('from-netrc'))
  vi.stubEnv('NETRC', netrc)
  expect(await resolve({})).toMatchObject({ username: 'from-netrc', protocol: 'SASL_SSL', from: `${netrc} (machine ${SERVER})` })
  expect((await resolve({}, 'kafka://from-netrc@h.invalid/')).username).toBe('from-netrc')
  expect((await configError(() => resolve({}, 'kafka://bob@h.invalid/'))).message).toContain("with username 'bob'")
  await put(path, entryText('from-toml', 'x'))
  expect((await resolve({})).username).toBe('from-toml')
  await put(path, '[[auth]]')
  expect((await configError(() => resolve({}))).message).toContain('missing auth property')
  await put(path, entryText('other', 'x', 'hostname = "g.invalid"'))
  expect((await configError(() => resolve({}))).message).toContain('No matching credential found')
})

test('a netrc without an entry is nothing found: both places are named', async () => {
  const path = await hopHome()
  const netrc = await put(join(path, '..', '..', 'netrc'), 'machine g.invalid login x password y')
  vi.stubEnv('NETRC', netrc)
  const { message } = await configError(() => resolve({}))
  expect(message).toContain(`there is no auth.toml in ${join(path, '..')}, and nothing for it in ${netrc}`)
})

test('a netrc that is unsafe or wrong is an error', async () => {
  const path = await hopHome()
  const netrc = await put(join(path, '..', '..', 'netrc'), line('alice'), 0o644)
  vi.stubEnv('NETRC', netrc)
  expect((await configError(() => resolve({}))).message).toContain('access too permissive')
  await put(netrc, 'machine')
  expect((await configError(() => resolve({}))).message).toContain(`${netrc}: line 1`)
})

test('a netrc that is given goes before auth.toml, and is read at each connection', async () => {
  await hopHome(entryText('from-toml', 'x'))
  const netrc = await put(join(await temporaryDirectory(), 'netrc'), line('first'))
  const security = await resolve({ netrc })
  await security.credentials!()
  await put(netrc, line('second'))
  expect(await security.credentials!()).toMatchObject({ username: 'second' })
})
