import { connect, isIP, type OnReadOpts, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'
import type { Address } from './address.ts'

/** Half of the addresses of a host may be dead (IPv6 without a route); Node's 250 ms for each are too short for a far host. */
const PATIENCE_PER_ADDRESS = 2_000

/** A broker that vanished without a word is noticed even while nobody asks it anything. */
const KEEP_ALIVE = 10_000

/** Where received bytes are put, and who is told: faster than 'data', which takes a new buffer each time. */
export interface Reception {
  room(): Uint8Array
  took(count: number): void
}

/** Opens a connection; says 'connect' or 'secureConnect' once it can be written to. */
export function openSocket({ host, port }: Address, tls: ConnectionOptions | undefined, { room, took }: Reception): Socket {
  const onread: OnReadOpts = {
    buffer: room,
    callback: count => {
      took(count)
      return true
    },
  }
  const to = { host, port, autoSelectFamily: true, autoSelectFamilyAttemptTimeout: PATIENCE_PER_ADDRESS, onread }
  const socket = tls ? connectTls({ ...(isIP(host) === 0 && { servername: host }), ...tls, ...to }) : connect(to)
  return socket.setNoDelay(true).setKeepAlive(true, KEEP_ALIVE)
}
