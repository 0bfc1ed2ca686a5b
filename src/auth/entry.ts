import { ConfigError } from '../errors.ts'
import { checkEndpoint } from './endpointUrl.ts'
import { checkToken } from './jwt.ts'
import { hideCommand, hideEndpoint, hidePassword, hideToken, isTokenOrigin, type Proof } from './proof.ts'

/** SASL mechanisms, in hop's names. */
export type Mechanism = 'SCRAM-SHA-512' | 'SCRAM-SHA-256' | 'PLAIN' | 'OAUTHBEARER'
/** SASL over TLS, or without. */
export type SaslProtocol = 'SASL_SSL' | 'SASL_PLAINTEXT'

/** One credential, as it is given in code: a user and a password, or one of the three ways to a bearer token. */
export interface Auth {
  /** With a `tokenEndpoint` the client's id. A `tokenCommand` needs none. @default the subject of the token that `tokenCommand` prints */
  readonly username?: string | undefined
  /** With a `tokenEndpoint` the client's secret. Not for `tokenCommand` and `token`. */
  readonly password?: string | undefined
  /** `host` or `host:port` that it is for; without a port: port 9092. @default any server */
  readonly hostname?: string | undefined
  /** SASL_PLAINTEXT: no TLS, so the alerts, with PLAIN the password, with OAUTHBEARER the token, can be read on the way. @default 'SASL_SSL', or what the client's `tls` says */
  readonly protocol?: SaslProtocol | undefined
  /** @default 'SCRAM-SHA-512', for bearer tokens 'OAUTHBEARER' */
  readonly mechanism?: Mechanism | undefined
  /**
   * File, or directory as `openssl rehash` makes it, of the certificate authorities that are trusted, at the brokers and at the
   * `tokenEndpoint`; hop's `ssl_ca_location`. @default Node's own roots
   */
  readonly caFile?: string | undefined
  /** OpenID Connect: the URL that gives a token for client credentials (`https:`, or `http:` on this machine). Tokens are kept and renewed in time. */
  readonly tokenEndpoint?: string | undefined
  /** What is asked for at the `tokenEndpoint`. @default none */
  readonly scope?: string | undefined
  /** A shell command that prints a token (a JWT with `sub` and `exp`), within 30 s; run again when that token is about to expire. */
  readonly tokenCommand?: string | undefined
  /** A bearer token itself; who has to renew it gives `auth` as a function. */
  readonly token?: string | undefined
}

/** One credential to choose from. */
export interface AuthEntry {
  /** Empty: known by the token alone. */
  readonly username: string
  /** Empty: any. */
  readonly hostname: string
  /** Undefined: the client's `tls` decides. */
  readonly protocol: SaslProtocol | undefined
  readonly caFile: string | undefined
  readonly mechanism: Mechanism
  /** Undefined: OAUTHBEARER without a way to a token. */
  readonly proof: Proof | undefined
}

const MECHANISMS: readonly Mechanism[] = ['SCRAM-SHA-512', 'SCRAM-SHA-256', 'PLAIN', 'OAUTHBEARER']

/** As hop: '-' and '_' mean the same, upper case only. */
export function parseMechanism(text: unknown, where: string): Mechanism {
  const found = MECHANISMS.find(name => typeof text === 'string' && name === text.replaceAll('_', '-'))
  if (found) return found
  const got = typeof text === 'string' ? `'${text}'` : typeof text
  throw new ConfigError(`${where}: unknown mechanism ${got}`, { mend: `Write one of ${MECHANISMS.join(', ')}` })
}

const TOKEN_WAYS = ['tokenEndpoint', 'tokenCommand', 'token'] as const
const FIELDS: readonly (keyof Auth)[] = ['username', 'password', 'hostname', 'protocol', 'mechanism', 'caFile', 'scope', ...TOKEN_WAYS]

