import {
  type AuthorizationServer,
  allowInsecureRequests,
  type ClientAuth,
  clientCredentialsGrantRequest,
  customFetch,
  PARSE_ERROR,
  processClientCredentialsResponse,
  RESPONSE_IS_NOT_JSON,
} from 'oauth4webapi'
import { AlertError, type AlertErrorCode } from '../errors.ts'
import { withoutSecrets } from '../transports/secrets.ts'
import { isUntrusted } from '../transports/trust.ts'
import { checkEndpoint, shownUrl } from './endpointUrl.ts'
import { httpPost } from './httpPost.ts'
import { isToken, readClaims } from './jwt.ts'
import type { EndpointOrigin } from './proof.ts'
import type { Issued, TokenRequest } from './TokenSource.ts'
import type { TlsSettings } from './tls.ts'

const TRUST_MEND =
  'What is trusted there is what is trusted at the brokers: ssl_ca_location (caFile, tls.ca), which may hold several certificates'

const URL_MEND = 'Check the URL of the token endpoint'
/** The codes of oauth4webapi for it. */
const NOT_JSON: readonly string[] = [PARSE_ERROR, RESPONSE_IS_NOT_JSON]

/** What OAuth calls a trouble of the server's, with whatever status it says so. */
const PASSING = ['server_error', 'temporarily_unavailable', 'slow_down']

/**
 * Asks an OpenID Connect provider for a token by the grant of client credentials (RFC 6749, 4.4).
 *
 * Rejects with ALERT_CREDENTIALS when it refuses the client, ALERT_PROTOCOL for an answer that is none, ALERT_CONNECTION for all that may
 * pass. No error holds the secret, the token or the answer.
 *
 * @param tls for an `https:` endpoint
 */
export function tokenEndpoint(origin: EndpointOrigin, tls: TlsSettings): TokenRequest {
  const url = checkEndpoint(origin.endpoint, 'the token endpoint')
  const where = `token endpoint ${shownUrl(url)}`
  return {
    what: where,
    ask: async (signal, clock) => {
      const response = await post(origin, url, tls, signal, where)
      if (response.status !== 200) throw await refusal(response, origin, where)
      return issued(await tokenOf(response, url, origin, where), clock.now())
    },
  }
}

interface Answer {
  readonly access_token: string
  readonly expires_in?: number | undefined
}

async function post(origin: EndpointOrigin, url: URL, tls: TlsSettings, signal: AbortSignal, where: string): Promise<Response> {
  const parameters: Record<string, string> = origin.scope === undefined ? {} : { scope: origin.scope }
  try {
    return await clientCredentialsGrantRequest(serverOf(url), clientOf(origin), basic(origin), parameters, {
      // Which addresses may be spoken to in plain text is checked where the endpoint is.
      [allowInsecureRequests]: true,
      [customFetch]: (_url, { headers, body }) => httpPost(url, { headers, body: body.toString(), signal }, tls),
      signal,
    })
  } catch (error) {
    throw unreached(error, where)
  }
}

/** Validates what came. */
async function tokenOf(response: Response, url: URL, origin: EndpointOrigin, where: string): Promise<Answer> {
  const answer = await processClientCredentialsResponse(serverOf(url), clientOf(origin), response).catch((error: unknown) => {
    // Its messages name what is wrong; its cause is the answer, which may hold a token.
    const { code, message } = error instanceof Error ? (error as NodeJS.ErrnoException) : { message: 'it is none' }
    // What is no JSON may come from a gateway on the way, for a while.
    const kind: AlertErrorCode = NOT_JSON.includes(code ?? '') ? 'ALERT_CONNECTION' : 'ALERT_PROTOCOL'
    throw new AlertError(kind, `${where}: its answer cannot be used: ${message}`, { mend: URL_MEND })
  })
  const { access_token, token_type } = answer
  if (token_type !== 'bearer') throw new AlertError('ALERT_PROTOCOL', `${where} gives tokens that are no bearer tokens`)
  if (!isToken(access_token)) throw new AlertError('ALERT_PROTOCOL', `${where} gives a token with characters that no bearer token has`)
  return answer
}

const serverOf = (url: URL): AuthorizationServer => ({ issuer: url.origin, token_endpoint: url.href })
const clientOf = ({ clientId }: EndpointOrigin): { client_id: string } => ({ client_id: clientId })

/** As hop and librdkafka send it: not form-encoded first, as RFC 6749 (2.3.1) has it. For plain characters it is the same. */
const basic =
  (origin: EndpointOrigin): ClientAuth =>
  (_server, _client, _body, headers) =>
    headers.set('authorization', `Basic ${basicText(origin)}`)

const basicText = ({ clientId, secret }: EndpointOrigin): string => Buffer.from(`${clientId}:${secret}`).toString('base64')

/** Without `expires_in` the token itself may say when it ends; without either it is not used twice. */
function issued({ access_token, expires_in }: Answer, now: number): Issued {
  const { expires, subject } = readClaims(access_token) ?? {}
  const lifetime = expires_in === undefined ? (expires === undefined ? undefined : expires - now) : expires_in * 1_000
  return { token: access_token, subject, lifetime }
}

/** The connection, its TLS or its answer broke. */
function unreached(error: unknown, where: string): AlertError {
  if (error instanceof AlertError) return new AlertError(error.code, `${where}: ${error.message}`)
  const { code = '', message } = error instanceof Error ? (error as NodeJS.ErrnoException) : {}
  const text = `${where}: ${message || code || 'the connection failed'}`
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return new AlertError('ALERT_TLS_HOSTNAME', text, { mend: 'Name the host that its certificate bears' })
  return isUntrusted(code) ? new AlertError('ALERT_TLS_TRUST', text, { mend: TRUST_MEND }) : new AlertError('ALERT_CONNECTION', text)
}

async function refusal(response: Response, origin: EndpointOrigin, where: string): Promise<AlertError> {
  const { status } = response
  const { error, error_description } = await oauthError(response)
  const words = [error, error_description].filter(word => word !== undefined).join(': ')
  const shown = withoutSecrets(words, [origin.secret, basicText(origin)], 'what it says')
  const said = words === '' ? '' : `: ${shown.slice(0, LONGEST_SAID)}`
  const isRefusal = [400, 401, 403].includes(status) && !PASSING.includes(error ?? '')
  const code: AlertErrorCode = isRefusal ? 'ALERT_CREDENTIALS' : 'ALERT_CONNECTION'
  const verb = isRefusal ? `refuses the client ${JSON.stringify(origin.clientId)}` : 'gives no token'
  const mend = isRefusal ? "Check the username, which is the client's id, and the password, which is its secret" : mendOf(status)
  return new AlertError(code, `${where} ${verb} (HTTP ${status})${said}`, { mend })
}

/** Characters of what a provider says that are passed on. */
const LONGEST_SAID = 300

const mendOf = (status: number): string | undefined =>
  (status >= 300 && status < 400) || status === 404 || status === 405 ? URL_MEND : undefined

/** RFC 6749, 5.2: what an error's body says, if it is one. */
async function oauthError(response: Response): Promise<{ error?: string; error_description?: string }> {
  try {
    const said: unknown = await response.json()
    if (typeof said !== 'object' || said === null) return {}
    const { error, error_description } = said as { error?: unknown; error_description?: unknown }
    return {
      ...(typeof error === 'string' && { error: printable(error) }),
      ...(typeof error_description === 'string' && { error_description: printable(error_description) }),
    }
  } catch {
    return {}
  }
}

const printable = (text: string): string => text.replace(/\p{Cc}/gu, ' ')
