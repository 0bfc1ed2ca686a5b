import { execFileSync } from 'node:child_process'
import { mkdir, rename, stat, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { checkPermissions, type Found, hopDirectory, loadAuthFile, loadDefaultAuthFile } from '../../src/auth/authFile.ts'
import { CANARY, expectNoSecret } from '../support/canary.ts'
import { entryText, put, temporaryDirectory } from './home.ts'
import { passwordOf } from './proofs.ts'
import { configError } from './thrown.ts'

const passwordIn = (found: Found) => passwordOf(found.entries[0]!.proof)
const users = (found: Found | undefined) => found?.entries.map(entry => entry.username)
const onUnix = process.platform !== 'win32'

describe('where hop looks', () => {
  test.each([
    ['no variable', {}, join('/home/me', '.config', 'hop')],
    ['a directory', { XDG_CONFIG_HOME: '/etc/xdg' }, join('/etc/xdg', 'hop')],
    ['a relative one', { XDG_CONFIG_HOME: 'conf' }, join('conf', 'hop')],
    ['an empty one', { XDG_CONFIG_HOME: '' }, 'hop'],
  ])('%s', (_, env, expected) => {
    expect(hopDirectory(env, '/home/me')).toBe(expected)
  })

  test('auth.toml before config.toml', async () => {
    const directory = await temporaryDirectory()
    await put(join(directory, 'config.toml'), entryText('old', 'x'))
    const path = await put(join(directory, 'auth.toml'), entryText('new', 'x'))
    const found = await loadDefaultAuthFile(directory)
    expect(users(found)).toEqual(['new'])
    expect(found!.from).toBe(path)
  })

  test('config.toml with an auth key, the old style', async () => {
    const directory = await temporaryDirectory()
    const path = await put(join(directory, 'config.toml'), `[config]\nfetch_external = false\n${entryText('old', 'x')}`)
    const found = await loadDefaultAuthFile(directory)
    expect(users(found)).toEqual(['old'])
    expect(found!.from).toBe(path)
  })

  test.each([
    ['nothing', undefined],
    ['a config.toml without credentials, readable by all', '[config]\nfetch_external = false'],
  ])('%s: nothing found', async (_, text) => {
    const directory = await temporaryDirectory()
    if (text !== undefined) await put(join(directory, 'config.toml'), text, 0o644)
    expect(await loadDefaultAuthFile(directory)).toBeUndefined()
    expect(await loadDefaultAuthFile(join(directory, 'no', 'such'))).toBeUndefined()
    expect(await loadDefaultAuthFile(join(directory, 'config.toml'))).toBeUndefined()
  })

  test('a faulty auth.toml is an error, config.toml or not', async () => {
    const directory = await temporaryDirectory()
    await put(join(directory, 'config.toml'), entryText('old', 'x'))
    await put(join(directory, 'auth.toml'), '')
    const { message } = await configError(() => loadDefaultAuthFile(directory))
    expect(message).toContain(`${join(directory, 'auth.toml')}: configuration file has no auth section`)
  })
})

describe('permissions', () => {
  test.each([0o600, 0o400, 0o700, 0o500])('%o is safe', mode => {
    expect(() => checkPermissions('/a', 0o100_000 | mode, 'linux')).not.toThrow()
  })

  test.each([0o644, 0o640, 0o604, 0o610, 0o601, 0o660, 0o4600, 0o2600, 0o1600])('%o is not', async mode => {
    const { message } = await configError(() => checkPermissions('/a/auth.toml', 0o100_000 | mode, 'linux'))
    const octal = (0o100_000 | mode).toString(8)
    expect(message).toBe(`/a/auth.toml has unsafe permissions: ${octal}\nPlease correct it to 0600. Run: chmod 0600 /a/auth.toml`)
    expect(() => checkPermissions('/a/auth.toml', 0o100_000 | mode, 'win32')).not.toThrow()
  })

  test("the command is fit for a shell: chmod 0600 '...'", async () => {
    const { mend } = await configError(() => checkPermissions("/my files/it's", 0o644, 'linux'))
    expect(mend).toBe(`Run: chmod 0600 '/my files/it'\\''s'`)
  })

  test.runIf(onUnix)('of auth.toml, config.toml and authfile; following the command mends them', async () => {
    const directory = await temporaryDirectory()
    const oldPath = await put(join(directory, 'config.toml'), entryText('old', CANARY), 0o644)
    const old = await configError(() => loadDefaultAuthFile(directory))
    expect(old.message).toContain(`${oldPath} has unsafe permissions: 100644\nPlease correct it to 0600`)
    const path = await put(join(directory, 'auth.toml'), entryText('new', CANARY), 0o640)
    const error = await configError(() => loadDefaultAuthFile(directory))
    expect(error.message).toContain(`${path} has unsafe permissions: 100640`)
    expect(await configError(() => loadAuthFile(path))).toMatchObject({ message: error.message })
    expectNoSecret(CANARY, old, error)
    execFileSync('sh', ['-c', error.mend!.replace('Run: ', '')])
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect(users(await loadDefaultAuthFile(directory))).toEqual(['new'])
  })

  test.runIf(onUnix)("a link is followed: its target's permissions count", async () => {
    const directory = await temporaryDirectory()
    const target = await put(join(directory, 'target'), entryText('alice', 'x'))
    const link = join(directory, 'link')
    await symlink(target, link)
    expect(users(await loadAuthFile(link))).toEqual(['alice'])
    await put(target, entryText('alice', 'x'), 0o644)
    expect((await configError(() => loadAuthFile(link))).message).toContain(`${link} has unsafe permissions`)
  })
})

describe('the authfile option', () => {
  test('is that file and no other', async () => {
    const path = await put(join(await temporaryDirectory(), 'mine.toml'), entryText('alice', CANARY))
    const found = await loadAuthFile(path)
    expect(found.from).toBe(path)
    expect(passwordIn(found)).toBe(CANARY)
    expectNoSecret(CANARY, found)
  })

  test('does not exist', async () => {
    const path = join(await temporaryDirectory(), 'none.toml')
    const { message } = await configError(() => loadAuthFile(path))
    expect(message).toContain(`authfile: there is no file ${path}`)
  })

  test('has no auth section', async () => {
    const path = await put(join(await temporaryDirectory(), 'a.toml'), '[config]\n')
    expect((await configError(() => loadAuthFile(path))).message).toContain(`${path}: configuration file has no auth section`)
  })

  test('is a directory', async () => {
    const directory = await temporaryDirectory()
    await mkdir(join(directory, 'd'), { mode: 0o700 })
    expect((await configError(() => loadAuthFile(join(directory, 'd')))).message).toContain('is not a regular file')
  })

  test.runIf(onUnix)('is a named pipe that nobody writes: it is not waited for', async () => {
    const pipe = join(await temporaryDirectory(), 'pipe')
    execFileSync('mkfifo', ['-m', '600', pipe])
    expect((await configError(() => loadAuthFile(pipe))).message).toContain(`${pipe} is not a regular file`)
  })

  test('is not UTF-8', async () => {
    const path = await put(join(await temporaryDirectory(), 'a.toml'), Buffer.from([0xff, 0xfe, 0x61, 0]))
    expect((await configError(() => loadAuthFile(path))).message).toContain(`${path} is not UTF-8 text`)
  })

  test.runIf(onUnix)('is a loop of links', async () => {
    const directory = await temporaryDirectory()
    await symlink('a', join(directory, 'b'))
    await symlink('b', join(directory, 'a'))
    expect((await configError(() => loadAuthFile(join(directory, 'a')))).message).toContain('cannot be read: ELOOP')
  })

  test('is read anew each time', async () => {
    const directory = await temporaryDirectory()
    const path = await put(join(directory, 'a.toml'), entryText('alice', 'first'))
    expect(passwordIn(await loadAuthFile(path))).toBe('first')
    await rename(await put(join(directory, 'b.toml'), entryText('alice', 'second')), path)
    expect(passwordIn(await loadAuthFile(path))).toBe('second')
  })
})
