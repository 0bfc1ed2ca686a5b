import { homedir } from 'node:os'
import { join } from 'node:path'
import { ConfigError } from '../errors.ts'
import { parseAuthToml } from './authToml.ts'
import type { AuthEntry } from './entry.ts'
import { quoteForShell, readTextFile, type TextFile } from './textFile.ts'

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
  const file = await readTextFile(path)
  if (file === undefined) throw new ConfigError(`authfile: there is no file ${path}`, { mend: 'Correct the path, or leave authfile out' })
  return { from: path, entries: privateEntries(path, file) }
}

/** `auth.toml`, else the `auth` key of the `config.toml` beside it (old style). Undefined: neither is there. */
export async function loadDefaultAuthFile(directory: string = hopDirectory()): Promise<Found | undefined> {
  const path = join(directory, 'auth.toml')
  const file = await readTextFile(path)
  if (file !== undefined) return { from: path, entries: privateEntries(path, file) }
  const oldPath = join(directory, 'config.toml')
  const old = await readTextFile(oldPath)
  const entries = old && parseAuthToml(old.text, oldPath)
  if (old === undefined || entries === undefined) return undefined
  // Only now: without credentials in it, it may be as readable as it likes.
  checkPermissions(oldPath, old.mode)
  return { from: oldPath, entries }
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
