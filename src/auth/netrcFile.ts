import { homedir } from 'node:os'
import { join } from 'node:path'
import { ConfigError } from '../errors.ts'
import type { Found } from './authFile.ts'
import { type AuthEntry, requireText } from './entry.ts'
import { DEFAULT_MACHINE, type NetrcEntry, parseNetrc } from './netrc.ts'
import { hidePassword } from './proof.ts'
import { DEFAULT_PORT, type ServerUrl } from './serverUrl.ts'
import { quoteForShell, readTextFile, type TextFile } from './textFile.ts'

/** `$NETRC` if that variable exists, else `~/.netrc`. Undefined: it exists and is empty, so there is no such file. */
export function netrcPath(env: NodeJS.ProcessEnv = process.env, home: string = homedir()): string | undefined {
  return (env['NETRC'] ?? join(home, '.netrc')) || undefined
}

/**
 * The one credential that a netrc has for a server. Its machine is, as for igwn-alert, the whole text of the server
 * (`machine kafka://kafka.scimma.org/`), without its user if there is one; else `host:port`, or for port 9092 the host; else `default`.
 *
 * @returns undefined: there is no netrc, or nothing for that server in it
 * @throws ConfigError for a file that others may read, that belongs to somebody else, or that cannot be read
 */
export async function loadNetrc(server: ServerUrl, path: string | undefined = netrcPath()): Promise<Found | undefined> {
  const file = path === undefined ? undefined : await readTextFile(path)
  return path === undefined || file === undefined ? undefined : foundIn(file, path, server)
}

/** The `netrc` option: that file and no other. */
export async function loadGivenNetrc(server: ServerUrl, path: string): Promise<Found> {
  const file = await readTextFile(path)
  if (file === undefined) throw new ConfigError(`netrc: there is no file ${path}`, { mend: 'Correct the path, or leave netrc out' })
  const found = foundIn(file, path, server)
  if (found) return found
  const [name = server.text] = namesOf(server)
  throw new ConfigError(`${path} has nothing for ${server.address}`, { mend: `Add the line: machine ${name} login USER password PASSWORD` })
}

function foundIn(file: TextFile, path: string, server: ServerUrl): Found | undefined {
  checkPrivate(path, file)
  const machines = parseNetrc(file.text, path)
  const name = namesOf(server).find(each => machines.has(each))
  const entry = name === undefined ? undefined : machines.get(name)
  if (name === undefined || entry === undefined) return undefined
  const from = `${path} (${name === DEFAULT_MACHINE ? 'default' : `machine ${name}`})`
  return { from, entries: [authEntry(entry, from)] }
}

/** In the order in which they are looked for. */
function namesOf({ text, address, port }: ServerUrl): readonly string[] {
  const withoutUser = text.replace(/^([a-z]+:\/\/)[^/?#]*@/i, '$1')
  const bare = port === DEFAULT_PORT ? [address.slice(0, -`:${port}`.length)] : []
  return [withoutUser, text, address, ...bare, DEFAULT_MACHINE]
}

function authEntry({ login, password }: NetrcEntry, from: string): AuthEntry {
  requireText(login, `${from}: login`)
  requireText(password, `${from}: password`)
  const mechanism = 'SCRAM-SHA-512'
  const proof = hidePassword(mechanism, login, password)
  return { username: login, hostname: '', protocol: undefined, caFile: undefined, mechanism, proof }
}

const OTHERS = 0o077

/** As igwn-alert's (safe_netrc): ours, and for nobody else. Windows has no such bits. */
export function checkPrivate(
  path: string,
  { mode, uid }: Pick<TextFile, 'mode' | 'uid'>,
  platform: NodeJS.Platform = process.platform,
): void {
  if (platform === 'win32') return
  const own = process.getuid?.()
  if (own !== undefined && uid !== own) {
    throw new ConfigError(`${path} belongs to another user: its owner has the number ${uid}, this process runs as ${own}`)
  }
  if ((mode & OTHERS) === 0) return
  throw new ConfigError(`${path} access too permissive: access permissions must restrict access to only the owner`, {
    mend: `Run: chmod 0600 ${quoteForShell(path)}`,
  })
}
