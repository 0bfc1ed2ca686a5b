import { AlertError, type AlertErrorCode } from '../errors.ts'
import { isUntrusted } from '../transports/trust.ts'
import { Transient } from './Transient.ts'

/** What may be over in a moment. */
const TRANSIENT = [429, 502, 503, 504]

/** Undefined: the answer is good. @param where the URL, as errors show it */
export function refusalOf(answer: Response, where: string): AlertError | Transient | undefined {
  const { status, ok, type, headers } = answer
  if (ok) return undefined
  if (type === 'opaqueredirect' || (status >= 300 && status < 400)) {
    return refused('ALERT_EXTERNAL', `${where} is redirected, which is not followed`, 'Ask who runs the server to answer from there')
  }
  const said = `${where}: HTTP status ${status}`
  if (TRANSIENT.includes(status)) return new Transient(refused('ALERT_EXTERNAL', said), secondsIn(headers.get('retry-after')))
  switch (status) {
    case 401:
      return refused('ALERT_CREDENTIALS', said, "Check the credential's username and password (or token)")
    case 403:
      return refused('ALERT_FORBIDDEN', said, 'Ask for the right to read this topic')
    case 404:
    case 410:
      return refused('ALERT_EXTERNAL', said, 'It is not kept there any more, or never was')
    default:
      return refused('ALERT_EXTERNAL', said)
  }
}

const refused = (code: AlertErrorCode, text: string, mend?: string): AlertError => new AlertError(code, text, { mend })

/** `Retry-After` as ms; a date, which needs a clock like the server's, is not looked at. */
const secondsIn = (retryAfter: string | null): number => (/^\d{1,5}$/.test(retryAfter ?? '') ? Number(retryAfter) * 1000 : 0)

/** What `fetch`, or the reading of an answer, threw. */
export function troubleOf(thrown: unknown, where: string): AlertError | Transient {
  const code = codeOf(thrown) ?? ''
  const said = `${where}: ${code || 'the connection failed'}`
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return new AlertError('ALERT_TLS_HOSTNAME', said, { mend: 'Its certificate names another host: ask who runs it', cause: thrown })
  if (isUntrusted(code)) {
    return new AlertError('ALERT_TLS_TRUST', said, {
      mend: "The server's certificate has to be signed by an authority that this process trusts: NODE_EXTRA_CA_CERTS names a file of more",
      cause: thrown,
    })
  }
  return new Transient(new AlertError('ALERT_CONNECTION', said, { cause: thrown }))
}

/** Node's name of the trouble, deep in the causes of fetch's TypeError. */
function codeOf(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error)) return undefined
  if ('code' in thrown && typeof thrown.code === 'string') return thrown.code
  return codeOf(thrown.cause)
}
