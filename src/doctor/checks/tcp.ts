import type { LookupAddress } from 'node:dns'
import { connect } from 'node:net'
import type { Examination } from '../Examination.ts'
import { type Found, finding } from '../finding.ts'

interface Try {
  readonly address: string
  /** ms until it stood. */
  readonly took?: number | undefined
  /** Why it did not: a code of the system, or `silent`. */
  readonly fault?: string | undefined
}

/** A connection to each address of the server, side by side; the value is the first that stands. */
export async function lookAtTcp({ plan, signal }: Examination, addresses: readonly LookupAddress[]): Promise<Found<string>> {
  const { port } = plan.server
  const tries = await Promise.all(addresses.map(({ address }) => tryTo(address, port, plan.timeout, signal)))
  const what = `port ${port}: ${tries.map(inWords).join('; ')}`
  const value = tries.find(({ fault }) => fault === undefined)?.address
  if (value === undefined) return { findings: [finding('tcp', 'failed', what, { mend: mendOf(tries, port) })] }
  // A refusal costs nothing; silence is waited for at each connection.
  const isSlow = tries.some(({ fault }) => fault === 'silent')
  const mend = isSlow ? "Connections may be slow: have the silent address mended, or taken out of the server's name" : undefined
  return { findings: [finding('tcp', isSlow ? 'warning' : 'ok', what, { mend })], value }
}

function tryTo(host: string, port: number, timeout: number, signal: AbortSignal): Promise<Try> {
  const start = performance.now()
  return new Promise(resolve => {
    const socket = connect({ host, port })
    const end = (fault?: string): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', abort)
      socket.destroy()
      resolve({ address: host, took: Math.round(performance.now() - start), fault })
    }
    const abort = (): void => end('broken off')
    const timer = setTimeout(() => end('silent'), timeout)
    signal.addEventListener('abort', abort)
    socket.once('connect', () => end())
    socket.once('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message))
    if (signal.aborted) abort()
  })
}

function inWords({ address, took, fault }: Try): string {
  if (fault === undefined) return `${address} connects in ${took} ms`
  if (fault === 'silent') return `${address} does not answer within ${took} ms`
  return fault === 'ECONNREFUSED' ? `${address} refuses connections` : `${address} cannot be reached (${fault})`
}

function mendOf(tries: readonly Try[], port: number): string {
  if (tries.every(({ fault }) => fault === 'ECONNREFUSED')) return 'Nobody listens there: check the server and its port'
  if (tries.some(({ fault }) => fault === 'silent')) {
    return `Check the port; if it is right, a firewall is in the way: have outgoing connections to port ${port} allowed`
  }
  return "Check this machine's network, and whether the server is reached from it"
}
