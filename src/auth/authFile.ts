import { constants, open } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { ConfigError } from '../errors.ts'
import { parseAuthToml } from './authToml.ts'
import type { AuthEntry } from './entry.ts'

/** Credentials, and where they stand, for errors. */
export interface Found {
  readonly from: string
  readonly entries: readonly AuthEntry[]
}

/** hop's: `$XDG_CONFIG_HOME/hop` if that variable exists, be it empty or relative (to the working directory), else `~/.config/hop`. */
export function hopDirectory(env: NodeJS.ProcessEnv = process.env, home: string = homedir()): string {
  return join(env['XDG_CONFIG_HOME'] ?? join(home, '.config'), 'hop')
}

/** The `authfile` option: that file and no other. */
export async function loadAuthFile(path: string): Promise<Found> {
  const file = await read(path)
  if (file === undefined) throw new ConfigError(`authfile: there is no file ${path}`, { mend: 'Correct the path, or leave authfile out' })
  return { from: path, entries: privateEntries(path, file) }
}

/** `auth.toml`, else the `auth` key of the `config.toml` beside it (old style). Undefined: neither is there. */
export async function loadDefaultAuthFile(directory: string = hopDirectory()): Promise<Found | undefined> {
  const path = join(directory, 'auth.toml')
  const file = await read(path)
  if (file !== undefined) return { from: path, entries: privateEntries(path, file) }
  const oldPath = join(directory, 'config.toml')
  const old = await read(oldPath)
  const entries = old && parseAuthToml(old.text, oldPath)
  if (old === undefined || entries === undefined) return undefined
  // Only now: without credentials in it, it may be as readable as it likes.
  checkPermissions(oldPath, old.mode)
  return { from: oldPath, entries }
}

interface TextFile {
  readonly text: string
  readonly mode: number
}

function privateEntries(path: string, { text, mode }: TextFile): readonly AuthEntry[] {
  checkPermissions(path, mode)
  const entries = parseAuthToml(text, path)
  if (entries !== undefined) return entries
  throw new ConfigError(`${path}: configuration file has no auth section`, { mend: 'Add [[auth]] with username and password' })
}

const UNSAFE = 0o7077

/**
 * hop's rule: nothing for the group and others, no set-uid, set-gid or sticky bit. The owner is not looked at, as in hop: a file that
 * only its owner may read and that we can read is ours, or we are root (a secret mounted into a container). Windows has no such bits.
 */
export function checkPermissions(path: string, mode: number, platform: NodeJS.Platform = process.platform): void {
  if (platform === 'win32' || (mode & UNSAFE) === 0) return
  throw new ConfigError(`${path} has unsafe permissions: ${mode.toString(8)}\nPlease correct it to 0600`, {
    mend: `Run: chmod 0600 ${quoteForShell(path)}`,
  })
}

const quoteForShell = (path: string): string => (/^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`)

/** Text and mode are those of one open file, whatever is renamed meanwhile; links are followed. Undefined: it does not exist. */
async function read(path: string): Promise<TextFile | undefined> {
  try {
    // Without O_NONBLOCK the opening of a named pipe waits for its writer.
    const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
    try {
      const stat = await file.stat()
      if (!stat.isFile()) throw new ConfigError(`${path} is not a regular file`)
      return { text: decode(await file.readFile(), path), mode: stat.mode }
    } finally {
      await file.close()
    }
  } catch (error) {
    if (error instanceof ConfigError) throw error
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw new ConfigError(`${path} cannot be read: ${code}`, { cause: error })
  }
}

function decode(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new ConfigError(`${path} is not UTF-8 text`)
  }
}
