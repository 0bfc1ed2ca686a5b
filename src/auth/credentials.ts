import { type Clock, systemClock } from '../clock.ts'
import { AlertError, ConfigError } from '../errors.ts'
import type { Credential, Credentials } from '../transports/transport.ts'
import { type Found, hopDirectory, loadAuthFile, loadDefaultAuthFile } from './authFile.ts'
import { type Choice, Choices } from './Choices.ts'
import { type Auth, type AuthEntry, entryOf, type SaslProtocol, usableProof } from './entry.ts'
import { loadGivenNetrc, loadNetrc, netrcPath } from './netrcFile.ts'
import { type AuthOptions, type AuthProvider, checkAuthOptions } from './options.ts'
import { isTokenOrigin, type Proof } from './proof.ts'
import { selectAuth } from './select.ts'
import type { ServerUrl } from './serverUrl.ts'
import { Tokens } from './Tokens.ts'
import { createTls, type TlsSettings } from './tls.ts'

/** How a client connects. No field shows a secret, not even to util.inspect. */
export interface Security {
  readonly protocol: SaslProtocol | 'SSL' | 'PLAINTEXT'
  /** Undefined: without authentication. Else called at each connection; reads the file, or calls the function, again. */
  readonly credentials: Credentials | undefined
  /** Undefined: no TLS. */
  readonly tls: TlsSettings | undefined
  /** The user of the last connection, a record's `_sender`. */
  readonly username: string | undefined
  /** Where the credential was found, in words: a file's path, `the options`. Undefined: without authentication. */
  readonly from: string | undefined
}

export interface SecurityOptions {
  /** Hears of files and functions that are in trouble while a good credential is at hand, once for each trouble. */
  readonly onTrouble?: ((error: AlertError) => void) | undefined
  readonly clock?: Clock | undefined
  /** Aborts a request for a token that is under way. */
  readonly signal?: AbortSignal | undefined
}

/**
 * How to connect to the server, by the first of these that is given: `auth`, `noauth`, `username` with `password`, `authfile`, hop's
 * auth.toml, and if that is missing the netrc. Nothing found is an error: an unauthenticated session is never fallen back to.
 *
 * Checks what can be checked at once; the function that it returns reads files. A client that was once connected survives a file that is
 * missing, half written or ambiguous for a while: it goes on with the last good credential, and `onTrouble` hears of it. Protocol and
 * trusted certificates stay as they were when the function was called.
 *
 * @throws ConfigError
 */
export function createSecurity(options: AuthOptions, server: ServerUrl, more: SecurityOptions = {}): () => Promise<Security> {
  checkAuthOptions(options, server)
  const { tls, noauth } = options
  if (noauth) return async () => unauthenticated(tls)
  const load = loaderOf(options, server)
  const choose = (found: Found): Choice => chooseFrom(found, server, tls)
  if (typeof load !== 'function') choose(load)
  return async () => authenticated(async () => choose(typeof load === 'function' ? await load() : load), tls, more)
}

async function unauthenticated(tls: AuthOptions['tls']): Promise<Security> {
  const settings = tls ? await createTls(tls, undefined) : undefined
  return { protocol: settings ? 'SSL' : 'PLAINTEXT', credentials: undefined, tls: settings, username: undefined, from: undefined }
}

const NEVER = new AbortController().signal

async function authenticated(choose: () => Promise<Choice>, tls: AuthOptions['tls'], more: SecurityOptions): Promise<Security> {
  const { onTrouble = () => {}, clock = systemClock, signal = NEVER } = more
  const first = await choose()
  const { protocol } = first
  const settings = protocol === 'SASL_SSL' ? await createTls(tls, first.caFile) : undefined
  const tokens = new Tokens({ clock, signal, tls: endpointTls(settings ?? (await createTls(undefined, undefined))) })
  const proven = async (proof: Proof): Promise<Credential> => (isTokenOrigin(proof) ? tokens.credential(proof) : proof)
  const choices = new Choices(first, choose, onTrouble)
  // A user whom the token alone names is asked for now: what is published bears the name.
  let username = first.username || (await proven(first.proof)).username
  const credentials = async (): Promise<Credential> => {
    const credential = await proven((await choices.next()).proof)
    username = credential.username
    return credential
  }
  return {
    protocol,
    credentials,
    tls: settings,
    get username() {
      return username
    },
    from: first.from,
  }
}

