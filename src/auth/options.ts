import { ConfigError } from '../errors.ts'
import { type Auth, requireText } from './entry.ts'
import type { ServerUrl } from './serverUrl.ts'
import { checkTls, type TlsOptions } from './tls.ts'

/** Called at each connection, so that a rotated secret is taken up. */
export type AuthProvider = () => Auth | readonly Auth[] | Promise<Auth | readonly Auth[]>

/** Who we are to the server. At most one of `auth`, `noauth`, `username` with `password`, `authfile`, `netrc`; none: hop's auth.toml, else the netrc. */
export interface AuthOptions {
  /** Together with `password`. To select one of several credentials, name its user in the server: `kafka://USER@HOST/`. */
  readonly username?: string | undefined
  readonly password?: string | undefined
  /** A credential, a list of which the one that fits the server is taken, or a function that gives either. */
  readonly auth?: Auth | readonly Auth[] | AuthProvider | undefined
  /** Path of an auth.toml, read at each connection. @default $XDG_CONFIG_HOME/hop/auth.toml, ~/.config/hop/auth.toml */
  readonly authfile?: string | undefined
  /**
   * Path of a netrc, read at each connection. Its machine is the server as it is given, `kafka://HOST/`; `HOST:PORT` and, for port 9092, `HOST`
   * will do. @default $NETRC, ~/.netrc: if there is no auth.toml
   */
  readonly netrc?: string | undefined
  /** Connect without authentication, and without TLS unless `tls` is given. @default false */
  readonly noauth?: boolean | undefined
  /** True or details: TLS. False: none. It must agree with a credential that names its protocol. @default as the credential says: TLS */
  readonly tls?: boolean | TlsOptions | undefined
}

/** @throws ConfigError for options that contradict each other or have no meaning */
export function checkAuthOptions(options: AuthOptions, server: ServerUrl): void {
  const { username, password, auth, authfile, netrc, noauth } = options
  if (noauth !== undefined && typeof noauth !== 'boolean') throw new ConfigError(`noauth must be true or false, got ${typeof noauth}`)
  const given = Object.entries({ noauth: noauth || undefined, auth, username, password, authfile, netrc }).filter(
    ([, value]) => value !== undefined,
  )
  const names = given.map(([name]) => name)
  if (names.length > 1 && names.join() !== 'username,password') {
    throw new ConfigError(`${names.join(' and ')} contradict each other`, {
      mend: 'Choose one of noauth, auth, authfile, netrc, and username with password',
    })
  }
  if ((username === undefined) !== (password === undefined)) {
    throw new ConfigError('You must provide both a username and a password for basic authentication', {
      mend: `${username === undefined ? 'username' : 'password'} is missing; to select one credential of auth.toml, write server: 'kafka://USER@HOST/'`,
    })
  }
  if (username !== undefined) requireText(username, 'username')
  if (password !== undefined) requireText(password, 'password')
  if (authfile !== undefined) requireText(authfile, 'authfile')
  if (netrc !== undefined) requireText(netrc, 'netrc')
  checkServerUser(options, server)
  checkTls(options.tls)
}

function checkServerUser({ username, noauth }: AuthOptions, server: ServerUrl): void {
  if (server.username === undefined) return
  if (noauth) throw new ConfigError(`noauth and the user '${server.username}' in server contradict each other`, { mend: 'Leave one out' })
  if (username !== undefined && username !== server.username) {
    throw new ConfigError(`username is '${username}', the user in server is '${server.username}'`, { mend: 'Give one of them' })
  }
}
