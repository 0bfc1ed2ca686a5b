import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'

// Below the range from which the system takes the local ports of outgoing connections: a port in that range may be taken while its
// server is down, and a client that keeps trying to connect to it may even end up connected to itself.
const lowest = 10_000
const highest = Math.min(ephemeralStart() - 1, 32_767)
const given = new Set<number>()

/** Loopback ports that nobody listens on. A port given once is not given again by this process; it stays free while its server is down. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = []
  for (let tries = 0; ports.length < count; tries++) {
    if (tries > 1000) throw new Error(`found only ${ports.length} of ${count} free ports from ${lowest} to ${highest}`)
    const port = lowest + Math.floor(Math.random() * (highest - lowest + 1))
    if (given.has(port) || !(await isFree(port))) continue
    given.add(port)
    ports.push(port)
  }
  return ports
}

/** A loopback port where nobody listens: connecting is refused. */
export async function closedPort(): Promise<number> {
  const [port] = await freePorts(1)
  return port!
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  try {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    return true
  } catch {
    return false
  } finally {
    server.close()
  }
}

function ephemeralStart(): number {
  try {
    return Number(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').split(/\s/)[0])
  } catch {
    return 32_768 // not Linux: the others start higher
  }
}
