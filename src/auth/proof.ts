import type { Credential, PasswordCredential, TokenCredential } from '../transports/transport.ts'

/** An OpenID Connect token endpoint gives a token for the id and the secret of a client. */
export interface EndpointOrigin {
  readonly kind: 'endpoint'
  readonly endpoint: string
  readonly clientId: string
  readonly secret: string
  readonly scope: string | undefined
}

/** A shell command prints a token. */
export interface CommandOrigin {
  readonly kind: 'command'
  readonly command: string
  /** Undefined: the token's subject. */
  readonly username: string | undefined
}

/** How a bearer token is had. */
export type TokenOrigin = EndpointOrigin | CommandOrigin

/** What proves who we are, or how it is had. */
export type Proof = Credential | TokenOrigin

export const isTokenOrigin = (proof: Proof): proof is TokenOrigin => 'kind' in proof

/** Whether they would give the same token. */
export function isSameOrigin(a: TokenOrigin, b: TokenOrigin): boolean {
  if (a.kind === 'command') return b.kind === 'command' && a.command === b.command && a.username === b.username
  return b.kind === 'endpoint' && (['endpoint', 'clientId', 'secret', 'scope'] as const).every(field => a[field] === b[field])
}

/** Its password is seen by `credential.password` alone: not by util.inspect, JSON or a spread. So are the secrets of the other classes. */
class HiddenPassword implements PasswordCredential {
  readonly mechanism: PasswordCredential['mechanism']
  readonly username: string
  readonly #password: string

  constructor(mechanism: PasswordCredential['mechanism'], username: string, password: string) {
    this.mechanism = mechanism
    this.username = username
    this.#password = password
  }

  get password(): string {
    return this.#password
  }
}

class HiddenToken implements TokenCredential {
  readonly mechanism = 'OAUTHBEARER'
  readonly username: string
  readonly refused: (() => void) | undefined
  readonly #token: string

  constructor(username: string, token: string, refused: (() => void) | undefined) {
    this.username = username
    this.#token = token
    this.refused = refused
  }

  get token(): string {
    return this.#token
  }
}

class HiddenEndpoint implements EndpointOrigin {
  readonly kind = 'endpoint'
  readonly endpoint: string
  readonly clientId: string
  readonly scope: string | undefined
  readonly #secret: string

  constructor(endpoint: string, clientId: string, secret: string, scope: string | undefined) {
    this.endpoint = endpoint
    this.clientId = clientId
    this.scope = scope
    this.#secret = secret
  }

  get secret(): string {
    return this.#secret
  }
}

/** A command may have a secret among its arguments. */
class HiddenCommand implements CommandOrigin {
  readonly kind = 'command'
  readonly username: string | undefined
  readonly #command: string

  constructor(command: string, username: string | undefined) {
    this.username = username
    this.#command = command
  }

  get command(): string {
    return this.#command
  }
}

export const hidePassword = (mechanism: PasswordCredential['mechanism'], username: string, password: string): PasswordCredential =>
  new HiddenPassword(mechanism, username, password)

/** @param refused called when the broker does not take it */
export const hideToken = (username: string, token: string, refused?: () => void): TokenCredential =>
  new HiddenToken(username, token, refused)

export const hideEndpoint = (endpoint: string, clientId: string, secret: string, scope?: string): EndpointOrigin =>
  new HiddenEndpoint(endpoint, clientId, secret, scope)

export const hideCommand = (command: string, username: string | undefined): CommandOrigin => new HiddenCommand(command, username)