/** The same authorities; the name that `tls.servername` gives is the brokers'. */
const endpointTls = ({ secureContext, rejectUnauthorized }: TlsSettings): TlsSettings => ({ secureContext, rejectUnauthorized })

/** The credentials themselves where they are known at once, else what reads them. */
function loaderOf({ auth, username, password, authfile, netrc }: AuthOptions, server: ServerUrl): Found | (() => Promise<Found>) {
  if (typeof auth === 'function') return () => ask(auth)
  if (auth !== undefined) return { from: 'auth', entries: toEntries(auth, 'auth') }
  const from = 'the options'
  if (username !== undefined && password !== undefined) return { from, entries: [entryOf({ username, password }, from)] }
  if (authfile !== undefined) return () => loadAuthFile(authfile)
  if (netrc !== undefined) return () => loadGivenNetrc(server, netrc)
  return async () => (await loadDefaultAuthFile()) ?? (await loadNetrc(server)) ?? nothingFound(server)
}

function toEntries(auth: Auth | readonly Auth[], where: string): readonly AuthEntry[] {
  if (!isList(auth)) return [entryOf(auth, where)]
  return auth.map((one, index) => entryOf(one, `${where}[${index}]`))
}

const isList = (auth: Auth | readonly Auth[]): auth is readonly Auth[] => Array.isArray(auth)

async function ask(provide: AuthProvider): Promise<Found> {
  const from = 'what the function `auth` gave'
  try {
    return { from, entries: toEntries(await provide(), from) }
  } catch (error) {
    if (error instanceof AlertError) throw error
    throw new AlertError('ALERT_CREDENTIALS', `the function \`auth\` failed: ${messageOf(error)}`, { cause: withoutFields(error) })
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : typeof error)

/** An HTTP client's error carries its request, the authorization header in it: message and stack are enough. */
function withoutFields(error: unknown): Error | undefined {
  if (!(error instanceof Error)) return undefined
  const bare = new Error(error.message)
  bare.name = error.name
  if (error.stack !== undefined) bare.stack = error.stack
  return bare
}

function chooseFrom({ entries, from }: Found, server: ServerUrl, tls: AuthOptions['tls']): Choice {
  const entry = selectAuth(entries, server.address, server.username, from)
  const { username, caFile } = entry
  return { username, proof: usableProof(entry, from), protocol: protocolOf(entry, tls, from), caFile, from }
}

/** TLS is neither switched off nor pretended behind a credential's back. */
function protocolOf({ protocol, username }: AuthEntry, tls: AuthOptions['tls'], from: string): SaslProtocol {
  const wanted = tls === undefined ? undefined : tls === false ? 'SASL_PLAINTEXT' : 'SASL_SSL'
  if (protocol === undefined || wanted === undefined || protocol === wanted) return protocol ?? wanted ?? 'SASL_SSL'
  throw new ConfigError(
    `tls ${tls === false ? 'is false' : 'is given'}, but the credential of '${username}' in ${from} has protocol ${protocol}`,
    {
      mend: `Leave tls out, or change the credential's protocol to ${wanted}`,
    },
  )
}

function nothingFound(server: ServerUrl): never {
  const netrc = netrcPath()
  const other = netrc === undefined ? 'NETRC is set to nothing' : `nothing for it in ${netrc}`
  throw new ConfigError(`no credentials for ${server.address}: there is no auth.toml in ${hopDirectory()}, and ${other}`, {
    mend: `Create auth.toml with mode 0600 and these lines:
[[auth]]
username = '...'
password = '...'
hostname = '${server.address}'
or pass username and password, or noauth: true for an unauthenticated session`,
  })
}
