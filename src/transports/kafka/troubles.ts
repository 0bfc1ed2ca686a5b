import { AlertError } from '../../errors.ts'
import { isUntrusted } from '../trust.ts'

/** How far a connection had come when it ended. */
export interface Progress {
  readonly tls: boolean
  /** The TCP connection stood. */
  readonly reached: boolean
  /** TLS stood. */
  readonly secured: boolean
  /** The first answer to a request other than those of the opening came. */
  readonly answered: boolean
  /** The opening was done: versions known, authenticated if there were credentials. */
  readonly opened: boolean
  readonly authenticated: boolean
}

const NAME_UNKNOWN = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_NONAME', 'EAI_NODATA'])
const NOT_TLS = new Set(['ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG', 'ERR_SSL_HTTP_REQUEST', 'EPROTO'])

/** What a socket's end means. A bare close is never a verdict: it is ALERT_CONNECTION, with a guess as its `hint`. */
export function connectionError(address: string, cause: NodeJS.ErrnoException | undefined, progress: Progress): AlertError {
  const code = cause?.code ?? ''
  const said = cause ? describe(cause) : 'the connection was closed'
  const inHandshake = progress.tls && progress.reached && !progress.secured
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    const mend = 'Connect by a name that the certificate holds, or name it as tls.servername'
    return new AlertError('ALERT_TLS_HOSTNAME', `${address}: the certificate is that of another host: ${said}`, { cause, mend })
  }
  if (/^ERR_SSL.*ALERT/.test(code) && /CERT|UNKNOWN_CA/.test(code)) {
    const mend = 'Give a certificate that the broker accepts as tls.cert and tls.key'
    return new AlertError('ALERT_PROTOCOL', `${address}: the broker refuses our certificate, or misses one: ${said}`, { cause, mend })
  }
  if (isUntrusted(code)) {
    const mend = "Give its authority's certificate as tls.ca, or check this machine's clock"
    return new AlertError('ALERT_TLS_TRUST', `${address}: the certificate is not trusted: ${said} (${code})`, { cause, mend })
  }
  if (inHandshake && NOT_TLS.has(code)) {
    const mend = 'Connect without TLS, or to the port that speaks it'
    return new AlertError('ALERT_PROTOCOL', `${address}: this port does not speak TLS: ${said}`, { cause, mend })
  }
  if (inHandshake && /^ERR_SSL/.test(code)) return new AlertError('ALERT_PROTOCOL', `${address}: TLS failed: ${said}`, { cause })
  if (NAME_UNKNOWN.has(code)) {
    return new AlertError('ALERT_CONNECTION', `${address}: the name of the host is not known: ${said}`, { cause, mend: 'Check the server' })
  }
  return new AlertError('ALERT_CONNECTION', `${address}: ${said}`, { cause, hint: guess(progress) })
}

/** Node tries several addresses of one host and then says nothing but a list. */
function describe(error: NodeJS.ErrnoException): string {
  if (error.message !== '') return error.message
  const each = error instanceof AggregateError ? error.errors.map(one => (one instanceof Error ? one.message : String(one))) : []
  return each.join('; ') || error.code || 'the connection failed'
}

function guess({ tls, reached, secured, opened, answered, authenticated }: Progress): string | undefined {
  if (tls && reached && !secured) return 'closed in the TLS handshake: a port without TLS?'
  if (opened && !answered && !authenticated) return 'closed at the first request: does this port want SASL?'
  return undefined
}
