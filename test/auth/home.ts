import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished, vi } from 'vitest'

/** A temporary directory that goes when the test ends. */
export async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'igwn-alert-rx-auth-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  return directory
}

/** Writes a file, in directories made for it. @param mode as it is, whatever the umask */
export async function put(path: string, text: string | Uint8Array, mode = 0o600): Promise<string> {
  await mkdir(dirname(path), { recursive: true })
  await rm(path, { force: true })
  await writeFile(path, text, { mode: 0o600 })
  await chmod(path, mode)
  return path
}

/** $XDG_CONFIG_HOME in a temporary directory, and no netrc; the path of its auth.toml. */
export async function hopHome(text?: string): Promise<string> {
  const home = await temporaryDirectory()
  vi.stubEnv('XDG_CONFIG_HOME', home)
  vi.stubEnv('NETRC', '')
  onTestFinished(() => void vi.unstubAllEnvs())
  const path = join(home, 'hop', 'auth.toml')
  return text === undefined ? path : put(path, text)
}

/** A text as TOML writes it. */
export const toml = (text: string): string => JSON.stringify(text)

export const entryText = (username: string, password: string, more = ''): string =>
  `[[auth]]\nusername = ${toml(username)}\npassword = ${toml(password)}\n${more}\n`
