import { createRequire } from 'node:module'
import SASLAuthenticator, { type AuthenticationProvider } from 'kafkajs/src/broker/saslAuthenticator/index.js'
import internals from 'kafkajs/src/protocol/requests/index.js'
import { AlertError } from '../../errors.ts'
import type { Credential } from '../transport.ts'
import { type AnswerOf, API, type ApiName, type ArgsOf, type Message } from './apis.ts'
import { bearer } from './bearer.ts'

export type { AuthenticationProvider }

// The only importer of kafkajs, which has no public API for what we take: its request codecs and its SASL. See README.md.

const EXPECTED = '2.2.4'

/** Internals may change with any version. */
export function versionFault(found: string | undefined): AlertError | undefined {
  if (found === undefined || found === EXPECTED) return undefined
  return new AlertError('ALERT_PROTOCOL', `kafkajs ${found} is installed, ${EXPECTED} is needed: its internals are used`, {
    mend: `Install kafkajs ${EXPECTED}, or remove what overrides it from your package.json`,
    fatal: true,
  })
}

/** Undefined in a bundle, which has no such file: there the version was fixed when it was made. */
function installedVersion(): string | undefined {
  try {
    return (createRequire(import.meta.url)('kafkajs/package.json') as { version: string }).version
  } catch {
    return undefined
  }
}

const fault = versionFault(installedVersion())
if (fault) throw fault

/** A request in the version we speak, with the reader of its answer. Error codes in the answer are not looked at: kafkajs would throw the first one and drop the rest. */
export function message<A extends ApiName>(api: A, args: ArgsOf<A>): Message<AnswerOf<A>> {
  const { request, response } = internals.requests[api]!.protocol({ version: API[api].version })(args)
  return { request, response: { decode: payload => response.decode(payload) as Promise<AnswerOf<A>>, parse: decoded => decoded } }
}

/** By API key: what the broker speaks. */
export type OfferedVersions = Readonly<Record<number, { readonly minVersion: number; readonly maxVersion: number }>>

export interface SaslPeer {
  readonly host: string
  readonly port: number
  readonly offered: OfferedVersions
  /** Sends one request of the exchange and gives its parsed answer. */
  send(message: Message<unknown>): Promise<unknown>
  /** The peer says in an answer, not by its error code, that it does not take what it was sent, and why. */
  refused(why: string): void
}

const silent = { debug() {}, info() {}, warn() {}, error() {}, namespace: () => silent }

/** One SASL exchange. Gives the session's lifetime in ms, 0: for ever. Whatever rejects it is not fit to be shown: it may hold what the peer said. */
export async function saslExchange({ offered, refused, ...connection }: SaslPeer, credential: Credential): Promise<number> {
  const { mechanism, username } = credential
  // A fresh object each time: kafkajs writes into it.
  const sasl =
    mechanism === 'OAUTHBEARER'
      ? { mechanism, authenticationProvider: bearer(credential.token, refused) }
      : { mechanism, username, password: credential.password }
  const authenticator = new SASLAuthenticator({ ...connection, sasl }, silent, offered, true)
  await authenticator.authenticate()
  return Number(authenticator.sessionLifetime)
}
