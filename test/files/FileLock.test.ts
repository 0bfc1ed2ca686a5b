import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { AlertError } from '../../src/errors.ts'
import { FileLock } from '../../src/files/FileLock.ts'
import { buildDying, Contender, diesAtStep } from './Contender.ts'

let folder: string
const contenders: Contender[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'igwn-alert-rx-lock-'))
})
afterEach(async () => {
  await Promise.all(contenders.splice(0).map(contender => contender.kill()))
  await rm(folder, { recursive: true })
})

const dead = (id: string): string => JSON.stringify({ id, pid: 2 ** 22 + 1, host: hostname() })
const afar = JSON.stringify({ id: 'x', pid: process.pid, host: 'other.invalid' })
/** What those who want it find: the text of each file, by what its name ends in. */
type Finding = readonly [what: string, files: Readonly<Record<string, string>>]
const NOTHING: Finding = ['nothing', {}]
const SUCCEEDED: Finding = ['a lock whose successor was killed as well', { '': dead('x'), '.after-x.1': dead('y') }]
const FOUND: readonly Finding[] = [
  NOTHING,
  ['the lock of a process that is gone', { '': dead('x') }],
  ['the lock of another machine', { '': afar }],
  ['an empty lock', { '': '' }],
  SUCCEEDED,
  ['an empty lock whose successors left empty files', { '': '', '.after-unknown.1': '', '.after-unknown.2': '' }],
]

const lay = async (path: string, files: Readonly<Record<string, string>>): Promise<void> => {
  for (const [end, text] of Object.entries(files)) await writeFile(`${path}${end}`, text)
}
/** How many get it; the others have to be refused. */
async function winnersOf(path: string, count: number): Promise<number> {
  const held = await Promise.allSettled(Array.from({ length: count }, () => new FileLock(path, 'It').hold()))
  for (const one of held) if (one.status === 'rejected' && !isShared(one.reason)) throw one.reason
  return held.filter(({ status }) => status === 'fulfilled').length
}
const isShared = (reason: unknown): boolean => reason instanceof AlertError && reason.code === 'ALERT_SHARED'

describe('of many who want it at once, exactly one gets it', () => {
  it.each(FOUND)('in one process, where they find %s', async (_, files) => {
    for (let round = 0; round < 20; round++) {
      const path = join(folder, `${round}`)
      await lay(path, files)
      expect(await winnersOf(path, 8)).toBe(1)
      expect((await readdir(folder)).filter(name => name.startsWith(`${round}.`))).toEqual([])
    }
  })

  it('in several processes, whatever they find', async () => {
    contenders.push(...Array.from({ length: 4 }, () => new Contender()))
    await Promise.all(contenders.map(contender => contender.isReady()))
    for (let round = 0; round < 90; round++) {
      const [what, files] = FOUND[round % FOUND.length]!
      const path = join(folder, `${round}`)
      await lay(path, files)
      const won = await Promise.all(contenders.map(contender => contender.contend(path)))
      expect([what, won.reduce((sum, n) => sum + n)]).toEqual([what, 1])
    }
    // Only the locks are left.
    expect((await readdir(folder)).filter(name => name.includes('.'))).toEqual([])
  }, 60_000)
})

it('is never seen half written', async () => {
  const path = join(folder, 'lock')
  const lock = new FileLock(path, 'It')
  const texts = new Set<string>()
  let isOver = false
  const look = async (): Promise<void> => {
    while (!isOver)
      await readFile(path, 'utf8').then(
        text => texts.add(text),
        () => {},
      )
  }
  const holdAndRelease = async (): Promise<void> => {
    for (let i = 0; i < 100; i++) {
      await lock.hold()
      await lock.release()
    }
    isOver = true
  }
  await Promise.all([look(), look(), holdAndRelease()])
  expect(texts.size).toBeGreaterThan(20)
  for (const text of texts) expect(JSON.parse(text)).toMatchObject({ pid: process.pid })
})

describe('kill -9 of one that takes it', () => {
  let programs: string
  let dying: string

  beforeAll(async () => {
    programs = await mkdtemp(join(tmpdir(), 'igwn-alert-rx-programs-'))
    dying = await buildDying(programs)
  })
  afterAll(() => rm(programs, { recursive: true }))

  it.each([NOTHING, SUCCEEDED])(
    'at any step leaves what the next ones recover from; it found %s',
    async (_, files) => {
      let isKilled = true
      let step = 0
      while (isKilled) {
        const path = join(folder, `${++step}`)
        await lay(path, files)
        isKilled = await diesAtStep(dying, path, step)
        expect(await winnersOf(path, 4)).toBe(1)
        expect((await readdir(folder)).filter(name => name.startsWith(`${step}.`))).toEqual([])
      }
      expect(step).toBeGreaterThan(7)
    },
    60_000,
  )

  it('again and again on the same lock', async () => {
    const path = join(folder, 'lock')
    await lay(path, { '': dead('x') })
    for (const step of [9, 8, 8, 7]) expect(await diesAtStep(dying, path, step)).toBe(true)
    expect(await winnersOf(path, 4)).toBe(1)
    expect(await readdir(folder)).toEqual(['lock'])
  }, 60_000)
})
