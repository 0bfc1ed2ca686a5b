import { isIP } from 'node:net'
import { type ConnectionOptions, checkServerIdentity, connect, type DetailedPeerCertificate } from 'node:tls'
import { AlertError } from '../errors.ts'
import { connectionError } from '../transports/kafka/troubles.ts'
import type { Examination } from './Examination.ts'

/** A TLS connection that stood, whether or not its certificate is to be trusted. */
export interface Handshake {
  /** TLSv1.3 */
  readonly protocol: string
  readonly certificate: DetailedPeerCertificate
  /** Why a client refuses the certificate, as Node's code. */
  readonly fault: string | undefined
}

export const SILENT_MEND = 'The port is open, but says nothing: check the port, and what stands in between (proxy, firewall)'

/**
 * Looks at the server's certificate, also at one that a client refuses. Rejects with an AlertError when TLS does not stand.
 *
 * @param host the address that the server's name resolved to
 */
export function shakeHands(
  { plan, signal }: Examination,
  host: string,
  tls: ConnectionOptions,
  timeout: number = plan.timeout,
): Promise<Handshake> {
  const { server } = plan
  return new Promise((resolve, reject) => {
    let reached = false
    // Nothing is sent over it: it is there to be looked at.
    const unchecked = { rejectUnauthorized: false, checkServerIdentity }
    const name = isIP(server.host) === 0 ? { servername: server.host } : {}
    const socket = connect({ ...name, ...tls, ...unchecked, host, port: server.port })
    const end = (settle: () => void): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', abort)
      settle()
      socket.destroy()
    }
    const lost = (error?: Error): void => {
      const progress = { tls: true, reached, secured: false, answered: false, opened: false, authenticated: false }
      end(() => reject(connectionError(server.address, error, progress)))
    }
    const abort = (): void => end(() => reject(new AlertError('ALERT_CLOSED', `${server.address}: broken off`)))
    const timer = setTimeout(() => {
      end(() => reject(new AlertError('ALERT_TIMEOUT', `${server.address}: no answer to TLS within ${timeout} ms`, { mend: SILENT_MEND })))
    }, timeout)
    signal.addEventListener('abort', abort)
    socket.once('connect', () => {
      reached = true
    })
    socket.once('secureConnect', () => {
      const fault = socket.authorized ? undefined : String(socket.authorizationError)
      end(() => resolve({ protocol: socket.getProtocol() ?? 'TLS', certificate: socket.getPeerCertificate(true), fault }))
    })
    socket.on('error', lost)
    socket.once('close', () => lost())
    if (signal.aborted) abort()
  })
}
