import { connect, isIP, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'
import type { Address } from './address.ts'

/** Half of the addresses of a host may be dead (IPv6 without a route); Node's 250 ms for each are too short for a far host. */
const PATIENCE_PER_ADDRESS = 2_000

/** A broker that vanished without a word is noticed even while nobody asks it anything. */
const KEEP_ALIVE = 10_000

/** Opens a connection; says 'connect' or 'secureConnect' once it can be written to. */
export function openSocket({ host, port }: Address, tls: ConnectionOptions | undefined): Socket {
  const to = { host, port, autoSelectFamily: true, autoSelectFamilyAttemptTimeout: PATIENCE_PER_ADDRESS }
  const socket = tls ? connectTls({ ...(isIP(host) === 0 && { servername: host }), ...tls, ...to }) : connect(to)
  return socket.setNoDelay(true).setKeepAlive(true, KEEP_ALIVE)
}
