import { createHash, timingSafeEqual } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { quoteForShell, readTextFile } from '../../auth/textFile.ts'
import { ConfigError } from '../../errors.ts'
import type { AuthorizeRequest } from './options.ts'

/** Others must not read it. */
const OTHERS = 0o077

/**
 * An `authorize` that takes the tokens of a file, one a line; `#` begins a comment. The file is read again when it changes: a token that is
 * taken out counts no longer, for streams that are open after `reauthorize`.
 *
 * @throws ConfigError when the file cannot be read, holds no token, or others may read it
 */
export async function tokenFile(path: string): Promise<(request: AuthorizeRequest) => Promise<boolean>> {
  let known = await load(path)
  return async ({ token }) => {
    if (token === undefined) return false
    const version = await versionOf(path)
    if (version !== known.version) known = await load(path)
    const digest = digestOf(token)
    // Each is compared, in the same time.
    return known.digests.reduce((found, one) => timingSafeEqual(one, digest) || found, false)
  }
}

async function load(path: string): Promise<{ readonly version: string; readonly digests: readonly Buffer[] }> {
  const version = await versionOf(path)
  const file = await readTextFile(path)
  if (!file) throw new ConfigError(`there is no token file ${path}`)
  if (process.platform !== 'win32' && (file.mode & OTHERS) !== 0) {
    throw new ConfigError(`${path} can be read by others`, { mend: `chmod 0600 ${quoteForShell(path)}` })
  }
  const tokens = file.text
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '' && !line.startsWith('#'))
  if (tokens.length === 0) throw new ConfigError(`${path} holds no token`, { mend: 'Write one a line; openssl rand -hex 24 makes one' })
  return { version, digests: tokens.map(digestOf) }
}

const digestOf = (token: string): Buffer => createHash('sha256').update(token).digest()

async function versionOf(path: string): Promise<string> {
  try {
    const { mtimeMs, size, ino } = await stat(path)
    return `${mtimeMs} ${size} ${ino}`
  } catch {
    return 'gone'
  }
}
