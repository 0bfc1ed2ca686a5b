import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { hopDirectory, loadAuthFile, loadDefaultAuthFile } from './authFile.ts'
import type { Mechanism, SaslProtocol } from './entry.ts'
import { netrcPath } from './netrcFile.ts'

/** Whose a credential is, and for what. No secret is in it. */
export interface CredentialInfo {
  readonly username: string
  /** `host` (port 9092) or `host:port`; empty: any server. */
  readonly hostname: string
  readonly mechanism: Mechanism
  readonly protocol: SaslProtocol
}

/**
 * The credentials in an auth.toml, in its order.
 *
 * @param path @default hop's auth.toml, or the `auth` key of the config.toml beside it; without either the list is empty
 * @throws ConfigError when the file is unsafe, wrong, or (a given path) not there
 */
export async function listCredentials(path?: string): Promise<readonly CredentialInfo[]> {
  const found = path === undefined ? await loadDefaultAuthFile() : await loadAuthFile(path)
  const entries = found?.entries ?? []
  return entries.map(({ username, hostname, mechanism, protocol = 'SASL_SSL' }) => ({ username, hostname, mechanism, protocol }))
}

/** A file in which credentials are looked for. */
export interface AuthLocation {
  readonly kind: 'auth.toml' | 'config.toml' | 'netrc'
  readonly path: string
  readonly exists: boolean
}

/**
 * Where credentials are looked for when neither options nor `authfile` give them, in this order. Of auth.toml and config.toml (its `auth` key)
 * the first that is there counts; a netrc only where there is neither.
 */
export async function locateAuth(): Promise<readonly AuthLocation[]> {
  const directory = hopDirectory()
  const netrc = netrcPath()
  const places: readonly Omit<AuthLocation, 'exists'>[] = [
    { kind: 'auth.toml', path: join(directory, 'auth.toml') },
    { kind: 'config.toml', path: join(directory, 'config.toml') },
    ...(netrc === undefined ? [] : [{ kind: 'netrc', path: netrc } as const]),
  ]
  return Promise.all(places.map(async place => ({ ...place, exists: await exists(place.path) })))
}

/** As far as can be seen: a directory that cannot be looked into hides it. */
const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  )