/** Checks a credential given in code. @param where how errors name it, e.g. `auth[1]` */
export function entryOf(auth: Auth, where: string): AuthEntry {
  if (typeof auth !== 'object' || auth === null) {
    throw new ConfigError(`${where} must be a credential { username, password, ... }, got ${auth === null ? 'null' : typeof auth}`)
  }
  const unknown = Object.keys(auth).find(key => !FIELDS.some(field => field === key))
  if (unknown !== undefined) {
    throw new ConfigError(`${where} has an unknown field '${unknown}'`, { mend: `The fields are ${FIELDS.join(', ')}` })
  }
  const { username = '', hostname = '', protocol, caFile } = auth
  const mechanism = mechanismOf(auth, where)
  const proof = proofOf(auth, mechanism, where)
  if (typeof hostname !== 'string') throw new ConfigError(`${where}.hostname must be text, got ${typeof hostname}`)
  if (caFile !== undefined) requireText(caFile, `${where}.caFile`)
  if (protocol !== undefined && protocol !== 'SASL_SSL' && protocol !== 'SASL_PLAINTEXT') {
    throw new ConfigError(`${where}.protocol must be 'SASL_SSL' or 'SASL_PLAINTEXT', got ${JSON.stringify(protocol)}`)
  }
  if (caFile !== undefined && protocol === 'SASL_PLAINTEXT') {
    throw new ConfigError(`${where} has a caFile and protocol 'SASL_PLAINTEXT', which has no TLS to check by it`, { mend: 'Leave one out' })
  }
  return { username, hostname, protocol, caFile, mechanism, proof }
}

function mechanismOf(auth: Auth, where: string): Mechanism {
  const ways = TOKEN_WAYS.filter(way => auth[way] !== undefined)
  if (ways.length > 1) throw new ConfigError(`${where}: ${ways.join(' and ')} contradict each other`, { mend: 'Leave one out' })
  const [way] = ways
  const mechanism = parseMechanism(auth.mechanism ?? (way ? 'OAUTHBEARER' : 'SCRAM-SHA-512'), where)
  if (way !== undefined && mechanism !== 'OAUTHBEARER') {
    throw new ConfigError(`${where}: ${way} is for the mechanism OAUTHBEARER, got ${mechanism}`, { mend: 'Leave one of the two out' })
  }
  if (way === undefined && mechanism === 'OAUTHBEARER') {
    throw new ConfigError(`${where}: OAUTHBEARER without a way to a token`, { mend: `Give one of ${TOKEN_WAYS.join(', ')}` })
  }
  return mechanism
}

function proofOf(auth: Auth, mechanism: Mechanism, where: string): Proof {
  const { username, password, tokenEndpoint, tokenCommand, token, scope } = auth
  if (scope !== undefined) requireText(scope, `${where}.scope`)
  if (scope !== undefined && tokenEndpoint === undefined)
    throw new ConfigError(`${where}.scope is for a tokenEndpoint, of which there is none`)
  const isTokenOfItsOwn = tokenCommand !== undefined || token !== undefined
  if (isTokenOfItsOwn && password !== undefined) throw new ConfigError(`${where}.password is not for a credential with a token of its own`)
  if (tokenCommand !== undefined) {
    requireText(tokenCommand, `${where}.tokenCommand`)
    if (username !== undefined) requireText(username, `${where}.username`)
    return hideCommand(tokenCommand, username)
  }
  requireText(username, `${where}.username`)
  if (token !== undefined) {
    requireText(token, `${where}.token`)
    return hideToken(username, token)
  }
  requireText(password, `${where}.password`)
  if (mechanism !== 'OAUTHBEARER') return hidePassword(mechanism, username, password)
  requireText(tokenEndpoint, `${where}.tokenEndpoint`)
  return hideEndpoint(tokenEndpoint, username, password, scope)
}

/** Never says what it got instead: it may be a secret in the wrong place. */
export function requireText(value: unknown, name: string): asserts value is string {
  if (typeof value === 'string' && value !== '') return
  throw new ConfigError(`${name} must be text that is not empty, got ${value === '' ? 'an empty one' : typeof value}`)
}

/** What proves who we are, looked at as far as that can be done at once. @param from where the entry stands, for errors */
export function usableProof({ username, proof }: AuthEntry, from: string): Proof {
  const whose = `the credential of '${username}' in ${from}`
  if (proof === undefined) {
    throw new ConfigError(`${whose} has the mechanism OAUTHBEARER and no way to a token`, { mend: 'Add token_endpoint or token_command' })
  }
  if (isTokenOrigin(proof)) {
    if (proof.kind === 'command') requireText(proof.command, `${whose}: token_command`)
    else {
      requireText(proof.secret, `${whose}: the password, which is the client's secret,`)
      checkEndpoint(proof.endpoint, `${whose}: the token endpoint`)
    }
    return proof
  }
  if (proof.mechanism === 'OAUTHBEARER') {
    checkToken(proof.token, `${whose}: the token`)
    return proof
  }
  // SASL PLAIN separates its parts by NUL, SCRAM forbids it.
  if (username.includes('\0') || proof.password.includes('\0')) {
    throw new ConfigError(`the user name or the password in ${from} has a NUL character, which no mechanism can send`)
  }
  return proof
}
