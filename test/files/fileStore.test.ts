import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ConfigError } from '../../src/errors.ts'
import { fileStore } from '../../src/files/fileStore.ts'
import { cursorAt, offsetIn } from './cursors.ts'
import { Saver } from './Saver.ts'

let folder: string
let path: string
const savers: Saver[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'igwn-alert-rx-files-'))
  path = join(folder, 'superevent.checkpoint')
})
afterEach(async () => {
  await Promise.all(savers.splice(0).map(saver => saver.kill()))
  await rm(folder, { recursive: true })
})

const saving = (): Saver => {
  const saver = new Saver(path)
  savers.push(saver)
  return saver
}
const inFile = async (): Promise<number> => offsetIn((await readFile(path, 'utf8')).trim())
const files = async (): Promise<string[]> => (await readdir(folder)).sort()
const lockedBy = (owner: object): Promise<void> => writeFile(`${path}.lock`, JSON.stringify(owner))
const shared = (how: string) => ({ code: 'ALERT_SHARED', fatal: true, message: expect.stringContaining(how) })

describe('fileStore', () => {
  it('holds nothing before the first save, and makes no file', async () => {
    const store = fileStore(path)
    expect(await store.load()).toBeUndefined()
    expect(await files()).toEqual(['superevent.checkpoint.lock'])
    await store.release()
    expect(await files()).toEqual([])
  })

  it('gives what was saved last to whoever comes next, and leaves one file', async () => {
    const store = fileStore(path)
    await store.save(cursorAt(1))
    await store.save(cursorAt(2))
    await store.release()
    expect(await fileStore(path).load()).toBe(cursorAt(2))
    expect(await files()).toEqual(['superevent.checkpoint', 'superevent.checkpoint.lock'])
  })

  it('saves in the order of the calls: the last one stays', async () => {
    const store = fileStore(path)
    const seen: number[] = []
    const saves = Array.from({ length: 50 }, (_, i) => store.save(cursorAt(i)).then(async () => seen.push(await inFile())))
    await Promise.all(saves)
    expect(await inFile()).toBe(49)
    expect(seen).toEqual([...seen].sort((a, b) => a - b))
  })

  it('stays at its place when the working directory changes', async () => {
    const before = process.cwd()
    const store = fileStore('nowhere/relative.checkpoint')
    await expect(store.load()).rejects.toThrow(join(before, 'nowhere'))
  })

  it.each([
    ['an empty file', '', 'is empty. Put a copy'],
    ['something else', 'hello\n', `holds 6 characters that are no position: "hello\\n". Put a copy`],
    ['zeros, as a crash may leave them', '\0'.repeat(300), 'holds 300 characters that are no position'],
    ['a part of a position', cursorAt(7).slice(0, 200), 'holds 200 characters that are no position'],
  ])('refuses %s, and leaves it as it is', async (_, text, message) => {
    await writeFile(path, text)
    const store = fileStore(path)
    await expect(store.load()).rejects.toThrow(ConfigError)
    await expect(store.load()).rejects.toThrow(message)
    expect(await readFile(path, 'utf8')).toBe(text)
    expect(await files()).toEqual(['superevent.checkpoint'])
  })

  it('says what to do about a folder that is missing, and about what is no file', async () => {
    const absent = fileStore(join(folder, 'absent', 'x'))
    await expect(absent.load()).rejects.toThrow(`Make the folder ${join(folder, 'absent')} first`)
    await expect(absent.save(cursorAt(1))).rejects.toMatchObject({ code: 'ALERT_CONFIG', fatal: true })
    await mkdir(path)
    await expect(fileStore(path).load()).rejects.toThrow(/cannot be used: EISDIR.*Give the path of a file/)
    expect(() => fileStore('')).toThrow(ConfigError)
  })

  it('saves again after a save that failed', async () => {
    const store = fileStore(path)
    await store.load()
    await mkdir(path)
    await expect(store.save(cursorAt(1))).rejects.toThrow(`The checkpoint file ${path} cannot be used: E`)
    expect(await files()).toEqual(['superevent.checkpoint', 'superevent.checkpoint.lock'])
    await rm(path, { recursive: true })
    await store.save(cursorAt(2))
    expect(await inFile()).toBe(2)
  })
})

describe('one live subscription each', () => {
  it('refuses a second one of this process, until the first is released', async () => {
    const [first, second] = [fileStore(path), fileStore(path)]
    await first.load()
    await expect(second.load()).rejects.toMatchObject(shared(`${path} is in use by this process`))
    await expect(second.save(cursorAt(1))).rejects.toMatchObject(shared('is in use'))
    await second.release()
    await first.save(cursorAt(2))
    await first.release()
    expect(await second.load()).toBe(cursorAt(2))
  })

  it('refuses another process that lives, and succeeds one that was killed', async () => {
    const saver = saving()
    await saver.until(1)
    await expect(fileStore(path).load()).rejects.toMatchObject(shared(`is in use by process ${saver.pid} on ${hostname()}`))
    await saver.kill()
    const store = fileStore(path)
    expect(offsetIn((await store.load())!)).toBeGreaterThanOrEqual(saver.saved)
    expect(await files()).toEqual(['superevent.checkpoint', 'superevent.checkpoint.lock'])
  })

  it.each([
    ['of a process that is gone', { id: 'x', pid: 2 ** 22 + 1, host: hostname() }],
    ['of an earlier process with the same number', { id: 'x', pid: process.pid, host: hostname(), started: 'earlier' }],
    ['of another machine', { id: 'x', pid: process.pid, host: 'other.invalid' }],
    ['that says nothing', {}],
  ])('takes over a lock %s, and clears up behind it', async (_, owner) => {
    await writeFile(`${path}.lock.by-x`, 'half a posi')
    await lockedBy(owner)
    const store = fileStore(path)
    expect(await store.load()).toBeUndefined()
    await store.save(cursorAt(1))
    await store.release()
    expect(await files()).toEqual(['superevent.checkpoint'])
  })

  it('refuses the savings of one that was taken over from, and leaves the lock to the other', async () => {
    const store = fileStore(path)
    await store.save(cursorAt(5))
    await lockedBy({ id: 'y', pid: 7, host: 'other.invalid' })
    await expect(store.save(cursorAt(6))).rejects.toMatchObject(shared('was taken over by process 7 on other.invalid'))
    await store.release()
    expect(await inFile()).toBe(5)
    expect(await files()).toContain('superevent.checkpoint.lock')
  })

  it('takes the lock again if somebody removed it', async () => {
    const store = fileStore(path)
    await store.load()
    await rm(`${path}.lock`)
    await store.save(cursorAt(1))
    await expect(fileStore(path).load()).rejects.toMatchObject(shared('this process'))
  })
})

describe('kill -9 while it saves', () => {
  it('leaves a whole position, at least the last that was said to be saved: 20 times', async () => {
    let last = 0
    for (let n = 0; n < 20; n++) {
      const saver = saving()
      await saver.until(last + 1 + n)
      await saver.kill()
      const offset = await inFile()
      expect(offset).toBeGreaterThanOrEqual(saver.saved)
      expect(offset).toBeLessThanOrEqual(saver.saved + 1)
      last = offset
    }
    expect(last).toBeGreaterThan(200)
    await fileStore(path).load()
    expect(await files()).toEqual(['superevent.checkpoint', 'superevent.checkpoint.lock'])
  }, 120_000)
})
