import { generateKeyPairSync, type KeyPairKeyObjectResult, randomUUID, sign } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'

export interface OidcOptions {
  /** Secrets by client id; a token's subject is the id. */
  readonly clients: Readonly<Record<string, string>>
  /** Of a token, ms. @default 30_000 */
  readonly lifetime?: number | undefined
  /** Serves the token endpoint over TLS too: PEM. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined
}

/** One request for a token. */
export interface TokenAsked {
  /** ms since 1970. */
  readonly at: number
  readonly authorization: string | undefined
  readonly body: string
  /** The HTTP status that was answered; 0: none. */
  status: number
}

type Answer = { readonly status: number; readonly body: unknown; readonly headers?: Readonly<Record<string, string>> }

/** How the token endpoint behaves. */
export type Behaviour =
  | 'well'
  /** No answer at all. */
  | 'silent'
  | { readonly delay: number }
  | { readonly status: number; readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> | undefined }

let keys: KeyPairKeyObjectResult | undefined
/** One for all: making it takes a quarter of a second. */
const keyPair = (): KeyPairKeyObjectResult => {
  keys ??= generateKeyPairSync('rsa', { modulusLength: 2048 })
  return keys
}

export const AUDIENCE = 'igwn-alert-rx-kafka'

/** An OpenID Connect provider on the loopback: a token endpoint for client credentials, RS256 tokens, and the keys to verify them by. */
export class OidcServer implements AsyncDisposable {
  /** As it was asked, in order. */
  readonly asked: TokenAsked[] = []
  behaviour: Behaviour = 'well'
  /** Whether answers have `expires_in`. */
  tellsLifetime = true
  lifetime: number
  readonly #secrets: Map<string, string>
  readonly #servers: readonly Server[]
  readonly #keyId = randomUUID()

  private constructor({ clients, lifetime = 30_000, tls }: OidcOptions) {
    this.#secrets = new Map(Object.entries(clients))
    this.lifetime = lifetime
    const serve = (request: IncomingMessage, response: ServerResponse): void => void this.#serve(request, response)
    this.#servers = [createServer(serve), ...(tls ? [createSecureServer(tls, serve)] : [])]
  }

  static async start(options: OidcOptions): Promise<OidcServer> {
    const server = new OidcServer(options)
    for (const each of server.#servers) await once(each.listen(0, '127.0.0.1'), 'listening')
    return server
  }

  get issuer(): string {
    return `http://127.0.0.1:${this.#port(0)}`
  }

  get tokenEndpoint(): string {
    return `${this.issuer}/oauth2/token`
  }

  /** The same endpoint over TLS. */
  get secureTokenEndpoint(): string {
    return `https://localhost:${this.#port(1)}/oauth2/token`
  }

  get jwksUrl(): string {
    return `${this.issuer}/jwks`
  }

  setSecret(client: string, secret: string): void {
    this.#secrets.set(client, secret)
  }

  /** A token, made now. @param lifetime ms */
  token(subject: string, lifetime: number = this.lifetime, claims: Readonly<Record<string, unknown>> = {}): string {
    const now = Date.now() / 1_000
    const header = { alg: 'RS256', typ: 'JWT', kid: this.#keyId }
    const payload = { iss: this.issuer, aud: AUDIENCE, sub: subject, iat: now, exp: now + lifetime / 1_000, jti: randomUUID(), ...claims }
    const signed = [header, payload].map(part => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
    return `${signed}.${sign('RSA-SHA256', Buffer.from(signed), keyPair().privateKey).toString('base64url')}`
  }

  async close(): Promise<void> {
    for (const server of this.#servers) {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #port(index: number): number {
    const server = this.#servers[index]
    if (!server) throw new Error('this provider does not speak TLS: start it with `tls`')
    return (server.address() as AddressInfo).port
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.setEncoding('utf8')
    let body = ''
    for await (const text of request) body += text
    const answer = request.url === '/jwks' ? this.#jwks() : await this.#askedForToken(request, body)
    if (answer === undefined) return
    const isText = typeof answer.body === 'string'
    response.writeHead(answer.status, { 'content-type': isText ? 'text/html' : 'application/json', ...answer.headers })
    response.end(isText ? answer.body : JSON.stringify(answer.body))
  }

  #jwks(): Answer {
    const key = { ...keyPair().publicKey.export({ format: 'jwk' }), kid: this.#keyId, alg: 'RS256', use: 'sig' }
    return { status: 200, body: { keys: [key] } }
  }

  async #askedForToken({ headers, url }: IncomingMessage, body: string): Promise<Answer | undefined> {
    const asked: TokenAsked = { at: Date.now(), authorization: headers.authorization, body, status: 0 }
    this.asked.push(asked)
    const { behaviour } = this
    if (behaviour === 'silent') return undefined
    if (behaviour !== 'well' && 'delay' in behaviour) await new Promise(resolve => setTimeout(resolve, behaviour.delay))
    const answer = behaviour !== 'well' && 'status' in behaviour ? { body: {}, headers: {}, ...behaviour } : this.#grant(asked, url)
    asked.status = answer.status
    return { status: answer.status, body: answer.body, headers: answer.headers ?? {} }
  }

  #grant({ authorization = '', body }: TokenAsked, url: string | undefined): Answer {
    if (url !== '/oauth2/token') return { status: 404, body: 'there is nothing here' }
    if (new URLSearchParams(body).get('grant_type') !== 'client_credentials')
      return { status: 400, body: { error: 'unsupported_grant_type' } }
    const [client = '', ...rest] = Buffer.from(authorization.replace(/^Basic /, ''), 'base64')
      .toString()
      .split(':')
    if (this.#secrets.get(client) !== rest.join(':')) {
      return { status: 401, body: { error: 'invalid_client' }, headers: { 'www-authenticate': 'Basic realm="oidc"' } }
    }
    const life = this.tellsLifetime ? { expires_in: Math.round(this.lifetime / 1_000) } : {}
    return { status: 200, body: { access_token: this.token(client), token_type: 'Bearer', ...life } }
  }
}
