import { createHash, randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readlink, realpath, rm, symlink } from 'node:fs/promises'
import { homedir } from 'node:os'
import { basename, join } from 'node:path'
import { isAlive } from './run.ts'

/** Where downloads live, shared by all runs and checkouts: `IGWN_ALERT_RX_CACHE`, else `igwn-alert-rx` in `XDG_CACHE_HOME` or `~/.cache`. */
export function cacheDirectory(env: NodeJS.ProcessEnv = process.env): string {
  return env['IGWN_ALERT_RX_CACHE'] || join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'igwn-alert-rx')
}

/** What an entry is made from: other pins, another entry. */
export interface CacheKey {
  readonly name: string
  readonly pins: readonly string[]
}

export interface CacheEntry {
  readonly path: string
  /** False: it was there before. */
  readonly built: boolean
}

/** The entry if it is complete, without building it. */
export async function lookUp(key: CacheKey, root: string = cacheDirectory()): Promise<string | undefined> {
  const link = linkOf(key, root)
  return existsSync(link) ? realpath(link) : undefined
}

/**
 * The entry, built by `build(directory)` if it is not there.
 *
 * Each builder works in a directory of its own, which never moves (a Python environment knows its own path), and a complete one is
 * published by creating a link, which either happens wholly or fails because another process was first: no lock, no half entry.
 */
export async function cached(
  key: CacheKey,
  build: (directory: string) => Promise<void>,
  root: string = cacheDirectory(),
): Promise<CacheEntry> {
  const link = linkOf(key, root)
  if (existsSync(link)) return { path: await realpath(link), built: false }
  await mkdir(root, { recursive: true })
  await removeLeftovers(link, root)
  const directory = `${link}.${process.pid}-${randomBytes(4).toString('hex')}`
  await mkdir(directory)
  try {
    await build(directory)
    await symlink(basename(directory), link)
    return { path: await realpath(link), built: true }
  } catch (error) {
    await rm(directory, { recursive: true, force: true })
    if (isCode(error, 'EEXIST') && existsSync(link)) return { path: await realpath(link), built: false }
    throw error
  }
}

function linkOf(key: CacheKey, root: string): string {
  const hash = createHash('sha256').update(JSON.stringify(key.pins)).digest('hex').slice(0, 12)
  return join(root, `${key.name}-${hash}`)
}

/** Directories of builders that were killed, and a link to a directory that somebody removed. */
async function removeLeftovers(link: string, root: string): Promise<void> {
  const target = await readlink(link).catch(() => undefined)
  if (target !== undefined && !existsSync(link)) await rm(link, { force: true })
  for (const name of await readdir(root)) {
    const builder = new RegExp(`^${basename(link)}\\.(\\d+)-[0-9a-f]+$`).exec(name)
    if (builder && !isAlive(Number(builder[1]))) await rm(join(root, name), { recursive: true, force: true })
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
