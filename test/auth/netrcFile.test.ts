import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { checkPrivate, loadGivenNetrc, loadNetrc, netrcPath } from '../../src/auth/netrcFile.ts'
import { parseServerUrl } from '../../src/auth/serverUrl.ts'
import { CANARY, expectNoSecret } from '../support/canary.ts'
import { put, temporaryDirectory } from './home.ts'
import { passwordOf } from './proofs.ts'
import { configError } from './thrown.ts'

const SERVER = 'kafka://h.invalid/'
const onUnix = process.platform !== 'win32'

const line = (machine: string, login = 'alice', password = 'secret'): string => `machine ${machine} login ${login} password ${password}\n`
const file = async (text: string, mode?: number): Promise<string> => put(join(await temporaryDirectory(), 'netrc'), text, mode)
const userFor = async (server: string, text: string): Promise<string | undefined> =>
  (await loadNetrc(parseServerUrl(server), await file(text)))?.entries[0]?.username

describe('where it is', () => {
  test.each([
    ['no variable', {}, join('/home/me', '.netrc')],
    ['a file', { NETRC: '/etc/netrc' }, '/etc/netrc'],
    ['an empty variable: nowhere', { NETRC: '' }, undefined],
  ])('%s', (_, env, expected) => {
    expect(netrcPath(env, '/home/me')).toBe(expected)
  })

  test('nowhere, or not there: nothing is found', async () => {
    expect(await loadNetrc(parseServerUrl(SERVER), join(await temporaryDirectory(), 'none'))).toBeUndefined()
  })
})

describe('the machine', () => {
  test.each([
    ['the whole text of the server, as igwn-alert', SERVER, line('kafka://h.invalid/', 'yes')],
    ['the text before host:port', SERVER, line('h.invalid:9092', 'no') + line(SERVER, 'yes')],
    ['host:port before the host', SERVER, line('h.invalid', 'no') + line('h.invalid:9092', 'yes')],
    ['the bare host is for port 9092', SERVER, line('h.invalid', 'yes')],
    ['the bare host before default', SERVER, `default login no password x\n${line('h.invalid', 'yes')}`],
    ['default', 'kafka://h.invalid:9093/', `${line('h.invalid', 'no')}default login yes password x\n`],
    ['host:port of another port', 'kafka://h.invalid:9093', line('h.invalid', 'no') + line('h.invalid:9093', 'yes')],
    ['an IPv6 address', 'kafka://[::1]/', line('[::1]', 'yes')],
    ['the text without its user', 'kafka://yes@h.invalid/', line('kafka://h.invalid/', 'yes')],
    ['the text with its user', 'kafka://yes@h.invalid/', line('kafka://yes@h.invalid/', 'yes')],
    ['the last of two', SERVER, line(SERVER, 'no') + line(SERVER, 'yes')],
  ])('%s', async (_, server, text) => {
    expect(await userFor(server, text)).toBe('yes')
  })

  test.each([
    ['another host', line('g.invalid')],
    ['another port', line('h.invalid:9093')],
    ['the text without its slash', line('kafka://h.invalid')],
    ['nothing', ''],
  ])('%s is not it', async (_, text) => {
    expect(await userFor(SERVER, text)).toBeUndefined()
  })

  test('gives SCRAM-SHA-512; what is handed out does not show the password', async () => {
    const path = await file(line(SERVER, 'alice', CANARY.replaceAll(/[\\"' ]/g, '\\$&')))
    const found = await loadNetrc(parseServerUrl(SERVER), path)
    expect(found?.from).toBe(`${path} (machine kafka://h.invalid/)`)
    expect(found?.entries).toMatchObject([{ username: 'alice', hostname: '', mechanism: 'SCRAM-SHA-512' }])
    expect(passwordOf(found?.entries[0]?.proof)).toBe(CANARY)
    expectNoSecret(CANARY, found)
  })

  test.each([
    ['login', `machine ${SERVER} password ${'z9'.repeat(6)}`],
    ['password', `machine ${SERVER} login alice`],
  ])('without %s is an error', async (missing, text) => {
    const error = await configError(async () => userFor(SERVER, text))
    expect(error.message).toContain(`(machine kafka://h.invalid/): ${missing} must be text that is not empty`)
    expectNoSecret('z9'.repeat(6), error)
  })
})

describe('the option', () => {
  test('is that file and no other', async () => {
    const path = await file(line(SERVER))
    expect((await loadGivenNetrc(parseServerUrl(SERVER), path)).entries[0]?.username).toBe('alice')
  })

  test('not there, or nothing for the server in it', async () => {
    const missing = join(await temporaryDirectory(), 'none')
    expect((await configError(() => loadGivenNetrc(parseServerUrl(SERVER), missing))).message).toContain(
      `netrc: there is no file ${missing}`,
    )
    const path = await file(line('g.invalid'))
    expect((await configError(() => loadGivenNetrc(parseServerUrl('kafka://bob@h.invalid/'), path))).message).toBe(
      `${path} has nothing for h.invalid:9092. Add the line: machine kafka://h.invalid/ login USER password PASSWORD`,
    )
  })
})

describe.runIf(onUnix)('who may read it', () => {
  test.each([0o600, 0o400, 0o700])('%o', async mode => {
    expect((await loadNetrc(parseServerUrl(SERVER), await file(line(SERVER), mode)))?.entries).toHaveLength(1)
  })

  test.each([0o640, 0o604, 0o660, 0o610, 0o644])('not %o, whether it holds the machine or not', async mode => {
    const path = await file('', mode)
    const { message } = await configError(() => loadNetrc(parseServerUrl(SERVER), path))
    expect(message).toContain(
      `${path} access too permissive: access permissions must restrict access to only the owner. Run: chmod 0600 ${path}`,
    )
  })

  test("not another user's", async () => {
    const own = process.getuid!()
    expect(() => checkPrivate('/n', { mode: 0o100600, uid: own })).not.toThrow()
    const { message } = await configError(() => checkPrivate('/n', { mode: 0o100600, uid: own + 1 }))
    expect(message).toContain('/n belongs to another user')
    expect(() => checkPrivate('/n', { mode: 0o100666, uid: own + 1 }, 'win32')).not.toThrow()
  })
})
