import { ConfigError } from '../errors.ts'
import type { Credential } from '../transports/transport.ts'

export type Mechanism = Credential['mechanism']
export type SaslProtocol = 'SASL_SSL' | 'SASL_PLAINTEXT'

/** One credential, as it is given in code. */
export interface Auth {
  readonly username: string
  readonly password: string
  /** `host` or `host:port` that it is for; without a port: port 9092. @default any server */
  readonly hostname?: string | undefined
  /** SASL_PLAINTEXT: no TLS, so the alerts, and with PLAIN the password, can be read on the way. @default 'SASL_SSL', or what the client's `tls` says */
  readonly protocol?: SaslProtocol | undefined
  /** @default 'SCRAM-SHA-512' */
  readonly mechanism?: Mechanism | undefined
  /** File, or directory as `openssl rehash` makes it, of the certificate authorities that are trusted; hop's `ssl_ca_location`. @default Node's own roots */
  readonly caFile?: string | undefined
}

/** One credential to choose from. */
export interface AuthEntry {
  readonly username: string
  /** Empty: any. */
  readonly hostname: string
  /** Undefined: the client's `tls` decides. */
  readonly protocol: SaslProtocol | undefined
  readonly caFile: string | undefined
  /** Undefined: OAUTHBEARER, which cannot be used yet. */
  readonly credential: Credential | undefined
}

/** Seen by `credential.password` alone: not by util.inspect, JSON or a spread. */
class HiddenCredential implements Credential {
  readonly mechanism: Mechanism
  readonly username: string
  readonly #password: string

  constructor(mechanism: Mechanism, username: string, password: string) {
    this.mechanism = mechanism
    this.username = username
    this.#password = password
  }

  get password(): string {
    return this.#password
  }
}

export const hideCredential = (mechanism: Mechanism, username: string, password: string): Credential =>
  new HiddenCredential(mechanism, username, password)

const MECHANISMS: readonly (Mechanism | 'OAUTHBEARER')[] = ['SCRAM-SHA-512', 'SCRAM-SHA-256', 'PLAIN', 'OAUTHBEARER']

/** As hop: '-' and '_' mean the same, upper case only. */
export function parseMechanism(text: unknown, where: string): Mechanism | 'OAUTHBEARER' {
  const found = MECHANISMS.find(name => typeof text === 'string' && name === text.replaceAll('_', '-'))
  if (found) return found
  const got = typeof text === 'string' ? `'${text}'` : typeof text
  throw new ConfigError(`${where}: unknown mechanism ${got}`, { mend: `Write one of ${MECHANISMS.join(', ')}` })
}

const FIELDS: readonly (keyof Auth)[] = ['username', 'password', 'hostname', 'protocol', 'mechanism', 'caFile']

/** Checks a credential given in code. @param where how errors name it, e.g. `auth[1]` */
export function entryOf(auth: Auth, where: string): AuthEntry {
  if (typeof auth !== 'object' || auth === null) {
    throw new ConfigError(`${where} must be a credential { username, password, ... }, got ${auth === null ? 'null' : typeof auth}`)
  }
  const unknown = Object.keys(auth).find(key => !FIELDS.some(field => field === key))
  if (unknown !== undefined) {
    throw new ConfigError(`${where} has an unknown field '${unknown}'`, { mend: `The fields are ${FIELDS.join(', ')}` })
  }
  const { username, password, hostname = '', protocol, mechanism = 'SCRAM-SHA-512', caFile } = auth
  requireText(username, `${where}.username`)
  requireText(password, `${where}.password`)
  if (typeof hostname !== 'string') throw new ConfigError(`${where}.hostname must be text, got ${typeof hostname}`)
  if (caFile !== undefined) requireText(caFile, `${where}.caFile`)
  if (protocol !== undefined && protocol !== 'SASL_SSL' && protocol !== 'SASL_PLAINTEXT') {
    throw new ConfigError(`${where}.protocol must be 'SASL_SSL' or 'SASL_PLAINTEXT', got ${JSON.stringify(protocol)}`)
  }
  if (caFile !== undefined && protocol === 'SASL_PLAINTEXT') {
    throw new ConfigError(`${where} has a caFile and protocol 'SASL_PLAINTEXT', which has no TLS to check by it`, { mend: 'Leave one out' })
  }
  const name = parseMechanism(mechanism, where)
  return { username, hostname, protocol, caFile, credential: name === 'OAUTHBEARER' ? undefined : hideCredential(name, username, password) }
}

/** Never says what it got instead: it may be a secret in the wrong place. */
export function requireText(value: unknown, name: string): void {
  if (typeof value === 'string' && value !== '') return
  throw new ConfigError(`${name} must be text that is not empty, got ${value === '' ? 'an empty one' : typeof value}`)
}

/** What proves who we are. @param from where the entry stands, for errors */
export function usableCredential({ username, credential }: AuthEntry, from: string): Credential {
  if (credential === undefined) {
    throw new ConfigError(
      `the credential of '${username}' in ${from} uses OAUTHBEARER (OpenID Connect), which comes with the next release`,
      {
        mend: 'Use one with SCRAM-SHA-512, SCRAM-SHA-256 or PLAIN until then',
      },
    )
  }
  // SASL PLAIN separates its parts by NUL, SCRAM forbids it.
  if (username.includes('\0') || credential.password.includes('\0')) {
    throw new ConfigError(`the user name or the password in ${from} has a NUL character, which no mechanism can send`)
  }
  return credential
}
