import type fs from 'node:fs/promises'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { fileStore } from '../../src/files/fileStore.ts'

const refusing = vi.hoisted(() => ({ link: '', proc: '' }))

vi.mock('node:fs/promises', async importOriginal => {
  const actual = await importOriginal<typeof fs>()
  const refused = (code: string): Promise<never> => Promise.reject(Object.assign(new Error(`${code}: refused`), { code }))
  const link: typeof actual.link = (...args) => (refusing.link ? refused(refusing.link) : actual.link(...args))
  const readFile = (path: string, encoding: BufferEncoding): Promise<string> =>
    refusing.proc && path.startsWith('/proc/') ? refused(refusing.proc) : actual.readFile(path, encoding)
  return { ...actual, link, readFile }
})

let folder: string
let path: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'igwn-alert-rx-systems-'))
  path = join(folder, 'checkpoint')
})
afterEach(async () => {
  Object.assign(refusing, { link: '', proc: '' })
  await rm(folder, { recursive: true })
})

it.each(['EPERM', 'ENOTSUP', 'ENOSYS'])('a file system without hard links (%s) is refused, and nothing stays', async code => {
  refusing.link = code
  await expect(fileStore(path).load()).rejects.toMatchObject({ code: 'ALERT_CONFIG', message: expect.stringContaining('hard links') })
  expect(await readdir(folder)).toEqual([])
})

it('where nobody says when a process started, the error says that its number may be another program now', async () => {
  refusing.proc = 'ENOENT'
  await writeFile(`${path}.lock`, JSON.stringify({ id: 'x', pid: process.ppid, host: hostname() }))
  await expect(fileStore(path).load()).rejects.toMatchObject({
    code: 'ALERT_SHARED',
    message: expect.stringMatching(/in use by process \d+ .*its number is another program now .*, delete .*checkpoint\.lock/),
  })
  await rm(`${path}.lock`)
  const store = fileStore(path)
  await store.load()
  await expect(fileStore(path).load()).rejects.toMatchObject({ code: 'ALERT_SHARED' })
})

it('does not take a process for dead that it cannot look up', async () => {
  const store = fileStore(path)
  await store.load()
  refusing.proc = 'EMFILE'
  await expect(fileStore(path).load()).rejects.toMatchObject({ code: 'ALERT_CONFIG', message: expect.stringContaining('EMFILE') })
  refusing.proc = ''
  await expect(fileStore(path).load()).rejects.toMatchObject({ code: 'ALERT_SHARED' })
})
